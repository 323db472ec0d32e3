// SPDX-License-Identifier: Apache-2.0
//
// What all processes counted below some trees, as one sum that does not go down: a tree that
// vanishes keeps its last numbers as long as this object lives.
//
// Threads: any. The trees are added by the one that watches, and read by the one that serves.
#pragma once
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "untorn/counters.h"
#include "untorn/filesystem.h"
#include "watch/picture.h"

namespace untorn::watch {

class CounterSum {
 public:
  explicit CounterSum(FileSystem& fs) : fs_(fs) {}

  void add(const std::set<std::string>& trees);
  // Reads them all, and changes nothing. A tree that cannot be read is named in the errors, and
  // counts as it last did.
  [[nodiscard]] Counted read();

 private:
  FileSystem& fs_;
  std::mutex mutex_;
  std::map<std::string, CounterTotals> last_;  // by tree
};

}  // namespace untorn::watch
