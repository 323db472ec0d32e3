// SPDX-License-Identifier: Apache-2.0
//
// Splits a log into epochs for one footprint, under the rules of one model. Between two syncs that
// force something of the footprint the order of calls restricts nothing that the rules do not, so
// the states of an epoch are those of its end.
#pragma once
#include <optional>
#include <utility>
#include <vector>

#include "crash/epoch.h"

namespace untorn::crash {

class PowerEpochs {
 public:
  PowerEpochs(const History::Impl& history, const Footprint& footprint, const Rules& rules);

  // The next epoch, or false after the last one. The bounds stay valid until the next call.
  [[nodiscard]] bool next(EpochBounds& bounds);

 private:
  // What a sync forces, with all that it waits for.
  struct Promise {
    std::vector<std::uint32_t> elements;  // as positions in elements_
    std::vector<std::pair<InodeId, FileFloor>> floors;
    bool seen = false;  // it changes what the footprint can see
  };
  struct FileState {
    FileFloor floor;
    std::vector<RangeSync> ranges;  // of what is not forced yet
    std::size_t synced = 0;         // operations before this one were synced as a whole
    bool open = false;
    bool failed = false;  // a sync of it failed
    // Where it changed, and where it changed so that fdatasync cares. Where metadata is in order.
    std::vector<std::uint32_t> changes;
    std::vector<std::uint32_t> data_changes;
  };

  void begin(const Operation& operation, std::uint32_t index);
  void begin_names(const Operation& operation, std::uint32_t index);
  void begin_content(const Operation& operation, std::uint32_t index);
  void begin_range(const Operation& operation, std::uint32_t index);
  void note_change(InodeId inode, std::uint32_t index, bool data);

  [[nodiscard]] Promise promise_of(const Operation& sync, std::uint32_t index) const;
  void promise_names(const Operation& sync, std::uint32_t entered, Promise& promise) const;
  void promise_chain(const Operation& sync, std::uint32_t entered, Promise& promise) const;
  void promise_floor(InodeId inode, FileFloor floor, Promise& promise) const;
  [[nodiscard]] FileFloor synced_floor(const Operation& sync, InodeId inode,
                                       std::uint32_t entered) const;
  [[nodiscard]] bool touches_failed_directory(const Element& element) const;
  // Operations before this one are in the order that a sync commits.
  [[nodiscard]] std::uint32_t committed(const Operation& sync, std::uint32_t entered) const;
  void keep(const Promise& promise, const Operation& sync, std::uint32_t index);
  [[nodiscard]] EpochBounds bounds_at(std::size_t end) const;

  const History::Impl& history_;
  const Footprint& footprint_;
  const Rules& rules_;
  std::uint32_t position_ = 0;  // of the next operation
  bool finished_ = false;
  std::optional<Promise> pending_;  // of the sync that ended the epoch before
  UnitId next_unit_ = 0;
  std::vector<Element> elements_;  // begun and not forced, in the order of the log
  std::vector<FileState> files_;   // by inode
  std::vector<InodeId> open_files_;
  std::vector<InodeId> name_values_;
};

}  // namespace untorn::crash
