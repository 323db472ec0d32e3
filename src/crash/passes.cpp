// SPDX-License-Identifier: Apache-2.0
#include "crash/passes.h"

#include <algorithm>

namespace untorn::crash {

Passes::Passes(const Epoch& epoch) : epoch_(epoch) {
  const auto& units = epoch.history().names.units();
  for (const UnitId unit : epoch.units()) operations_.push_back(units[unit].operation);
  std::vector<Item> parts;
  for (const FileVariants& file : epoch.files()) {
    const auto& operations = file.contents().operations();
    for (auto operation = std::ranges::lower_bound(operations, file.forced());
         operation != operations.end() && *operation < epoch.end(); ++operation) {
      if (!file.contents().changes(*operation)) continue;
      operations_.push_back(*operation);
      const auto [first, last] = file.contents().chains_of(*operation);
      if (first == last) continue;
      const bool extends =
          file.contents().sizes_before(*operation + 1U) > file.contents().sizes_before(*operation);
      if (extends) {
        parts.push_back({*operation, true, false});
        parts.push_back({*operation, false, true});
      }
      if (last - first < 2) continue;
      for (const std::size_t chain : {first, first + (last - first) / 2, last - 1}) {
        parts.push_back({*operation, false, true, file.contents().blocks()[chain].block});
      }
    }
  }
  std::ranges::sort(operations_);
  for (const std::uint32_t operation : operations_) items_.push_back({operation});
  items_.insert(items_.end(), parts.begin(), parts.end());
}

Selection Passes::without(const Keep& keep) const {
  const auto& table = epoch_.history().names.units();
  Selection selection;
  selection.units.resize(epoch_.units().size());
  for (std::size_t unit = 0; unit < selection.units.size(); ++unit) {
    const auto& after = epoch_.after(unit);
    selection.units[unit] =
        keep(table[epoch_.units()[unit]].operation, Part::size, 0) &&
        std::ranges::all_of(after, [&](std::uint32_t before) { return selection.units[before]; });
  }
  selection.files.reserve(epoch_.files().size());
  for (const FileVariants& file : epoch_.files()) selection.files.push_back(file.without(keep));
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
  const auto& table = epoch_.history().names.units();
  for (const std::uint32_t operation : operations_) {
    Selection selection;
    selection.units.resize(epoch_.units().size());
    for (const FileVariants& file : epoch_.files()) {
      FileVariant variant = file.lowest();
      file.raise(variant, operation);
      selection.files.push_back(std::move(variant));
    }
    for (std::uint32_t unit = 0; unit < selection.units.size(); ++unit) {
      if (table[epoch_.units()[unit]].operation == operation) raise_unit(selection, unit);
    }
    if (!show(std::move(selection))) return false;
  }
  return true;
}

void Passes::raise_unit(Selection& selection, std::uint32_t unit) const {
  if (selection.units[unit]) return;
  selection.units[unit] = true;
  for (const std::uint32_t before : epoch_.after(unit)) raise_unit(selection, before);
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
  selection.units.resize(epoch_.units().size());
  // Each state has its own share of losses, so that nearly whole and nearly empty ones are drawn.
  const std::uint64_t keep_of_16 = 1 + random.below(15);
  for (std::size_t unit = 0; unit < selection.units.size(); ++unit) {
    const auto& after = epoch_.after(unit);
    selection.units[unit] =
        random.below(16) < keep_of_16 &&
        std::ranges::all_of(after, [&](std::uint32_t before) { return selection.units[before]; });
  }
  for (const FileVariants& file : epoch_.files()) {
    selection.files.push_back(random_variant(file, random));
  }
  if (!selection.files.empty() && random.one_in(4)) {
    const std::size_t torn = random.below(selection.files.size());
    const FileVariants& file = epoch_.files()[torn];
    FileVariant& variant = selection.files[torn];
    if (!file.open().empty()) {
      const auto open = static_cast<std::uint32_t>(random.below(file.open().size()));
      if (const std::uint32_t tears = file.tears(open, variant.steps[open]); tears > 0) {
        variant.torn = open;
        variant.tear = static_cast<Tear>(1 + random.below(tears));
      }
    }
  }
  return selection;
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
    const FileVariants::Range range = file.range(open, variant.sizes);
    variant.steps.push_back(
        range.lowest + static_cast<std::uint32_t>(random.below(range.highest - range.lowest + 1U)));
  }
  return variant;
}

}  // namespace untorn::crash
