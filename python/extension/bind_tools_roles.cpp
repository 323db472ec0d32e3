// SPDX-License-Identifier: Apache-2.0
//
// Tools and roles: what both registries share is written once.
#include <array>

#include "base/try.h"
#include "binders.h"
#include "fields.h"
#include "untorn/pipeline/role_registry.h"
#include "untorn/pipeline/tool_registry.h"

namespace untorn::python {
namespace {

using pipeline::Role;
using pipeline::RoleRegistry;
using pipeline::Tool;
using pipeline::ToolRegistry;

// contents[0] is the specification, contents[1] the code or prompt, if there is one.
std::optional<std::string_view> second_content(const Call& call) {
  if (call.contents() < 2) return std::nullopt;
  return call.content(1);
}

Reply with_content(JsonValue value, const JsonDocument& spec,
                   const std::optional<std::string>& content) {
  Reply reply{.value = std::move(value), .contents = {spec.text()}};
  if (content) reply.contents.push_back(*content);
  return reply;
}

Result<Reply> register_tool(ToolRegistry& tools, Call& call) {
  return reply_of(tools.register_tool(call.content(), call.content(1)));
}

Result<Reply> get_tool(ToolRegistry& tools, Call& call) {
  UNTORN_TRY(const Tool tool, tools.get(call.text("name")));
  return with_content(tool.to_json(), tool.spec, tool.code);
}

Result<Reply> search_tools(ToolRegistry& tools, Call& call) {
  return reply_of(tools.search(call.text("text"), call.text("tag")));
}

Result<Reply> check_arguments(ToolRegistry& tools, Call& call) {
  return reply_of(tools.check_arguments(call.text("name"), call.content()));
}

Result<Reply> register_role(RoleRegistry& roles, Call& call) {
  return reply_of(roles.register_role(call.content(), call.content(1)));
}

Result<Reply> get_role(RoleRegistry& roles, Call& call) {
  UNTORN_TRY(const Role role, roles.get(call.text("name")));
  return with_content(role.to_json(), role.spec, role.prompt);
}

Result<Reply> search_roles(RoleRegistry& roles, Call& call) {
  return reply_of(roles.search(call.text("text"), call.text("capability")));
}

Result<Reply> select_team(RoleRegistry& roles, Call& call) {
  return reply_of(roles.select_team(call.text("problem"), call.count("size")));
}

template <class T>
Result<Reply> update(T& registry, Call& call) {
  return reply_of(registry.update(call.content(), second_content(call)));
}

template <class T>
Result<Reply> remove(T& registry, Call& call) {
  return reply_of(registry.remove(call.text("name")));
}

template <class T>
Result<Reply> list(T& registry, Call& /*call*/) {
  return reply_of(registry.list());
}

template <class T>
Result<Reply> validate(T& registry, Call& call) {
  return reply_of(registry.validate(call.content()));
}

template <class T>
Result<Reply> versions(T& registry, Call& call) {
  return reply_of(registry.versions(call.text("name")));
}

template <class T>
Result<Reply> restore(T& registry, Call& call) {
  return reply_of(registry.restore(call.text("name"), call.count("number")));
}

template <class T>
Result<Reply> record_use(T& registry, Call& call) {
  UNTORN_TRY(const bool counted,
             registry.record_use(call.text("name"), call.flag("success"), call.real("milliseconds"),
                                 call.text("operation_id")));
  return Reply{.value = JsonValue::boolean(counted)};
}

template <class T>
Result<Reply> statistics(T& registry, Call& /*call*/) {
  return reply_of(registry.statistics());
}

template <class T>
Result<Reply> verify(T& registry, Call& call) {
  return reply_of(registry.verify(call.flag("repair")));
}

constexpr std::array<Method<ToolRegistry>, 13> tool_methods = {{
    {"register_tool", register_tool},
    {"update", update<ToolRegistry>},
    {"remove", remove<ToolRegistry>},
    {"get", get_tool},
    {"list", list<ToolRegistry>},
    {"search", search_tools},
    {"validate", validate<ToolRegistry>},
    {"check_arguments", check_arguments},
    {"versions", versions<ToolRegistry>},
    {"restore", restore<ToolRegistry>},
    {"record_use", record_use<ToolRegistry>},
    {"statistics", statistics<ToolRegistry>},
    {"verify", verify<ToolRegistry>},
}};

constexpr std::array<Method<RoleRegistry>, 13> role_methods = {{
    {"register_role", register_role},
    {"update", update<RoleRegistry>},
    {"remove", remove<RoleRegistry>},
    {"get", get_role},
    {"list", list<RoleRegistry>},
    {"search", search_roles},
    {"select_team", select_team},
    {"validate", validate<RoleRegistry>},
    {"versions", versions<RoleRegistry>},
    {"restore", restore<RoleRegistry>},
    {"record_use", record_use<RoleRegistry>},
    {"statistics", statistics<RoleRegistry>},
    {"verify", verify<RoleRegistry>},
}};

template <class T>
Result<T> open(const Call& call, const Logger& logger) {
  UNTORN_TRY(const pipeline::Project project,
             pipeline::Project::open(call.path(), project_options(call, logger)));
  return T::open(project);
}

}  // namespace

Result<std::unique_ptr<Bound>> make_tool_registry(Call& call, const Logger& logger) {
  UNTORN_TRY(ToolRegistry registry, open<ToolRegistry>(call, logger));
  return make_bound<ToolRegistry>(std::move(registry), tool_methods);
}

Result<std::unique_ptr<Bound>> make_role_registry(Call& call, const Logger& logger) {
  UNTORN_TRY(RoleRegistry registry, open<RoleRegistry>(call, logger));
  return make_bound<RoleRegistry>(std::move(registry), role_methods);
}

}  // namespace untorn::python
