// SPDX-License-Identifier: Apache-2.0
#include "untorn/pipeline/role_registry.h"

#include <utility>

#include "base/try.h"
#include "pipeline/role_team.h"
#include "pipeline/specs.h"
#include "pipeline/uses.h"
#include "registry/names.h"

namespace untorn::pipeline {
namespace {

constexpr std::string_view prompt_ending = "md";

constexpr std::string_view role_schema = R"({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "definitions": {
    "words": {"type": "array", "items": {"type": "string", "pattern": "\\S"}, "uniqueItems": true}
  },
  "type": "object",
  "required": ["name", "description"],
  "properties": {
    "name": {"type": "string", "minLength": 1},
    "description": {"type": "string", "maxLength": 10000, "pattern": "\\S"},
    "capabilities": {"$ref": "#/definitions/words"},
    "tools": {"$ref": "#/definitions/words"},
    "tags": {"$ref": "#/definitions/words"},
    "version": {"type": "string", "minLength": 1}
  }
})";

Role role_of(const RegistryEntry& entry) {
  Role role;
  const JsonValue& spec = entry.spec.root;
  role.name = entry.name;
  role.description = text_member(spec, "description");
  role.capabilities = list_member(spec, "capabilities");
  role.tools = list_member(spec, "tools");
  role.tags = list_member(spec, "tags");
  role.version = text_member(spec, "version");
  role.spec = entry.spec;
  role.revision = entry.version;
  if (const Attachment* const prompt = entry.attachment(prompt_ending)) {
    role.prompt = prompt->content;
  }
  return role;
}

Result<ReadSpec> checked(const Registry& registry, std::string_view text) {
  UNTORN_TRY(ReadSpec spec, read_spec(registry, text));
  if (!spec.name.empty()) {
    if (auto problem = registry::name_problem(spec.name)) {
      spec.problems.push_back({"/name", std::move(*problem)});
    }
  }
  return spec;
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

Result<ReadSpec> accepted(const Registry& registry, std::string_view text,
                          std::optional<std::string_view> prompt) {
  UNTORN_TRY(ReadSpec spec, checked(registry, text));
  if (prompt && is_blank(*prompt)) spec.problems.push_back({"", "the prompt is empty"});
  if (spec.problems.empty()) return spec;
  return std::unexpected(refused_spec(registry, spec.name, spec.problems));
}

std::vector<Attachment> with_prompt(std::string_view prompt) {
  return {{.name = std::string(prompt_ending), .content = std::string(prompt)}};
}

}  // namespace

JsonValue Role::to_json() const {
  JsonValue json = JsonValue::object();
  json.set("name", JsonValue::string(name));
  json.set("description", JsonValue::string(description));
  json.set("capabilities", strings_json(capabilities));
  json.set("tools", strings_json(tools));
  json.set("tags", strings_json(tags));
  json.set("version", JsonValue::string(version));
  json.set("revision", JsonValue::integer(static_cast<std::int64_t>(revision)));
  json.set("spec", spec.root);
  if (prompt) json.set("prompt", JsonValue::string(*prompt));
  return json;
}

JsonValue TeamMember::to_json() const {
  JsonValue json = JsonValue::object();
  json.set("name", JsonValue::string(name));
  json.set("score", JsonValue::integer(static_cast<std::int64_t>(score)));
  json.set("added", JsonValue::integer(static_cast<std::int64_t>(added)));
  json.set("reasons", strings_json(reasons));
  return json;
}

JsonValue Team::to_json() const {
  JsonValue list = JsonValue::array();
  for (const TeamMember& member : members) list.edit_items().push_back(member.to_json());
  JsonValue json = JsonValue::object();
  json.set("members", std::move(list));
  json.set("uncovered", strings_json(uncovered));
  return json;
}

Result<RoleRegistry> RoleRegistry::open(const Project& project) {
  UNTORN_TRY(Registry registry, open_specs(project, roles_folder, role_schema));
  return RoleRegistry(project, std::move(registry));
}

Result<RegistryChange> RoleRegistry::register_role(std::string_view spec, std::string_view prompt) {
  UNTORN_TRY(const ReadSpec read, accepted(registry_, spec, prompt));
  return registry_.add(read.name, spec, with_prompt(prompt));
}

Result<RegistryChange> RoleRegistry::update(std::string_view spec,
                                            std::optional<std::string_view> prompt) {
  UNTORN_TRY(const ReadSpec read, accepted(registry_, spec, prompt));
  if (!prompt) return registry_.replace(read.name, spec);
  return registry_.replace(read.name, spec, with_prompt(*prompt));
}

Result<RegistryChange> RoleRegistry::remove(std::string_view name) {
  return registry_.remove(name);
}

Result<Role> RoleRegistry::get(std::string_view name) const {
  UNTORN_TRY(const RegistryEntry entry, registry_.get(name));
  return role_of(entry);
}

Result<std::vector<Role>> RoleRegistry::list() const {
  return search({});
}

Result<std::vector<Role>> RoleRegistry::search(std::string_view text,
                                               std::string_view capability) const {
  RegistryQuery query;
  query.text = text;
  if (!capability.empty()) query.fields.push_back({"capabilities", std::string(capability)});
  UNTORN_TRY(const auto entries, search_specs(project_, registry_, query));
  std::vector<Role> roles;
  for (const RegistryEntry& entry : entries) roles.push_back(role_of(entry));
  return roles;
}

Result<Team> RoleRegistry::select_team(std::string_view problem, std::size_t size) const {
  UNTORN_TRY(const std::vector<Role> roles, list());
  return team_for(problem, roles, size);
}

Result<std::vector<SpecProblem>> RoleRegistry::validate(std::string_view spec) const {
  UNTORN_TRY(ReadSpec read, checked(registry_, spec));
  return std::move(read.problems);
}

Result<std::vector<RegistryVersion>> RoleRegistry::versions(std::string_view name) const {
  return registry_.versions(name);
}

Result<RegistryChange> RoleRegistry::restore(std::string_view name, std::uint64_t number) {
  return registry_.restore(name, number);
}

Result<bool> RoleRegistry::record_use(std::string_view name, bool success, double milliseconds,
                                      std::string_view operation_id) {
  UNTORN_TRY(const Role role, get(name));
  return pipeline::record_use(project_, roles_folder,
                              {role.name, success, milliseconds, operation_id});
}

Result<std::vector<UseStatistics>> RoleRegistry::statistics() const {
  UNTORN_TRY(const std::vector<Role> roles, list());
  std::vector<std::string> names;
  for (const Role& role : roles) names.push_back(role.name);
  return use_statistics(project_, roles_folder, names);
}

Result<RegistryCheck> RoleRegistry::verify(bool repair) {
  return verify_specs(project_, registry_, repair);
}

}  // namespace untorn::pipeline
