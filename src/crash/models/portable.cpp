// SPDX-License-Identifier: Apache-2.0
//
// What a power cut may leave on ext4, xfs or btrfs, whichever it is. The rules are those of
// docs/internals/crash-model.md, where each stands with its evidence:
//
//  P1 A completed fsync or fdatasync of a file forces every earlier size and block step of it.
//  P2 A completed fsync of a directory forces every earlier unit that touches a name in it.
//  P3 sync and syncfs force everything.
//  P4 sync_file_range forces nothing.
//  P5 Order is kept among the units of one name, the size steps of one file and the writes to one
//     block; a write to a block that a truncation freed waits for the truncation, and the
//     truncation for the writes that it discards. Nothing else is ordered: not two names, not a
//     name and what it leads to, not a size and the blocks below it.
//  P6 A unit persists as a whole: a rename over an existing name leaves the old file or the new
//     one, never none.
//  P7 A block holds any prefix of its writes; what was never written below the size is zeros.
//  P8 In one state at most one block write is torn: the last kept one of its block, of which the
//     first sector or all but the last one persisted. A forced write is never torn.
//  P9 fsync of a file does not force its name.
//
// What a sync forces takes with it what that waits for by P5. Between two syncs that concern the
// footprint the order of calls restricts nothing, so the states of an epoch are those of its end.
#include "crash/models/portable.h"

#include <algorithm>

namespace untorn::crash {

namespace {

InodeId synced_inode(const Operation& operation) {
  return operation.inode != no_inode ? operation.inode : operation.directory;
}

}  // namespace

PortableEpochs::PortableEpochs(const History::Impl& history, const Footprint& footprint)
    : history_(history),
      footprint_(footprint),
      forced_units_(history.names.units().size()),
      open_inodes_(history.log.inodes.size()),
      forced_files_(history.log.inodes.size()) {
  name_values_.reserve(history.names.names().size());
  for (const Name& name : history.names.names()) name_values_.push_back(name.initial);
}

bool PortableEpochs::next(EpochBounds& bounds) {
  if (finished_) return false;
  const std::vector<Operation>& operations = history_.log.operations;
  // The sync that ended the epoch before takes effect only now, so that its states did not have it.
  if (position_ > 0) force(operations[position_ - 1], position_ - 1);
  while (position_ < operations.size()) {
    const std::size_t index = position_++;
    begin(operations[index], index);
    if (!concerns(operations[index])) {
      force(operations[index], index);
      continue;
    }
    bounds = {index, open_units_, open_files_, &name_values_};
    return true;
  }
  finished_ = true;
  bounds = {operations.size(), open_units_, open_files_, &name_values_};
  return true;
}

void PortableEpochs::begin(const Operation& operation, std::size_t index) {
  const auto& units = history_.names.units();
  if (next_unit_ < units.size() && units[next_unit_].operation == index) {
    if (footprint_.sees_unit(next_unit_)) ++seen_open_units_;
    open_units_.push_back(next_unit_++);
  }
  const bool content =
      operation.kind == OperationKind::write || operation.kind == OperationKind::truncate;
  if (!content || !footprint_.sees_inode(operation.inode)) return;
  if (open_inodes_[operation.inode]) return;
  const auto number = static_cast<std::uint32_t>(index);
  if (!history_.contents[operation.inode].changes(number)) return;
  open_inodes_[operation.inode] = true;
  open_files_.push_back({operation.inode, forced_files_[operation.inode]});
}

std::vector<UnitId> PortableEpochs::units_of_sync(const Operation& operation) const {
  if (operation.kind == OperationKind::sync_all) return open_units_;
  const InodeId directory = synced_inode(operation);
  std::vector<UnitId> forced;
  for (const UnitId unit : open_units_) {
    const auto changed = history_.names.units()[unit].changed();
    if (std::ranges::any_of(changed, [&](const NameChange& change) {
          return history_.names.names()[change.name].directory == directory;
        })) {
      forced.push_back(unit);
    }
  }
  return forced;
}

bool PortableEpochs::concerns(const Operation& operation) const {
  switch (operation.kind) {
    case OperationKind::sync_all:
      return seen_open_units_ > 0 || !open_files_.empty();
    case OperationKind::sync_file:
    case OperationKind::sync_data:
    case OperationKind::sync_directory:
      break;
    default:
      return false;
  }
  const InodeId inode = synced_inode(operation);
  if (inode == no_inode) return false;
  if (open_inodes_[inode]) return true;
  if (seen_open_units_ == 0 || !history_.is_directory(inode)) return false;
  // What the forced units wait for is forced with them, so follow the chains to their beginnings.
  std::vector<UnitId> waiting = units_of_sync(operation);
  while (!waiting.empty()) {
    const UnitId unit = waiting.back();
    waiting.pop_back();
    if (footprint_.sees_unit(unit)) return true;
    for (const UnitId before : history_.names.units()[unit].after) {
      if (before != no_id && !forced_units_[before]) waiting.push_back(before);
    }
  }
  return false;
}

void PortableEpochs::force(const Operation& operation, std::size_t index) {
  const auto persist = [&](const EpochBounds::OpenFile& file) {
    forced_files_[file.inode] = index;
    open_inodes_[file.inode] = false;
    return true;
  };
  switch (operation.kind) {
    case OperationKind::sync_all:
      std::erase_if(open_files_, persist);
      break;
    case OperationKind::sync_file:
    case OperationKind::sync_data:
    case OperationKind::sync_directory:
      std::erase_if(open_files_, [&](const EpochBounds::OpenFile& file) {
        return file.inode == synced_inode(operation) && persist(file);
      });
      break;
    default:
      return;
  }
  force_units(units_of_sync(operation));
}

void PortableEpochs::force_units(const std::vector<UnitId>& units) {
  if (units.empty()) return;
  const auto& table = history_.names.units();
  std::vector<UnitId> waiting = units;
  while (!waiting.empty()) {
    const UnitId unit = waiting.back();
    waiting.pop_back();
    if (forced_units_[unit]) continue;
    forced_units_[unit] = true;
    for (const UnitId before : table[unit].after) {
      if (before != no_id) waiting.push_back(before);
    }
  }
  std::erase_if(open_units_, [&](UnitId unit) {
    if (!forced_units_[unit]) return false;
    for (const NameChange& change : table[unit].changed()) {
      name_values_[change.name] = change.inode;
    }
    if (footprint_.sees_unit(unit)) --seen_open_units_;
    return true;
  });
}

}  // namespace untorn::crash
