// SPDX-License-Identifier: Apache-2.0
#include "prove/repair/virtual_replace.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace untorn::prove {

namespace {

// One file that is written under its own name, and what stands there in the new log.
struct Victim {
  InodeId inode = no_inode;
  InodeId directory = no_inode;
  std::string name;
  InodeId standing = no_inode;  // under the name in the new log
  bool changed = false;         // since it was last replaced
  bool existed = false;         // has the name in the old log at this point
  std::uint32_t mode = 0644;
};

class Rewriting {
 public:
  Rewriting(const crash::History& history, const PathStory& story)
      : history_(history), log_(history.log()), story_(story) {}

  std::optional<VirtualReplace> run() {
    if (!find_victims()) return std::nullopt;
    result_.edited.log.inodes = log_.inodes;
    result_.edited.log.names = log_.names;
    call_ = free_call(log_);
    for (std::size_t i = 0; i < log_.operations.size(); ++i) {
      if (!rewrite(i)) return std::nullopt;
    }
    for (Victim& victim : victims_) {
      if (!replace(victim, log_.operations.size())) return std::nullopt;
    }
    return std::move(result_);
  }

 private:
  // The inodes whose content was changed while they stood at the path. Each must have this one name
  // as long as it lives.
  bool find_victims() {
    std::vector<std::size_t> changes = story_.rewritten;
    changes.insert(changes.end(), story_.emptied.begin(), story_.emptied.end());
    std::set<InodeId> inodes;
    for (const std::size_t change : changes) inodes.insert(log_.operations[change].inode);
    if (inodes.empty() && story_.path_class == PathClass::log) {
      inodes.insert(story_.inodes.begin(), story_.inodes.end());
    }
    for (const InodeId inode : inodes) {
      Victim victim;
      victim.inode = inode;
      victim.mode = log_.inodes[inode].mode;
      if (!find_name(victim)) return false;
      victims_.push_back(std::move(victim));
    }
    return !victims_.empty();
  }

  bool find_name(Victim& victim) const {
    std::size_t names = 0;
    for (const InitialName& name : log_.names) {
      if (name.inode != victim.inode) continue;
      ++names;
      victim.directory = name.directory;
      victim.name = name.name;
      victim.standing = victim.inode;
      victim.existed = true;
    }
    for (const Operation& operation : log_.operations) {
      if (operation.inode != victim.inode) continue;
      switch (operation.kind) {
        case OperationKind::create:
          ++names;
          victim.directory = operation.directory;
          victim.name = operation.name;
          break;
        case OperationKind::link:
        case OperationKind::rename:
        case OperationKind::exchange:
        case OperationKind::sync_failed:
        case OperationKind::unmodelled:
          return false;
        default:
          break;
      }
    }
    return names == 1 && victim.directory != no_inode;
  }

  Victim* victim_of(InodeId inode) {
    for (Victim& victim : victims_) {
      if (victim.inode == inode) return &victim;
    }
    return nullptr;
  }

  // False if the new log cannot be made.
  bool rewrite(std::size_t index) {
    const Operation& operation = log_.operations[index];
    if (operation.kind == OperationKind::acknowledge) {
      for (Victim& victim : victims_) {
        if (!replace(victim, index)) return false;
      }
    }
    for (const InodeId inode : {operation.inode, operation.replaced}) {
      Victim* victim = inode == no_inode ? nullptr : victim_of(inode);
      if (victim == nullptr) continue;
      if (inode == operation.inode && takes_over(operation, *victim, index)) return good_;
      if (!replace(*victim, index)) return false;  // its name is about to change
      victim->existed = false;
    }
    if (operation.kind == OperationKind::exchange && victim_of(operation.replaced) != nullptr) {
      return false;
    }
    copy(operation, index);
    return true;
  }

