// SPDX-License-Identifier: Apache-2.0
#include "untorn/pipeline/tool_registry.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/try.h"
#include "pipeline/specs.h"
#include "pipeline/tool_rules.h"
#include "pipeline/uses.h"
#include "registry/schema.h"
#include "registry/schema_form.h"

namespace untorn::pipeline {
namespace {

Tool tool_of(const RegistryEntry& entry) {
  Tool tool;
  const JsonValue& spec = entry.spec.root;
  tool.name = entry.name;
  tool.description = text_member(spec, "description");
  tool.implementation = text_member(spec, "implementation");
  tool.version = text_member(spec, "version");
  tool.tags = list_member(spec, "tags");
  if (const JsonValue* const parameters = spec.find("parameters")) tool.parameters = *parameters;
  tool.spec = entry.spec;
  tool.revision = entry.version;
  const std::string ending = ending_of(entry.name, tool.implementation);
  if (const Attachment* const code = entry.attachment(ending)) tool.code = code->content;
  return tool;
}

std::vector<Attachment> with_code(const ReadSpec& spec, std::string_view code) {
  const std::string ending = ending_of(spec.name, text_member(spec.root, "implementation"));
  return {{.name = ending, .content = std::string(code)}};
}

Result<ReadSpec> accepted(const Registry& registry, std::string_view text) {
  UNTORN_TRY(ReadSpec spec, read_spec(registry, text));
  std::ranges::move(tool_problems(spec.root), std::back_inserter(spec.problems));
  if (spec.problems.empty()) return spec;
  return std::unexpected(refused_spec(registry, spec.name, spec.problems));
}

}  // namespace

JsonValue Tool::to_json() const {
  JsonValue json = JsonValue::object();
  json.set("name", JsonValue::string(name));
  json.set("description", JsonValue::string(description));
  json.set("implementation", JsonValue::string(implementation));
  json.set("version", JsonValue::string(version));
  json.set("tags", strings_json(tags));
  json.set("parameters", parameters);
  json.set("revision", JsonValue::integer(static_cast<std::int64_t>(revision)));
  json.set("spec", spec.root);
  if (code) json.set("code", JsonValue::string(*code));
  return json;
}

Result<ToolRegistry> ToolRegistry::open(const Project& project) {
  UNTORN_TRY(Registry registry, open_specs(project, tools_folder, tool_schema));
  return ToolRegistry(project, std::move(registry));
}

Result<RegistryChange> ToolRegistry::register_tool(std::string_view spec, std::string_view code) {
  UNTORN_TRY(const ReadSpec read, accepted(registry_, spec));
  return registry_.add(read.name, spec, with_code(read, code));
}

Result<RegistryChange> ToolRegistry::update(std::string_view spec,
                                            std::optional<std::string_view> code) {
  UNTORN_TRY(const ReadSpec read, accepted(registry_, spec));
  if (code) return registry_.replace(read.name, spec, with_code(read, *code));
  UNTORN_TRY(const Tool old, get(read.name));
  // The code follows its file's new name.
  if (old.implementation == text_member(read.root, "implementation") || !old.code) {
    return registry_.replace(read.name, spec);
  }
  return registry_.replace(read.name, spec, with_code(read, *old.code));
}

Result<RegistryChange> ToolRegistry::remove(std::string_view name) {
  return registry_.remove(name);
}

Result<Tool> ToolRegistry::get(std::string_view name) const {
  UNTORN_TRY(const RegistryEntry entry, registry_.get(name));
  return tool_of(entry);
}

Result<std::vector<Tool>> ToolRegistry::list() const {
  return search({});
}

Result<std::vector<Tool>> ToolRegistry::search(std::string_view text, std::string_view tag) const {
  RegistryQuery query;
  query.text = text;
  if (!tag.empty()) query.fields.push_back({"tags", std::string(tag)});
  UNTORN_TRY(const auto entries, search_specs(project_, registry_, query));
  std::vector<Tool> tools;
  for (const RegistryEntry& entry : entries) tools.push_back(tool_of(entry));
  return tools;
}

Result<std::vector<SpecProblem>> ToolRegistry::validate(std::string_view spec) const {
  UNTORN_TRY(ReadSpec read, read_spec(registry_, spec));
  std::ranges::move(tool_problems(read.root), std::back_inserter(read.problems));
  return std::move(read.problems);
}

Result<std::vector<SpecProblem>> ToolRegistry::check_arguments(std::string_view name,
                                                               std::string_view arguments) const {
  UNTORN_TRY(const Tool tool, get(name));
  const auto document = JsonDocument::parse(std::string(arguments));
  if (!document) {
    return std::vector<SpecProblem>{{"", "it is no JSON: " + document.error().detail()}};
  }
  if (document->root.kind() != JsonKind::object) {
    return std::vector<SpecProblem>{
        {"", "arguments are a JSON object; found " + registry::described(document->root)}};
  }
  if (tool.parameters.kind() != JsonKind::object) {
    std::vector<SpecProblem> problems;
    for (const JsonMember& member : document->root.members()) {
      problems.push_back(
          {registry::pointer_below("", member.name()), "the tool takes no parameters"});
    }
    return problems;
  }
  UNTORN_TRY(const registry::Schema schema,
             registry::Schema::read(tool.parameters, registry_.folder() + "/" + tool.name));
  return schema.check(document->root);
}

Result<std::vector<RegistryVersion>> ToolRegistry::versions(std::string_view name) const {
  return registry_.versions(name);
}

Result<RegistryChange> ToolRegistry::restore(std::string_view name, std::uint64_t number) {
  return registry_.restore(name, number);
}

Result<bool> ToolRegistry::record_use(std::string_view name, bool success, double milliseconds,
                                      std::string_view operation_id) {
  UNTORN_TRY(const Tool tool, get(name));
  return pipeline::record_use(project_, tools_folder,
                              {tool.name, success, milliseconds, operation_id});
}

Result<std::vector<UseStatistics>> ToolRegistry::statistics() const {
  UNTORN_TRY(const std::vector<Tool> tools, list());
  std::vector<std::string> names;
  for (const Tool& tool : tools) names.push_back(tool.name);
  return use_statistics(project_, tools_folder, names);
}

Result<RegistryCheck> ToolRegistry::verify(bool repair) {
  return verify_specs(project_, registry_, repair);
}

}  // namespace untorn::pipeline
