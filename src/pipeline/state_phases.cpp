// SPDX-License-Identifier: Apache-2.0
//
// The state that each phase keeps for itself.
#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "base/try.h"
#include "pipeline/folders.h"
#include "untorn/pipeline/state_manager.h"

namespace untorn::pipeline {
namespace {

constexpr std::string_view phases_folder = ".pipeline/phases";
constexpr std::string_view file_ending = ".json";
constexpr std::size_t name_bytes_max = 100;

bool is_phase_name(std::string_view name) {
  if (name.empty() || name.size() > name_bytes_max) return false;
  if (name.front() == '.' || name.front() == '-') return false;
  return std::ranges::all_of(
      name, [](char c) { return is_letter_or_digit(c) || c == '_' || c == '-' || c == '.'; });
}

std::string relative_path(std::string_view phase) {
  return std::string(phases_folder) + "/" + std::string(phase) + std::string(file_ending);
}

}  // namespace

Result<Document> StateManager::phase_document(std::string_view phase) const {
  if (!is_phase_name(phase)) {
    return std::unexpected(
        Error(Code::invalid_argument, Step::resolve, Outcome::not_applied, 0, std::string(phase),
              "it is no name for a phase: 1 to 100 letters, digits, '_', '-' and '.', beginning "
              "with none of '.' and '-'"));
  }
  return project_.document(relative_path(phase));
}

Result<ReplacedDocument> StateManager::save_phase_state(std::string_view phase,
                                                        const JsonValue& state) {
  const auto save = [&]() -> Result<ReplacedDocument> {
    if (!project_.options().read_only && is_phase_name(phase)) {
      UNTORN_CHECK(
          make_folder(project_.fs(), project_.file(phases_folder), project_.options().durability));
    }
    UNTORN_TRY(Document document, phase_document(phase));
    return document.update([&state](std::optional<JsonDocument>& content) -> Result<void> {
      if (!content) content.emplace(JsonValue(), JsonStyle::indented(2));
      content->root = state;
      return {};
    });
  };
  Result<ReplacedDocument> replaced = save();
  report(replaced, "state of phase " + std::string(phase), project_.file(relative_path(phase)));
  return replaced;
}

Result<std::optional<JsonValue>> StateManager::load_phase_state(std::string_view phase) {
  auto document = phase_document(phase);
  if (!document) {
    // Without the folder no phase ever saved anything.
    if (document.error().code() == Code::not_found) return std::nullopt;
    return std::unexpected(document.error());
  }
  UNTORN_TRY(LoadedDocument loaded, document->load());
  note(loaded.recovery);
  if (!loaded.document) return std::nullopt;
  return std::move(loaded.document->root);
}

Result<std::vector<std::string>> StateManager::phases_with_state() {
  std::vector<std::string> names;
  FileSystem& fs = project_.fs();
  const std::string folder = project_.file(phases_folder);
  const auto failed = [&folder](Errno os_errno, Step step) {
    return std::unexpected(Error::from_errno(number(os_errno), step, Outcome::not_applied, folder));
  };
  auto opened = fs.open(Handle::working_directory, folder, {.access = Access::directory});
  if (!opened && number(opened.error()) == ENOENT) return names;
  if (!opened) return failed(opened.error(), Step::open_directory);
  const OwnedHandle owned(fs, *opened);
  auto entries = fs.list(owned.get());
  if (!entries) return failed(entries.error(), Step::inspect);
  for (const Entry& entry : *entries) {
    if (!entry.name.ends_with(file_ending) || entry.type == FileType::directory) continue;
    const std::string_view name =
        std::string_view(entry.name).substr(0, entry.name.size() - file_ending.size());
    if (is_phase_name(name)) names.emplace_back(name);
  }
  return names;
}

}  // namespace untorn::pipeline
