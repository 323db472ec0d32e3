// SPDX-License-Identifier: Apache-2.0
#include "pipeline/specs.h"

#include <utility>

#include "base/text.h"
#include "base/try.h"
#include "registry/schema.h"

namespace untorn::pipeline {
namespace {

void log_entry(const Project& project, const std::string& folder, const EntryCheck& entry) {
  if (entry.was_healthy()) return;
  std::string line = folder + "/" + entry.name + ":";
  for (const EntryFile& file : entry.files) {
    if (file.state == FileState::intact) continue;
    line += " " + file.file + " is " + std::string(to_string(file.state));
    if (!file.detail.empty()) line += " (" + file.detail + ")";
    line += ";";
  }
  if (!entry.set_aside.empty()) line += " set aside as " + joined(entry.set_aside) + ";";
  if (!entry.brought_back.empty()) line += " brought back: " + joined(entry.brought_back) + ";";
  if (!entry.detail.empty()) line += " " + entry.detail + ";";
  line.pop_back();
  project.log(LogLevel::warning, line);
}

}  // namespace

Result<RegistryCheck> verify_specs(const Project& project, Registry& registry, bool repair) {
  UNTORN_TRY(RegistryCheck check, registry.verify(repair && !project.options().read_only));
  if (check.recovery.kind != TransactionRecovery::Kind::none) {
    project.log(LogLevel::warning, check.recovery.message());
  }
  for (const EntryCheck& entry : check.entries) log_entry(project, registry.folder(), entry);
  return check;
}

Result<Registry> open_specs(const Project& project, std::string_view folder,
                            std::string_view schema) {
  UNTORN_TRY(Registry registry, Registry::open(project.fs(), project.file(folder),
                                               {.schema = std::string(schema),
                                                .tree = project.root(),
                                                .keep_versions = project.options().generations,
                                                .create = true,
                                                .read_only = project.options().read_only,
                                                .lock_wait = project.options().lock_wait,
                                                .counters = project.counters()}));
  UNTORN_CHECK(verify_specs(project, registry, true));
  return registry;
}

Result<std::vector<RegistryEntry>> search_specs(const Project& project, const Registry& registry,
                                                const RegistryQuery& query) {
  UNTORN_TRY(RegistryListing listing, registry.search(query));
  for (const RegistryListing::Problem& problem : listing.problems) {
    EntryCheck entry;
    entry.name = problem.name;
    entry.files.push_back(problem.file);
    log_entry(project, registry.folder(), entry);
  }
  return std::move(listing.entries);
}

Result<ReadSpec> read_spec(const Registry& registry, std::string_view text) {
  ReadSpec spec;
  UNTORN_TRY(spec.problems, registry.validate(text));
  if (auto document = JsonDocument::parse(std::string(text))) spec.root = document->root;
  spec.name = text_member(spec.root, "name");
  return spec;
}

Error refused_spec(const Registry& registry, std::string_view name,
                   const std::vector<SpecProblem>& problems) {
  const std::string path = registry.folder() + "/" + (name.empty() ? "?" : std::string(name));
  return {Code::conflict,
          Step::check,
          Outcome::not_applied,
          0,
          path,
          "the specification is refused: " + registry::joined(problems)};
}

std::string text_member(const JsonValue& spec, std::string_view name) {
  const JsonValue* const member = spec.find(name);
  return member == nullptr ? std::string() : member->as_string().value_or("");
}

std::vector<std::string> list_member(const JsonValue& spec, std::string_view name) {
  std::vector<std::string> texts;
  const JsonValue* const member = spec.find(name);
  if (member == nullptr) return texts;
  for (const JsonValue& item : member->items()) {
    if (auto text = item.as_string()) texts.push_back(std::move(*text));
  }
  return texts;
}

JsonValue strings_json(const std::vector<std::string>& texts) {
  JsonValue list = JsonValue::array();
  for (const std::string& text : texts) list.edit_items().push_back(JsonValue::string(text));
  return list;
}

}  // namespace untorn::pipeline
