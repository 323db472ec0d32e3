// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "crash/epoch.h"

namespace untorn::crash {

// Splits a log into the epochs of the portable model for one footprint. See portable.cpp for the
// rules.
class PortableEpochs {
 public:
  PortableEpochs(const History::Impl& history, const Footprint& footprint);

  // The next epoch, or false after the last one. The bounds stay valid until the next call.
  [[nodiscard]] bool next(EpochBounds& bounds);

 private:
  void begin(const Operation& operation, std::size_t index);
  [[nodiscard]] bool concerns(const Operation& operation) const;
  void force(const Operation& operation, std::size_t index);
  void force_units(const std::vector<UnitId>& units);
  [[nodiscard]] std::vector<UnitId> units_of_sync(const Operation& operation) const;

  const History::Impl& history_;
  const Footprint& footprint_;
  std::size_t position_ = 0;  // of the next operation
  bool finished_ = false;
  UnitId next_unit_ = 0;
  std::vector<UnitId> open_units_;  // begun and not forced, in the order of the log
  std::vector<bool> forced_units_;
  std::vector<EpochBounds::OpenFile> open_files_;  // with steps that are not forced
  std::vector<bool> open_inodes_;                  // by inode: stands in open_files_
  std::vector<std::size_t> forced_files_;          // by inode: its operations before this persisted
  std::vector<InodeId> name_values_;
  std::size_t seen_open_units_ = 0;
};

}  // namespace untorn::crash
