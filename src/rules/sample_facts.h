// SPDX-License-Identifier: Apache-2.0
//
// Facts made by hand, for tests: a file of functions, operations and calls in the order of the
// text.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/link.h"

namespace untorn::rules::samples {

using languages::OperationKind;
using languages::PathFacts;

[[nodiscard]] inline PathFacts path_of(std::string key) {
  PathFacts path;
  path.text = key;
  path.key = std::move(key);
  return path;
}

[[nodiscard]] inline PathFacts parameter_path(std::int32_t parameter, std::string key) {
  PathFacts path = path_of(std::move(key));
  path.parameter = parameter;
  path.is_whole_parameter = true;
  return path;
}

class FileMaker {
 public:
  explicit FileMaker(std::string path, std::string module) {
    file_.path = std::move(path);
    file_.facts.module = std::move(module);
    file_.facts.functions.emplace_back();
  }

  // The operations and calls that follow lie in this function.
  FileMaker& function(std::string name, const std::vector<std::string>& parameters = {}) {
    languages::Function function;
    function.name = std::move(name);
    for (const std::string& parameter : parameters) function.parameters.push_back({parameter, ""});
    file_.facts.functions.push_back(std::move(function));
    return *this;
  }
  languages::Function& last_function() { return file_.facts.functions.back(); }

  languages::Operation& operation(OperationKind kind, PathFacts target) {
    languages::Operation operation;
    operation.kind = kind;
    operation.api = "open";
    operation.target = std::move(target);
    operation.function = current();
    operation.range = next_range();
    file_.facts.operations.push_back(std::move(operation));
    return file_.facts.operations.back();
  }

  languages::Operation& rename(PathFacts source, PathFacts target) {
    languages::Operation& made = operation(OperationKind::rename, std::move(target));
    made.source = std::move(source);
    return made;
  }

  FileMaker& call(std::string callee, std::vector<languages::Argument> arguments) {
    languages::Call call;
    call.callee = std::move(callee);
    call.arguments = std::move(arguments);
    call.function = current();
    call.range = next_range();
    file_.facts.calls.push_back(std::move(call));
    return *this;
  }

  [[nodiscard]] SourceFacts done() { return std::move(file_); }

 private:
  [[nodiscard]] std::uint32_t current() const {
    return static_cast<std::uint32_t>(file_.facts.functions.size() - 1);
  }
  languages::Range next_range() {
    ++line_;
    return {{line_ * 100, line_ * 100 + 50}, {line_, 1}, {line_, 51}};
  }

  SourceFacts file_;
  std::uint32_t line_ = 0;
};

}  // namespace untorn::rules::samples
