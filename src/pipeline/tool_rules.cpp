// SPDX-License-Identifier: Apache-2.0
#include "pipeline/tool_rules.h"

#include <algorithm>
#include <array>

#include "pipeline/specs.h"
#include "registry/names.h"
#include "registry/schema.h"
#include "registry/schema_form.h"

namespace untorn::pipeline {
namespace {

constexpr std::size_t parameter_name_bytes_max = 64;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_identifier(std::string_view name) {
  return !name.empty() && name.size() <= parameter_name_bytes_max && is_letter(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

// It says what the parameter is: a type, or something that tells as much.
bool says_something(const JsonValue& schema) {
  constexpr std::array<std::string_view, 7> telling = {"type",  "$ref",  "enum", "const",
                                                       "anyOf", "oneOf", "allOf"};
  return std::ranges::any_of(
      telling, [&schema](std::string_view name) { return schema.find(name) != nullptr; });
}

void check_implementation(const JsonValue& spec, std::vector<SpecProblem>& problems) {
  const JsonValue* const implementation = spec.find("implementation");
  if (implementation == nullptr || implementation->kind() != JsonKind::string) return;
  const std::string file = *implementation->as_string();
  const std::string name = text_member(spec, "name");
  if (file.contains('/') || file.contains('\\')) {
    problems.push_back({"/implementation", "it is a file's name, and never leads to a folder"});
  } else if (ending_of(name, file).empty()) {
    problems.push_back({"/implementation",
                        "the file is called like the tool with an ending: \"" + name + ".py\""});
  } else if (auto problem = registry::attachment_name_problem(ending_of(name, file))) {
    problems.push_back({"/implementation", *problem});
  }
}

void check_required(const JsonValue& parameters, std::vector<SpecProblem>& problems) {
  const JsonValue* const required = parameters.find("required");
  const JsonValue* const known = parameters.find("properties");
  if (required == nullptr) return;
  for (std::size_t i = 0; i < required->items().size(); ++i) {
    const std::string name = required->items()[i].as_string().value_or("");
    if (known != nullptr && known->find(name) != nullptr) continue;
    problems.push_back({"/parameters/required/" + std::to_string(i),
                        "\"" + name + "\" is no parameter of the tool"});
  }
}

void check_parameters(const JsonValue& spec, std::vector<SpecProblem>& problems) {
  const JsonValue* const parameters = spec.find("parameters");
  if (parameters == nullptr || parameters->kind() != JsonKind::object) return;
  for (const SpecProblem& problem : registry::Schema::problems_of(*parameters)) {
    problems.push_back({"/parameters" + problem.pointer, problem.message});
  }
  if (text_member(*parameters, "type") != "object") {
    problems.push_back({"/parameters/type", "the parameters are an object: \"object\""});
  }
  if (const JsonValue* const properties = parameters->find("properties")) {
    for (const JsonMember& member : properties->members()) {
      const std::string name = member.name();
      const std::string place = registry::pointer_below("/parameters/properties", name);
      if (!is_identifier(name)) {
        problems.push_back({place,
                            "a parameter's name is an identifier: a letter or '_', then "
                            "letters, digits and '_', 64 at most"});
      }
      if (member.value.kind() == JsonKind::object && !says_something(member.value)) {
        problems.push_back({place, "it has no type"});
      }
    }
  }
  check_required(*parameters, problems);
}

}  // namespace

const std::string_view tool_schema = R"({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object",
  "required": ["name", "description", "implementation"],
  "properties": {
    "name": {"type": "string", "maxLength": 64, "pattern": "^[A-Za-z_][A-Za-z0-9_-]*$"},
    "description": {"type": "string", "maxLength": 10000, "pattern": "\\S"},
    "implementation": {"type": "string", "minLength": 1},
    "parameters": {"type": "object"},
    "version": {"type": "string", "minLength": 1},
    "tags": {"type": "array", "items": {"type": "string", "minLength": 1}, "uniqueItems": true},
    "safety": {"type": "object"}
  }
})";

std::string ending_of(std::string_view tool, std::string_view implementation) {
  const bool is_its_own = !tool.empty() && implementation.size() > tool.size() + 1 &&
                          implementation.starts_with(tool) && implementation[tool.size()] == '.';
  return is_its_own ? std::string(implementation.substr(tool.size() + 1)) : std::string();
}

std::vector<SpecProblem> tool_problems(const JsonValue& spec) {
  std::vector<SpecProblem> problems;
  const std::string name = text_member(spec, "name");
  if (!name.empty()) {
    if (auto problem = registry::name_problem(name)) problems.push_back({"/name", *problem});
  }
  check_implementation(spec, problems);
  check_parameters(spec, problems);
  return problems;
}

}  // namespace untorn::pipeline
