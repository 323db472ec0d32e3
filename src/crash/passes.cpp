// SPDX-License-Identifier: Apache-2.0
#include "crash/passes.h"

#include <algorithm>

namespace untorn::crash {

Passes::Passes(const Epoch& epoch) : epoch_(epoch) {
  for (const Element& element : epoch.elements()) {
    if (element.unit != no_id) operations_.push_back(element.operation);
  }
  std::vector<Item> parts;
  for (const Epoch::File& file : epoch.files()) {
    add_parts(epoch.variants()[file.any_case], parts);
  }
  std::ranges::sort(operations_);
  operations_.erase(std::ranges::unique(operations_).begin(), operations_.end());
  for (const std::uint32_t operation : operations_) items_.push_back({operation});
  items_.insert(items_.end(), parts.begin(), parts.end());
}

void Passes::add_parts(const FileVariants& file, std::vector<Item>& parts) {
  const Contents& contents = file.contents();
  const auto& operations = contents.operations();
  for (auto operation = std::ranges::lower_bound(operations, file.forced());
       operation != operations.end() && *operation < epoch_.end(); ++operation) {
    if (!contents.changes(*operation)) continue;
    operations_.push_back(*operation);
    const auto [first, last] = contents.chains_of(*operation);
    if (first == last) continue;
    if (contents.sizes_before(*operation + 1U) > contents.sizes_before(*operation)) {
      parts.push_back({*operation, true, false});
      parts.push_back({*operation, false, true});
    }
    if (last - first < 2) continue;
    for (const std::size_t chain : {first, first + (last - first) / 2, last - 1}) {
      parts.push_back({*operation, false, true, contents.blocks()[chain].block});
    }
  }
}

// The elements that wait for content which `keep` refuses: truncations, and what came after a range
// sync.
std::vector<bool> Passes::refused(const Keep& keep) const {
  std::vector<bool> refused(epoch_.elements().size());
  for (const Epoch::File& file : epoch_.files()) {
    if (file.cuts.empty() && file.ranges.empty()) continue;
    const FileVariants& variants = epoch_.variants()[file.any_case];
    const FileVariant left = variants.without(keep);
    for (const std::uint32_t cut : file.cuts) {
      if (epoch_.elements()[cut].size_step >= left.sizes) refused[cut] = true;
    }
    for (const RangeSync& range : file.ranges) {
      bool whole = left.sizes >= variants.contents().sizes_before(range.covered);
      for (std::size_t open = 0; open < left.steps.size() && whole; ++open) {
        whole = left.steps[open] >= variants.chain(open).steps_before(range.covered);
      }
      for (std::size_t element = 0; element < refused.size() && !whole; ++element) {
        if (epoch_.elements()[element].entered > range.operation) refused[element] = true;
      }
    }
  }
  return refused;
}

Selection Passes::without(const Keep& keep) const {
  const std::vector<bool> refused = this->refused(keep);
  Selection selection;
  selection.elements.resize(epoch_.elements().size());
  for (std::size_t element = 0; element < selection.elements.size(); ++element) {
    selection.elements[element] =
        !refused[element] && keep(epoch_.elements()[element].operation, Part::size, 0) &&
        std::ranges::all_of(epoch_.after(element),
                            [&](std::uint32_t before) { return selection.elements[before]; });
  }
  selection.files.resize(epoch_.variants().size());
  for (std::uint32_t file = 0; file < epoch_.files().size(); ++file) {
    const std::uint32_t number = epoch_.variants_of(file, selection.elements);
    selection.files[number] = epoch_.variants()[number].without(keep);
  }
  return selection;
}

bool Passes::prefixes(const ShowSelection& show) const {
  // The longest first: it is the one without any loss.
  for (std::size_t kept = operations_.size() + 1; kept > 0; --kept) {
    const std::uint32_t cut = kept > operations_.size() ? no_index : operations_[kept - 1];
    const auto keep = [&](std::uint32_t operation, Part, std::uint64_t) { return operation < cut; };
    if (!show(without(keep))) return false;
  }
  return true;
}

bool Passes::one_lost(const ShowSelection& show) const {
  for (const Item& item : items_) {
    const auto keep = [&](std::uint32_t operation, Part part, std::uint64_t block) {
      return !item.covers(operation, part, block);
    };
    if (!show(without(keep))) return false;
  }
  return true;
}

bool Passes::one_early(const ShowSelection& show) const {
  for (const std::uint32_t operation : operations_) {
    const InodeId inode = epoch_.history().log.operations[operation].inode;
    Selection selection;
    selection.elements.resize(epoch_.elements().size());
    for (std::uint32_t element = 0; element < selection.elements.size(); ++element) {
      const Element& source = epoch_.elements()[element];
      // A write may wait for each truncation of its file before it.
      const bool waited_for = source.cut == inode && source.operation <= operation;
      if (source.operation == operation || (source.cut != no_inode && waited_for)) {
        raise_element(selection, element);
      }
    }
    selection.files.resize(epoch_.variants().size());
    for (std::uint32_t file = 0; file < epoch_.files().size(); ++file) {
      const std::uint32_t number = epoch_.variants_of(file, selection.elements);
      const FileVariants& variants = epoch_.variants()[number];
      FileVariant variant = variants.lowest();
      if (variants.inode() == inode) variants.raise(variant, operation);
      selection.files[number] = std::move(variant);
    }
    if (!show(std::move(selection))) return false;
  }
  return true;
}

void Passes::raise_element(Selection& selection, std::uint32_t element) const {
  std::vector<std::uint32_t> waiting = {element};
  while (!waiting.empty()) {
    const std::uint32_t next = waiting.back();
    waiting.pop_back();
    if (selection.elements[next]) continue;
    selection.elements[next] = true;
    const auto& after = epoch_.after(next);
    waiting.insert(waiting.end(), after.begin(), after.end());
  }
}

bool Passes::pairs(const ShowSelection& show) const {
  const auto& log = epoch_.history().log.operations;
  for (std::size_t first = 0; first < operations_.size(); ++first) {
    const std::uint32_t lost = operations_[first];
    for (std::size_t second = first + 1; second < operations_.size(); ++second) {
      const std::uint32_t other = operations_[second];
      const auto cut = [&](std::uint32_t operation, Part, std::uint64_t) {
        return operation != lost && operation <= other;
      };
      if (!show(without(cut))) return false;
      if (log[lost].call != no_index && log[lost].call == log[other].call) continue;
      const auto both = [&](std::uint32_t operation, Part, std::uint64_t) {
        return operation != lost && operation != other;
      };
      if (!show(without(both))) return false;
    }
  }
  return true;
}

Selection Passes::random(Random& random) const {
  Selection selection;
  selection.elements.resize(epoch_.elements().size());
  // Each state has its own share of losses, so that nearly whole and nearly empty ones are drawn.
  const std::uint64_t keep_of_16 = 1 + random.below(15);
  const std::uint64_t prefix = random.below(selection.elements.size() + 1);
  for (std::size_t element = 0; element < selection.elements.size(); ++element) {
    selection.elements[element] =
        (epoch_.is_chain() ? element < prefix : random.below(16) < keep_of_16) &&
        std::ranges::all_of(epoch_.after(element),
                            [&](std::uint32_t before) { return selection.elements[before]; });
  }
  selection.files.resize(epoch_.variants().size());
  for (std::uint32_t file = 0; file < epoch_.files().size(); ++file) {
    const std::uint32_t number = epoch_.variants_of(file, selection.elements);
    selection.files[number] = random_variant(epoch_.variants()[number], random);
  }
  if (!epoch_.files().empty() && random.one_in(4)) tear_one(selection, random);
  return selection;
}

void Passes::tear_one(Selection& selection, Random& random) const {
  const auto file = static_cast<std::uint32_t>(random.below(epoch_.files().size()));
  const std::uint32_t number = epoch_.variants_of(file, selection.elements);
  const FileVariants& variants = epoch_.variants()[number];
  FileVariant& variant = selection.files[number];
  if (variants.open().empty()) return;
  const auto open = static_cast<std::uint32_t>(random.below(variants.open().size()));
  const StepRange range = variants.range(open, variant.sizes);
  const std::uint32_t steps = variant.steps[open];
  if (steps != steps_of(steps)) return;
  if (steps <= range.lowest) return;
  const std::uint32_t unsynced = steps - range.lowest;
  const std::uint32_t joined =
      unsynced == 1 ? 1 : 1 + static_cast<std::uint32_t>(random.below(unsynced));
  const TearPlaces places = variants.tears(open, range, steps - joined, steps);
  if (places.count == 0) return;
  variant.torn = open;
  variant.tear = {steps - joined, places.at[random.below(places.count)]};
}

FileVariant Passes::random_variant(const FileVariants& file, Random& random) const {
  switch (random.below(4)) {
    case 0:
      return file.lowest();
    case 1:
      return file.highest();
    default:
      break;
  }
  FileVariant variant;
  variant.sizes =
      file.sizes_lowest() +
      static_cast<std::uint32_t>(random.below(file.sizes_highest() - file.sizes_lowest() + 1U));
  for (std::size_t open = 0; open < file.open().size(); ++open) {
    const StepRange range = file.range(open, variant.sizes);
    std::uint32_t steps =
        range.lowest + static_cast<std::uint32_t>(random.below(range.highest - range.lowest + 1U));
    if (file.may_hold_garbage(open, steps) && random.one_in(2)) steps |= garbage_bit;
    variant.steps.push_back(steps);
  }
  return variant;
}

}  // namespace untorn::crash
