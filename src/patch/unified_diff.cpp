// SPDX-License-Identifier: Apache-2.0
#include "patch/unified_diff.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "patch/place.h"

namespace untorn::patch {
namespace {

constexpr std::size_t context_lines = 3;
// Beyond so many differences the middle is shown as replaced in one piece: right, if not short.
constexpr std::ptrdiff_t differences_max = 2000;

// Lines [old_begin, old_end) become [new_begin, new_end).
struct Block {
  std::size_t old_begin;
  std::size_t old_end;
  std::size_t new_begin;
  std::size_t new_end;
};

// E. W. Myers, "An O(ND) difference algorithm and its variations": the furthest reaching path of
// each diagonal, one front for each number of differences.
class Comparison {
 public:
  Comparison(const Lines& before, const Lines& after) : before_(before), after_(after) {
    const std::size_t shorter = std::min(before.size(), after.size());
    while (head_ < shorter && before[head_] == after[head_]) ++head_;
    while (tail_ < shorter - head_ &&
           before[before.size() - 1 - tail_] == after[after.size() - 1 - tail_]) {
      ++tail_;
    }
  }

  std::vector<Block> blocks() {
    const std::ptrdiff_t old_size = size_between(before_);
    const std::ptrdiff_t new_size = size_between(after_);
    if (old_size == 0 && new_size == 0) return {};
    if (old_size == 0 || new_size == 0 || !search(old_size, new_size)) {
      return {{.old_begin = head_,
               .old_end = head_ + static_cast<std::size_t>(old_size),
               .new_begin = head_,
               .new_end = head_ + static_cast<std::size_t>(new_size)}};
    }
    return trace_back(old_size, new_size);
  }

 private:
  using Front = std::vector<std::ptrdiff_t>;

  [[nodiscard]] std::ptrdiff_t size_between(const Lines& lines) const {
    return static_cast<std::ptrdiff_t>(lines.size() - head_ - tail_);
  }
  [[nodiscard]] bool equal(std::ptrdiff_t old_line, std::ptrdiff_t new_line) const {
    return before_[head_ + static_cast<std::size_t>(old_line)] ==
           after_[head_ + static_cast<std::size_t>(new_line)];
  }
  // Diagonal k of the front of d differences: from -d to d.
  static std::ptrdiff_t& at(Front& front, std::ptrdiff_t differences, std::ptrdiff_t diagonal) {
    return front[static_cast<std::size_t>(diagonal + differences)];
  }
  // Where the path of `differences` on this diagonal comes from: true: from the diagonal above,
  // by a line that is new.
  bool comes_by_insertion(std::ptrdiff_t differences, std::ptrdiff_t diagonal) {
    if (diagonal == -differences) return true;
    if (diagonal == differences) return false;
    Front& last = fronts_[static_cast<std::size_t>(differences - 1)];
    const auto reach = [&](std::ptrdiff_t k) {
      return std::abs(k) > differences - 1 ? std::ptrdiff_t{-1} : at(last, differences - 1, k);
    };
    return reach(diagonal - 1) < reach(diagonal + 1);
  }

  bool search(std::ptrdiff_t old_size, std::ptrdiff_t new_size) {
    for (std::ptrdiff_t d = 0; d <= differences_max; ++d) {
      fronts_.emplace_back(static_cast<std::size_t>(2 * d + 1));
      for (std::ptrdiff_t k = -d; k <= d; k += 2) {
        std::ptrdiff_t x = 0;
        if (d > 0) {
          Front& last = fronts_[static_cast<std::size_t>(d - 1)];
          x = comes_by_insertion(d, k) ? at(last, d - 1, k + 1) : at(last, d - 1, k - 1) + 1;
        }
        while (x < old_size && x - k < new_size && x - k >= 0 && equal(x, x - k)) ++x;
        at(fronts_.back(), d, k) = x;
        if (k == old_size - new_size && x >= old_size) return true;
      }
    }
    return false;
  }

  std::vector<Block> trace_back(std::ptrdiff_t x, std::ptrdiff_t y) {
    std::vector<Block> blocks;
    for (auto d = static_cast<std::ptrdiff_t>(fronts_.size()) - 1; d > 0; --d) {
      const std::ptrdiff_t k = x - y;
      const bool inserted = comes_by_insertion(d, k);
      const std::ptrdiff_t from = inserted ? k + 1 : k - 1;
      const std::ptrdiff_t old_x = at(fronts_[static_cast<std::size_t>(d - 1)], d - 1, from);
      const std::ptrdiff_t old_y = old_x - from;
      const auto begin_x = head_ + static_cast<std::size_t>(old_x);
      const auto begin_y = head_ + static_cast<std::size_t>(old_y);
      add({.old_begin = begin_x,
           .old_end = begin_x + (inserted ? 0 : 1),
           .new_begin = begin_y,
           .new_end = begin_y + (inserted ? 1 : 0)},
          blocks);
      x = old_x;
      y = old_y;
    }
    std::reverse(blocks.begin(), blocks.end());
    return blocks;
  }

