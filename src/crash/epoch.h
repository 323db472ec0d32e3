// SPDX-License-Identifier: Apache-2.0
//
// An epoch: the stretch of the log up to a sync that concerns the footprint (or to the end), and
// what the power may take if it goes just before that sync has its effect.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "crash/file_variants.h"
#include "crash/footprint.h"
#include "crash/history.h"

namespace untorn::crash {

// What a model says about an epoch.
struct EpochBounds {
  std::size_t end = 0;       // operations [0, end) have begun
  std::vector<UnitId> open;  // units that may be lost, in the order of the log
  struct OpenFile {
    InodeId inode = no_inode;
    std::size_t forced = 0;  // its operations before this one persisted
  };
  std::vector<OpenFile> files;                        // each with open steps
  const std::vector<InodeId>* name_values = nullptr;  // by name, once the forced units persisted
};

class Epoch {
 public:
  Epoch(const History::Impl& history, const Footprint& footprint, const EpochBounds& bounds);

  [[nodiscard]] std::size_t end() const noexcept { return end_; }
  [[nodiscard]] const History::Impl& history() const noexcept { return history_; }
  [[nodiscard]] const Footprint& footprint() const noexcept { return footprint_; }
  [[nodiscard]] const std::vector<UnitId>& units() const noexcept { return units_; }
  // The open units (as positions in units()) that a unit waits for, directly or through units that
  // the footprint cannot see.
  [[nodiscard]] const std::vector<std::uint32_t>& after(std::size_t unit) const {
    return after_[unit];
  }
  [[nodiscard]] const std::vector<FileVariants>& files() const noexcept { return files_; }
  // no_index if nothing of it is open.
  [[nodiscard]] std::uint32_t file_of(InodeId inode) const;

  // The open units of a name, as (position in units(), inode); empty for a settled name.
  using Slot = std::vector<std::pair<std::uint32_t, InodeId>>;
  [[nodiscard]] const Slot* slot(NameId name) const;
  [[nodiscard]] InodeId settled_value(NameId name) const { return (*name_values_)[name]; }
  // What the name leads to when the units in `kept` persisted.
  [[nodiscard]] InodeId value(NameId name, const std::vector<bool>& kept) const;

  // Calls visit(path, inode) for every path of the footprint that leads to something.
  template <class Visit>
  void resolve(const std::vector<bool>& kept, const Visit& visit) const {
    footprint_.resolve([&](NameId name) { return value(name, kept); }, visit);
  }
  // The same for what lies behind one name below a directory whose path is `prefix`.
  template <class Visit>
  void resolve_step(const Footprint::Step& step, const Path& prefix, const std::vector<bool>& kept,
                    const Visit& visit) const {
    footprint_.resolve_step(step, prefix, [&](NameId name) { return value(name, kept); }, visit);
  }

 private:
  void find_dependencies(const EpochBounds& bounds);

  const History::Impl& history_;
  const Footprint& footprint_;
  std::size_t end_;
  std::vector<UnitId> units_;
  std::vector<std::vector<std::uint32_t>> after_;
  std::vector<FileVariants> files_;
  std::unordered_map<InodeId, std::uint32_t> file_by_inode_;
  std::unordered_map<NameId, Slot> slots_;
  const std::vector<InodeId>* name_values_;
};

}  // namespace untorn::crash
