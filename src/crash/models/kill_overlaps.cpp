// SPDX-License-Identifier: Apache-2.0
#include "crash/models/kill_overlaps.h"

#include <algorithm>

#include "crash/models/kill.h"
#include "crash/power_state.h"
#include "filesystem/operation_kinds.h"

namespace untorn::crash {

namespace {

// So many calls that overlap one are combined in every way; of more each one alone.
constexpr std::size_t combined_max = 8;
constexpr std::size_t choices_max = 1U << 16U;
// A call that overlaps more operations than this is taken to overlap the last of them.
constexpr std::uint32_t distance_max = 4096;

// A state of names and files as after a power cut, with what a kill says about operations.
class OverlapState final : public CrashState {
 public:
  OverlapState(const History::Impl& history, const KillOverlaps::Choice& choice, PowerState state)
      : history_(history), choice_(choice), state_(std::move(state)) {}

  [[nodiscard]] std::size_t begun() const override { return choice_.missing + std::size_t{1}; }
  [[nodiscard]] std::optional<History::File> file(const Path& path) const override {
    return state_.file(path);
  }
  [[nodiscard]] std::vector<std::pair<Path, History::File>> tree() const override {
    return state_.tree();
  }
  [[nodiscard]] std::pair<std::uint64_t, std::uint64_t> hash() const override {
    return state_.hash();
  }
  [[nodiscard]] std::vector<std::size_t> lost() const override { return state_.lost(); }
  [[nodiscard]] std::size_t lost_count() const override { return lost().size(); }
  [[nodiscard]] std::vector<std::size_t> kept() const override { return state_.kept(); }
  [[nodiscard]] std::string code() const override {
    return kill_state_code(history_, choice_.missing, 0, choice_.early);
  }

