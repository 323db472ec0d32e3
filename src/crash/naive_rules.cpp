// SPDX-License-Identifier: Apache-2.0
#include "crash/naive_rules.h"

#include <algorithm>
#include <map>
#include <utility>

namespace untorn::crash::naive {

namespace {

// A rename or exchange as one unit, or as several that are independent of each other.
void add_units(std::vector<Micro>& micros, Micro unit, const OperationLog& log,
               const Rules& rules) {
  const Operation& operation = log.operations[unit.operation];
  const bool renames = operation.kind == OperationKind::rename;
  const bool parts = rules.parts && renames && operation.directory != operation.target_directory &&
                     log.inodes[operation.inode].type != FileType::directory;
  if (!rules.halves && !parts) {
    micros.push_back(unit);
    return;
  }
  std::vector<NameValue> values = std::exchange(unit.names, {});
  if (parts) std::ranges::reverse(values);
  if (rules.halves && renames && operation.replaced != no_inode) {
    unit.names = {{values[1].directory, values[1].name, no_inode}};
    micros.push_back(unit);
  }
  for (const NameValue& value : values) {
    unit.names = {value};
    micros.push_back(unit);
  }
}

void add_unit(std::vector<Micro>& micros, const OperationLog& log, std::size_t index,
              const Rules& rules) {
  const Operation& operation = log.operations[index];
  Micro unit;
  unit.operation = index;
  const NameValue at{operation.directory, operation.name, operation.inode};
  const NameValue to{operation.target_directory, operation.target_name, operation.inode};
  switch (operation.kind) {
    case OperationKind::create:
    case OperationKind::make_directory:
    case OperationKind::make_symlink:
      if (operation.directory == no_inode) return;
      unit.names = {at};
      break;
    case OperationKind::link:
      unit.names = {to};
      break;
    case OperationKind::unlink:
    case OperationKind::remove_directory:
      unit.names = {{at.directory, at.name, no_inode}};
      break;
    case OperationKind::rename:
      unit.names = {{at.directory, at.name, no_inode}, to};
      add_units(micros, unit, log, rules);
      return;
    case OperationKind::exchange:
      unit.names = {{at.directory, at.name, operation.replaced}, to};
      add_units(micros, unit, log, rules);
      return;
    default:
      return;
  }
  micros.push_back(unit);
}

void add_content(std::vector<Micro>& micros, const Operation& operation, std::size_t index,
                 std::uint64_t& size) {
  Micro micro;
  micro.operation = index;
  micro.inode = operation.inode;
  if (operation.kind == OperationKind::write) {
    const std::uint64_t end = operation.offset + operation.payload.size();
    micro.kind = Micro::Kind::block;
    for (std::uint64_t at = operation.offset; at < end; at = micro.end) {
      micro.begin = at;
      micro.end = std::min(end, (at / page + 1) * page);
      micros.push_back(micro);
    }
    micro.kind = Micro::Kind::size;
    for (std::uint64_t at = std::max(size, operation.offset) + 1; at <= end; ++at) {
      if (at % page != 0 && at != end) continue;
      micro.size = at;
      micros.push_back(micro);
    }
    size = std::max(size, end);
  } else if (operation.kind == OperationKind::truncate && operation.size != size) {
    micro.kind = Micro::Kind::size;
    micro.size = operation.size;
    micro.cuts = operation.size < size;
    micro.old_size = size;
    micros.push_back(micro);
    if (micro.cuts && operation.size % page != 0) {
      micro.kind = Micro::Kind::block;
      micro.cuts = false;
      micro.zeros = true;
      micro.begin = operation.size;
      micro.end = (operation.size / page + 1) * page;
      micros.push_back(micro);
    }
    size = operation.size;
  }
}

InodeId synced(const Operation& operation) {
  return operation.inode != no_inode ? operation.inode : operation.directory;
}

bool is_sync(const Operation& operation) {
  return operation.kind == OperationKind::sync_file || operation.kind == OperationKind::sync_data ||
         operation.kind == OperationKind::sync_directory ||
         operation.kind == OperationKind::sync_all;
}

// Has a sync of this inode failed before the operation `index`?
bool failed(const OperationLog& log, InodeId inode, std::size_t index) {
  for (std::size_t before = 0; before < index; ++before) {
    const Operation& operation = log.operations[before];
    if (operation.kind != OperationKind::sync_failed) continue;
    if (synced(operation) == inode || synced(operation) == no_inode) return true;
  }
  return false;
}

}  // namespace

Rules rules_for(Model model) {
  Rules rules;
  rules.ordered = model == Model::ext4 || model == Model::xfs;
  rules.ranges_order = rules.ordered;
  rules.sizes_wait = model == Model::xfs || model == Model::btrfs;
  rules.exchange_changes = model != Model::xfs;
  rules.tears = model != Model::btrfs;
  rules.parts = model == Model::portable || model == Model::btrfs;
  rules.halves = rules.garbage = model == Model::posix;
  return rules;
}

std::vector<Micro> micros_of(const OperationLog& log, const Rules& rules) {
  std::vector<Micro> micros;
  std::map<InodeId, std::uint64_t> sizes;
  for (InodeId inode = 0; inode < log.inodes.size(); ++inode) {
    const Inode& source = log.inodes[inode];
    const bool file = source.type == FileType::regular && source.initial;
    sizes[inode] = file ? source.content.size() : 0;
  }
  for (std::size_t index = 0; index < log.operations.size(); ++index) {
    const Operation& operation = log.operations[index];
    add_unit(micros, log, index, rules);
    if (operation.inode != no_inode) add_content(micros, operation, index, sizes[operation.inode]);
  }
  return micros;
}

bool in_one_place(const Micro& first, const Micro& second) {
  using Kind = Micro::Kind;
  if (first.kind == Kind::unit || second.kind == Kind::unit) {
    if (first.kind != second.kind) return false;
    for (const NameValue& a : first.names) {
      for (const NameValue& b : second.names) {
        if (a.directory == b.directory && a.name == b.name) return true;
      }
    }
    return false;
  }
  if (first.inode != second.inode) return false;
  if (first.kind == Kind::size && second.kind == Kind::size) return true;
  if (first.kind == Kind::block && second.kind == Kind::block) {
    return first.page_number() == second.page_number();
  }
  return first.kind == Kind::size ? first.frees(second.page_number())
                                  : second.frees(first.page_number());
}

std::size_t entered(const OperationLog& log, std::size_t index) {
  return std::min<std::size_t>(log.operations[index].entered, index);
}

bool Syncs::is_ordered(const Micro& micro) const {
  return model_.ordered && (micro.kind == Micro::Kind::unit || micro.cuts);
}

bool Syncs::forces(std::size_t sync, std::size_t number) const {
  const Micro& micro = micros_[number];
  const Operation& source = log_.operations[sync];
  if (!is_sync(source) || micro.operation >= entered(log_, sync)) return false;
  const bool all = source.kind == OperationKind::sync_all;
  if (is_ordered(micro) && micro.operation < committed(sync)) return true;
  if (micro.kind == Micro::Kind::unit) {
    if (model_.ordered) return false;
    const auto in_directory = [&](const NameValue& value) {
      return value.directory == synced(source) && !failed(log_, value.directory, sync);
    };
    const Operation& change = log_.operations[micro.operation];
    const bool in_good_directories =
        !failed(log_, change.directory, sync) && !failed(log_, change.target_directory, sync);
    return all ? in_good_directories : std::ranges::any_of(micro.names, in_directory);
  }
  for (std::size_t range = 0; range < committed(sync); ++range) {
    if (covers(range, micro)) return true;
  }
  if (failed(log_, micro.inode, sync)) return false;
  return all || (micro.inode == synced(source) && reaches(sync, number));
}

bool Syncs::precedes(std::size_t first, std::size_t second) const {
  const Micro& a = micros_[first];
  const Micro& b = micros_[second];
  if (in_one_place(a, b)) return true;
  if (model_.parts && a.kind == Micro::Kind::unit && b.kind == Micro::Kind::unit &&
      a.operation == b.operation) {
    return true;
  }
  if (model_.sizes_wait && a.kind == Micro::Kind::block && b.kind == Micro::Kind::size &&
      a.operation == b.operation && !a.zeros && !b.cuts && a.page_number() == (b.size - 1) / page) {
    return true;
  }
  if (!is_ordered(b)) return false;
  if (is_ordered(a) && a.operation < entered(log_, b.operation)) return true;
  for (std::size_t range = 0; range < entered(log_, b.operation); ++range) {
    if (covers(range, a)) return true;
  }
  return false;
}

bool Syncs::covers(std::size_t range, const Micro& micro) const {
  const Operation& source = log_.operations[range];
  if (!model_.ranges_order || source.kind != OperationKind::sync_range) return false;
  if (source.name != "written" || source.inode != micro.inode) return false;
  if (micro.kind == Micro::Kind::unit || micro.operation >= entered(log_, range)) return false;
  if (failed(log_, micro.inode, range)) return false;
  std::size_t since = 0;
  for (std::size_t sync = 0; sync < range; ++sync) {
    const Operation& before = log_.operations[sync];
    if (!is_sync(before) || failed(log_, micro.inode, sync)) continue;
    const bool all = before.kind == OperationKind::sync_all;
    if (all || (synced(before) == micro.inode && before.size == 0)) {
      since = std::max(since, entered(log_, sync));
    }
  }
  for (std::size_t index = since; index < entered(log_, range); ++index) {
    const Operation& write = log_.operations[index];
    if (write.kind != OperationKind::write || write.inode != micro.inode) continue;
    if (write.offset < source.offset) return false;
    if (source.size == 0) continue;
    if (write.offset + write.payload.size() > source.offset + source.size) return false;
  }
  return true;
}

std::size_t Syncs::committed(std::size_t sync) const {
  const Operation& source = log_.operations[sync];
  if (!model_.ordered || !is_sync(source)) return 0;
  if (source.kind == OperationKind::sync_all) return entered(log_, sync);
  if (failed(log_, synced(source), sync)) return 0;
  for (std::size_t index = entered(log_, sync); index > 0; --index) {
    if (changes(index - 1, synced(source), source.kind == OperationKind::sync_data)) return index;
  }
  return 0;
}

bool Syncs::changes(std::size_t index, InodeId inode, bool data_only) const {
  const Operation& operation = log_.operations[index];
  switch (operation.kind) {
    case OperationKind::write:
    case OperationKind::truncate:
      return std::ranges::any_of(micros_, [&](const Micro& micro) {
        return micro.operation == index && micro.kind == Micro::Kind::size && micro.inode == inode;
      });
    case OperationKind::set_metadata:
      return !data_only && operation.inode == inode;
    case OperationKind::create:
    case OperationKind::make_directory:
    case OperationKind::make_symlink:
      return operation.inode == inode || operation.directory == inode;
    case OperationKind::link:
      return operation.target_directory == inode || (!data_only && operation.inode == inode);
    case OperationKind::unlink:
    case OperationKind::remove_directory:
    case OperationKind::rename:
    case OperationKind::exchange:
      if (operation.directory == inode || operation.target_directory == inode) return true;
      if (operation.kind == OperationKind::exchange && !model_.exchange_changes) return false;
      return !data_only && (operation.inode == inode || operation.replaced == inode);
    default:
      return false;
  }
}

bool Syncs::reaches(std::size_t sync, std::size_t number) const {
  const Operation& source = log_.operations[sync];
  const Micro& micro = micros_[number];
  if (source.size == 0) return true;
  const std::uint64_t end = source.offset + source.size;
  if (micro.kind == Micro::Kind::block) {
    return micro.page_number() * page < end && (micro.page_number() + 1) * page > source.offset;
  }
  std::vector<std::size_t> sizes;
  for (std::size_t other = 0; other < micros_.size(); ++other) {
    if (micros_[other].kind == Micro::Kind::size && micros_[other].inode == micro.inode &&
        micros_[other].operation < entered(log_, sync)) {
      sizes.push_back(other);
    }
  }
  const Inode& inode = log_.inodes[micro.inode];
  const auto size_after = [&](std::size_t count) {
    if (count > 0) return micros_[sizes[count - 1]].size;
    return inode.initial ? std::uint64_t{inode.content.size()} : 0;
  };
  std::size_t count = sizes.size();
  const std::uint64_t needed = std::min(end, size_after(count));
  while (count > 0 && !micros_[sizes[count - 1]].cuts && size_after(count - 1) >= needed) --count;
  sizes.resize(count);
  return std::ranges::find(sizes, number) != sizes.end();
}

}  // namespace untorn::crash::naive
