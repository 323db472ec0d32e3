// SPDX-License-Identifier: Apache-2.0
#include "patch/place.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"

namespace untorn::patch {
namespace {

constexpr std::uint64_t hash_base = 0x9E3779B97F4A7C15U;

std::uint64_t append_hash(std::uint64_t hash, std::string_view line) {
  return hash * hash_base + hash128(line).first;
}

}  // namespace

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t feed = text.find('\n');
    const std::size_t size = feed == std::string_view::npos ? text.size() : feed + 1;
    lines.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

Sought::Sought(Lines lines) : lines_(std::move(lines)) {
  for (const std::string_view line : lines_) hash_ = append_hash(hash_, line);
}

Image::Image(Lines lines) : lines_(std::move(lines)) {
  prefix_hashes_.reserve(lines_.size() + 1);
  powers_.reserve(lines_.size() + 1);
  prefix_hashes_.push_back(0);
  powers_.push_back(1);
  for (const std::string_view line : lines_) {
    prefix_hashes_.push_back(append_hash(prefix_hashes_.back(), line));
    powers_.push_back(powers_.back() * hash_base);
  }
  gaps_.push_back({.begin = 0, .end = static_cast<Offset>(lines_.size()), .moved = 0});
}

std::size_t Image::current_size() const noexcept {
  return static_cast<std::size_t>(gaps_.back().end + gaps_.back().moved);
}

// The gap that holds the position, or else the first one behind it, or the last.
std::size_t Image::gap_at(Offset current) const {
  const auto found = std::partition_point(gaps_.begin(), gaps_.end() - 1, [&](const Gap& gap) {
    return gap.end + gap.moved <= current;
  });
  return static_cast<std::size_t>(found - gaps_.begin());
}

// By hash first, so that a place that does not fit costs no comparison of lines.
bool Image::matches(const Sought& sought, Offset original) const {
  const auto begin = static_cast<std::size_t>(original);
  const std::size_t end = begin + sought.size();
  const std::uint64_t hash = prefix_hashes_[end] - prefix_hashes_[begin] * powers_[sought.size()];
  return hash == sought.hash_ && std::equal(sought.lines_.begin(), sought.lines_.end(),
                                            lines_.begin() + static_cast<std::ptrdiff_t>(begin));
}

std::optional<std::size_t> Image::at(const Sought& sought, std::size_t current) const {
  const auto position = static_cast<Offset>(current);
  const auto found = first_between(sought, position, position);
  if (!found) return std::nullopt;
  return static_cast<std::size_t>(*found);
}

std::optional<Image::Offset> Image::first_between(const Sought& sought, Offset from,
                                                  Offset to) const {
  const auto size = static_cast<Offset>(sought.size());
  for (std::size_t each = gap_at(from); each < gaps_.size(); ++each) {
    const Gap& gap = gaps_[each];
    if (gap.begin + gap.moved > to) break;
    const Offset last = std::min(gap.end - size, to - gap.moved);
    for (Offset at = std::max(gap.begin, from - gap.moved); at <= last; ++at) {
      if (matches(sought, at)) return at;
    }
  }
  return std::nullopt;
}

std::optional<Image::Offset> Image::last_between(const Sought& sought, Offset from,
                                                 Offset to) const {
  const auto size = static_cast<Offset>(sought.size());
  for (std::size_t each = gap_at(to) + 1; each-- > 0;) {
    const Gap& gap = gaps_[each];
    if (gap.end + gap.moved <= from) break;
    const Offset first = std::max(gap.begin, from - gap.moved);
    for (Offset at = std::min(gap.end - size, to - gap.moved); at >= first; --at) {
      if (matches(sought, at)) return at;
    }
  }
  return std::nullopt;
}

std::optional<std::size_t> Image::nearest(const Sought& sought, std::size_t current) const {
  const auto end = static_cast<Offset>(current_size());
  const Offset center = std::min(static_cast<Offset>(std::min(current, lines_.max_size())), end);
  const auto current_of = [&](Offset original) {
    const auto gap = std::partition_point(gaps_.begin(), gaps_.end() - 1,
                                          [&](const Gap& each) { return each.end <= original; });
    return original + gap->moved;
  };
  // In rings that double: the work is bounded by the distance, in whichever direction it lies.
  constexpr Offset first_ring = 64;
  Offset inner = 0;  // positions nearer than this were tried
  for (Offset outer = first_ring;; outer *= 2) {
    const auto below = first_between(sought, center + inner, std::min(center + outer - 1, end));
    const Offset limit = below ? current_of(*below) - center : outer;
    const auto above = last_between(sought, std::max<Offset>(center - limit + 1, 0),
                                    center - std::max<Offset>(inner, 1));
    if (above) return static_cast<std::size_t>(*above);
    if (below) return static_cast<std::size_t>(*below);
    if (center + outer > end && center - outer < 0) return std::nullopt;
    inner = outer;
  }
}

std::size_t Image::original(std::size_t current) const {
  const auto position = static_cast<Offset>(std::min(current, current_size()));
  const Gap& gap = gaps_[gap_at(position)];
  return static_cast<std::size_t>(
      std::clamp(position - gap.moved, gap.begin, std::max(gap.begin, gap.end)));
}

void Image::take(std::size_t begin, std::size_t count, std::size_t made) {
  const auto first = static_cast<Offset>(begin);
  const Offset end = first + static_cast<Offset>(count);
  const auto gap = std::partition_point(gaps_.begin(), gaps_.end() - 1,
                                        [&](const Gap& each) { return each.end < end; });
  const Offset more = static_cast<Offset>(made) - static_cast<Offset>(count);
  const Gap behind = {.begin = end, .end = gap->end, .moved = gap->moved};
  gap->end = first;
  for (auto later = gaps_.insert(gap + 1, behind); later != gaps_.end(); ++later) {
    later->moved += more;
  }
}

}  // namespace untorn::patch