  // Blocks come from the end; one that touches the block behind it becomes a part of it.
  static void add(const Block& block, std::vector<Block>& blocks) {
    if (!blocks.empty() && blocks.back().old_begin == block.old_end &&
        blocks.back().new_begin == block.new_end) {
      blocks.back().old_begin = block.old_begin;
      blocks.back().new_begin = block.new_begin;
    } else {
      blocks.push_back(block);
    }
  }

  const Lines& before_;
  const Lines& after_;
  std::size_t head_ = 0;
  std::size_t tail_ = 0;
  std::vector<Front> fronts_;
};

void append_line(std::string& out, char mark, std::string_view line) {
  out += mark;
  out += line;
  if (!line.ends_with('\n')) out += "\n\\ No newline at end of file\n";
}

// "12,3"; an empty range names the line before it.
std::string range_text(std::size_t begin, std::size_t size) {
  const std::size_t first = size == 0 ? begin : begin + 1;
  return size == 1 ? std::to_string(first) : std::to_string(first) + "," + std::to_string(size);
}

void append_hunk(std::string& out, const Lines& before, const Lines& after,
                 const std::vector<Block>& blocks, std::size_t first, std::size_t last) {
  const std::size_t lead = std::min(context_lines, blocks[first].old_begin);
  const std::size_t trail = std::min(context_lines, before.size() - blocks[last].old_end);
  const std::size_t old_begin = blocks[first].old_begin - lead;
  const std::size_t old_end = blocks[last].old_end + trail;
  const std::size_t new_begin = blocks[first].new_begin - lead;
  const std::size_t new_end = blocks[last].new_end + trail;
  out += "@@ -" + range_text(old_begin, old_end - old_begin) + " +" +
         range_text(new_begin, new_end - new_begin) + " @@\n";
  std::size_t done = old_begin;
  for (std::size_t each = first; each <= last; ++each) {
    const Block& block = blocks[each];
    for (; done < block.old_begin; ++done) append_line(out, ' ', before[done]);
    for (; done < block.old_end; ++done) append_line(out, '-', before[done]);
    for (std::size_t line = block.new_begin; line < block.new_end; ++line) {
      append_line(out, '+', after[line]);
    }
  }
  for (; done < old_end; ++done) append_line(out, ' ', before[done]);
}

// As git quotes names in C style.
std::string quoted(std::string_view prefix, std::string_view path) {
  const auto needs = [](char each) {
    return static_cast<unsigned char>(each) < 0x20 || each == '"' || each == '\\' || each == 0x7F;
  };
  std::string name = std::string(prefix) + std::string(path);
  if (std::none_of(path.begin(), path.end(), needs)) return name;
  std::string result = "\"";
  for (const char each : name) {
    const auto byte = static_cast<unsigned char>(each);
    if (!needs(each)) {
      result += each;
    } else if (each == '"' || each == '\\') {
      result += {'\\', each};
    } else {
      const auto digit = [](unsigned value) { return static_cast<char>('0' + (value & 7U)); };
      result += {'\\', digit(byte >> 6U), digit(byte >> 3U), digit(byte)};
    }
  }
  return result + '"';
}

std::string header(const FileChange& change) {
  const std::string old_name = quoted("a/", change.path);
  const std::string new_name = quoted("b/", change.path);
  const bool has_blank = change.path.find(' ') != std::string_view::npos;
  const std::string end = has_blank && !old_name.starts_with('"') ? "\t\n" : "\n";
  std::string text = "diff --git " + old_name + " " + new_name + "\n";
  const std::string mode = change.is_executable ? "100755\n" : "100644\n";
  if (change.is_new) text += "new file mode " + mode;
  if (change.is_deleted) text += "deleted file mode " + mode;
  if (change.before == change.after) return text;  // an empty file, and no hunk
  text += "--- " + (change.is_new ? "/dev/null\n" : old_name + end);
  return text + "+++ " + (change.is_deleted ? "/dev/null\n" : new_name + end);
}

}  // namespace

std::string unified_diff(const FileChange& change) {
  if (change.before == change.after && !change.is_new && !change.is_deleted) return {};
  std::string out = header(change);
  const Lines before = lines_of(change.before);
  const Lines after = lines_of(change.after);
  const std::vector<Block> blocks = Comparison(before, after).blocks();
  for (std::size_t first = 0; first < blocks.size();) {
    std::size_t last = first;
    while (last + 1 < blocks.size() &&
           blocks[last + 1].old_begin - blocks[last].old_end <= 2 * context_lines) {
      ++last;
    }
    append_hunk(out, before, after, blocks, first, last);
    first = last + 1;
  }
  return out;
}

}  // namespace untorn::patch
