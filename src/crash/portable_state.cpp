// SPDX-License-Identifier: Apache-2.0
#include "crash/portable_state.h"

#include <algorithm>
#include <set>

namespace untorn::crash {

HashSum selection_hash(const Epoch& epoch, FileHashes& hashes, const Selection& selection) {
  HashSum sum;
  epoch.resolve(selection.units, [&](const Path& path, InodeId inode) {
    const std::uint32_t file = epoch.file_of(inode);
    sum += path_factor(path) * (file == no_index
                                    ? hashes.at(inode, epoch.end())
                                    : epoch.files()[file].hash(hashes, selection.files[file]));
  });
  return sum;
}

const PortableState::Found& PortableState::found() const {
  if (!found_) {
    found_.emplace();
    epoch_.resolve(selection_.units,
                   [&](const Path& path, InodeId inode) { found_->emplace_back(path, inode); });
    std::ranges::sort(*found_);
  }
  return *found_;
}

History::File PortableState::make_file(InodeId inode) const {
  const std::uint32_t open = epoch_.file_of(inode);
  History::File file = epoch_.history().file_without_content(inode, epoch_.end());
  file.content = open == no_index ? buffers_.compose_at(inode, epoch_.end())
                                  : epoch_.files()[open].compose(buffers_, selection_.files[open]);
  return file;
}

std::optional<History::File> PortableState::file(const Path& path) const {
  const auto entry = std::ranges::lower_bound(found(), path, {}, &Found::value_type::first);
  if (entry == found().end() || entry->first != path) return std::nullopt;
  return make_file(entry->second);
}

std::vector<std::pair<Path, History::File>> PortableState::tree() const {
  std::vector<std::pair<Path, History::File>> tree;
  tree.reserve(found().size());
  for (const auto& [path, inode] : found()) tree.emplace_back(path, make_file(inode));
  return tree;
}

std::vector<std::size_t> PortableState::lost() const {
  const auto& units = epoch_.history().names.units();
  std::vector<std::size_t> lost;
  for (std::size_t unit = 0; unit < epoch_.units().size(); ++unit) {
    if (!selection_.units[unit]) lost.push_back(units[epoch_.units()[unit]].operation);
  }
  std::set<InodeId> counted;
  for (const auto& [path, inode] : found()) {
    const std::uint32_t open = epoch_.file_of(inode);
    if (open == no_index || !counted.insert(inode).second) continue;
    epoch_.files()[open].each_lost(selection_.files[open],
                                   [&](std::uint32_t operation) { lost.push_back(operation); });
  }
  std::ranges::sort(lost);
  lost.erase(std::ranges::unique(lost).begin(), lost.end());
  return lost;
}

std::vector<std::size_t> PortableState::kept() const {
  const History::Impl& history = epoch_.history();
  std::vector<std::size_t> kept;
  for (UnitId unit = 0; unit < history.names.units().size(); ++unit) {
    const std::uint32_t operation = history.names.units()[unit].operation;
    if (operation < epoch_.end() && epoch_.footprint().sees_unit(unit)) kept.push_back(operation);
  }
  std::set<InodeId> counted;
  for (const auto& [path, inode] : found()) {
    if (!counted.insert(inode).second) continue;
    for (const std::uint32_t operation : history.contents[inode].operations()) {
      if (operation < epoch_.end()) kept.push_back(operation);
    }
  }
  std::ranges::sort(kept);
  const std::vector<std::size_t> without = lost();
  std::vector<std::size_t> result;
  std::ranges::set_difference(kept, without, std::back_inserter(result));
  return result;
}

}  // namespace untorn::crash
