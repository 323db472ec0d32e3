// SPDX-License-Identifier: Apache-2.0
//
// What the registries of tools and roles have in common.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "untorn/error.h"
#include "untorn/json.h"
#include "untorn/pipeline/project.h"
#include "untorn/registry.h"

namespace untorn::pipeline {

inline constexpr std::string_view tools_folder = ".pipeline/tools";
inline constexpr std::string_view roles_folder = ".pipeline/roles";

// The registry in a folder of the project, verified; what was not healthy is logged.
[[nodiscard]] Result<Registry> open_specs(const Project& project, std::string_view folder,
                                          std::string_view schema);
// verify(), with what was not healthy logged.
[[nodiscard]] Result<RegistryCheck> verify_specs(const Project& project, Registry& registry,
                                                 bool repair);

// The entries that answer; what cannot be read is logged.
[[nodiscard]] Result<std::vector<RegistryEntry>> search_specs(const Project& project,
                                                              const Registry& registry,
                                                              const RegistryQuery& query);

// A specification as text, read as far as it can be: an object, or problems.
struct ReadSpec {
  std::string name;  // empty if it has none
  JsonValue root;
  std::vector<SpecProblem> problems;
};
[[nodiscard]] Result<ReadSpec> read_spec(const Registry& registry, std::string_view text);
// Code::conflict with every problem.
[[nodiscard]] Error refused_spec(const Registry& registry, std::string_view name,
                                 const std::vector<SpecProblem>& problems);

// Members of a specification, empty where they are missing or of another kind.
[[nodiscard]] std::string text_member(const JsonValue& spec, std::string_view name);
[[nodiscard]] std::vector<std::string> list_member(const JsonValue& spec, std::string_view name);
[[nodiscard]] JsonValue strings_json(const std::vector<std::string>& texts);

}  // namespace untorn::pipeline
