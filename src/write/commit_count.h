// SPDX-License-Identifier: Apache-2.0
//
// One replacement in the counters of its caller.
#pragma once
#include "counters/timing.h"
#include "untorn/counters.h"
#include "untorn/replace.h"

namespace untorn::write {

// Made when the work begins that is to be timed. A failure counts at the level that was asked for;
// content that was there already is no commit, and does not count.
class CommitCount {
 public:
  explicit CommitCount(const ReplaceOptions& options)
      : counters_(options.counters.get()), requested_(options.durability), watch_(counters_) {}

  void finish(const Receipt& receipt) const {
    if (counters_ == nullptr || receipt.unchanged) return;
    counters_->count_commit(receipt.achieved, receipt.outcome, receipt.bytes, watch_.elapsed());
  }
  void fail(Outcome outcome, std::uint64_t bytes) const {
    if (counters_ != nullptr) counters_->count_commit(requested_, outcome, bytes, watch_.elapsed());
  }

 private:
  Counters* counters_;
  Durability requested_;
  counters::Stopwatch watch_;
};

}  // namespace untorn::write
