// SPDX-License-Identifier: Apache-2.0
#include "rules/operation_index.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <tuple>

namespace untorn::rules {
namespace {

using languages::Argument;
using languages::Operation;
using languages::OperationKind;

// A function that thousands call is judged by the first of them.
constexpr std::size_t callers_max = 256;

OperationKind kind_of_mode(std::string_view mode) {
  const auto has = [&](char letter) { return mode.find(letter) != std::string_view::npos; };
  if (has('w')) return OperationKind::create;
  if (has('a')) return OperationKind::append;
  if (has('x')) return OperationKind::create_exclusively;
  return has('+') ? OperationKind::update : OperationKind::read;
}

// What can harm a file most comes last.
int harm(OperationKind kind) {
  switch (kind) {
    case OperationKind::create:
      return 4;
    case OperationKind::update:
      return 3;
    case OperationKind::append:
      return 2;
    case OperationKind::create_exclusively:
      return 1;
    default:
      return 0;
  }
}

}  // namespace

bool writes(OperationKind kind) noexcept {
  switch (kind) {
    case OperationKind::create:
    case OperationKind::append:
    case OperationKind::update:
    case OperationKind::create_exclusively:
    case OperationKind::rename:
    case OperationKind::move:
    case OperationKind::copy:
      return true;
    case OperationKind::read:
    case OperationKind::unlink:
    case OperationKind::sync_directory:
    case OperationKind::touch:
    case OperationKind::link:
      return false;
  }
  return false;
}

OperationIndex::OperationIndex(std::span<const SourceFacts> files, const CallGraph& graph)
    : files_(files), graph_(graph), kinds_(files.size()), order_(files.size()) {
  for (std::uint32_t file = 0; file < files.size(); ++file) {
    const auto& operations = files[file].facts.operations;
    for (const Operation& operation : operations)
      kinds_[file].push_back(operation.mode_parameter < 0
                                 ? operation.kind
                                 : kind_by_mode({file, operation.function}, operation));
    order_[file].resize(operations.size());
    std::iota(order_[file].begin(), order_[file].end(), 0U);
    std::ranges::sort(order_[file], {}, [&](std::uint32_t index) {
      return std::tuple(operations[index].function, operations[index].range.span.begin, index);
    });
  }
}

std::span<const std::uint32_t> OperationIndex::of(FunctionId function) const {
  const auto& operations = files_[function.file].facts.operations;
  return std::ranges::equal_range(order_[function.file], function.function, {},
                                  [&](std::uint32_t index) { return operations[index].function; });
}

bool OperationIndex::is_test(FunctionId function) const {
  const auto& facts = files_[function.file].facts;
  return facts.is_test ||
         (function.function < facts.functions.size() && facts.functions[function.function].is_test);
}

std::vector<const ProjectCall*> OperationIndex::callers(FunctionId function) const {
  std::vector<const ProjectCall*> callers;
  const bool with_tests = is_test(function);
  for (const ProjectCall& call : graph_.calls_of(function)) {
    if (callers.size() == callers_max) break;
    if (call.caller != function && (with_tests || !is_test(call.caller))) callers.push_back(&call);
  }
  return callers;
}

// The worst of the default and of what callers pass. A mode that nobody names harms nothing here:
// the function is a mere wrapper, and its callers are elsewhere.
OperationKind OperationIndex::kind_by_mode(FunctionId function, const Operation& operation) const {
  const auto& callee = files_[function.file].facts.functions[function.function];
  const auto parameter = static_cast<std::size_t>(operation.mode_parameter);
  OperationKind worst = OperationKind::read;
  const auto consider = [&](std::string_view mode) {
    const OperationKind kind = mode.empty() ? OperationKind::read : kind_of_mode(mode);
    if (harm(kind) > harm(worst)) worst = kind;
  };
  if (parameter < callee.parameters.size()) consider(callee.parameters[parameter].default_constant);
  for (const ProjectCall* call : callers(function)) {
    const Argument* argument = argument_for(*call->call, callee, operation.mode_parameter);
    if (argument != nullptr) consider(argument->constant);
  }
  return worst;
}

}  // namespace untorn::rules