 private:
  const History::Impl& history_;
  const KillOverlaps::Choice& choice_;
  PowerState state_;
};

bool happened(const KillOverlaps::Choice& choice, std::uint32_t operation) {
  return operation < choice.missing || std::ranges::binary_search(choice.early, operation);
}

}  // namespace

KillOverlaps::KillOverlaps(const History::Impl& history, const Footprint& footprint)
    : history_(history), footprint_(footprint), has_unit_(history.log.operations.size()) {
  const auto& operations = history.log.operations;
  const auto overlaps = [&](std::uint32_t index) { return operations[index].entered < index; };
  const auto count = static_cast<std::uint32_t>(operations.size());
  std::vector<std::vector<std::uint32_t>> candidates;  // by operation that may be missing
  for (UnitId unit = 0; unit < history.names.units().size(); ++unit) {
    if (footprint.sees_unit(unit)) has_unit_[history.names.units()[unit].operation] = true;
  }
  for (std::uint32_t later = 0; later < count; ++later) {
    if (!overlaps(later) || !is_relevant(later)) continue;
    if (candidates.empty()) candidates.resize(count);
    std::uint32_t first = operations[later].entered;
    if (later - first > distance_max) {
      first = later - distance_max;
      complete_ = false;
    }
    for (std::uint32_t missing = first; missing < later; ++missing) {
      if (operations[missing].thread != operations[later].thread && is_relevant(missing)) {
        candidates[missing].push_back(later);
      }
    }
  }
  for (std::uint32_t missing = 0; missing < candidates.size(); ++missing) {
    if (!candidates[missing].empty()) add_choices(missing, candidates[missing]);
  }
}

bool KillOverlaps::is_relevant(std::uint32_t operation) const {
  if (has_unit_[operation]) return true;
  const Operation& source = history_.log.operations[operation];
  if (!changes_content(source.kind)) return false;
  return footprint_.sees_inode(source.inode) && history_.contents[source.inode].changes(operation);
}

bool KillOverlaps::is_ordered(std::uint32_t first, std::uint32_t second) const {
  if (has_unit_[first] && has_unit_[second]) {
    const auto& units = history_.names.units();
    const auto earlier = std::ranges::lower_bound(units, first, {}, &NameUnit::operation);
    const auto later = std::ranges::lower_bound(units, second, {}, &NameUnit::operation);
    for (const NameChange& a : earlier->changed()) {
      for (const NameChange& b : later->changed()) {
        if (a.name == b.name) return true;
      }
    }
  }
  const auto& operations = history_.log.operations;
  if (has_unit_[first] || has_unit_[second]) return false;
  if (operations[first].inode != operations[second].inode) return false;
  const Contents& contents = history_.contents[operations[first].inode];
  const auto resizes = [&](std::uint32_t operation) {
    return contents.sizes_before(operation + 1U) > contents.sizes_before(operation);
  };
  if (resizes(first) && resizes(second)) return true;
  return std::ranges::any_of(contents.blocks(), [&](const BlockChain& chain) {
    const auto has_step = [&](std::uint32_t operation) {
      return chain.steps_before(operation + 1U) > chain.steps_before(operation);
    };
    return has_step(first) && has_step(second);
  });
}

void KillOverlaps::add_choices(std::uint32_t missing,
                               const std::vector<std::uint32_t>& candidates) {
  const bool combined = candidates.size() <= combined_max;
  complete_ = complete_ && combined;
  const std::size_t count =
      combined ? (std::size_t{1} << candidates.size()) - 1 : candidates.size();
  for (std::size_t number = 1; number <= count; ++number) {
    if (choices_.size() >= choices_max) {
      complete_ = false;
      return;
    }
    Choice choice{missing, {}};
    if (combined) {
      for (std::size_t bit = 0; bit < candidates.size(); ++bit) {
        if ((number >> bit & 1U) != 0) choice.early.push_back(candidates[bit]);
      }
    } else {
      choice.early.push_back(candidates[number - 1]);
    }
    if (is_possible(choice)) choices_.push_back(std::move(choice));
  }
}

bool KillOverlaps::is_possible(const Choice& choice) const {
  const auto& operations = history_.log.operations;
  if (choice.early.empty() || choice.missing >= operations.size()) return false;
  std::uint32_t before = choice.missing;
  for (const std::uint32_t early : choice.early) {
    if (early <= before || early >= operations.size()) return false;
    before = early;
    if (operations[early].entered > choice.missing) return false;
    // One thread does one thing after the other.
    for (std::uint32_t other = choice.missing; other < early; ++other) {
      if (happened(choice, other) || !is_relevant(other)) continue;
      const bool one_thread = operations[other].thread == operations[early].thread;
      if (one_thread || is_ordered(other, early)) return false;
    }
  }
  return true;
}

EpochBounds KillOverlaps::bounds_of(const Choice& choice) const {
  EpochBounds bounds;
  bounds.end = choice.early.back() + std::size_t{1};
  const auto& units = history_.names.units();
  auto unit = std::ranges::lower_bound(units, choice.missing, {}, &NameUnit::operation);
  for (; unit != units.end() && unit->operation < bounds.end; ++unit) {
    bounds.elements.push_back(
        {unit->operation, unit->operation, static_cast<UnitId>(unit - units.begin()), no_inode, 0});
  }
  std::vector<InodeId> inodes;
  for (std::size_t index = choice.missing; index < bounds.end; ++index) {
    const Operation& operation = history_.log.operations[index];
    if (!changes_content(operation.kind) || !footprint_.sees_inode(operation.inode)) continue;
    if (history_.contents[operation.inode].touched()) inodes.push_back(operation.inode);
  }
  std::ranges::sort(inodes);
  inodes.erase(std::ranges::unique(inodes).begin(), inodes.end());
  for (const InodeId inode : inodes) bounds.files.push_back({inode, {choice.missing, 0, {}}, {}});
  return bounds;
}

bool KillOverlaps::make(const Choice& choice, FileHashes& hashes, ContentBuffers& buffers,
                        const Visit& visit) const {
  EpochBounds bounds = bounds_of(choice);
  std::vector<InodeId> values;
  for (NameId name = 0; name < history_.names.names().size(); ++name) {
    values.push_back(history_.names.inode_at(name, choice.missing));
  }
  bounds.name_values = &values;
  const Epoch epoch(history_, kill_rules, footprint_, bounds);
  Selection selection;
  for (std::size_t element = 0; element < epoch.elements().size(); ++element) {
    selection.elements.push_back(happened(choice, epoch.elements()[element].operation));
    const auto kept = [&](std::uint32_t before) { return selection.elements[before]; };
    if (selection.elements.back() && !std::ranges::all_of(epoch.after(element), kept)) return false;
  }
  const Keep keep = [&](std::uint32_t operation, Part, std::uint64_t) {
    return happened(choice, operation);
  };
  for (const FileVariants& file : epoch.variants()) {
    FileVariant variant = file.lowest();
    for (const std::uint32_t operation : choice.early) {
      if (history_.log.operations[operation].inode == file.inode()) file.raise(variant, operation);
    }
    const FileVariant most = file.without(keep);
    if (variant.sizes != most.sizes || variant.steps != most.steps) return false;
    selection.files.push_back(std::move(variant));
  }
  const HashSum hash = selection_hash(epoch, hashes, selection);
  visit(OverlapState(history_, choice, PowerState(epoch, 0, buffers, std::move(selection), hash)),
        hash);
  return true;
}

}  // namespace untorn::crash
