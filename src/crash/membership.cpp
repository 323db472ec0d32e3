// SPDX-License-Identifier: Apache-2.0
#include "crash/membership.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>

#include "crash/epoch_space.h"
#include "crash/live_tree.h"
#include "crash/model_names.h"
#include "crash/power_epochs.h"

namespace untorn::crash {

namespace {

HashSum observed_block(const History::File& file, std::uint64_t block) {
  const std::span<const std::byte> content = file.content.view();
  const std::uint64_t start = block * block_bytes;
  if (start >= content.size()) return {};
  return block_term(block, content.subspan(start, std::min(block_bytes, content.size() - start)));
}

HashSum observed_hash(const History::File& file) {
  HashSum sum = type_term(file.type);
  if (file.type == FileType::symlink) return sum + link_term(file.content.text());
  if (file.type != FileType::regular) return sum;
  sum += size_term(file.content.size());
  for (std::uint64_t block = 0; block * block_bytes < file.content.size(); ++block) {
    sum += observed_block(file, block);
  }
  return sum;
}

struct Observed {
  const History::File* file = nullptr;
  HashSum hash;
};
using ObservedTree = std::map<Path, Observed>;

using Answer = Membership::Answer;

}  // namespace

class Membership::Kill {
 public:
  explicit Kill(const History& history) {
    const Footprint everything(history.impl(), {});
    FileHashes hashes(history.impl());
    LiveTree tree(history.impl(), everything, hashes);
    for (; tree.count() < history.log().operations.size(); tree.advance()) {
      add(tree.hash(), tree.count() + 1);
    }
    add(tree.hash(), tree.count());
    complete_ = enumerate(history, Model::kill, {}, {}, [&](const CrashState& state) {
                  add({state.hash().first, state.hash().second}, state.begun());
                  return true;
                }).exhaustive;
  }

  [[nodiscard]] Answer contains(const ObservedTree& tree, std::size_t completed) const {
    HashSum sum;
    for (const auto& [path, observed] : tree) sum += path_factor(path) * observed.hash;
    const auto found = last_.find({sum.first, sum.second});
    if (found != last_.end() && found->second >= completed) return Answer::inside;
    return complete_ ? Answer::outside : Answer::undecided;
  }

 private:
  void add(HashSum hash, std::size_t begun) {
    std::size_t& last = last_[{hash.first, hash.second}];
    last = std::max(last, begun);
  }

  std::unordered_map<Hash128, std::size_t, Hash128Hasher> last_;  // the last moment of each tree
  bool complete_ = false;
};

class Membership::Power {
 public:
  Power(const History& history, Model model)
      : history_(history.impl()),
        names_(history_, model),
        footprint_(history_, names_.table(), {}),
        hashes_(history_) {
    PowerEpochs epochs(history_, footprint_, names_.rules());
    EpochBounds bounds;
    while (epochs.next(bounds)) add_stage(bounds);
  }

  [[nodiscard]] Answer contains(const ObservedTree& tree, std::size_t completed) const {
    Answer answer = Answer::outside;
    for (const Stage& stage : stages_) {
      if (stage.epoch->end() < completed) continue;
      if (!stage.listed) {
        answer = Answer::undecided;
      } else if (holds(stage, tree)) {
        return Answer::inside;
      }
    }
    return answer;
  }

 private:
  // A way to keep the elements of a component, and where its names lead then.
  struct Layout {
    std::vector<std::pair<Path, InodeId>> paths;
    std::map<InodeId, std::uint32_t> variants;  // of those with something open
  };
  struct Stage {
    std::vector<InodeId> name_values;
    std::unique_ptr<Epoch> epoch;
    bool listed = true;
    std::vector<std::vector<Layout>> components;
    std::map<Path, std::size_t> owners;             // the component of each path that has one
    std::vector<std::pair<Path, InodeId>> settled;  // the other paths
    // How many torn writes a content needs, by (variants, hash of the content); none if it cannot
    // be.
    mutable std::map<std::pair<std::uint32_t, Hash128>, std::optional<std::uint32_t>> known;
  };

  void add_stage(EpochBounds& bounds) {
    Stage& stage = stages_.emplace_back();
    stage.name_values = *bounds.name_values;
    bounds.name_values = &stage.name_values;
    stage.epoch = std::make_unique<Epoch>(history_, names_.rules(), footprint_, bounds);
    const EpochSpace space(*stage.epoch, hashes_, configurations_max);
    stage.listed = space.components() != nullptr;
    if (!stage.listed) return;
    for (const Component& component : *space.components()) add_component(stage, component);
    const std::vector<bool> none(stage.epoch->elements().size());
    stage.epoch->resolve(none, [&](const Path& path, InodeId inode) {
      if (!stage.owners.contains(path)) stage.settled.emplace_back(path, inode);
    });
  }

  void add_component(Stage& stage, const Component& component) {
    const Epoch& epoch = *stage.epoch;
    const std::size_t number = stage.components.size();
    std::vector<Layout>& layouts = stage.components.emplace_back();
    for (const Component::Configuration& configuration : component.configurations) {
      std::vector<bool> kept(epoch.elements().size());
      for (const std::uint32_t element : configuration.kept) kept[element] = true;
      Layout layout;
      const auto add = [&](const Path& path, InodeId inode) {
        stage.owners.try_emplace(path, number);
        layout.paths.emplace_back(path, inode);
        const std::uint32_t file = epoch.file_of(inode);
        if (file != no_index) layout.variants[inode] = epoch.variants_of(file, kept);
      };
      for (const Component::Entry& entry : component.entries) {
        epoch.resolve_step(entry.step, entry.place, kept, add);
      }
      for (const auto& [path, file] : component.settled_files) {
        add(path, epoch.files()[file].inode);
      }
      layouts.push_back(std::move(layout));
    }
  }

