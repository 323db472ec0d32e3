// SPDX-License-Identifier: Apache-2.0
#include "crash/epoch.h"

#include <algorithm>

namespace untorn::crash {

Epoch::Epoch(const History::Impl& history, const Footprint& footprint, const EpochBounds& bounds)
    : history_(history), footprint_(footprint), end_(bounds.end), name_values_(bounds.name_values) {
  find_dependencies(bounds);
  for (std::uint32_t position = 0; position < units_.size(); ++position) {
    for (const NameChange& change : history.names.units()[units_[position]].changed()) {
      if (footprint.sees_name(change.name)) {
        slots_[change.name].emplace_back(position, change.inode);
      }
    }
  }
  files_.reserve(bounds.files.size());
  for (const EpochBounds::OpenFile& file : bounds.files) {
    file_by_inode_.emplace(file.inode, static_cast<std::uint32_t>(files_.size()));
    files_.emplace_back(history, file.inode, file.forced, bounds.end);
  }
}

void Epoch::find_dependencies(const EpochBounds& bounds) {
  // For each open unit the nearest seen units that it waits for.
  std::unordered_map<UnitId, std::vector<std::uint32_t>> nearest;
  for (const UnitId unit : bounds.open) {
    std::vector<std::uint32_t> after;
    const NameUnit& source = history_.names.units()[unit];
    for (const UnitId before : source.after) {
      const auto entry = nearest.find(before);
      if (entry == nearest.end()) continue;  // none, or forced
      after.insert(after.end(), entry->second.begin(), entry->second.end());
    }
    std::ranges::sort(after);
    after.erase(std::ranges::unique(after).begin(), after.end());
    if (footprint_.sees_unit(unit)) {
      nearest[unit] = {static_cast<std::uint32_t>(units_.size())};
      units_.push_back(unit);
      after_.push_back(std::move(after));
    } else {
      nearest[unit] = std::move(after);
    }
  }
}

std::uint32_t Epoch::file_of(InodeId inode) const {
  const auto entry = file_by_inode_.find(inode);
  return entry == file_by_inode_.end() ? no_index : entry->second;
}

const Epoch::Slot* Epoch::slot(NameId name) const {
  const auto entry = slots_.find(name);
  return entry == slots_.end() ? nullptr : &entry->second;
}

InodeId Epoch::value(NameId name, const std::vector<bool>& kept) const {
  InodeId inode = settled_value(name);
  if (const Slot* open = slot(name)) {
    // Kept units of one name are a prefix of its chain.
    for (const auto& [unit, value] : *open) {
      if (!kept[unit]) break;
      inode = value;
    }
  }
  return inode;
}

}  // namespace untorn::crash
