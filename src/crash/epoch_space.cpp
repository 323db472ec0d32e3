// SPDX-License-Identifier: Apache-2.0
#include "crash/epoch_space.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <unordered_map>

#include "crash/file_nodes.h"

namespace untorn::crash {

// Finds the components: open units and open files are joined when they must be chosen together.
class EpochSpace::Partition {
 public:
  Partition(const Epoch& epoch, FileHashes& hashes)
      : epoch_(epoch),
        hashes_(hashes),
        units_(static_cast<std::uint32_t>(epoch.units().size())),
        parents_(epoch.units().size() + epoch.files().size()) {
    std::iota(parents_.begin(), parents_.end(), 0U);
    for (std::uint32_t unit = 0; unit < units_; ++unit) {
      for (const std::uint32_t before : epoch.after(unit)) join(unit, before);
    }
    walk_settled(root_inode, epoch.footprint().root(), {});
  }

  [[nodiscard]] HashSum base() const noexcept { return base_; }

  [[nodiscard]] std::vector<Component> components() {
    std::vector<Component> components;
    std::unordered_map<std::uint32_t, std::size_t> positions;
    const auto at = [&](std::uint32_t element) -> Component& {
      const auto [entry, is_new] = positions.try_emplace(find(element), components.size());
      if (is_new) components.emplace_back();
      return components[entry->second];
    };
    for (std::uint32_t unit = 0; unit < units_; ++unit) at(unit).units.push_back(unit);
    for (auto& [unit, entry] : entries_) at(unit).entries.push_back(std::move(entry));
    for (auto& [path, file] : settled_files_) {
      at(units_ + file).settled_files.emplace_back(std::move(path), file);
    }
    return components;
  }

 private:
  std::uint32_t find(std::uint32_t element) {
    while (parents_[element] != element) {
      parents_[element] = parents_[parents_[element]];
      element = parents_[element];
    }
    return element;
  }
  void join(std::uint32_t a, std::uint32_t b) { parents_[find(a)] = find(b); }

  // Below a directory that stays where it is in every state of the epoch.
  void walk_settled(InodeId directory, const PathNode* node, const Path& prefix) {
    epoch_.footprint().each_step(directory, node, [&](const Footprint::Step& step) {
      if (const Epoch::Slot* slot = epoch_.slot(step.name)) {
        const std::uint32_t owner = slot->front().first;
        entries_.emplace_back(owner, Component::Entry{step, prefix});
        join_slot(step, owner);
        return;
      }
      const InodeId inode = epoch_.settled_value(step.name);
      if (inode == no_inode) return;
      const Path path = join_path(prefix, step.name);
      if (step.wanted) {
        const std::uint32_t file = epoch_.file_of(inode);
        if (file == no_index) {
          base_ += path_factor(path) * hashes_.at(inode, epoch_.end());
        } else {
          settled_files_.emplace_back(path, file);
        }
      }
      if (epoch_.history().is_directory(inode)) walk_settled(inode, step.node, path);
    });
  }

  [[nodiscard]] Path join_path(const Path& prefix, NameId name) const {
    return crash::join(prefix, epoch_.history().names.names()[name].text);
  }

  void join_slot(const Footprint::Step& step, std::uint32_t owner) {
    join_value(step, epoch_.settled_value(step.name), owner);
    if (const Epoch::Slot* slot = epoch_.slot(step.name)) {
      for (const auto& [unit, inode] : *slot) {
        join(owner, unit);
        join_value(step, inode, owner);
      }
    }
  }

  void join_value(const Footprint::Step& step, InodeId inode, std::uint32_t owner) {
    if (inode == no_inode) return;
    if (const std::uint32_t file = epoch_.file_of(inode); step.wanted && file != no_index) {
      join(owner, units_ + file);
    }
    if (!epoch_.history().is_directory(inode)) return;
    const auto [entry, is_new] = movable_.try_emplace({inode, step.node}, owner);
    if (!is_new) {
      join(owner, entry->second);
      return;
    }
    epoch_.footprint().each_step(inode, step.node,
                                 [&](const Footprint::Step& below) { join_slot(below, owner); });
  }