  void copy(const Operation& operation, std::size_t index) {
    Operation made = operation;
    made.entered = no_index;  // the numbers have moved
    for (InodeId* inode : {&made.inode, &made.replaced}) {
      if (const Victim* victim = *inode == no_inode ? nullptr : victim_of(*inode)) {
        *inode = victim->standing;
      }
    }
    push(std::move(made), index);
  }

  // What the replacement does instead of the program. False: the operation stays in the log.
  bool takes_over(const Operation& operation, Victim& victim, std::size_t index) {
    switch (operation.kind) {
      case OperationKind::create:
        victim.existed = true;
        victim.changed = true;
        note_first(index);
        return true;
      case OperationKind::write:
      case OperationKind::truncate:
        victim.changed = true;
        note_first(index);
        return true;
      case OperationKind::begin_writing:
      case OperationKind::sync_file:
      case OperationKind::sync_data:
      case OperationKind::sync_range:
        return true;
      case OperationKind::end_writing:
        good_ = replace(victim, index);
        return true;
      case OperationKind::set_metadata:
        if (operation.name == "mode") victim.mode = static_cast<std::uint32_t>(operation.size);
        return victim.standing == no_inode;
      default:
        return false;
    }
  }

  void note_first(std::size_t index) {
    if (is_first_) result_.first = index;
    is_first_ = false;
  }

  void push(Operation&& operation, std::size_t index) {
    result_.edited.log.operations.push_back(std::move(operation));
    result_.edited.origin.push_back(index);
  }

  void push_call(OperationKind kind, InodeId inode, const char* name, std::size_t index,
                 const Operation& shape) {
    Operation operation = shape;
    operation.kind = kind;
    operation.inode = inode;
    operation.call = call_++;
    operation.call_name = name;
    push(std::move(operation), index);
  }

  // Puts what the victim holds after operations [0, index) under its name, if it has changed.
  bool replace(Victim& victim, std::size_t index) {
    if (!victim.changed || !victim.existed) return true;
    const auto file = history_.file_at(index, story_.path);
    if (!file || file->inode != victim.inode || file->type != FileType::regular) return false;
    bytes_ += file->content.size();
    if (++replacements_ > replacements_max || bytes_ > replaced_bytes_max) return false;
    OperationLog& log = result_.edited.log;
    const auto temporary = static_cast<InodeId>(log.inodes.size());
    log.inodes.push_back({FileType::regular, victim.mode, false, {}});
    const std::size_t at = index == 0 ? 0 : index - 1;
    Operation named;
    named.directory = victim.directory;
    named.name = victim.name + ".untorn-" + std::to_string(replacements_);
    push_call(OperationKind::create, temporary, "openat", at, named);
    push_call(OperationKind::begin_writing, temporary, "openat", at, {});
    if (file->content.size() > 0) {
      Operation written;
      written.payload = file->content;
      written.size = file->content.size();
      push_call(OperationKind::write, temporary, "write", at, written);
    }
    push_call(OperationKind::sync_file, temporary, "fsync", at, {});
    push_call(OperationKind::end_writing, temporary, "close", at, {});
    named.target_directory = victim.directory;
    named.target_name = victim.name;
    named.replaced = victim.standing;
    push_call(OperationKind::rename, temporary, "rename", at, named);
    push_call(OperationKind::sync_directory, victim.directory, "fsync", at, {});
    victim.standing = temporary;
    victim.changed = false;
    return true;
  }

  const crash::History& history_;
  const OperationLog& log_;
  const PathStory& story_;
  std::vector<Victim> victims_;
  VirtualReplace result_;
  std::uint32_t call_ = 0;
  std::uint64_t bytes_ = 0;
  std::size_t replacements_ = 0;
  bool is_first_ = true;
  bool good_ = true;
};

}  // namespace

std::optional<VirtualReplace> replace_in_place(const crash::History& history,
                                               const PathStory& story) {
  return Rewriting(history, story).run();
}

}  // namespace untorn::prove
