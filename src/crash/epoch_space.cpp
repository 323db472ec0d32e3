// SPDX-License-Identifier: Apache-2.0
#include "crash/epoch_space.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <unordered_map>

#include "crash/file_nodes.h"

namespace untorn::crash {

namespace {
// Each prefix of a chain costs a walk over what all of it may change.
constexpr std::size_t chain_max = 1U << 13U;
}  // namespace

// Finds the components: elements and open files are joined when they must be chosen together.
class EpochSpace::Partition {
 public:
  Partition(const Epoch& epoch, FileHashes& hashes)
      : epoch_(epoch),
        hashes_(hashes),
        elements_(static_cast<std::uint32_t>(epoch.elements().size())),
        parents_(epoch.elements().size() + epoch.files().size()) {
    std::iota(parents_.begin(), parents_.end(), 0U);
    for (std::uint32_t element = 0; element < elements_; ++element) {
      for (const std::uint32_t before : epoch.after(element)) join(element, before);
    }
    join_bound_files();
    walk_settled(epoch.footprint().root(), {{root_inode}, {}});
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
    for (std::uint32_t element = 0; element < elements_; ++element) {
      at(element).elements.push_back(element);
    }
    for (auto& [owner, entry] : entries_) at(owner).entries.push_back(std::move(entry));
    for (auto& [path, file] : settled_files_) {
      at(elements_ + file).settled_files.emplace_back(std::move(path), file);
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

  // A file whose content depends on elements is chosen with them: on its truncations, and after a
  // range sync on any.
  void join_bound_files() {
    for (std::uint32_t file = 0; file < epoch_.files().size(); ++file) {
      const Epoch::File& source = epoch_.files()[file];
      for (const std::uint32_t cut : source.cuts) join(elements_ + file, cut);
      for (std::uint32_t element = 0; !source.ranges.empty() && element < elements_; ++element) {
        join(elements_ + file, element);
      }
    }
  }

  // Below a directory that stays where it is in every state of the epoch.
  void walk_settled(const PathNode* node, const Footprint::Place& place) {
    epoch_.footprint().each_step(place.directories.back(), node, [&](const Footprint::Step& step) {
      if (const Epoch::Slot* slot = epoch_.slot(step.name)) {
        const std::uint32_t owner = slot->front().first;
        entries_.emplace_back(owner, Component::Entry{step, place});
        join_slot(step, owner);
        return;
      }
      const InodeId inode = epoch_.settled_value(step.name);
      if (inode == no_inode) return;
      Path path = join_path(place.path, step.name);
      if (step.wanted) {
        const std::uint32_t file = epoch_.file_of(inode);
        if (file == no_index) {
          base_ += path_factor(path) * hashes_.at(inode, epoch_.end());
        } else {
          settled_files_.emplace_back(path, file);
        }
      }
      if (!epoch_.history().is_directory(inode)) return;
      Footprint::Place below{place.directories, std::move(path)};
      below.directories.push_back(inode);
      walk_settled(step.node, below);
    });
  }

  [[nodiscard]] Path join_path(const Path& prefix, NameId name) const {
    return crash::join(prefix, epoch_.history().names.names()[name].text);
  }

  void join_slot(const Footprint::Step& step, std::uint32_t owner) {
    join_value(step, epoch_.settled_value(step.name), owner);
    if (const Epoch::Slot* slot = epoch_.slot(step.name)) {
      for (const auto& [element, inode] : *slot) {
        join(owner, element);
        join_value(step, inode, owner);
      }
    }
  }

  void join_value(const Footprint::Step& step, InodeId inode, std::uint32_t owner) {
    if (inode == no_inode) return;
    if (const std::uint32_t file = epoch_.file_of(inode); step.wanted && file != no_index) {
      join(owner, elements_ + file);
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
  std::uint32_t elements_;
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
      files[epoch_.variants_of(file, kept)] += factor;
    } else {
      result.hash += factor * hashes_.at(inode, epoch_.end());
    }
  };
  for (const Component::Entry& entry : component.entries) {
    epoch_.resolve_step(entry.step, entry.place, kept, add);
  }
  for (const auto& [path, file] : component.settled_files) {
    files[epoch_.variants_of(file, kept)] += path_factor(path);
  }
  result.files.assign(files.begin(), files.end());
  for (const std::uint32_t element : component.elements) {
    if (kept[element]) result.kept.push_back(element);
  }
  return result;
}

bool EpochSpace::each_choice(const Component& component, std::size_t position,
                             std::vector<bool>& kept, const std::function<bool()>& visit) const {
  if (position == component.elements.size()) return visit();
  // In the order of the log, kept before lost; one may be kept if all that it waits for are.
  const std::uint32_t element = component.elements[position];
  const auto& after = epoch_.after(element);
  if (std::ranges::all_of(after, [&](std::uint32_t before) { return kept[before]; })) {
    kept[element] = true;
    if (!each_choice(component, position + 1, kept, visit)) return false;
    kept[element] = false;
  }
  return each_choice(component, position + 1, kept, visit);
}

bool EpochSpace::each_prefix(const Component& component, std::vector<bool>& kept,
                             const std::function<bool()>& visit) const {
  for (const std::uint32_t element : component.elements) kept[element] = true;
  if (!visit()) return false;
  for (std::size_t count = component.elements.size(); count > 0; --count) {
    kept[component.elements[count - 1]] = false;
    if (!visit()) return false;
  }
  return true;
}

// A truncation of a file that no path leads to is no choice where nothing that is kept waits for
// it: the configuration without it stands for both.
bool EpochSpace::is_hidden_cut(const Component& component, const std::vector<bool>& kept,
                               const Component::Configuration& found) const {
  const auto hidden = [&](std::uint32_t element) {
    const InodeId cut = epoch_.elements()[element].cut;
    return cut != no_inode && std::ranges::none_of(found.files, [&](const auto& file) {
             return epoch_.variants()[file.first].inode() == cut;
           });
  };
  if (epoch_.is_chain()) return !found.kept.empty() && hidden(found.kept.back());
  return std::ranges::any_of(found.kept, [&](std::uint32_t element) {
    return hidden(element) && std::ranges::none_of(component.elements, [&](std::uint32_t later) {
             return kept[later] && std::ranges::count(epoch_.after(later), element) > 0;
           });
  });
}

void EpochSpace::list_configurations(Component& component, std::uint64_t configurations_max) {
  const bool chain = epoch_.is_chain();
  if (chain && component.elements.size() > chain_max) {
    listed_ = false;
    return;
  }
  const auto each = [&](std::vector<bool>& kept, const std::function<bool()>& visit) {
    return chain ? each_prefix(component, kept, visit) : each_choice(component, 0, kept, visit);
  };
  std::vector<bool> kept(epoch_.elements().size());
  // To count them is much cheaper than to see what each leaves.
  std::uint64_t choices = 0;
  if (!each(kept, [&] { return ++choices <= configurations_max; })) {
    listed_ = false;
    return;
  }
  kept.assign(kept.size(), false);
  std::unordered_map<Hash128, std::size_t, Hash128Hasher> known;
  (void)each(kept, [&] {
    Component::Configuration found = configuration(component, kept);
    if (is_hidden_cut(component, kept, found)) return true;
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
        if (is_new) entry->second = epoch_.variants()[file].count();
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
      Leaf leaf{choice.hash, {choice.states, 0}, Decision::units, no_tear, index, 0, value};
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
  selection.elements.resize(epoch_.elements().size());
  selection.files.resize(epoch_.variants().size());
  for (const Leaf* leaf : leaves) {
    switch (leaf->decision) {
      case Decision::units:
        for (const std::uint32_t kept : components_[leaf->index].configurations[leaf->value].kept) {
          selection.elements[kept] = true;
        }
        break;
      case Decision::sizes: {
        // What has no leaf of its own cannot be told apart, so all of it persisted.
        FileVariant& variant = selection.files[leaf->index];
        const FileVariants& variants = epoch_.variants()[leaf->index];
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
        if (leaf->tear.any()) {
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
