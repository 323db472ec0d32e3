// SPDX-License-Identifier: Apache-2.0
#include "untorn/pipeline/line_fixer.h"

#include "base/try.h"
#include "pipeline/line_edits.h"
#include "pipeline/source_path.h"
#include "pipeline/text_file.h"

namespace untorn::pipeline {
namespace {

struct Opened {
  Transaction transaction;
  std::string path;
  std::string bytes;
  TextFile file;
};

Result<Opened> open_text(const Project& project, std::string_view path) {
  UNTORN_CHECK(source_path(path));  // before the lock is taken
  UNTORN_TRY(Transaction transaction, project.begin());
  UNTORN_TRY(std::string normal, source_path(transaction, path));
  UNTORN_TRY(std::optional<std::string> bytes, transaction.read(normal));
  if (!bytes) {
    return std::unexpected(Error(Code::not_found, Step::inspect, Outcome::not_applied, 0, normal,
                                 "there is no such file in the project"));
  }
  UNTORN_TRY(TextFile file, TextFile::parse(*bytes, normal));
  return Opened{std::move(transaction), std::move(normal), *std::move(bytes), std::move(file)};
}

Result<LineReceipt> commit(const Project& project, Opened opened, LineReceipt receipt) {
  const std::string bytes = opened.file.bytes();
  receipt.encoding = opened.file.encoding();
  receipt.changed = bytes != opened.bytes;
  if (!receipt.changed) {
    receipt.lines_changed = 0;
    return receipt;
  }
  UNTORN_CHECK(opened.transaction.put(opened.path, bytes, {.existence = Existence::must_exist}));
  UNTORN_TRY(const TransactionReceipt done, std::move(opened.transaction).commit());
  receipt.syncs = done.syncs;
  project.log(LogLevel::debug, "Changed " + std::to_string(receipt.lines_changed) +
                                   (receipt.lines_changed == 1 ? " line of " : " lines of ") +
                                   opened.path);
  return receipt;
}

}  // namespace

JsonValue TextLines::to_json() const {
  JsonValue json = JsonValue::object();
  json.set("encoding", JsonValue::string(to_string(encoding)));
  json.set("line_end", JsonValue::string(to_string(line_end)));
  json.set("mixed", JsonValue::boolean(mixed));
  json.set("ends_with_newline", JsonValue::boolean(ends_with_newline));
  JsonValue texts = JsonValue::array();
  for (const std::string& line : lines) texts.edit_items().push_back(JsonValue::string(line));
  json.set("lines", std::move(texts));
  return json;
}

JsonValue LineReceipt::to_json() const {
  JsonValue json = JsonValue::object();
  json.set("changed", JsonValue::boolean(changed));
  json.set("lines_changed", JsonValue::integer(static_cast<std::int64_t>(lines_changed)));
  JsonValue made = JsonValue::object();
  for (const auto& [fix, lines] : fixes) {
    made.set(to_string(fix), JsonValue::integer(static_cast<std::int64_t>(lines)));
  }
  json.set("fixes", std::move(made));
  json.set("encoding", JsonValue::string(to_string(encoding)));
  json.set("syncs", JsonValue::integer(syncs));
  return json;
}

Result<LineFixer> LineFixer::open(FileSystem& fs, const std::filesystem::path& project,
                                  const ProjectOptions& options) {
  UNTORN_TRY(Project opened, Project::open(fs, project, options));
  return LineFixer(std::move(opened));
}

Result<LineFixer> LineFixer::open(const std::filesystem::path& project,
                                  const ProjectOptions& options) {
  return open(posix_file_system(), project, options);
}

Result<TextLines> LineFixer::read(std::string_view path) {
  UNTORN_TRY(const Opened opened, open_text(project_, path));
  TextLines text{
      .encoding = opened.file.encoding(),
      .line_end = opened.file.common_end(),
      .mixed = opened.file.is_mixed(),
      .ends_with_newline = opened.file.lines.empty() || !opened.file.lines.back().end.empty(),
      .lines = {}};
  for (const FileLine& line : opened.file.lines) {
    text.lines.push_back(opened.file.decode(line.content));
  }
  return text;
}

Result<LineReceipt> LineFixer::edit(std::string_view path, std::vector<LineEdit> edits) {
  UNTORN_TRY(Opened opened, open_text(project_, path));
  LineReceipt receipt;
  UNTORN_TRY(receipt.lines_changed, apply_edits(opened.file, std::move(edits), opened.path));
  return commit(project_, std::move(opened), std::move(receipt));
}

Result<LineReceipt> LineFixer::replace_line(std::string_view path, std::uint64_t number,
                                            std::string text, std::optional<std::string> expected) {
  LineEdit one{.first = number, .last = number, .lines = {std::move(text)}};
  if (expected) one.expected = std::vector<std::string>{*std::move(expected)};
  return edit(path, {std::move(one)});
}

Result<LineReceipt> LineFixer::replace_lines(std::string_view path, std::uint64_t first,
                                             std::uint64_t last, std::vector<std::string> lines,
                                             std::optional<std::vector<std::string>> expected) {
  return edit(
      path,
      {{.first = first, .last = last, .lines = std::move(lines), .expected = std::move(expected)}});
}

Result<LineReceipt> LineFixer::insert_lines(std::string_view path, std::uint64_t before,
                                            std::vector<std::string> lines) {
  return edit(path, {{.first = before, .last = before - 1, .lines = std::move(lines)}});
}

Result<LineReceipt> LineFixer::remove_lines(std::string_view path, std::uint64_t first,
                                            std::uint64_t last,
                                            std::optional<std::vector<std::string>> expected) {
  return edit(path, {{.first = first, .last = last, .lines = {}, .expected = std::move(expected)}});
}

Result<LineReceipt> LineFixer::fix(std::string_view path, const std::vector<LineFix>& fixes) {
  UNTORN_TRY(Opened opened, open_text(project_, path));
  LineReceipt receipt;
  receipt.fixes = apply_fixes(opened.file, fixes, opened.path);
  for (const auto& [fix, lines] : receipt.fixes) receipt.lines_changed += lines;
  return commit(project_, std::move(opened), std::move(receipt));
}

}  // namespace untorn::pipeline
