// SPDX-License-Identifier: Apache-2.0
//
// An epoch: the stretch of the log up to a sync that concerns the footprint (or to the end), and
// what the power may take if it goes just before that sync has its effect.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "crash/file_variants.h"
#include "crash/footprint.h"
#include "crash/history.h"
#include "crash/models/rules.h"

namespace untorn::crash {

// Something that persists as a whole and may wait for others of its kind: a unit of names or, where
// metadata is in one order, a truncation that shrinks a file.
struct Element {
  std::uint32_t operation = 0;
  std::uint32_t entered = 0;  // what stood in the log before this had happened before it
  UnitId unit = no_id;
  InodeId cut = no_inode;  // the file that is shortened
  std::uint32_t size_step = 0;
};

// A sync_file_range that waited for all that was written to a file so far: operations before
// `covered` persisted if an element persisted that was entered after `operation`.
struct RangeSync {
  std::uint32_t operation = 0;
  std::uint32_t covered = 0;
};

// What a model says about an epoch.
struct EpochBounds {
  std::size_t end = 0;            // operations [0, end) have begun
  std::vector<Element> elements;  // that may be lost, in the order of the log
  struct OpenFile {
    InodeId inode = no_inode;
    FileFloor floor;
    std::vector<RangeSync> ranges;
  };
  std::vector<OpenFile> files;                        // each with open steps
  const std::vector<InodeId>* name_values = nullptr;  // by name, once the forced units persisted
};

class Epoch {
 public:
  Epoch(const History::Impl& history, const Rules& rules, const Footprint& footprint,
        const EpochBounds& bounds);

  [[nodiscard]] std::size_t end() const noexcept { return end_; }
  [[nodiscard]] const History::Impl& history() const noexcept { return history_; }
  [[nodiscard]] const Footprint& footprint() const noexcept { return footprint_; }
  // Those that the footprint sees, in the order of the log.
  [[nodiscard]] const std::vector<Element>& elements() const noexcept { return elements_; }
  // The elements that an element waits for, directly or through elements that the footprint cannot
  // see.
  [[nodiscard]] const std::vector<std::uint32_t>& after(std::size_t element) const {
    return after_[element];
  }
  // Each element waits for the one before it.
  [[nodiscard]] bool is_chain() const noexcept { return is_chain_; }

  // A file with something open. What may have persisted of it can depend on the elements that did:
  // each case is one of variants().
  struct File {
    InodeId inode = no_inode;
    std::vector<std::uint32_t> cuts;  // among elements(), in order
    std::vector<RangeSync> ranges;    // in order
    // By (cuts kept, range syncs that count), as a position in variants().
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> cases;
    // What may have persisted in any of the cases.
    std::uint32_t any_case = 0;
  };
  [[nodiscard]] const std::vector<File>& files() const noexcept { return files_; }
  // no_index if nothing of it is open.
  [[nodiscard]] std::uint32_t file_of(InodeId inode) const;
  [[nodiscard]] const std::vector<FileVariants>& variants() const noexcept { return variants_; }
  // Which of variants() a file has when the elements in `kept` persisted.
  [[nodiscard]] std::uint32_t variants_of(std::uint32_t file, const std::vector<bool>& kept) const;

  // The open units of a name, as (position in elements(), inode); empty for a settled name.
  using Slot = std::vector<std::pair<std::uint32_t, InodeId>>;
  [[nodiscard]] const Slot* slot(NameId name) const;
  [[nodiscard]] InodeId settled_value(NameId name) const { return (*name_values_)[name]; }
  // What the name leads to when the elements in `kept` persisted.
  [[nodiscard]] InodeId value(NameId name, const std::vector<bool>& kept) const;

  // Calls visit(path, inode) for every path of the footprint that leads to something.
  template <class Visit>
  void resolve(const std::vector<bool>& kept, const Visit& visit) const {
    footprint_.resolve([&](NameId name) { return value(name, kept); }, visit);
  }
  // The same for what lies behind one name below the directory at `place`.
  template <class Visit>
  void resolve_step(const Footprint::Step& step, const Footprint::Place& place,
                    const std::vector<bool>& kept, const Visit& visit) const {
    footprint_.resolve_step(step, place, [&](NameId name) { return value(name, kept); }, visit);
  }

 private:
  using After = std::vector<std::vector<std::uint32_t>>;
  [[nodiscard]] After waits(const std::vector<Element>& elements) const;
  void keep_seen(const std::vector<Element>& elements, const After& after);
  void add_file(const EpochBounds::OpenFile& open);
  void add_case(File& file, const FileFloor& floor, std::uint32_t cuts, std::uint32_t ranges);
  [[nodiscard]] bool sees(const Element& element) const;

  const History::Impl& history_;
  const Rules& rules_;
  const Footprint& footprint_;
  std::size_t end_;
  bool is_chain_ = false;
  std::vector<Element> elements_;
  After after_;
  std::vector<File> files_;
  std::vector<FileVariants> variants_;
  std::unordered_map<InodeId, std::uint32_t> file_by_inode_;
  std::unordered_map<NameId, Slot> slots_;
  const std::vector<InodeId>* name_values_;
};

}  // namespace untorn::crash
