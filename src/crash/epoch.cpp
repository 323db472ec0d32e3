// SPDX-License-Identifier: Apache-2.0
#include "crash/epoch.h"

#include <algorithm>

namespace untorn::crash {

Epoch::Epoch(const History::Impl& history, const Rules& rules, const Footprint& footprint,
             const EpochBounds& bounds)
    : history_(history),
      rules_(rules),
      footprint_(footprint),
      end_(bounds.end),
      name_values_(bounds.name_values) {
  keep_seen(bounds.elements, waits(bounds.elements));
  for (std::uint32_t position = 0; position < elements_.size(); ++position) {
    if (elements_[position].unit == no_id) continue;
    for (const NameChange& change : footprint.names().units()[elements_[position].unit].changed()) {
      if (footprint.sees_name(change.name)) {
        slots_[change.name].emplace_back(position, change.inode);
      }
    }
  }
  is_chain_ = rules.metadata_in_order;
  for (std::uint32_t position = 0; position < elements_.size(); ++position) {
    const std::uint32_t ordered = position == 0 ? 0U : 1U;
    is_chain_ = is_chain_ && after_[position].size() == ordered &&
                (ordered == 0 || after_[position].front() + 1 == position);
  }
  files_.reserve(bounds.files.size());
  variants_.reserve(bounds.files.size());
  for (const EpochBounds::OpenFile& file : bounds.files) add_file(file);
}

bool Epoch::sees(const Element& element) const {
  return element.unit != no_id ? footprint_.sees_unit(element.unit)
                               : footprint_.sees_inode(element.cut);
}

// For each element the elements before it that it waits for, less those that these wait for.
Epoch::After Epoch::waits(const std::vector<Element>& elements) const {
  After after(elements.size());
  std::unordered_map<UnitId, std::uint32_t> units;
  std::unordered_map<InodeId, std::uint32_t> cuts;
  std::vector<bool> overlaps(elements.size());
  for (std::uint32_t position = 0; position < elements.size(); ++position) {
    const Element& element = elements[position];
    if (rules_.metadata_in_order) {
      const auto first =
          std::ranges::lower_bound(elements, element.entered, {}, &Element::operation);
      auto before = std::min(static_cast<std::uint32_t>(first - elements.begin()), position);
      overlaps[position] = before < position;
      while (before > 0) {
        after[position].push_back(--before);
        if (!overlaps[before]) break;  // it waits for all before it
      }
    }
    // The order of the log implies that of one name and of one file.
    const bool ordered = rules_.metadata_in_order && !overlaps[position];
    if (element.unit != no_id) {
      for (const UnitId before : footprint_.names().units()[element.unit].after) {
        const auto entry = units.find(before);
        if (entry != units.end() && !ordered) after[position].push_back(entry->second);
      }
      units.emplace(element.unit, position);
    } else {
      const auto [entry, is_first] = cuts.try_emplace(element.cut, position);
      if (!is_first && !ordered) after[position].push_back(entry->second);
      entry->second = position;
    }
    std::ranges::sort(after[position]);
    after[position].erase(std::ranges::unique(after[position]).begin(), after[position].end());
  }
  return after;
}

void Epoch::keep_seen(const std::vector<Element>& elements, const After& after) {
  // For each element the nearest seen ones that it waits for, itself if it is seen.
  After nearest(elements.size());
  for (std::size_t position = 0; position < elements.size(); ++position) {
    std::vector<std::uint32_t> waited;
    for (const std::uint32_t before : after[position]) {
      waited.insert(waited.end(), nearest[before].begin(), nearest[before].end());
    }
    std::ranges::sort(waited);
    waited.erase(std::ranges::unique(waited).begin(), waited.end());
    if (sees(elements[position])) {
      nearest[position] = {static_cast<std::uint32_t>(elements_.size())};
      elements_.push_back(elements[position]);
      after_.push_back(std::move(waited));
    } else {
      nearest[position] = std::move(waited);
    }
  }
}

void Epoch::add_file(const EpochBounds::OpenFile& open) {
  File file{open.inode, {}, open.ranges, {}};
  for (std::uint32_t position = 0; position < elements_.size(); ++position) {
    if (elements_[position].cut == open.inode) file.cuts.push_back(position);
  }
  const auto cuts = static_cast<std::uint32_t>(file.cuts.size());
  const auto ranges = static_cast<std::uint32_t>(file.ranges.size());
  add_case(file, open.floor, 0, 0);
  if (is_chain_ && cuts + ranges > 0) {
    std::uint32_t entered = 0;
    for (std::size_t position = 0; position < elements_.size(); ++position) {
      entered = std::max(entered, elements_[position].entered);
      const auto cuts_kept = static_cast<std::uint32_t>(
          std::ranges::upper_bound(file.cuts, position) - file.cuts.begin());
      const auto counted = static_cast<std::uint32_t>(
          std::ranges::lower_bound(file.ranges, entered, {}, &RangeSync::operation) -
          file.ranges.begin());
      add_case(file, open.floor, cuts_kept, counted);
    }
  } else {
    for (std::uint32_t cuts_kept = 0; cuts_kept <= cuts; ++cuts_kept) {
      for (std::uint32_t counted = 0; counted <= ranges; ++counted) {
        add_case(file, open.floor, cuts_kept, counted);
      }
    }
  }
  file.any_case = file.cases.at({0, 0});
  if (cuts > 0) {
    file.any_case = static_cast<std::uint32_t>(variants_.size());
    variants_.emplace_back(history_, rules_, open.inode, open.floor, end_,
                           history_.contents[open.inode].sizes_before(end_));
  }
  file_by_inode_.emplace(open.inode, static_cast<std::uint32_t>(files_.size()));
  files_.push_back(std::move(file));
}

void Epoch::add_case(File& file, const FileFloor& floor, std::uint32_t cuts, std::uint32_t ranges) {
  const auto [entry, is_new] =
      file.cases.try_emplace({cuts, ranges}, static_cast<std::uint32_t>(variants_.size()));
  if (!is_new) return;
  FileFloor higher = floor;
  if (cuts > 0) {
    higher.sizes = std::max(higher.sizes, elements_[file.cuts[cuts - 1]].size_step + 1);
  }
  for (std::uint32_t range = 0; range < ranges; ++range) {
    higher.forced = std::max<std::size_t>(higher.forced, file.ranges[range].covered);
  }
  const std::uint32_t sizes_highest = cuts < file.cuts.size()
                                          ? elements_[file.cuts[cuts]].size_step
                                          : history_.contents[file.inode].sizes_before(end_);
  variants_.emplace_back(history_, rules_, file.inode, higher, end_, sizes_highest);
}

std::uint32_t Epoch::file_of(InodeId inode) const {
  const auto entry = file_by_inode_.find(inode);
  return entry == file_by_inode_.end() ? no_index : entry->second;
}

std::uint32_t Epoch::variants_of(std::uint32_t file, const std::vector<bool>& kept) const {
  const File& source = files_[file];
  std::uint32_t cuts = 0;
  while (cuts < source.cuts.size() && kept[source.cuts[cuts]]) ++cuts;
  std::uint32_t ranges = 0;
  if (!source.ranges.empty()) {
    std::uint32_t entered = 0;
    for (std::size_t position = 0; position < kept.size(); ++position) {
      if (kept[position]) entered = std::max(entered, elements_[position].entered);
    }
    while (ranges < source.ranges.size() && source.ranges[ranges].operation < entered) ++ranges;
  }
  return source.cases.at({cuts, ranges});
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