  const Epoch& epoch_;
  FileHashes& hashes_;
  std::uint32_t units_;
  std::vector<std::uint32_t> parents_;
  std::vector<std::pair<std::uint32_t, Component::Entry>> entries_;
  std::vector<std::pair<Path, std::uint32_t>> settled_files_;
  std::map<std::pair<InodeId, const PathNode*>, std::uint32_t> movable_;
  HashSum base_;
};

EpochSpace::EpochSpace(const Epoch& epoch, FileHashes& hashes, std::uint64_t configurations_max)
    : epoch_(epoch), hashes_(hashes) {
  Partition partition(epoch, hashes);
  components_ = partition.components();
  base_ = partition.base();
  for (Component& component : components_) {
    if (listed_) list_configurations(component, configurations_max);
  }
}

Component::Configuration EpochSpace::configuration(const Component& component,
                                                   const std::vector<bool>& kept) const {
  Component::Configuration result;
  std::map<std::uint32_t, HashSum> files;
  const auto add = [&](const Path& path, InodeId inode) {
    const HashSum factor = path_factor(path);
    if (const std::uint32_t file = epoch_.file_of(inode); file != no_index) {
      files[file] += factor;
    } else {
      result.hash += factor * hashes_.at(inode, epoch_.end());
    }
  };
  for (const Component::Entry& entry : component.entries) {
    epoch_.resolve_step(entry.step, entry.prefix, kept, add);
  }
  for (const auto& [path, file] : component.settled_files) files[file] += path_factor(path);
  result.files.assign(files.begin(), files.end());
  for (const std::uint32_t unit : component.units) {
    if (kept[unit]) result.kept.push_back(unit);
  }
  return result;
}

bool EpochSpace::each_choice(const Component& component, std::size_t position,
                             std::vector<bool>& kept, const std::function<bool()>& visit) const {
  if (position == component.units.size()) return visit();
  // Units in the order of the log, kept before lost; one may be kept if all that it waits for are.
  const std::uint32_t unit = component.units[position];
  const auto& after = epoch_.after(unit);
  if (std::ranges::all_of(after, [&](std::uint32_t before) { return kept[before]; })) {
    kept[unit] = true;
    if (!each_choice(component, position + 1, kept, visit)) return false;
    kept[unit] = false;
  }
  return each_choice(component, position + 1, kept, visit);
}

void EpochSpace::list_configurations(Component& component, std::uint64_t configurations_max) {
  std::vector<bool> kept(epoch_.units().size());
  // To count them is much cheaper than to see what each leaves.
  std::uint64_t choices = 0;
  if (!each_choice(component, 0, kept, [&] { return ++choices <= configurations_max; })) {
    listed_ = false;
    return;
  }
  kept.assign(kept.size(), false);
  std::unordered_map<Hash128, std::size_t, Hash128Hasher> known;
  (void)each_choice(component, 0, kept, [&] {
    Component::Configuration found = configuration(component, kept);
    Hash128 key = combine(Hash128{}, Hash128{found.hash.first, found.hash.second});
    for (const auto& [file, factor] : found.files) {
      key = combine(combine(key, file), Hash128{factor.first, factor.second});
    }
    const auto [entry, is_new] = known.try_emplace(key, component.configurations.size());
    if (is_new) {
      component.configurations.push_back(std::move(found));
    } else {
      ++component.configurations[entry->second].states;
    }
    return true;
  });
}

Count EpochSpace::total() const {
  if (!listed_) return {count_max, false};
  std::unordered_map<std::uint32_t, TornCount> counts;
  TornCount total{1, 0};
  for (const Component& component : components_) {
    TornCount sum;
    for (const Component::Configuration& choice : component.configurations) {
      TornCount product{choice.states, 0};
      for (const auto& [file, factor] : choice.files) {
        const auto [entry, is_new] = counts.try_emplace(file);
        if (is_new) entry->second = epoch_.files()[file].count();
        product = product * entry->second;
      }
      sum += product;
    }
    total = total * sum;
  }
  return {total.all(), total.all() != count_max};
}

std::optional<EpochSpace::Choices> EpochSpace::choices(std::uint64_t combinations_max) const {
  if (!listed_) return std::nullopt;
  Choices result;
  FileNodes files(epoch_, hashes_, result.space, combinations_max);
  std::vector<ChoiceSpace::Child> all;
  for (std::uint32_t index = 0; index < components_.size(); ++index) {
    const auto& configurations = components_[index].configurations;
    std::vector<ChoiceSpace::Child> any;
    for (std::uint32_t value = 0; value < configurations.size(); ++value) {
      const Component::Configuration& choice = configurations[value];
      Leaf leaf{choice.hash, {choice.states, 0}, Decision::units, Tear::none, index, 0, value};
      std::vector<ChoiceSpace::Child> parts = {{result.space.leaf(leaf), {1, 1}}};
      for (const auto& [file, factor] : choice.files) {
        const std::optional<ChoiceSpace::NodeId> node = files.node(file);
        if (!node) return std::nullopt;
        parts.push_back({*node, factor});
      }
      any.push_back({result.space.all_of(std::move(parts)), {1, 1}});
    }
    all.push_back({result.space.any_of(std::move(any)), {1, 1}});
  }
  result.root = result.space.all_of(std::move(all));
  result.combinations = result.space.combinations(result.root).all();
  if (result.combinations > combinations_max) return std::nullopt;
  return result;
}

Selection EpochSpace::selection(std::span<const Leaf* const> leaves) const {
  Selection selection;
  selection.units.resize(epoch_.units().size());
  selection.files.resize(epoch_.files().size());
  for (const Leaf* leaf : leaves) {
    switch (leaf->decision) {
      case Decision::units:
        for (const std::uint32_t unit : components_[leaf->index].configurations[leaf->value].kept) {
          selection.units[unit] = true;
        }
        break;
      case Decision::sizes: {
        // What has no leaf of its own cannot be told apart, so all of it persisted.
        FileVariant& variant = selection.files[leaf->index];
        const FileVariants& variants = epoch_.files()[leaf->index];
        variant.sizes = leaf->value;
        variant.steps.resize(variants.open().size());
        for (std::size_t open = 0; open < variant.steps.size(); ++open) {
          variant.steps[open] = variants.range(open, variant.sizes).highest;
        }
        break;
      }
      case Decision::block: {
        FileVariant& variant = selection.files[leaf->index];
        variant.steps[leaf->block] = leaf->value;
        if (leaf->tear != Tear::none) {
          variant.torn = leaf->block;
          variant.tear = leaf->tear;
        }
        break;
      }
    }
  }
  return selection;
}

}  // namespace untorn::crash