  [[nodiscard]] bool holds(const Stage& stage, const ObservedTree& tree) const {
    std::vector<std::size_t> owned(stage.components.size());
    std::size_t others = 0;
    for (const auto& [path, observed] : tree) {
      const auto owner = stage.owners.find(path);
      if (owner == stage.owners.end()) {
        ++others;
      } else {
        ++owned[owner->second];
      }
    }
    if (others != stage.settled.size()) return false;
    for (const auto& [path, inode] : stage.settled) {
      const auto found = tree.find(path);
      if (found == tree.end()) return false;
      if (found->second.hash != hashes_.at(inode, stage.epoch->end())) return false;
    }
    std::uint32_t torn = 0;
    for (std::size_t number = 0; number < stage.components.size(); ++number) {
      std::optional<std::uint32_t> least;
      for (const Layout& layout : stage.components[number]) {
        if (layout.paths.size() != owned[number]) continue;
        const std::optional<std::uint32_t> needed = torn_writes(stage, layout, tree);
        if (needed && (!least || *needed < *least)) least = needed;
      }
      if (!least) return false;
      torn += *least;
    }
    return torn <= 1;
  }

  // How many writes must be torn for this layout to hold what was observed; nothing if it cannot.
  [[nodiscard]] std::optional<std::uint32_t> torn_writes(const Stage& stage, const Layout& layout,
                                                         const ObservedTree& tree) const {
    std::map<InodeId, Hash128> contents;
    std::uint32_t torn = 0;
    for (const auto& [path, inode] : layout.paths) {
      const auto found = tree.find(path);
      if (found == tree.end()) return std::nullopt;
      const Hash128 hash{found->second.hash.first, found->second.hash.second};
      const auto open = layout.variants.find(inode);
      if (open == layout.variants.end()) {
        if (found->second.hash != hashes_.at(inode, stage.epoch->end())) return std::nullopt;
        continue;
      }
      // All names of one file hold the same.
      const auto [known, is_first] = contents.try_emplace(inode, hash);
      if (known->second != hash) return std::nullopt;
      if (!is_first) continue;
      const auto needed = torn_in_file(stage, open->second, found->second);
      if (!needed) return std::nullopt;
      torn += *needed;
    }
    return torn;
  }

  [[nodiscard]] std::optional<std::uint32_t> torn_in_file(const Stage& stage, std::uint32_t number,
                                                          const Observed& observed) const {
    const std::pair key(number, Hash128{observed.hash.first, observed.hash.second});
    const auto [entry, is_new] = stage.known.try_emplace(key);
    if (!is_new || observed.file->type != FileType::regular) return entry->second;
    const FileVariants& variants = stage.epoch->variants()[number];
    std::vector<HashSum> terms;
    HashSum rest = observed.hash;
    for (std::size_t open = 0; open < variants.open().size(); ++open) {
      terms.push_back(observed_block(*observed.file, variants.chain(open).block));
      rest -= terms.back();
    }
    for (std::uint32_t sizes = variants.sizes_lowest(); sizes <= variants.sizes_highest();
         ++sizes) {
      if (variants.contents().size_after(sizes) != observed.file->content.size()) continue;
      if (variants.constant_hash(hashes_, sizes) != rest) continue;
      const auto torn = torn_at_size(variants, sizes, terms);
      if (torn && (!entry->second || *torn < *entry->second)) entry->second = torn;
    }
    return entry->second;
  }

  [[nodiscard]] std::optional<std::uint32_t> torn_at_size(const FileVariants& variants,
                                                          std::uint32_t sizes,
                                                          const std::vector<HashSum>& terms) const {
    std::uint32_t torn = 0;
    for (std::size_t open = 0; open < terms.size(); ++open) {
      const std::optional<bool> found = is_torn(variants, open, sizes, terms[open]);
      if (!found) return std::nullopt;
      if (*found) ++torn;
    }
    return torn;
  }

  // Can the block hold this, and must a write be torn for it?
  [[nodiscard]] std::optional<bool> is_torn(const FileVariants& variants, std::size_t open,
                                            std::uint32_t sizes, HashSum term) const {
    const StepRange range = variants.range(open, sizes);
    const std::uint32_t chain = variants.open()[open].chain;
    const auto is = [&](std::uint32_t steps, Tear tear) {
      return hashes_.block(variants.inode(), chain, steps, tear, sizes) == term;
    };
    for (std::uint32_t steps = range.highest + 1; steps > range.lowest; --steps) {
      if (is(steps - 1, no_tear)) return false;
      if (variants.may_hold_garbage(open, steps - 1) && is((steps - 1) | garbage_bit, no_tear)) {
        return false;
      }
    }
    if (variants.any_tear(open, range, is)) return true;
    return std::nullopt;
  }

  static constexpr std::uint64_t configurations_max = 1U << 16U;

  const History::Impl& history_;
  ModelNames names_;
  Footprint footprint_;
  mutable FileHashes hashes_;
  std::deque<Stage> stages_;
};

Membership::Membership(const History& history, Model model) {
  if (model == Model::kill) {
    kill_ = std::make_unique<Kill>(history);
  } else {
    power_ = std::make_unique<Power>(history, model);
  }
}
Membership::~Membership() = default;
Membership::Membership(Membership&&) noexcept = default;

Membership::Answer Membership::contains(const Tree& tree, std::size_t completed) const {
  ObservedTree observed;
  for (const auto& [path, file] : tree) observed[path] = {&file, observed_hash(file)};
  return kill_ ? kill_->contains(observed, completed) : power_->contains(observed, completed);
}

}  // namespace untorn::crash
