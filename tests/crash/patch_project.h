// SPDX-License-Identifier: Apache-2.0
//
// A small project with one patch, and what must hold in it after any crash.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"
#include "untorn/pipeline/patch_manager.h"

namespace untorn::testing {

// Nothing that is only counted: its calls and states are not what is tested.
inline pipeline::ProjectOptions patch_options() {
  pipeline::ProjectOptions options;
  options.count = false;
  return options;
}

inline const std::string patched_before = "one\ntwo\nthree\n";
inline const std::string patched_after = "one\n2\nthree\n";
inline const std::string leaving_content = "bye\n";

[[nodiscard]] inline Result<pipeline::PatchInfo> create_example(pipeline::PatchManager& patches) {
  return patches.create("Example", {{.path = "a", .content = patched_after},
                                    {.path = "gone", .remove = true},
                                    {.path = "new/b", .content = "b\n"}});
}

// "before", "after", or "a mixture: …", by the targets alone.
[[nodiscard]] inline std::string targets_state(FileSystem& fs, const std::string& root) {
  const std::string a = read_file(fs, root + "/a").value_or("(none)");
  const std::string gone = read_file(fs, root + "/gone").value_or("(none)");
  const std::string b = read_file(fs, root + "/new/b").value_or("(none)");
  if (a == patched_before && gone == leaving_content && b == "(none)") return "before";
  if (a == patched_after && gone == "(none)" && b == "b\n") return "after";
  return "a mixture: a is " + a + ", gone is " + gone + ", new/b is " + b;
}

// Q2, after the recovery that the first look does. "" if it holds.
[[nodiscard]] inline std::string judge_patch(FileSystem& fs, const std::string& root) {
  auto patches = pipeline::PatchManager::open(fs, root, patch_options());
  if (!patches) return "not opened: " + patches.error().message();
  const auto info = patches->info(1);
  if (!info) return "no record: " + info.error().message();
  const std::string state = targets_state(fs, root);
  const bool is_applied = info->status == pipeline::PatchStatus::applied;
  if (state != (is_applied ? "after" : "before")) {
    return "the record says " + std::string(to_string(info->status)) + ", the files are " + state;
  }
  return {};
}

// The files of a project in which the example was created, and applied if that is wanted.
inline std::vector<std::pair<std::string, std::string>> patch_project_files(bool applied) {
  InMemoryFileSystem fs;
  (void)fs.make_directory(Handle::working_directory, "p", 0755);
  write_file(fs, "p/a", patched_before);
  write_file(fs, "p/gone", leaving_content);
  auto patches = pipeline::PatchManager::open(fs, "p", patch_options());
  if (!patches || !create_example(*patches) || (applied && !patches->apply(1))) return {};
  std::vector<std::pair<std::string, std::string>> files;
  for (const TreeEntry& entry : fs.tree()) {
    if (entry.type == FileType::regular) {
      files.emplace_back(entry.path, std::string(entry.content.text()));
    }
  }
  return files;
}

}  // namespace untorn::testing
