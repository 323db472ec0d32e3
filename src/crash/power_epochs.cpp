// SPDX-License-Identifier: Apache-2.0
#include "crash/power_epochs.h"

#include <algorithm>

#include "filesystem/operation_kinds.h"

namespace untorn::crash {

namespace {

InodeId synced_inode(const Operation& operation) {
  return operation.inode != no_inode ? operation.inode : operation.directory;
}

// The length of the log when the operation was entered.
std::uint32_t entered_at(const Operation& operation, std::uint32_t index) {
  return std::min(operation.entered, index);
}

// A sync of a range of a file; `size` 0 is all of it.
bool is_ranged(const Operation& sync) {
  return (sync.kind == OperationKind::sync_file || sync.kind == OperationKind::sync_data) &&
         sync.size != 0;
}

}  // namespace

PowerEpochs::PowerEpochs(const History::Impl& history, const Footprint& footprint,
                         const Rules& rules)
    : history_(history), footprint_(footprint), rules_(rules), files_(history.log.inodes.size()) {
  name_values_.reserve(footprint.names().names().size());
  for (const Name& name : footprint.names().names()) name_values_.push_back(name.initial);
}

bool PowerEpochs::next(EpochBounds& bounds) {
  if (finished_) return false;
  const std::vector<Operation>& operations = history_.log.operations;
  // The sync that ended the epoch before takes effect only now, so that its states did not have it.
  if (pending_) keep(*pending_, operations[position_ - 1], position_ - 1);
  pending_.reset();
  while (position_ < operations.size()) {
    const std::uint32_t index = position_++;
    const Operation& operation = operations[index];
    begin(operation, index);
    if (!is_sync(operation.kind)) continue;
    Promise promise = promise_of(operation, index);
    if (!promise.seen) {
      keep(promise, operation, index);
      continue;
    }
    pending_ = std::move(promise);
    bounds = bounds_at(index);
    return true;
  }
  finished_ = true;
  bounds = bounds_at(operations.size());
  return true;
}

EpochBounds PowerEpochs::bounds_at(std::size_t end) const {
  EpochBounds bounds{end, elements_, {}, &name_values_};
  for (const InodeId inode : open_files_) {
    bounds.files.push_back({inode, files_[inode].floor, files_[inode].ranges});
  }
  return bounds;
}

void PowerEpochs::begin(const Operation& operation, std::uint32_t index) {
  begin_names(operation, index);
  switch (operation.kind) {
    case OperationKind::write:
    case OperationKind::truncate:
      begin_content(operation, index);
      break;
    case OperationKind::set_metadata:
      note_change(operation.inode, index, false);
      break;
    case OperationKind::sync_range:
      begin_range(operation, index);
      break;
    case OperationKind::sync_failed:
      if (const InodeId inode = synced_inode(operation); inode != no_inode) {
        files_[inode].failed = true;
      } else {
        for (FileState& file : files_) file.failed = true;
      }
      break;
    default:
      break;
  }
}

void PowerEpochs::note_change(InodeId inode, std::uint32_t index, bool data) {
  if (!rules_.metadata_in_order || inode == no_inode) return;
  files_[inode].changes.push_back(index);
  if (data) files_[inode].data_changes.push_back(index);
}

void PowerEpochs::begin_names(const Operation& operation, std::uint32_t index) {
  const auto& units = footprint_.names().units();
  for (; next_unit_ < units.size() && units[next_unit_].operation == index; ++next_unit_) {
    elements_.push_back({index, entered_at(operation, index), next_unit_, no_inode, 0});
  }
  switch (operation.kind) {
    case OperationKind::create:
    case OperationKind::make_directory:
    case OperationKind::make_symlink:
    case OperationKind::make_special:
      note_change(operation.inode, index, true);
      note_change(operation.directory, index, true);
      break;
    case OperationKind::link:
    case OperationKind::unlink:
    case OperationKind::remove_directory:
    case OperationKind::rename:
    case OperationKind::exchange:
      if (operation.kind != OperationKind::exchange || rules_.exchange_changes_files) {
        note_change(operation.inode, index, false);
        note_change(operation.replaced, index, false);
      }
      if (operation.kind != OperationKind::link) note_change(operation.directory, index, true);
      note_change(operation.target_directory, index, true);
      break;
    default:
      break;
  }
}

void PowerEpochs::begin_content(const Operation& operation, std::uint32_t index) {
  const Contents& contents = history_.contents[operation.inode];
  if (!contents.touched()) return;
  const std::uint32_t sizes = contents.sizes_before(index);
  if (contents.sizes_before(index + 1U) > sizes) {
    note_change(operation.inode, index, true);
    if (rules_.metadata_in_order && contents.sizes()[sizes].cuts) {
      elements_.push_back({index, entered_at(operation, index), no_id, operation.inode, sizes});
    }
  }
  FileState& file = files_[operation.inode];
  if (file.open || !footprint_.sees_inode(operation.inode) || !contents.changes(index)) return;
  file.open = true;
  open_files_.push_back(operation.inode);
}

// The range must cover every byte written since the last sync of the file: what of a partial one
// can be read again depends on more than the model knows, so it orders nothing.
void PowerEpochs::begin_range(const Operation& operation, std::uint32_t index) {
  if (!rules_.range_sync_orders_data || operation.name != "written") return;
  if (operation.inode == no_inode || !footprint_.sees_inode(operation.inode)) return;
  FileState& file = files_[operation.inode];
  if (file.failed) return;
  const std::uint32_t covered = entered_at(operation, index);
  const auto& operations = history_.contents[operation.inode].operations();
  for (auto at = std::ranges::lower_bound(operations, file.synced);
       at != operations.end() && *at < covered; ++at) {
    const Operation& write = history_.log.operations[*at];
    if (write.kind != OperationKind::write) continue;
    const bool below = write.offset < operation.offset;
    const bool above = operation.size != 0 &&
                       write.offset + write.payload.size() > operation.offset + operation.size;
    if (below || above) return;
  }
  file.ranges.push_back({index, covered});
}

PowerEpochs::Promise PowerEpochs::promise_of(const Operation& sync, std::uint32_t index) const {
  Promise promise;
  const std::uint32_t before = entered_at(sync, index);
  if (sync.kind == OperationKind::sync_all) {
    for (const InodeId inode : open_files_) {
      if (files_[inode].failed) continue;
      promise_floor(inode, synced_floor(sync, inode, before), promise);
    }
  } else {
    const InodeId inode = synced_inode(sync);
    if (inode == no_inode || files_[inode].failed) return promise;
    if (files_[inode].open) promise_floor(inode, synced_floor(sync, inode, before), promise);
  }
  if (rules_.metadata_in_order) {
    promise_chain(sync, before, promise);
  } else if (!elements_.empty()) {
    promise_names(sync, before, promise);
  }
  promise.seen = promise.seen || std::ranges::any_of(promise.elements, [&](std::uint32_t element) {
                   const UnitId unit = elements_[element].unit;
                   return unit != no_id && footprint_.sees_unit(unit);
                 });
  return promise;
}

void PowerEpochs::promise_floor(InodeId inode, FileFloor floor, Promise& promise) const {
  // A file may be promised more than once: as what was synced, and by what was ordered before.
  const auto entry =
      std::ranges::find(promise.floors, inode, [](const auto& known) { return known.first; });
  if (entry != promise.floors.end()) {
    floor.forced = std::max(floor.forced, entry->second.forced);
    floor.sizes = std::max(floor.sizes, entry->second.sizes);
    for (const auto& [chain, steps] : entry->second.steps) {
      std::uint32_t& known = floor.steps[chain];
      known = std::max(known, steps);
    }
  }
  const bool raised =
      history_.contents[inode].raises(files_[inode].floor, floor, rules_.size_waits_for_data);
  promise.seen = promise.seen || raised;
  if (entry != promise.floors.end()) {
    entry->second = std::move(floor);
  } else {
    promise.floors.emplace_back(inode, std::move(floor));
  }
}

FileFloor PowerEpochs::synced_floor(const Operation& sync, InodeId inode,
                                    std::uint32_t entered) const {
  FileFloor floor = files_[inode].floor;
  if (!is_ranged(sync)) {
    floor.forced = std::max<std::size_t>(floor.forced, entered);
    return floor;
  }
  const Contents& contents = history_.contents[inode];
  const std::uint64_t end = sync.offset + sync.size;
  std::uint32_t sizes = contents.sizes_before(entered);
  const std::uint64_t needed = std::min(end, contents.size_after(sizes));
  while (sizes > 0 && !contents.sizes()[sizes - 1].cuts &&
         contents.size_after(sizes - 1) >= needed) {
    --sizes;
  }
  floor.sizes = std::max(floor.sizes, sizes);
  const auto& blocks = contents.blocks();
  for (auto chain =
           std::ranges::lower_bound(blocks, sync.offset / block_bytes, {}, &BlockChain::block);
       chain != blocks.end() && chain->block * block_bytes < end; ++chain) {
    std::uint32_t& steps = floor.steps[static_cast<std::uint32_t>(chain - blocks.begin())];
    steps = std::max(steps, chain->steps_before(entered));
  }
  return floor;
}

bool PowerEpochs::touches_failed_directory(const Element& element) const {
  const Operation& operation = history_.log.operations[element.operation];
  const auto has_failed = [&](InodeId directory) {
    return directory != no_inode && files_[directory].failed;
  };
  return has_failed(operation.directory) || has_failed(operation.target_directory);
}

void PowerEpochs::promise_names(const Operation& sync, std::uint32_t entered,
                                Promise& promise) const {
  const NameTable& names = footprint_.names();
  const bool all = sync.kind == OperationKind::sync_all;
  const InodeId directory = synced_inode(sync);
  if (!all && !history_.is_directory(directory)) return;
  std::vector<std::uint32_t> waiting;
  for (std::uint32_t position = 0; position < elements_.size(); ++position) {
    const Element& element = elements_[position];
    if (element.operation >= entered) break;
    const auto changed = names.units()[element.unit].changed();
    const bool forced = all ? !touches_failed_directory(element)
                            : std::ranges::any_of(changed, [&](const NameChange& change) {
                                return names.names()[change.name].directory == directory;
                              });
    if (forced) waiting.push_back(position);
  }
  // What the forced units wait for is forced with them.
  std::vector<bool> forced(elements_.size());
  while (!waiting.empty()) {
    const std::uint32_t position = waiting.back();
    waiting.pop_back();
    if (forced[position]) continue;
    forced[position] = true;
    for (const UnitId before : names.units()[elements_[position].unit].after) {
      const auto entry = std::ranges::lower_bound(elements_, before, {}, &Element::unit);
      if (entry == elements_.end() || entry->unit != before) continue;
      waiting.push_back(static_cast<std::uint32_t>(entry - elements_.begin()));
    }
  }
  for (std::uint32_t position = 0; position < elements_.size(); ++position) {
    if (forced[position]) promise.elements.push_back(position);
  }
}

std::uint32_t PowerEpochs::committed(const Operation& sync, std::uint32_t entered) const {
  if (sync.kind == OperationKind::sync_all) return entered;
  const FileState& file = files_[synced_inode(sync)];
  const auto& changes = sync.kind == OperationKind::sync_data ? file.data_changes : file.changes;
  const auto later = std::ranges::lower_bound(changes, entered);
  return later == changes.begin() ? 0 : *std::prev(later) + 1;
}

void PowerEpochs::promise_chain(const Operation& sync, std::uint32_t entered,
                                Promise& promise) const {
  const std::uint32_t end = committed(sync, entered);
  for (std::uint32_t position = 0; position < elements_.size(); ++position) {
    const Element& element = elements_[position];
    if (element.operation >= end) break;
    promise.elements.push_back(position);
    if (element.cut == no_inode || !files_[element.cut].open) continue;
    FileFloor floor = files_[element.cut].floor;
    floor.sizes = std::max(floor.sizes, element.size_step + 1);
    promise_floor(element.cut, std::move(floor), promise);
  }
  for (const InodeId inode : open_files_) {
    for (const RangeSync& range : files_[inode].ranges) {
      if (range.operation >= end) break;
      FileFloor floor = files_[inode].floor;
      floor.forced = std::max<std::size_t>(floor.forced, range.covered);
      promise_floor(inode, std::move(floor), promise);
    }
  }
}

void PowerEpochs::keep(const Promise& promise, const Operation& sync, std::uint32_t index) {
  if (!is_ranged(sync)) {
    const std::uint32_t before = entered_at(sync, index);
    if (sync.kind == OperationKind::sync_all) {
      for (const InodeId inode : open_files_) files_[inode].synced = before;
    } else if (const InodeId inode = synced_inode(sync); inode != no_inode) {
      files_[inode].synced = std::max<std::size_t>(files_[inode].synced, before);
    }
  }
  for (const auto& [inode, floor] : promise.floors) {
    FileState& file = files_[inode];
    file.floor = floor;
    const Contents& contents = history_.contents[inode];
    contents.settle(file.floor, index, rules_.size_waits_for_data);
    std::erase_if(file.ranges,
                  [&](const RangeSync& range) { return range.covered <= file.floor.forced; });
    const auto later = std::ranges::lower_bound(contents.operations(), file.floor.forced);
    file.open = later != contents.operations().end() && *later < index;
  }
  if (!promise.floors.empty()) {
    std::erase_if(open_files_, [&](InodeId inode) { return !files_[inode].open; });
  }
  if (promise.elements.empty()) return;
  for (const std::uint32_t position : promise.elements) {
    const UnitId unit = elements_[position].unit;
    if (unit == no_id) continue;
    for (const NameChange& change : footprint_.names().units()[unit].changed()) {
      name_values_[change.name] = change.inode;
    }
  }
  auto forced = promise.elements.begin();
  std::uint32_t position = 0;
  std::erase_if(elements_, [&](const Element&) {
    const bool gone = forced != promise.elements.end() && *forced == position;
    if (gone) ++forced;
    ++position;
    return gone;
  });
}

}  // namespace untorn::crash
