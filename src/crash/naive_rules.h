// SPDX-License-Identifier: Apache-2.0
//
// For tests: the rules of docs/internals/crash-model.md as questions about pairs of
// micro-operations and about single syncs, in the plainest form, for naive_enumerator.cpp.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "crash/engine.h"
#include "filesystem/operation_log.h"

namespace untorn::crash::naive {

inline constexpr std::uint64_t page = 4096;

struct NameValue {
  InodeId directory = no_inode;
  std::string name;
  InodeId inode = no_inode;
};

struct Micro {
  enum class Kind { unit, size, block };
  Kind kind = Kind::unit;
  std::size_t operation = 0;
  InodeId inode = no_inode;
  std::vector<NameValue> names;  // unit
  std::uint64_t size = 0;        // size
  bool cuts = false;             // size: a truncation that shrinks, from `old_size`
  std::uint64_t old_size = 0;
  std::uint64_t begin = 0;  // block: file offsets, within one page
  std::uint64_t end = 0;
  bool zeros = false;  // block: of a truncation

  [[nodiscard]] std::uint64_t page_number() const { return begin / page; }
  // Does this truncation free the page as a whole?
  [[nodiscard]] bool frees(std::uint64_t number) const {
    return kind == Kind::size && cuts && number * page >= size && number * page < old_size;
  }
};

// What each model adds to the rules that all share, as docs/internals/crash-model.md has it.
struct Rules {
  bool ordered = false;          // E1, E2; X1, X2
  bool ranges_order = false;     // E4; X4
  bool sizes_wait = false;       // X3; B3
  bool tears = true;             // not B3
  bool parts = false;            // B6
  bool halves = false;           // O1
  bool garbage = false;          // O2
  bool exchange_changes = true;  // not X2
};

[[nodiscard]] Rules rules_for(Model model);

// `rules` say whether a rename is one unit.
[[nodiscard]] std::vector<Micro> micros_of(const OperationLog& log, const Rules& rules = {});

// Rule R5: must `first` have persisted if `second`, which is later, did?
[[nodiscard]] bool in_one_place(const Micro& first, const Micro& second);

// The length of the log when the operation was entered.
[[nodiscard]] std::size_t entered(const OperationLog& log, std::size_t index);

// What all syncs of a model force, one question at a time.
class Syncs {
 public:
  Syncs(const OperationLog& log, const Rules& model, const std::vector<Micro>& micros)
      : log_(log), model_(model), micros_(micros) {}

  [[nodiscard]] bool forces(std::size_t sync, std::size_t number) const;
  // Must `first` have persisted if `second`, which is later, did?
  [[nodiscard]] bool precedes(std::size_t first, std::size_t second) const;

 private:
  [[nodiscard]] bool is_ordered(const Micro& micro) const;
  // Is this a range sync of all that was written to the file of `micro`, which stood there?
  [[nodiscard]] bool covers(std::size_t range, const Micro& micro) const;
  // E2: where the newest change of what the sync syncs ends.
  [[nodiscard]] std::size_t committed(std::size_t sync) const;
  [[nodiscard]] bool changes(std::size_t index, InodeId inode, bool data_only) const;
  // R1: does the sync of this file reach the step?
  [[nodiscard]] bool reaches(std::size_t sync, std::size_t number) const;

  const OperationLog& log_;
  const Rules& model_;
  const std::vector<Micro>& micros_;
};

}  // namespace untorn::crash::naive
