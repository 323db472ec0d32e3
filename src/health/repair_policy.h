// SPDX-License-Identifier: Apache-2.0
//
// Whether a repair is asked for, whether it may change something here, and who counts it.
#pragma once
#include <memory>
#include <string>
#include <utility>

#include "untorn/counters.h"
#include "untorn/filesystem.h"
#include "write/temporary_judge.h"

namespace untorn::health {

// The counters of a tree, opened when the first repair is done there: looking leaves no trace.
class RepairCounters {
 public:
  RepairCounters(FileSystem& fs, std::string tree) : fs_(&fs), tree_(std::move(tree)) {}

  // Null where nothing can be counted.
  [[nodiscard]] std::shared_ptr<Counters> get() {
    if (!tried_) {
      tried_ = true;
      if (auto opened = Counters::open(*fs_, tree_)) counters_ = *std::move(opened);
    }
    return counters_;
  }

 private:
  FileSystem* fs_;
  std::string tree_;
  bool tried_ = false;
  std::shared_ptr<Counters> counters_;
};

struct RepairPolicy {
  bool wanted = false;
  std::string why_not;                 // nothing may be changed here
  RepairCounters* counters = nullptr;  // of the tree; null: there is none

  [[nodiscard]] bool may_repair() const noexcept { return wanted && why_not.empty(); }
  // For a repair that is being done.
  [[nodiscard]] std::shared_ptr<Counters> counted() const {
    return counters == nullptr ? nullptr : counters->get();
  }
  // What stands in Problem::repair when nothing was done: `what` a repair would do.
  [[nodiscard]] std::string offer(const std::string& what) const {
    return why_not.empty() ? what : "left alone: " + why_not;
  }
};

// On kinds of file systems whose locks are not known to keep others away, nothing is changed: a
// repair could meet a writer of another machine.
[[nodiscard]] inline RepairPolicy repair_policy(bool wanted, const FileSystemKind& kind) {
  return {.wanted = wanted, .why_not = write::why_locks_do_not_tell(kind)};
}

}  // namespace untorn::health
