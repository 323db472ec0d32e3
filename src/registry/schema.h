// SPDX-License-Identifier: Apache-2.0
//
// A JSON Schema (draft-07) against which values are checked. The library that evaluates schemas is
// behind this file alone.
//
//   auto schema = Schema::read(json, "tools.schema.json");
//   auto problems = schema->check(value);  // empty: the value satisfies it
//
// Threads: a Schema may be used from one thread at a time.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "untorn/error.h"
#include "untorn/json.h"
#include "untorn/registry.h"

namespace untorn::registry {

class Schema {
 public:
  // Code::invalid_argument lists what is wrong in it, Code::unsupported what is not read. `path` is
  // for messages.
  [[nodiscard]] static Result<Schema> parse(std::string_view text, const std::string& path);
  [[nodiscard]] static Result<Schema> read(const JsonValue& json, const std::string& path);
  // The same as a list; empty if read() would succeed.
  [[nodiscard]] static std::vector<SpecProblem> problems_of(const JsonValue& json);

  // Every problem, in the order of the value; Code::unsupported if the value is beyond the limits
  // (64 levels, strings of 64 KiB where there is a pattern, names of 256 bytes under a pattern).
  [[nodiscard]] Result<std::vector<SpecProblem>> check(const JsonValue& value) const;

 private:
  struct State;
  explicit Schema(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

// "/a: is wrong; /b: is wrong, too", at most 20 of them.
[[nodiscard]] std::string joined(const std::vector<SpecProblem>& problems);

}  // namespace untorn::registry
