// SPDX-License-Identifier: Apache-2.0
//
// One directory that shows crash states, one after the other: only what differs from the state
// before is written, and what a command changed there is put back.
//
// Invariants:
//   G1  after show(), the directory holds the original tree with the differences of the state, and
//       nothing else: what the state before, or a command since, changed is undone;
//   G2  changes are known from the kernel's notes (inotify) on every folder of the directory; a
//       lost note, or a folder that cannot be watched, makes the whole tree be written again.
//
// Cost of show(): what differs, plus one read of the notes. Threads: one.
#pragma once
#include <ctime>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "prove/sandbox/descriptor.h"
#include "prove/sandbox/sandbox.h"

namespace untorn::prove {

class Stage {
 public:
  struct Size {
    std::uint64_t bytes_max;
    std::uint64_t entries_max;
  };

  // Fills the empty directory `target` with a copy of `lower`. `prefix` is that of the tree (see
  // Tree::prefix). Errors: what cannot be copied, is too large or cannot be watched: nothing is
  // shown then.
  [[nodiscard]] static Result<std::unique_ptr<Stage>> make(int lower, Descriptor target,
                                                           const std::string& prefix,
                                                           const std::string& path, Size size);

  [[nodiscard]] Result<void> show(const Sandbox::Difference& state);
  [[nodiscard]] int directory() const noexcept { return target_.get(); }

 private:
  using File = std::optional<crash::History::File>;
  using Files = std::map<std::string, File>;

  Stage(int lower, Descriptor target, std::string prefix, std::string path, Size size);

  [[nodiscard]] Result<void> fill();
  [[nodiscard]] Result<void> apply(const Files& wanted);
  [[nodiscard]] Result<void> put(const std::string& path, const Files& wanted);
  [[nodiscard]] bool is_rewritten(const std::string& path) const;
  // The folder and all below it. False: not all of it could be watched.
  bool watch(const std::string& folder);
  void read_notes();
  void look_for_links(const std::string& folder);

  int lower_;
  Descriptor target_;
  std::string prefix_;
  std::string path_;  // for messages
  Size size_;
  Descriptor notes_;
  std::unordered_map<int, std::string> watched_;
  Files shown_;                      // what differs from the original
  std::set<std::string> dirty_;      // changed by somebody else
  std::set<std::string> rewritten_;  // folders that the present show() made anew
  timespec shown_at_ = {};
  bool all_dirty_ = false;
};

}  // namespace untorn::prove
