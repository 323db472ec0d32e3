// SPDX-License-Identifier: Apache-2.0
//
// New content, written beside its target and made safe, before anything is committed.
//
// The list of all temporaries of a commit is written first, as `.untorn/staging`, so that a
// recovery finds what a killed process left without walking the tree. It is not synced: after a
// power cut a temporary may remain that no list names.
//
//   untorn-staging 1 1
//   <path>                 one a line, escaped as in an intent
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transaction/contents.h"
#include "transaction/operation.h"
#include "transaction/tree.h"

namespace untorn::transaction {

// One put, before it has a temporary.
struct NewContent {
  std::string_view content;
  std::optional<std::uint32_t> mode;  // asked for
  Handle old_file = Handle::none;     // whose metadata it gets
  std::optional<Status> old_status;
};

// A name for a temporary in `directory`.
[[nodiscard]] std::string staged_path_in(Tree& tree, std::string_view directory);

// All of `text`, in as many calls as it takes; `path` is for messages.
[[nodiscard]] Result<void> write_all(Tree& tree, Handle file, std::string_view text,
                                     std::string_view path);

[[nodiscard]] Result<void> write_staging_list(Tree& tree, const std::vector<std::string>& paths);
// Paths that the list names; empty if there is none. What is damaged in it is passed over.
[[nodiscard]] Result<std::vector<std::string>> read_staging_list(Tree& tree);

// Makes the temporary `operation.staged` with the content, its metadata and its mode, adds it to
// `contents`, and fills in its inode and length. Returns the metadata that could not be kept.
[[nodiscard]] Result<std::vector<std::string>> stage(Tree& tree, const NewContent& content,
                                                     Contents& contents, Operation& operation);

// Removes the temporaries, then the list, and what there is of an intent that never became one.
// Returns how many temporaries were removed.
[[nodiscard]] Result<std::uint64_t> remove_staged(Tree& tree,
                                                  const std::vector<std::string>& paths);

}  // namespace untorn::transaction
