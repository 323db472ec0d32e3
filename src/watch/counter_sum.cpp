// SPDX-License-Identifier: Apache-2.0
#include "watch/counter_sum.h"

namespace untorn::watch {

void CounterSum::add(const std::set<std::string>& trees) {
  const std::scoped_lock lock(mutex_);
  for (const std::string& tree : trees) last_.try_emplace(tree);
}

Counted CounterSum::read() {
  const std::scoped_lock lock(mutex_);
  Counted counted;
  for (auto& [tree, last] : last_) {
    auto totals = inspect_counters(fs_, tree);
    if (totals) {
      last = *totals;
    } else if (totals.error().code() != Code::not_found) {
      counted.errors.push_back(totals.error().message());
    }
    counted.totals += last;
  }
  return counted;
}

}  // namespace untorn::watch
