// SPDX-License-Identifier: Apache-2.0
//
// The trees in which a walk is: each folder belongs to the nearest one at or above it that has a
// `.untorn`. Also keeps what a person acknowledges until the walk has left the tree.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "health/acknowledged.h"
#include "health/problem.h"
#include "health/repair_policy.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn::health {

// "b/c" for "/a/b/c" below "/a"; "" if they are the same.
[[nodiscard]] std::string path_below(const std::string& folder, const std::string& path);
// The folder itself, or something below it.
[[nodiscard]] bool is_within(const std::string& folder, const std::string& path);

struct KnownTree {
  std::string real;
  RepairPolicy policy;
  Acknowledged acknowledged;
  std::unique_ptr<RepairCounters> counters;
  bool settled = true;  // no transaction of it is under way or unrecovered

  // Seen now, with the places of their problems in the report.
  Acknowledged seen;
  std::vector<std::size_t> seen_problems;
};

class KnownTrees {
 public:
  KnownTrees(FileSystem& fs, RepairPolicy policy) : fs_(fs), policy_(std::move(policy)) {}

  // A tree begins at this folder, whose walk has come to it. `has_kept`: it has a `.untorn`. The
  // error says that its list of acknowledged files cannot be read; the tree is known all the same.
  [[nodiscard]] Result<void> enter(const std::string& real, bool has_kept);
  // The walk has come to this folder: trees that it is not in any more are taken out, innermost
  // first, and returned.
  [[nodiscard]] std::vector<KnownTree> leave_for(const std::string& real);
  [[nodiscard]] std::vector<KnownTree> leave_all();

  // There always is one.
  [[nodiscard]] KnownTree& here() { return trees_.back(); }

 private:
  FileSystem& fs_;
  RepairPolicy policy_;
  std::vector<KnownTree> trees_;  // outermost first
};

}  // namespace untorn::health
