// SPDX-License-Identifier: Apache-2.0
#include "crash/names.h"

#include <algorithm>
#include <tuple>

namespace untorn::crash {

NameTable::NameTable(const OperationLog& log, Renames renames) {
  by_directory_.resize(log.inodes.size());
  leases_.resize(log.inodes.size());
  for (const InitialName& initial : log.names) {
    names_[intern(initial.directory, initial.name)].initial = initial.inode;
  }
  for (std::size_t index = 0; index < log.operations.size(); ++index) {
    const Operation& operation = log.operations[index];
    std::array<NameChange, 2> changes;
    std::size_t count = 0;
    const auto change = [&](InodeId directory, const std::string& text, InodeId inode) {
      changes[count++] = {intern(directory, text), inode};
    };
    switch (operation.kind) {
      case OperationKind::create:
        // Without a directory it is an O_TMPFILE: an inode that no name leads to yet.
        if (operation.directory != no_inode) {
          change(operation.directory, operation.name, operation.inode);
        }
        break;
      case OperationKind::make_directory:
      case OperationKind::make_symlink:
      case OperationKind::make_special:
        change(operation.directory, operation.name, operation.inode);
        break;
      case OperationKind::link:
        change(operation.target_directory, operation.target_name, operation.inode);
        break;
      case OperationKind::unlink:
      case OperationKind::remove_directory:
        change(operation.directory, operation.name, no_inode);
        break;
      case OperationKind::rename:
        change(operation.directory, operation.name, no_inode);
        change(operation.target_directory, operation.target_name, operation.inode);
        break;
      case OperationKind::exchange:
        change(operation.directory, operation.name, operation.replaced);
        change(operation.target_directory, operation.target_name, operation.inode);
        break;
      default:
        break;
    }
    // A name that is renamed to itself does not change.
    if (count == 2 && changes[0].name == changes[1].name) continue;
    const bool is_between = operation.kind == OperationKind::rename &&
                            operation.directory != operation.target_directory &&
                            log.inodes[operation.inode].type != FileType::directory;
    if (is_between && renames == Renames::parted) {
      add_parts(index, changes);
    } else if (count == 2 && renames == Renames::halved) {
      add_halves(index, changes, operation.kind == OperationKind::rename);
    } else if (count > 0) {
      add_unit(index, std::span(changes).first(count));
    }
  }
  add_leases();
}

NameId NameTable::intern(InodeId directory, const std::string& text) {
  const auto [entry, is_new] =
      by_text_.try_emplace({directory, text}, static_cast<NameId>(names_.size()));
  if (is_new) {
    names_.push_back({directory, text, no_inode, {}});
    if (directory >= by_directory_.size()) by_directory_.resize(directory + 1);
    by_directory_[directory].push_back(entry->second);
  }
  return entry->second;
}

void NameTable::add_unit(std::size_t operation, std::span<const NameChange> changes) {
  const auto unit_id = static_cast<UnitId>(units_.size());
  NameUnit unit;
  unit.operation = static_cast<std::uint32_t>(operation);
  for (const NameChange& change : changes) {
    std::vector<NameVersion>& versions = names_[change.name].versions;
    unit.after[unit.changes_count] = versions.empty() ? no_id : versions.back().unit;
    unit.changes[unit.changes_count++] = change;
    versions.push_back({unit_id, unit.operation, change.inode});
  }
  units_.push_back(unit);
}

void NameTable::add_parts(std::size_t operation, std::span<const NameChange> changes) {
  add_unit(operation, changes.subspan(1, 1));
  add_unit(operation, changes.first(1));
  units_.back().after[1] = static_cast<UnitId>(units_.size() - 2);
}

// A name that is replaced is removed before it is set, so that it may be missing in between.
void NameTable::add_halves(std::size_t operation, std::span<const NameChange> changes,
                           bool replaces) {
  const NameChange& target = changes[1];
  if (replaces && inode_at(target.name, operation) != no_inode) {
    const NameChange removed{target.name, no_inode};
    add_unit(operation, std::span(&removed, 1));
  }
  for (const NameChange& change : changes) add_unit(operation, std::span(&change, 1));
}

void NameTable::add_leases() {
  for (NameId id = 0; id < names_.size(); ++id) {
    const Name& name = names_[id];
    InodeId inode = name.initial;
    std::uint32_t begin = 0;
    const auto close = [&](std::uint32_t end) {
      if (inode == no_inode) return;
      if (inode >= leases_.size()) leases_.resize(inode + 1);
      leases_[inode].push_back({id, begin, end});
    };
    for (const NameVersion& version : name.versions) {
      close(version.operation + 1);
      inode = version.inode;
      begin = version.operation + 1;
    }
    close(no_index);
  }
  for (std::vector<Lease>& leases : leases_) {
    std::ranges::sort(leases, {}, [](const Lease& lease) {
      return std::tuple(lease.begin, lease.end, lease.name);
    });
  }
}

NameId NameTable::find(InodeId directory, std::string_view text) const {
  const auto entry = by_text_.find(std::pair<InodeId, std::string>(directory, text));
  return entry == by_text_.end() ? no_id : entry->second;
}

std::span<const NameId> NameTable::in_directory(InodeId directory) const noexcept {
  if (directory >= by_directory_.size()) return {};
  return by_directory_[directory];
}

InodeId NameTable::inode_at(NameId name, std::size_t count) const noexcept {
  const std::vector<NameVersion>& versions = names_[name].versions;
  const auto after = std::ranges::lower_bound(versions, count, {}, &NameVersion::operation);
  return after == versions.begin() ? names_[name].initial : std::prev(after)->inode;
}

std::span<const NameTable::Lease> NameTable::leases(InodeId inode) const noexcept {
  if (inode >= leases_.size()) return {};
  return leases_[inode];
}

}  // namespace untorn::crash
