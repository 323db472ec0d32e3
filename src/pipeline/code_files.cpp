// SPDX-License-Identifier: Apache-2.0
#include "untorn/pipeline/code_files.h"

#include <algorithm>
#include <cerrno>
#include <deque>
#include <utility>

#include "base/try.h"
#include "filesystem/read_whole.h"
#include "pipeline/code_change.h"
#include "pipeline/code_versions.h"
#include "pipeline/source_path.h"

namespace untorn::pipeline {
namespace {

Error failure(Errno os_errno, Step step, const std::string& path) {
  return Error::from_errno(number(os_errno), step, Outcome::not_applied, path);
}

JsonValue integer(std::uint64_t value) {
  return JsonValue::integer(static_cast<std::int64_t>(value));
}

// The content of a file of ours; nothing if there is none.
Result<std::optional<std::string>> content_of(const Project& project, const std::string& path) {
  auto opened = project.fs().open(Handle::working_directory, path, {});
  if (!opened && opened.error() == Errno{ENOENT}) return std::optional<std::string>();
  if (!opened) return std::unexpected(failure(opened.error(), Step::inspect, path));
  const OwnedHandle file(project.fs(), *opened);
  auto bytes = read_whole(project.fs(), file.get());
  if (!bytes) return std::unexpected(failure(bytes.error(), Step::inspect, path));
  return std::optional<std::string>(*std::move(bytes));
}

}  // namespace

std::string_view to_string(CodeAction action) noexcept {
  switch (action) {
    case CodeAction::create:
      return "create";
    case CodeAction::modify:
      return "modify";
    case CodeAction::append:
      return "append";
    case CodeAction::write:
      return "write";
    case CodeAction::remove:
      return "remove";
    case CodeAction::restore:
      return "restore";
  }
  return "write";
}

JsonValue CodeFileChange::to_json() const {
  JsonValue json = JsonValue::object();
  json.set("path", JsonValue::string(path));
  json.set("action", JsonValue::string(to_string(action)));
  json.set("bytes", integer(bytes));
  if (line > 0) json.set("line", integer(line));
  return json;
}

JsonValue CodeReceipt::to_json() const {
  JsonValue json = JsonValue::object();
  json.set("operation", JsonValue::string(operation));
  json.set("already", JsonValue::boolean(already));
  JsonValue told = JsonValue::array();
  for (const CodeFileChange& file : files) told.edit_items().push_back(file.to_json());
  json.set("files", std::move(told));
  json.set("syncs", JsonValue::integer(syncs));
  return json;
}

JsonValue CodeVersion::to_json() const {
  JsonValue json = JsonValue::object();
  json.set("number", integer(number));
  json.set("absent", JsonValue::boolean(absent));
  json.set("bytes", integer(bytes));
  json.set("mode", integer(mode));
  json.set("kept_ns", JsonValue::integer(kept_ns));
  return json;
}

Result<CodeFiles> CodeFiles::open(FileSystem& fs, const std::filesystem::path& project,
                                  const ProjectOptions& options) {
  UNTORN_TRY(Project opened, Project::open(fs, project, options));
  return CodeFiles(std::move(opened));
}

Result<CodeFiles> CodeFiles::open(const std::filesystem::path& project,
                                  const ProjectOptions& options) {
  return open(posix_file_system(), project, options);
}

Result<CodeChange> CodeFiles::change(std::string_view operation) {
  if (!operation.empty()) UNTORN_CHECK(check_operation_name(operation));
  UNTORN_TRY(Transaction transaction, project_.begin());
  bool already = false;
  if (!operation.empty()) {
    UNTORN_TRY(const std::optional<std::string> mark,
               transaction.read(std::string(operations_folder) + std::string(operation)));
    already = mark.has_value();
  }
  return CodeChange(
      std::make_unique<CodeChange::State>(CodeChange::State{.project = project_,
                                                            .transaction = std::move(transaction),
                                                            .operation = std::string(operation),
                                                            .already = already,
                                                            .files = {}}));
}

Result<CodeReceipt> CodeFiles::create(std::string_view path, std::string_view content) {
  UNTORN_CHECK(source_path(path));
  UNTORN_TRY(CodeChange one, change());
  UNTORN_CHECK(one.create(path, content));
  return std::move(one).commit();
}

Result<CodeReceipt> CodeFiles::write(std::string_view path, std::string_view content) {
  UNTORN_CHECK(source_path(path));
  UNTORN_TRY(CodeChange one, change());
  UNTORN_CHECK(one.write(path, content));
  return std::move(one).commit();
}

Result<CodeReceipt> CodeFiles::modify(std::string_view path, std::string_view old_text,
                                      std::string_view new_text) {
  UNTORN_CHECK(source_path(path));
  UNTORN_TRY(CodeChange one, change());
  UNTORN_CHECK(one.modify(path, old_text, new_text));
  return std::move(one).commit();
}

Result<CodeReceipt> CodeFiles::append(std::string_view path, std::string_view text) {
  UNTORN_CHECK(source_path(path));
  UNTORN_TRY(CodeChange one, change());
  UNTORN_CHECK(one.append(path, text));
  return std::move(one).commit();
}

Result<CodeReceipt> CodeFiles::remove(std::string_view path) {
  UNTORN_CHECK(source_path(path));
  UNTORN_TRY(CodeChange one, change());
  UNTORN_CHECK(one.remove(path));
  return std::move(one).commit();
}

Result<CodeReceipt> CodeFiles::restore(std::string_view path, std::size_t back) {
  UNTORN_CHECK(source_path(path));
  UNTORN_TRY(CodeChange one, change());
  UNTORN_CHECK(one.state_->restore(path, back));
  return std::move(one).commit();
}

Result<std::vector<CodeVersion>> CodeFiles::versions(std::string_view path) {
  UNTORN_TRY(const std::string normal, source_path(path));
  return list_versions(project_, normal);
}

Result<std::string> CodeFiles::read(std::string_view path) {
  UNTORN_CHECK(source_path(path));
  UNTORN_TRY(const CodeChange one, change());
  UNTORN_TRY(std::optional<std::string> content, one.read(path));
  if (content) return *std::move(content);
  return std::unexpected(Error(Code::not_found, Step::inspect, Outcome::not_applied, 0,
                               std::string(path), "there is no such file in the project"));
}

Result<std::uint64_t> CodeFiles::forget_operations(std::chrono::seconds older_than) {
  UNTORN_TRY(Transaction transaction, project_.begin());
  const std::string folder =
      project_.file(operations_folder.substr(0, operations_folder.size() - 1));
  auto opened =
      project_.fs().open(Handle::working_directory, folder, {.access = Access::directory});
  if (!opened && opened.error() == Errno{ENOENT}) return 0;
  if (!opened) return std::unexpected(failure(opened.error(), Step::open_directory, folder));
  const OwnedHandle directory(project_.fs(), *opened);
  auto entries = project_.fs().list(directory.get());
  if (!entries) return std::unexpected(failure(entries.error(), Step::inspect, folder));
  const auto limit = std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::system_clock::now().time_since_epoch() - older_than);
  std::uint64_t forgotten = 0;
  for (const Entry& entry : *entries) {
    const auto status = project_.fs().status_at(directory.get(), entry.name);
    if (!status || status->modified_ns > limit.count() || !check_operation_name(entry.name))
      continue;
    UNTORN_CHECK(transaction.remove(std::string(operations_folder) + entry.name));
    ++forgotten;
  }
  if (forgotten > 0) UNTORN_CHECK(std::move(transaction).commit());
  return forgotten;
}

Result<std::vector<JsonValue>> CodeFiles::activity(std::size_t count) {
  UNTORN_TRY(const std::optional<std::string> text,
             content_of(project_, project_.file(activity_file)));
  std::deque<JsonValue> lines;
  std::string_view rest = text ? std::string_view(*text) : std::string_view();
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    // A line that a power cut left torn is not ours to judge; the log moves it away when it is
    // opened next.
    if (auto line = JsonDocument::parse(std::string(rest.substr(0, end)))) {
      lines.push_back(std::move(line->root));
      if (lines.size() > count) lines.pop_front();
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return std::vector<JsonValue>(std::make_move_iterator(lines.begin()),
                                std::make_move_iterator(lines.end()));
}

}  // namespace untorn::pipeline
