// SPDX-License-Identifier: Apache-2.0
//
// The roles that agents take: of each a specification and a prompt, both there or neither.
//
//   auto roles = untorn::pipeline::RoleRegistry::open(*project);
//   auto added = roles->register_role(R"({"name": "reviewer", "description": "looks for mistakes",
//                                         "capabilities": ["review", "python"]})", prompt);
//   auto team = roles->select_team("review the python parser", 3);  // with scores and reasons
//
// A role NAME is `PROJECT/.pipeline/roles/NAME.json` beside `NAME.md`. Everything that registry.h
// says holds here. A specification has `name` and `description`, and may have `capabilities`,
// `tools`, `tags` (lists of strings) and `version`; other members are kept.
//
// select_team(): words are the longest runs of letters and digits, in small letters, without the
// commonest English words; without one of the endings -ing, -ers, -er, -ed, -es, -s, then a last
// -e, then one of two equal last letters, each as long as three letters stay. A word of the problem
// that a role has in its name or capabilities counts 3, in its tags or tools 2, in its description
// 1; the best place counts. The team is chosen one by one: first the role that adds most to the
// words covered so far, then the one with the higher score of its own, then by name. Roles without
// any of the words are not chosen. So the same roles and the same problem always give the same
// team.
//
// Threads: a RoleRegistry belongs to one thread at a time; any number of processes may share a
// project.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "untorn/error.h"
#include "untorn/json.h"
#include "untorn/pipeline/project.h"
#include "untorn/pipeline/tool_registry.h"
#include "untorn/registry.h"

namespace untorn::pipeline {

struct Role {
  std::string name;
  std::string description;
  std::vector<std::string> capabilities;
  std::vector<std::string> tools;
  std::vector<std::string> tags;
  std::string version;
  JsonDocument spec;                  // all of it
  std::uint64_t revision = 0;         // of the registry
  std::optional<std::string> prompt;  // list(), search() and select_team() leave it out

  [[nodiscard]] JsonValue to_json() const;
};

struct TeamMember {
  std::string name;
  std::uint64_t score = 0;           // of its own
  std::uint64_t added = 0;           // to what those before it cover
  std::vector<std::string> reasons;  // "capability 'python'", "description 'parser'"

  [[nodiscard]] JsonValue to_json() const;
};

struct Team {
  std::vector<TeamMember> members;     // in the order of choice
  std::vector<std::string> uncovered;  // words of the problem that no role has

  [[nodiscard]] JsonValue to_json() const;
};

class RoleRegistry {
 public:
  // Verifies what is there: damaged files are set aside and brought back, and everything that is
  // not healthy is logged as a warning. With ProjectOptions::read_only nothing is changed.
  [[nodiscard]] static Result<RoleRegistry> open(const Project& project);

  // Errors as Registry. Code::conflict names every mistake.
  [[nodiscard]] Result<RegistryChange> register_role(std::string_view spec,
                                                     std::string_view prompt);
  // Without `prompt` it stays.
  [[nodiscard]] Result<RegistryChange> update(
      std::string_view spec, std::optional<std::string_view> prompt = std::nullopt);
  // The versions stay: restore() brings it back.
  [[nodiscard]] Result<RegistryChange> remove(std::string_view name);

  [[nodiscard]] Result<Role> get(std::string_view name) const;
  [[nodiscard]] Result<std::vector<Role>> list() const;
  // Words as in RegistryQuery; with a capability, only roles that have it.
  [[nodiscard]] Result<std::vector<Role>> search(std::string_view text,
                                                 std::string_view capability = {}) const;
  // At most `size` roles.
  [[nodiscard]] Result<Team> select_team(std::string_view problem, std::size_t size) const;

  // Every mistake of a specification; empty: it would be accepted.
  [[nodiscard]] Result<std::vector<SpecProblem>> validate(std::string_view spec) const;

  [[nodiscard]] Result<std::vector<RegistryVersion>> versions(std::string_view name) const;
  [[nodiscard]] Result<RegistryChange> restore(std::string_view name, std::uint64_t number);

  // False: this operation id was counted before. Durable when it returns.
  [[nodiscard]] Result<bool> record_use(std::string_view name, bool success, double milliseconds,
                                        std::string_view operation_id = {});
  // By name; roles that were never used included.
  [[nodiscard]] Result<std::vector<UseStatistics>> statistics() const;

  [[nodiscard]] Result<RegistryCheck> verify(bool repair = true);

 private:
  RoleRegistry(Project project, Registry registry)
      : project_(std::move(project)), registry_(std::move(registry)) {}
  Project project_;
  Registry registry_;
};

}  // namespace untorn::pipeline
