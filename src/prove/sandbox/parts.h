// SPDX-License-Identifier: Apache-2.0
//
// What the two kinds of sandbox share. Not for other rooms: include sandbox.h.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "prove/sandbox/sandbox.h"

namespace untorn::prove {

// "/a/b" lies below "/a", and below "/".
[[nodiscard]] bool is_below(std::string_view path, std::string_view folder);

// The error of a failed system call of the sandbox; `what` completes the sentence.
[[nodiscard]] Error sandbox_error(int os_errno, std::string path, std::string what);

// Enters a mount namespace, in a user namespace of its own or not (only for root). After a failure
// the process may already be in some of them, so that enter() tries it in a child first.
// `foreign` is an entry that no overlay could change (find_foreign_entry): then every tree must be
// small enough to be copied. "" if there is none.
enum class Users : std::uint8_t { own_namespace, present_namespace };
[[nodiscard]] Result<std::unique_ptr<Sandbox>> enter_namespaces(const SandboxOptions& options,
                                                                Users users,
                                                                const std::string& foreign);

// The path of something in the trees that the user may change, but whose user or group does not
// exist in a user namespace of the own; "" if there is none. To be asked before entering.
[[nodiscard]] std::string find_foreign_entry(const SandboxOptions& options);

// Parts of enter_namespaces: becoming a process with mounts of its own, and then making every mount
// but /proc read-only.
[[nodiscard]] Result<void> leave_mounts(Users users);
[[nodiscard]] Result<void> make_all_read_only();

// Copies the trees into a fresh directory under TMPDIR.
[[nodiscard]] Result<std::unique_ptr<Sandbox>> enter_copy(const SandboxOptions& options,
                                                          std::string why_copy);

struct CopyLimits {
  std::uint64_t bytes_left;
  std::uint64_t entries_left;
  // Refuse what a copy cannot keep: foreign owners, extended attributes, sockets, devices. Without
  // it, sockets and devices are left out.
  bool exact;
  bool keeps_links = true;  // a further name of a file stays one, and is no file of its own
};

// Copies a tree with its modes, times, links and symbolic links, sharing blocks where the file
// system can. `limits` shrinks; at its end the copy is refused.
[[nodiscard]] Result<void> copy_tree(int from, int to, const std::string& path, CopyLimits& limits);

// Copies what stands at one path, a folder with all that is in it; the folder above is there.
[[nodiscard]] Result<void> copy_path(int from, int to, const std::string& path, CopyLimits& limits);

// Writes one file, folder or link of a state where nothing is; the folder above is there.
[[nodiscard]] Result<void> write_path(int target, const std::string& path,
                                      const crash::History::File& file);

// Removes what stands at the path, a folder with all that is in it. Best effort.
void remove_path(int directory, const std::string& path) noexcept;

// Changes the directory `target` so that it shows `state` over the original tree `lower`: whole
// files and directories are written, and what is absent in the state but present in `lower` becomes
// a whiteout (`whiteouts`, for the upper layer of an overlay) or is removed (for a full copy).
// Only the paths that belong to the tree with `prefix` are looked at.
[[nodiscard]] Result<void> apply_difference(const Sandbox::Difference& state,
                                            const std::string& prefix, int lower, int target,
                                            bool whiteouts);

// Removes everything below the directory, following no link. Best effort.
void remove_content(int directory) noexcept;

}  // namespace untorn::prove
