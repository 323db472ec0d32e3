// SPDX-License-Identifier: Apache-2.0
#include "crash/power_state.h"

#include <algorithm>
#include <set>

#include "crash/state_code.h"

namespace untorn::crash {

namespace {

// A tear as a number from 1: in the first place or the second, of the last step alone (1, 2), of
// the last two (3, 4), and so on.
std::uint64_t tear_number(const FileVariants& variants, const FileVariant& variant) {
  const std::uint32_t steps = variant.steps[variant.torn];
  const TearPlaces places = tear_places(variants.chain(variant.torn), variant.tear.over, steps);
  const std::uint64_t joined = steps - variant.tear.over - 1U;
  return 2 * joined + (variant.tear.at == places.at[0] ? 1U : 2U);
}

bool read_tear(CodeReader& code, const FileVariants& variants, FileVariant& variant) {
  const std::uint32_t steps = variant.steps[variant.torn];
  const StepRange range = variants.range(variant.torn, variant.sizes);
  if (steps != steps_of(steps) || steps <= range.lowest) return false;
  const std::uint64_t number = code.number(std::uint64_t{steps - range.lowest} << 1U);
  if (!code.ok() || number == 0) return false;
  variant.tear.over = steps - 1 - static_cast<std::uint32_t>((number - 1) >> 1U);
  const std::uint64_t place = (number - 1) & 1U;
  const TearPlaces places = variants.tears(variant.torn, range, variant.tear.over, steps);
  if (place >= places.count) return false;
  variant.tear.at = places.at[place];
  return true;
}

void write_variant(CodeWriter& code, const FileVariants& variants, const FileVariant& variant) {
  code.number(variants.sizes_highest() - variant.sizes);
  std::vector<std::pair<std::uint32_t, std::uint32_t>> blocks;  // that are not as high as they may
  for (std::uint32_t open = 0; open < variant.steps.size(); ++open) {
    const std::uint32_t missing =
        variants.range(open, variant.sizes).highest - steps_of(variant.steps[open]);
    const std::uint32_t garbage = variant.steps[open] == steps_of(variant.steps[open]) ? 0 : 1;
    if (missing + garbage > 0) blocks.emplace_back(open, missing << 1U | garbage);
  }
  code.number(blocks.size());
  std::uint32_t next = 0;
  for (const auto& [open, value] : blocks) {
    code.number(open - next);
    code.number(value);
    next = open + 1;
  }
  const bool torn = variant.torn != no_index;
  code.number(torn ? std::uint64_t{variant.torn} + 1 : 0);
  if (torn) code.number(tear_number(variants, variant));
}

bool read_blocks(CodeReader& code, const FileVariants& variants, FileVariant& variant) {
  for (std::uint32_t open = 0; open < variants.open().size(); ++open) {
    variant.steps.push_back(variants.range(open, variant.sizes).highest);
  }
  std::uint64_t open = 0;
  for (std::uint64_t left = code.number(variants.open().size()); left > 0; --left, ++open) {
    open += code.number(variants.open().size());
    if (!code.ok() || open >= variants.open().size()) return false;
    const StepRange range = variants.range(open, variant.sizes);
    const std::uint64_t most = std::uint64_t{range.highest - range.lowest} << 1U | 1U;
    const std::uint64_t value = code.number(most);
    std::uint32_t steps = range.highest - static_cast<std::uint32_t>(value >> 1U);
    if ((value & 1U) != 0) {
      if (!variants.may_hold_garbage(open, steps)) return false;
      steps |= garbage_bit;
    }
    variant.steps[open] = steps;
  }
  return code.ok();
}

bool read_variant(CodeReader& code, const FileVariants& variants, FileVariant& variant) {
  const std::uint32_t sizes = variants.sizes_highest() - variants.sizes_lowest();
  variant.sizes = variants.sizes_highest() - static_cast<std::uint32_t>(code.number(sizes));
  if (!code.ok() || !read_blocks(code, variants, variant)) return false;
  const std::uint64_t torn = code.number(variants.open().size());
  if (torn == 0) return code.ok();
  variant.torn = static_cast<std::uint32_t>(torn - 1);
  return read_tear(code, variants, variant);
}

}  // namespace

HashSum selection_hash(const Epoch& epoch, FileHashes& hashes, const Selection& selection) {
  HashSum sum;
  epoch.resolve(selection.elements, [&](const Path& path, InodeId inode) {
    const std::uint32_t file = epoch.file_of(inode);
    if (file == no_index) {
      sum += path_factor(path) * hashes.at(inode, epoch.end());
      return;
    }
    const std::uint32_t number = epoch.variants_of(file, selection.elements);
    sum += path_factor(path) * epoch.variants()[number].hash(hashes, selection.files[number]);
  });
  return sum;
}

const PowerState::Found& PowerState::found() const {
  if (!found_) {
    found_.emplace();
    epoch_.resolve(selection_.elements,
                   [&](const Path& path, InodeId inode) { found_->emplace_back(path, inode); });
    std::ranges::sort(*found_);
  }
  return *found_;
}

std::vector<std::uint32_t> PowerState::found_files() const {
  std::vector<std::uint32_t> files;
  for (const auto& [path, inode] : found()) {
    const std::uint32_t file = epoch_.file_of(inode);
    if (file != no_index) files.push_back(file);
  }
  std::ranges::sort(files);
  files.erase(std::ranges::unique(files).begin(), files.end());
  return files;
}

History::File PowerState::make_file(InodeId inode) const {
  History::File file = epoch_.history().file_without_content(inode, epoch_.end());
  const std::uint32_t open = epoch_.file_of(inode);
  if (open == no_index) {
    file.content = buffers_.compose_at(inode, epoch_.end());
    return file;
  }
  const std::uint32_t number = epoch_.variants_of(open, selection_.elements);
  file.content = epoch_.variants()[number].compose(buffers_, selection_.files[number]);
  return file;
}

std::optional<History::File> PowerState::file(const Path& path) const {
  const auto entry = std::ranges::lower_bound(found(), path, {}, &Found::value_type::first);
  if (entry == found().end() || entry->first != path) return std::nullopt;
  return make_file(entry->second);
}

std::vector<std::pair<Path, History::File>> PowerState::tree() const {
  std::vector<std::pair<Path, History::File>> tree;
  tree.reserve(found().size());
  for (const auto& [path, inode] : found()) tree.emplace_back(path, make_file(inode));
  return tree;
}

std::vector<std::size_t> PowerState::lost() const {
  std::vector<std::size_t> lost;
  for (std::size_t position = 0; position < epoch_.elements().size(); ++position) {
    const Element& element = epoch_.elements()[position];
    // A truncation counts with its file, if a path leads there.
    if (!selection_.elements[position] && element.unit != no_id) lost.push_back(element.operation);
  }
  for (const std::uint32_t file : found_files()) {
    const std::uint32_t number = epoch_.variants_of(file, selection_.elements);
    epoch_.variants()[number].each_lost(
        selection_.files[number], [&](std::uint32_t operation) { lost.push_back(operation); });
  }
  std::ranges::sort(lost);
  lost.erase(std::ranges::unique(lost).begin(), lost.end());
  return lost;
}

std::vector<std::size_t> PowerState::kept() const {
  const History::Impl& history = epoch_.history();
  const Footprint& footprint = epoch_.footprint();
  std::vector<std::size_t> kept;
  for (UnitId unit = 0; unit < footprint.names().units().size(); ++unit) {
    const std::uint32_t operation = footprint.names().units()[unit].operation;
    if (operation < epoch_.end() && footprint.sees_unit(unit)) kept.push_back(operation);
  }
  std::set<InodeId> counted;
  for (const auto& [path, inode] : found()) {
    if (!counted.insert(inode).second) continue;
    for (const std::uint32_t operation : history.contents[inode].operations()) {
      if (operation < epoch_.end()) kept.push_back(operation);
    }
  }
  std::ranges::sort(kept);
  kept.erase(std::ranges::unique(kept).begin(), kept.end());
  const std::vector<std::size_t> without = lost();
  std::vector<std::size_t> result;
  std::ranges::set_difference(kept, without, std::back_inserter(result));
  return result;
}

std::string PowerState::code() const {
  CodeWriter code;
  code.number(number_);
  std::vector<std::uint32_t> missing;
  for (std::uint32_t position = 0; position < selection_.elements.size(); ++position) {
    if (!selection_.elements[position]) missing.push_back(position);
  }
  code.number(missing.size());
  std::uint32_t next = 0;
  for (const std::uint32_t position : missing) {
    code.number(position - next);
    next = position + 1;
  }
  for (const std::uint32_t file : found_files()) {
    const std::uint32_t number = epoch_.variants_of(file, selection_.elements);
    write_variant(code, epoch_.variants()[number], selection_.files[number]);
  }
  return std::move(code).finish(power_code, Hash128{hash_.first, hash_.second});
}

std::optional<Selection> read_selection(const Epoch& epoch, CodeReader& reader) {
  Selection selection;
  const std::size_t elements = epoch.elements().size();
  selection.elements.assign(elements, true);
  std::uint64_t position = 0;
  for (std::uint64_t left = reader.number(elements); left > 0; --left, ++position) {
    position += reader.number(elements);
    if (!reader.ok() || position >= elements) return std::nullopt;
    selection.elements[position] = false;
  }
  for (std::size_t element = 0; element < elements; ++element) {
    if (!selection.elements[element]) continue;
    for (const std::uint32_t before : epoch.after(element)) {
      if (!selection.elements[before]) return std::nullopt;
    }
  }
  std::set<std::uint32_t> found;
  epoch.resolve(selection.elements, [&](const Path&, InodeId inode) {
    if (const std::uint32_t file = epoch.file_of(inode); file != no_index) found.insert(file);
  });
  selection.files.resize(epoch.variants().size());
  std::size_t torn = 0;
  for (const std::uint32_t file : found) {
    const std::uint32_t number = epoch.variants_of(file, selection.elements);
    FileVariant& variant = selection.files[number];
    if (!read_variant(reader, epoch.variants()[number], variant)) return std::nullopt;
    torn += variant.torn == no_index ? 0 : 1;
  }
  if (torn > 1) return std::nullopt;
  return selection;
}

}  // namespace untorn::crash
