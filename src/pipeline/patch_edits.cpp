// SPDX-License-Identifier: Apache-2.0
#include "pipeline/patch_edits.h"

#include <map>
#include <optional>
#include <utility>

#include "base/refusal.h"
#include "base/try.h"
#include "patch/apply.h"
#include "patch/parse.h"
#include "patch/unified_diff.h"
#include "pipeline/code_match.h"
#include "pipeline/patch_record.h"

namespace untorn::pipeline {
namespace {

bool is_text(std::string_view content) {
  return content.find('\0') == std::string_view::npos;
}

Result<void> check(const PatchEdit& edit) {
  std::string problem = patch::check_path(edit.path);
  if (problem.empty()) problem = project_path_problem(edit.path);
  if (!problem.empty()) {
    return refused(Code::invalid_argument, edit.path,
                   "a patch may not change this path: " + problem);
  }
  const int kinds =
      (edit.content ? 1 : 0) + (edit.replacements.empty() ? 0 : 1) + (edit.remove ? 1 : 0);
  if (kinds != 1) {
    return refused(Code::invalid_argument, edit.path,
                   "an edit has just one of: new content, replacements, removal");
  }
  if (edit.content && !is_text(*edit.content)) {
    return refused(Code::invalid_argument, edit.path,
                   "the new content has a NUL byte, and a patch is text");
  }
  return {};
}

Result<std::string> with_replacements(const PatchEdit& edit, std::string content) {
  for (const TextReplacement& each : edit.replacements) {
    const auto places = places_of(content, each.before);
    if (each.before.empty()) {
      return refused(Code::invalid_argument, edit.path, "a replacement of an empty text");
    }
    if (places.size() != 1) {
      return refused(Code::conflict, edit.path, pipeline::mismatch(content, each.before, places));
    }
    content.replace(content.find(each.before), each.before.size(), each.after);
  }
  return content;
}

// Read back as it will be read: what it makes of the file must be what was asked for.
Result<void> check_diff(const std::string& path, const std::string& diff, std::string_view before,
                        std::string_view after) {
  const auto patch = patch::parse(diff);
  if (patch && patch->files.size() == 1) {
    const auto made = patch::apply_hunks(before, patch->files.front().hunks);
    if (made && *made == after) return {};
  }
  return refused(Code::internal, path, "the patch that was made does not make the change");
}

Result<std::string> diff_of(const PatchSource& source, const PatchEdit& edit) {
  UNTORN_TRY(const SourceFile file, source.look(edit.path));
  constexpr std::uint32_t owner_may_execute = 0100;
  const bool is_there = file.kind == SourceFile::Kind::regular;
  const bool is_absent = file.kind == SourceFile::Kind::absent;
  if (!is_there && !is_absent) {
    return refused(Code::not_regular_file, edit.path, "only regular files are patched");
  }
  if (is_absent && !edit.content) {
    return refused(Code::not_found, edit.path, "there is no such file to change");
  }
  if (!is_text(file.content)) {
    return refused(Code::unsupported, edit.path, "the file has a NUL byte, and a patch is text");
  }
  std::string after;
  if (edit.content) after = *edit.content;
  if (!edit.replacements.empty()) {
    UNTORN_TRY(after, with_replacements(edit, file.content));
  }
  std::string diff = patch::unified_diff({.path = edit.path,
                                          .before = file.content,
                                          .after = after,
                                          .is_new = is_absent,
                                          .is_deleted = edit.remove,
                                          .is_executable = (file.mode & owner_may_execute) != 0});
  if (diff.empty()) {
    return refused(Code::invalid_argument, edit.path, "the edit changes nothing in this file");
  }
  UNTORN_CHECK(check_diff(edit.path, diff, file.content, after));
  return diff;
}

}  // namespace

std::string project_path_problem(std::string_view path) {
  if (path == patches_folder || path.starts_with(std::string(patches_folder) + "/")) {
    return "the patches of the project lie there";
  }
  return {};
}

Result<std::string> patch_of(const PatchSource& source, const std::vector<PatchEdit>& edits) {
  if (edits.empty())
    return refused(Code::invalid_argument, {}, "there is no edit to make a patch of");
  std::map<std::string, std::string> diffs;
  for (const PatchEdit& edit : edits) {
    UNTORN_CHECK(check(edit));
    if (diffs.contains(edit.path)) {
      return refused(Code::invalid_argument, edit.path, "two edits are of the same file");
    }
    UNTORN_TRY(diffs[edit.path], diff_of(source, edit));
  }
  std::string text;
  for (const auto& [path, diff] : diffs) text += diff;
  if (text.size() > patch::patch_bytes_max) {
    return refused(Code::invalid_argument, {}, "the patch would be larger than 256 MiB");
  }
  return text;
}

}  // namespace untorn::pipeline
