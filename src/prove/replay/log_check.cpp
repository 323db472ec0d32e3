// SPDX-License-Identifier: Apache-2.0
#include "prove/replay/log_check.h"

#include <map>
#include <string_view>
#include <utility>

#include "filesystem/operation_kinds.h"
#include "prove/trace/trace.h"

namespace untorn::prove {

namespace {

bool is_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

// Follows the log and says what is wrong with it first.
class LogCheck {
 public:
  explicit LogCheck(const OperationLog& log) : log_(log) {}

  std::optional<std::string> problem() {
    if (log_.inodes.empty() || !is_directory(root_inode)) return "its root is no directory";
    for (const Inode& inode : log_.inodes) {
      if (inode.content.size() > file_bytes_max_) return "a file is too long";
    }
    for (const InitialName& name : log_.names) {
      // The folders of --also hang below a directory without a name.
      const bool is_also = name.name.empty() && name.directory == root_inode;
      if (!is_also && !is_name(name.name)) return "a name is not one component";
      if (!is_directory(name.directory) || name.inode >= log_.inodes.size()) {
        return "a name leads nowhere";
      }
      if (!place(name.inode, {name.directory, name.name})) return "a directory has two places";
    }
    for (std::size_t i = 0; i < log_.operations.size(); ++i) {
      if (const char* wrong = problem_with(log_.operations[i], i)) {
        return "operation " + std::to_string(i) + ": " + wrong;
      }
    }
    return std::nullopt;
  }

 private:
  using Place = std::pair<InodeId, std::string>;

  [[nodiscard]] bool is_directory(InodeId inode) const {
    return inode < log_.inodes.size() && log_.inodes[inode].type == FileType::directory;
  }

  [[nodiscard]] bool exists_or_none(InodeId inode) const {
    return inode == no_inode || inode < log_.inodes.size();
  }

  // A directory comes to a place. False if it is elsewhere too, or would lie in itself.
  bool place(InodeId inode, const Place& at) {
    if (!is_directory(inode)) return true;
    if (inode == root_inode) return false;
    for (InodeId above = at.first; above != root_inode;) {
      if (above == inode) return false;
      const auto parent = places_.find(above);
      if (parent == places_.end()) break;  // has no name any more
      above = parent->second.first;
    }
    return places_.emplace(inode, at).second;
  }

  // A directory leaves a place. False if it was not there.
  bool take(InodeId inode, const Place& from) {
    if (!is_directory(inode)) return true;
    const auto place = places_.find(inode);
    if (place == places_.end() || place->second != from) return false;
    places_.erase(place);
    return true;
  }

  const char* problem_with(const Operation& operation, std::size_t index) {
    for (const InodeId inode :
         {operation.inode, operation.directory, operation.target_directory, operation.replaced}) {
      if (!exists_or_none(inode)) return "it is about a file that is not there";
    }
    if (operation.entered != no_index && operation.entered > index) return "it began after its end";
    if (changes_names(operation.kind)) return problem_with_names(operation);
    if (changes_content(operation.kind)) return problem_with_content(operation);
    switch (operation.kind) {
      case OperationKind::acknowledge:
      case OperationKind::sync_all:
      case OperationKind::unmodelled:
        return nullptr;
      case OperationKind::sync_directory:
        return is_directory(operation.inode) ? nullptr : "it syncs no directory";
      default:
        return operation.inode == no_inode ? "it is about no file" : nullptr;
    }
  }

  const char* problem_with_content(const Operation& operation) const {
    if (operation.inode == no_inode || log_.inodes[operation.inode].type != FileType::regular) {
      return "it changes what is no file";
    }
    const bool writes = operation.kind == OperationKind::write;
    if (writes && operation.size != operation.payload.size()) return "a write has two lengths";
    if (operation.size > file_bytes_max_ || operation.offset > file_bytes_max_ - operation.size) {
      return "a file is too long";
    }
    return nullptr;
  }

  const char* problem_with_names(const Operation& operation) {
    const OperationKind kind = operation.kind;
    if (operation.inode == no_inode) return "a name leads nowhere";
    const bool makes_directory = kind == OperationKind::make_directory;
    if (makes_directory && !is_directory(operation.inode)) return "it makes no directory";
    const bool two = kind == OperationKind::rename || kind == OperationKind::exchange;
    const bool needs_source = two || (kind != OperationKind::link && kind != OperationKind::create);
    if (needs_source && operation.directory == no_inode) return "it has no directory";
    if (operation.directory != no_inode &&
        (!is_directory(operation.directory) || !is_name(operation.name))) {
      return "its name is no name";
    }
    if ((two || kind == OperationKind::link) &&
        (!is_directory(operation.target_directory) || !is_name(operation.target_name))) {
      return "its new name is no name";
    }
    return follow_names(operation) ? nullptr : "a directory is not where it should be";
  }

  bool follow_names(const Operation& operation) {
    const Place from{operation.directory, operation.name};
    const Place to{operation.target_directory, operation.target_name};
    switch (operation.kind) {
      case OperationKind::link:
        return !is_directory(operation.inode);
      case OperationKind::unlink:
      case OperationKind::remove_directory:
        return take(operation.inode, from);
      case OperationKind::rename:
        return take(operation.inode, from) && take(operation.replaced, to) &&
               place(operation.inode, to);
      case OperationKind::exchange:
        return operation.replaced != no_inode && take(operation.inode, from) &&
               take(operation.replaced, to) && place(operation.inode, to) &&
               place(operation.replaced, from);
      default:
        return operation.directory == no_inode ? !is_directory(operation.inode)
                                               : place(operation.inode, from);
    }
  }

  const OperationLog& log_;
  const std::uint64_t file_bytes_max_ = TraceOptions().file_bytes_max;
  std::map<InodeId, Place> places_;  // of directories that have a name
};

}  // namespace

std::optional<std::string> problem_with_log(const OperationLog& log) {
  return LogCheck(log).problem();
}

}  // namespace untorn::prove
