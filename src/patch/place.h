// SPDX-License-Identifier: Apache-2.0
//
// Where a hunk fits: the lines of a file, which of them hunks have taken already, and the search.
//
// "Current" positions count the lines as they are after the hunks that were placed so far, as the
// headers of hunks do; "original" ones count those of the file.
//
// Threads: an object belongs to one thread at a time.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace untorn::patch {

using Lines = std::vector<std::string_view>;

// Each with its line feed; the last one may have none.
[[nodiscard]] Lines lines_of(std::string_view text);

// A sequence of lines to look for.
class Sought {
 public:
  explicit Sought(Lines lines);
  [[nodiscard]] const Lines& lines() const noexcept { return lines_; }
  [[nodiscard]] std::size_t size() const noexcept { return lines_.size(); }

 private:
  friend class Image;
  Lines lines_;
  std::uint64_t hash_ = 0;
};

class Image {
 public:
  explicit Image(Lines lines);

  [[nodiscard]] const Lines& lines() const noexcept { return lines_; }
  // How many lines there are now.
  [[nodiscard]] std::size_t current_size() const noexcept;

  // The original line at which `sought` lies, if its current position is `current` and no hunk has
  // taken any of these lines.
  [[nodiscard]] std::optional<std::size_t> at(const Sought& sought, std::size_t current) const;
  // The same, at the nearest position (B2). `sought` must not be empty.
  [[nodiscard]] std::optional<std::size_t> nearest(const Sought& sought, std::size_t current) const;
  // The original line that stands at a current position; that of the next line that no hunk has
  // taken, if one has.
  [[nodiscard]] std::size_t original(std::size_t current) const;

  // A hunk takes `count` original lines from `begin` on, which lie in one gap, and makes `made`
  // lines of them.
  void take(std::size_t begin, std::size_t count, std::size_t made);

 private:
  using Offset = std::ptrdiff_t;
  // Original lines that no hunk has taken, and how far they have moved.
  struct Gap {
    Offset begin;
    Offset end;
    Offset moved;
  };

  [[nodiscard]] std::size_t gap_at(Offset current) const;
  [[nodiscard]] bool matches(const Sought& sought, Offset original) const;
  [[nodiscard]] std::optional<Offset> first_between(const Sought& sought, Offset from,
                                                    Offset to) const;
  [[nodiscard]] std::optional<Offset> last_between(const Sought& sought, Offset from,
                                                   Offset to) const;

  Lines lines_;
  std::vector<std::uint64_t> prefix_hashes_;
  std::vector<std::uint64_t> powers_;
  std::vector<Gap> gaps_;
};

}  // namespace untorn::patch
