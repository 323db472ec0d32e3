// SPDX-License-Identifier: Apache-2.0
#include "pipeline/code_change.h"

#include <algorithm>
#include <utility>

#include "base/refusal.h"
#include "base/try.h"
#include "document/format.h"
#include "pipeline/clock.h"
#include "pipeline/code_match.h"
#include "pipeline/code_versions.h"
#include "pipeline/source_path.h"
#include "transaction/paths.h"
#include "untorn/line_log.h"

namespace untorn::pipeline {
namespace {

Error missing(const std::string& path) {
  return refusal(Code::not_found, path, "there is no such file in the project");
}

// Empty for a file of the project's own directory.
std::uint64_t lines_in(std::string_view text) {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

// What a mark holds: the format of ours, and when it was done.
std::string mark_text(const std::string& operation) {
  JsonValue mark = JsonValue::object();
  mark.set(document::format_member_name, document::format_value({.name = "operation"}));
  mark.set("operation", JsonValue::string(operation));
  mark.set("done", JsonValue::string(now_text()));
  return JsonDocument(std::move(mark)).text() + "\n";
}

}  // namespace

Result<void> check_operation_name(std::string_view name) {
  constexpr std::size_t name_bytes_max = 100;
  const auto is_fit = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  if (!name.empty() && name.size() <= name_bytes_max && name.front() != '.' &&
      std::all_of(name.begin(), name.end(), is_fit)) {
    return {};
  }
  return std::unexpected(refusal(Code::invalid_argument, std::string(name),
                                 "an operation's name has 1 to 100 letters, digits, '_', '-' and "
                                 "'.', and does not begin with '.'"));
}

Result<PendingFile> CodeChange::State::pending(std::string_view path) const {
  UNTORN_TRY(std::string normal, source_path(transaction, path));
  if (const auto found = files.find(normal); found != files.end()) return found->second;
  auto content = transaction.read(normal);
  const bool parent_missing = !content && content.error().code() == Code::not_found;
  if (!content && !parent_missing) return std::unexpected(std::move(content).error());
  PendingFile file;
  if (content) file.before = *std::move(content);
  file.after = file.before;
  file.told.path = std::move(normal);
  return file;
}

void CodeChange::State::set(PendingFile file, std::optional<std::string> content, CodeAction action,
                            std::uint64_t line) {
  file.after = std::move(content);
  file.told.action = action;
  file.told.line = line;
  file.told.bytes = file.after ? file.after->size() : 0;
  const std::string path = file.told.path;
  files.insert_or_assign(path, std::move(file));
}

Result<void> CodeChange::State::restore(std::string_view path, std::size_t back) {
  UNTORN_TRY(PendingFile file, pending(path));
  UNTORN_TRY(const std::vector<CodeVersion> versions, list_versions(project, file.told.path));
  if (back == 0 || back > versions.size()) {
    return std::unexpected(refusal(
        Code::not_found, file.told.path,
        "there is no version " + std::to_string(back) + "; " +
            (versions.empty() ? std::string("none is kept")
                              : std::to_string(versions.size()) + " are kept, 1 is the newest")));
  }
  const CodeVersion& version = versions[back - 1];
  UNTORN_TRY(std::optional<std::string> content,
             read_version(transaction, file.told.path, version));
  file.mode = version.mode;
  set(std::move(file), std::move(content), CodeAction::restore);
  return {};
}

Result<void> CodeChange::State::collect() {
  for (const auto& [path, file] : files) {
    if (file.before == file.after) continue;
    UNTORN_CHECK(keep_version(project, transaction, path, file.before));
    if (!file.after) {
      UNTORN_CHECK(transaction.remove(path));
      continue;
    }
    if (const std::string_view folder = transaction::parent_of(path); !folder.empty()) {
      UNTORN_CHECK(transaction.make_directory(folder));
    }
    PutOptions options{.existence =
                           file.before ? Existence::must_exist : Existence::must_not_exist};
    if (!file.before) options.mode = file.mode;
    UNTORN_CHECK(transaction.put(path, *file.after, options));
  }
  if (!files.empty())
    UNTORN_CHECK(transaction.make_directory(transaction::parent_of(activity_file)));
  return operation.empty() ? Result<void>() : mark_operation();
}

Result<void> CodeChange::State::mark_operation() {
  UNTORN_CHECK(transaction.make_directory(transaction::parent_of(operations_folder)));
  return transaction.put(std::string(operations_folder) + operation, mark_text(operation),
                         {.mode = 0600});
}

void CodeChange::State::tell() const {
  std::vector<std::string> lines;
  for (const auto& [path, file] : files) {
    JsonValue line = JsonValue::object();
    line.set("time", JsonValue::string(now_text()));
    if (!operation.empty()) line.set("operation", JsonValue::string(operation));
    const JsonValue told = file.told.to_json();
    for (const JsonMember& member : told.members()) line.set(member.name(), member.value);
    lines.push_back(JsonDocument(std::move(line)).text());
    project.log(LogLevel::info, std::string(to_string(file.told.action)) + " " + path);
  }
  const LineLogOptions options{.lock_wait = project.options().lock_wait,
                               .tree = project.root(),
                               .counters = project.counters()};
  auto log = LineLog::open(project.fs(), project.file(activity_file), options);
  const auto done = log ? log->append(lines) : std::unexpected(log.error());
  if (!done) {
    // The change itself is in place and durable: its log must not make it look as if it were not.
    project.log(LogLevel::warning, "Activity not logged: " + done.error().message());
  }
}

CodeChange::CodeChange(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
CodeChange::CodeChange(CodeChange&&) noexcept = default;
CodeChange& CodeChange::operator=(CodeChange&&) noexcept = default;
CodeChange::~CodeChange() = default;

bool CodeChange::already() const noexcept {
  return state_->already;
}

Result<void> CodeChange::create(std::string_view path, std::string_view content) {
  UNTORN_TRY(PendingFile file, state_->pending(path));
  if (file.after && !state_->already) {
    return std::unexpected(
        refusal(Code::already_exists, file.told.path, "it is there already; write() replaces it"));
  }
  state_->set(std::move(file), std::string(content), CodeAction::create);
  return {};
}

Result<void> CodeChange::write(std::string_view path, std::string_view content) {
  UNTORN_TRY(PendingFile file, state_->pending(path));
  state_->set(std::move(file), std::string(content), CodeAction::write);
  return {};
}

Result<void> CodeChange::modify(std::string_view path, std::string_view old_text,
                                std::string_view new_text) {
  UNTORN_TRY(PendingFile file, state_->pending(path));
  if (state_->already) return {};  // the text was replaced when it was done
  if (old_text.empty()) {
    return std::unexpected(
        refusal(Code::invalid_argument, file.told.path, "the text to look for is empty"));
  }
  if (!file.after) return std::unexpected(missing(file.told.path));
  const std::vector<std::uint64_t> places = places_of(*file.after, old_text);
  if (places.size() != 1) {
    return std::unexpected(
        refusal(Code::conflict, file.told.path, mismatch(*file.after, old_text, places)));
  }
  std::string content = *file.after;
  content.replace(content.find(old_text), old_text.size(), new_text);
  state_->set(std::move(file), std::move(content), CodeAction::modify, places.front());
  return {};
}

Result<void> CodeChange::append(std::string_view path, std::string_view text) {
  UNTORN_TRY(PendingFile file, state_->pending(path));
  if (!file.after && state_->already) return {};
  if (!file.after) return std::unexpected(missing(file.told.path));
  std::string content = *file.after;
  if (!content.empty() && content.back() != '\n') content += '\n';
  const std::uint64_t line = lines_in(content) + 1;
  content += text;
  state_->set(std::move(file), std::move(content), CodeAction::append, line);
  return {};
}

Result<void> CodeChange::remove(std::string_view path) {
  UNTORN_TRY(PendingFile file, state_->pending(path));
  if (!file.after && !state_->already) return std::unexpected(missing(file.told.path));
  state_->set(std::move(file), std::nullopt, CodeAction::remove);
  return {};
}

Result<std::optional<std::string>> CodeChange::read(std::string_view path) const {
  UNTORN_TRY(PendingFile file, state_->pending(path));
  return std::move(file.after);
}

Result<CodeReceipt> CodeChange::commit() && {
  const std::unique_ptr<State> state = std::move(state_);
  CodeReceipt receipt{.operation = state->operation, .already = state->already, .files = {}};
  if (state->already) return receipt;
  UNTORN_CHECK(state->collect());
  UNTORN_TRY(const TransactionReceipt done, std::move(state->transaction).commit());
  receipt.syncs = done.syncs;
  for (const auto& [path, file] : state->files) receipt.files.push_back(file.told);
  if (!receipt.files.empty()) state->tell();
  return receipt;
}

}  // namespace untorn::pipeline
