// SPDX-License-Identifier: Apache-2.0
//
// The tools that agents may call: of each a specification and the file that does its work, both
// there or neither.
//
//   auto tools = untorn::pipeline::ToolRegistry::open(*project);
//   auto added = tools->register_tool(R"({
//     "name": "word_count", "description": "Counts the words of a text.",
//     "implementation": "word_count.py",
//     "parameters": {"type": "object", "properties": {"text": {"type": "string"}},
//                    "required": ["text"]}})", script);
//   auto wrong = tools->check_arguments("word_count", R"({"text": 7})");  // names every mistake
//
// A tool NAME is `PROJECT/.pipeline/tools/NAME.json` beside its implementation, one file whose name
// is NAME and an ending. Everything that registry.h says holds here.
//
// A specification has `name`, `description` and `implementation`, and may have `parameters` (JSON
// Schema draft-07 of type "object"), `version`, `tags` and `safety`; other members are kept.
//  T1  The name is a name of the registry that is also an identifier (letters, digits, '_', '-'),
//      and the specification says the same name.
//  T2  The implementation is NAME.<ending>: no folder, no other tool's file, never outside.
//  T3  Parameters are named by identifiers; each has a type, or a schema that says what it is; what
//      is required exists; and the schema itself is a right one.
//  T4  Every mistake is named, not only the first.
//
// Uses are counted in `PROJECT/.pipeline/tools/.uses.json`, a document (document.h). A use with an
// operation id is counted once, also if it is recorded again after a crash; the last 1,000 ids are
// remembered.
//
// Threads: a ToolRegistry belongs to one thread at a time; any number of processes may share a
// project.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "untorn/error.h"
#include "untorn/json.h"
#include "untorn/pipeline/project.h"
#include "untorn/registry.h"

namespace untorn::pipeline {

struct Tool {
  std::string name;
  std::string description;
  std::string implementation;  // file name in the folder
  std::string version;         // as the specification says; empty if it does not
  std::vector<std::string> tags;
  JsonValue parameters;             // null if the tool takes none
  JsonDocument spec;                // all of it
  std::uint64_t revision = 0;       // of the registry
  std::optional<std::string> code;  // the implementation; list() and search() leave it out

  [[nodiscard]] JsonValue to_json() const;
};

// How often a tool or role was used. Plain data.
struct UseStatistics {
  std::string name;
  std::uint64_t uses = 0;
  std::uint64_t successes = 0;
  std::uint64_t failures = 0;
  double total_ms = 0;
  std::string last_used;  // local time, as datetime.isoformat() writes it; empty: never

  [[nodiscard]] double success_rate() const noexcept;  // 0 if it was never used
  [[nodiscard]] double mean_ms() const noexcept;
  [[nodiscard]] JsonValue to_json() const;
};

class ToolRegistry {
 public:
  // Verifies what is there: damaged files are set aside and brought back, and everything that is
  // not healthy is logged as a warning. With ProjectOptions::read_only nothing is changed.
  [[nodiscard]] static Result<ToolRegistry> open(const Project& project);

  // Errors as Registry. Code::conflict names every mistake (T1 to T4).
  [[nodiscard]] Result<RegistryChange> register_tool(std::string_view spec, std::string_view code);
  // Without `code` the implementation stays; it keeps its file then, too.
  [[nodiscard]] Result<RegistryChange> update(std::string_view spec,
                                              std::optional<std::string_view> code = std::nullopt);
  // The versions stay: restore() brings it back.
  [[nodiscard]] Result<RegistryChange> remove(std::string_view name);

  [[nodiscard]] Result<Tool> get(std::string_view name) const;
  [[nodiscard]] Result<std::vector<Tool>> list() const;
  // Words as in RegistryQuery; with a tag, only tools that have it.
  [[nodiscard]] Result<std::vector<Tool>> search(std::string_view text,
                                                 std::string_view tag = {}) const;

  // Every mistake of a specification; empty: it would be accepted.
  [[nodiscard]] Result<std::vector<SpecProblem>> validate(std::string_view spec) const;
  // Every mistake of a call's arguments, a JSON object, against the tool's `parameters`.
  [[nodiscard]] Result<std::vector<SpecProblem>> check_arguments(std::string_view name,
                                                                 std::string_view arguments) const;

  [[nodiscard]] Result<std::vector<RegistryVersion>> versions(std::string_view name) const;
  [[nodiscard]] Result<RegistryChange> restore(std::string_view name, std::uint64_t number);

  // False: this operation id was counted before. Durable when it returns.
  [[nodiscard]] Result<bool> record_use(std::string_view name, bool success, double milliseconds,
                                        std::string_view operation_id = {});
  // By name; tools that were never used included.
  [[nodiscard]] Result<std::vector<UseStatistics>> statistics() const;

  [[nodiscard]] Result<RegistryCheck> verify(bool repair = true);

 private:
  ToolRegistry(Project project, Registry registry)
      : project_(std::move(project)), registry_(std::move(registry)) {}
  Project project_;
  Registry registry_;
};

}  // namespace untorn::pipeline
