// SPDX-License-Identifier: Apache-2.0
#include "health/known_trees.h"

#include <utility>

namespace untorn::health {

std::string path_below(const std::string& folder, const std::string& path) {
  if (path == folder) return "";
  return path.substr(folder == "/" ? 1 : folder.size() + 1);
}

bool is_within(const std::string& folder, const std::string& path) {
  return path == folder || folder == "/" || path.starts_with(folder + "/");
}

Result<void> KnownTrees::enter(const std::string& real, bool has_kept) {
  KnownTree tree{.real = real,
                 .policy = policy_,
                 .acknowledged = {},
                 .counters = nullptr,
                 .settled = true,
                 .seen = {},
                 .seen_problems = {}};
  Result<void> done;
  if (has_kept) {
    tree.counters = std::make_unique<RepairCounters>(fs_, real);
    tree.policy.counters = tree.counters.get();
    auto list = Acknowledged::read(fs_, real);
    if (list) {
      tree.acknowledged = *std::move(list);
    } else {
      done = std::unexpected(list.error());
    }
  }
  trees_.push_back(std::move(tree));
  return done;
}

std::vector<KnownTree> KnownTrees::leave_for(const std::string& real) {
  std::vector<KnownTree> left;
  while (trees_.size() > 1 && !is_within(trees_.back().real, real)) {
    left.push_back(std::move(trees_.back()));
    trees_.pop_back();
  }
  return left;
}

std::vector<KnownTree> KnownTrees::leave_all() {
  std::vector<KnownTree> left;
  while (!trees_.empty()) {
    left.push_back(std::move(trees_.back()));
    trees_.pop_back();
  }
  return left;
}

}  // namespace untorn::health
