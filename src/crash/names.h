// SPDX-License-Identifier: Apache-2.0
//
// The names of a log: every (directory, name) pair with the chain of what it led to, and the units
// that changed it. A unit is what one call did to names: it touches one name or, for a rename or an
// exchange, two, and persists as a whole (rule P2). Where a model parts renames (rules B6 and O1)
// each part is a unit of its own.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filesystem/operation_log.h"

namespace untorn::crash {

using NameId = std::uint32_t;
using UnitId = std::uint32_t;
inline constexpr std::uint32_t no_id = std::numeric_limits<std::uint32_t>::max();

struct NameChange {
  NameId name = no_id;
  InodeId inode = no_inode;  // what the name leads to from here on
};

struct NameUnit {
  std::uint32_t operation = 0;
  std::uint32_t changes_count = 0;
  std::array<NameChange, 2> changes;
  // The previous unit of each changed name (no_id if none), or the part of a rename that comes
  // first: this one never persists without it.
  std::array<UnitId, 2> after = {no_id, no_id};

  [[nodiscard]] std::span<const NameChange> changed() const noexcept {
    return {changes.data(), changes_count};
  }
};

struct NameVersion {
  UnitId unit = no_id;
  std::uint32_t operation = 0;
  InodeId inode = no_inode;
};

struct Name {
  InodeId directory = root_inode;
  std::string text;
  InodeId initial = no_inode;
  std::vector<NameVersion> versions;  // in the order of the log
};

enum class Renames : std::uint8_t {
  whole,
  parted,  // of a file between two directories: the old name goes after the new one is there
  halved,  // each name on its own, and what is replaced goes first
};

class NameTable {
 public:
  explicit NameTable(const OperationLog& log, Renames renames = Renames::whole);

  [[nodiscard]] const std::vector<Name>& names() const noexcept { return names_; }
  [[nodiscard]] const std::vector<NameUnit>& units() const noexcept { return units_; }
  // no_id when no operation and no initial name ever mentioned it.
  [[nodiscard]] NameId find(InodeId directory, std::string_view text) const;
  [[nodiscard]] std::span<const NameId> in_directory(InodeId directory) const noexcept;
  // What the name leads to after operations [0, count).
  [[nodiscard]] InodeId inode_at(NameId name, std::size_t count) const noexcept;

  // A stretch of the log in which a name led to an inode: after operations [begin, end).
  struct Lease {
    NameId name = no_id;
    std::uint32_t begin = 0;  // 0: from the start
    std::uint32_t end = 0;    // no_index: to the end
  };
  [[nodiscard]] std::span<const Lease> leases(InodeId inode) const noexcept;

 private:
  NameId intern(InodeId directory, const std::string& text);
  void add_unit(std::size_t operation, std::span<const NameChange> changes);
  void add_parts(std::size_t operation, std::span<const NameChange> changes);
  void add_halves(std::size_t operation, std::span<const NameChange> changes, bool replaces);
  void add_leases();

  std::vector<Name> names_;
  std::vector<NameUnit> units_;
  std::map<std::pair<InodeId, std::string>, NameId, std::less<>> by_text_;
  std::vector<std::vector<NameId>> by_directory_;
  std::vector<std::vector<Lease>> leases_;
};

}  // namespace untorn::crash
