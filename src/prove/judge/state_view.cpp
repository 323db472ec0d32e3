// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/state_view.h"

#include <string>

#include "base/text.h"

namespace untorn::prove {

namespace {

constexpr std::uint64_t nothing_there = 0x6E6F6E65U;
constexpr std::uint64_t folder_there = 0x666F6C64U;

Hash128 status_of(const std::optional<crash::History::File>& file) {
  if (!file) return combine(Hash128{}, nothing_there);
  Hash128 hash = combine(Hash128{}, static_cast<std::uint64_t>(file->type));
  hash = combine(hash, file->mode);
  return file->type == FileType::directory ? hash : combine(hash, file->content.size());
}

}  // namespace

StateView::StateView(const crash::History& history) {
  const auto& log = history.log();
  const auto add_folder = [&](InodeId inode, std::size_t index) {
    if (inode == no_inode || log.inodes[inode].type != FileType::directory) return;
    if (crash::Path path = history.path_of(inode, index); !path.empty()) {
      moved_folders_.insert(std::move(path));
    }
  };
  for (std::size_t i = 0; i < log.operations.size(); ++i) {
    switch (log.operations[i].kind) {
      case OperationKind::make_directory:
      case OperationKind::remove_directory:
      case OperationKind::rename:
      case OperationKind::exchange:
        for (const InodeId inode : {log.operations[i].inode, log.operations[i].replaced}) {
          add_folder(inode, i);
          add_folder(inode, i + 1);
        }
        break;
      default:
        break;
    }
  }
  for (crash::Path& path : history.touched_paths()) touched_.insert(std::move(path));
  touched_.insert(moved_folders_.begin(), moved_folders_.end());
  for (const crash::Path& path : touched_)
    touched_in_[crash::Path(folder_of(path))].push_back(path);
}

bool StateView::is_unsettled(std::string_view path) const {
  for (std::string_view at = path; !at.empty(); at = folder_of(at)) {
    if (moved_folders_.contains(at)) return true;
  }
  return false;
}

bool StateView::varies(const Read& read) const {
  if (read.kind == Read::Kind::acknowledged) return true;
  if (touched_.contains(read.path) || is_unsettled(read.path)) return true;
  return read.kind == Read::Kind::content && touched_in_.contains(read.path);
}

std::optional<std::vector<crash::Path>> StateView::footprint(const Read& read) const {
  if (read.kind == Read::Kind::acknowledged || !varies(read)) return std::vector<crash::Path>();
  if (is_unsettled(read.path)) return {};
  std::vector<crash::Path> paths;
  if (touched_.contains(read.path)) paths.push_back(read.path);
  const auto below = touched_in_.find(read.path);
  if (read.kind == Read::Kind::content && below != touched_in_.end()) {
    for (const crash::Path& path : below->second) {
      if (moved_folders_.contains(path)) return {};
      paths.push_back(path);
    }
  }
  return paths;
}

// Names and types, as a listing shows them.
Hash128 StateView::names_in(const crash::Path& folder, const crash::CrashState& state) const {
  Hash128 hash = combine(Hash128{}, folder_there);
  const auto add = [&](const crash::Path& path, const crash::History::File& file) {
    hash = combine(combine(hash, hash128(path)), static_cast<std::uint64_t>(file.type));
  };
  if (is_unsettled(folder)) {
    for (const auto& [path, file] : state.tree()) {
      if (folder_of(path) == folder) add(path, file);
    }
    return hash;
  }
  const auto below = touched_in_.find(folder);
  if (below == touched_in_.end()) return hash;
  for (const crash::Path& path : below->second) {
    if (const auto file = state.file(path)) add(path, *file);
  }
  return hash;
}

Hash128 StateView::value(const Read& read, const crash::CrashState& state, std::size_t told) const {
  if (read.kind == Read::Kind::acknowledged) return combine(Hash128{}, told);
  const auto file = state.file(read.path);
  const Hash128 status = status_of(file);
  if (read.kind == Read::Kind::status) return status;
  const bool may_be_folder = !file || file->type == FileType::directory;
  const Hash128 names = may_be_folder ? names_in(read.path, state) : Hash128{};
  return combine(combine(status, names), file ? hash128(file->content.view()) : Hash128{});
}

}  // namespace untorn::prove
