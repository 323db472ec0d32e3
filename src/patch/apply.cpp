// SPDX-License-Identifier: Apache-2.0
#include "patch/apply.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/escape.h"
#include "patch/place.h"

namespace untorn::patch {
namespace {

// The lines of one side of a hunk.
Lines side_of(const Hunk& hunk, LineKind own) {
  Lines lines;
  for (const Line& line : hunk.lines) {
    if (line.kind == LineKind::context || line.kind == own) lines.push_back(line.text);
  }
  return lines;
}

// A line as part of a message.
std::string shown(std::string_view line) {
  constexpr std::size_t shown_bytes_max = 100;
  const bool has_feed = line.ends_with('\n');
  if (has_feed) line.remove_suffix(1);
  std::string text = "\"" + escape_controls(line.substr(0, shown_bytes_max));
  text += line.size() > shown_bytes_max ? "…\"" : "\"";
  return has_feed ? text : text + " without a line feed";
}

// Where a hunk was placed: it takes [begin, end) of the original lines.
struct Placed {
  std::size_t begin;
  std::size_t end;
  const Hunk* hunk;
};

class Application {
 public:
  explicit Application(std::string_view content) : image_(lines_of(content)) {}

  void place(const Hunk& hunk, std::size_t number) {
    const Sought before(side_of(hunk, LineKind::removed));
    const auto made = side_of(hunk, LineKind::added).size();
    const auto begin = before.size() == 0 ? place_of_insertion(hunk) : place_of(hunk, before);
    if (!begin) {
      misfits_.push_back(misfit(hunk, number, before));
      return;
    }
    image_.take(*begin, before.size(), made);
    placed_.push_back({.begin = *begin, .end = *begin + before.size(), .hunk = &hunk});
  }

  [[nodiscard]] std::vector<Misfit>& misfits() noexcept { return misfits_; }

  [[nodiscard]] std::string text() {
    std::stable_sort(placed_.begin(), placed_.end(), [](const Placed& left, const Placed& right) {
      return left.begin < right.begin;
    });
    std::string result;
    std::size_t done = 0;
    const auto keep_until = [&](std::size_t end) {
      for (; done < end; ++done) result += image_.lines()[done];
    };
    for (const Placed& each : placed_) {
      keep_until(each.begin);
      for (const Line& line : each.hunk->lines) {
        if (line.kind != LineKind::removed) result += line.text;
      }
      done = each.end;
    }
    keep_until(image_.lines().size());
    return result;
  }

 private:
  static std::size_t expected_of(const Hunk& hunk) {
    return hunk.after.begin == 0 ? 0 : hunk.after.begin - 1;
  }
  static bool is_at_begin(const Hunk& hunk) { return hunk.before.begin <= 1; }
  static bool is_at_end(const Hunk& hunk) { return hunk.trailing == 0; }

  // B2, B3.
  [[nodiscard]] std::optional<std::size_t> place_of(const Hunk& hunk, const Sought& before) const {
    const std::size_t size = image_.current_size();
    if (before.size() > size) return std::nullopt;
    if (is_at_begin(hunk) && is_at_end(hunk) && before.size() != size) return std::nullopt;
    if (is_at_begin(hunk)) return image_.at(before, 0);
    if (is_at_end(hunk)) return image_.at(before, size - before.size());
    return image_.nearest(before, expected_of(hunk));
  }

  // B5: without any old line there is nothing to compare but the end of the file.
  [[nodiscard]] std::optional<std::size_t> place_of_insertion(const Hunk& hunk) const {
    const std::size_t size = image_.current_size();
    const std::size_t wanted = is_at_begin(hunk) ? 0 : expected_of(hunk);
    if (wanted != size || !ends_with_feed()) return std::nullopt;
    return image_.lines().size();
  }

  // Of the file as it is now; true for an empty one.
  [[nodiscard]] bool ends_with_feed() const {
    const Placed* last = nullptr;
    for (const Placed& each : placed_) {
      if (each.end == image_.lines().size() && (last == nullptr || each.begin >= last->begin)) {
        last = &each;
      }
    }
    if (last == nullptr) return image_.lines().empty() || image_.lines().back().ends_with('\n');
    const Lines made = side_of(*last->hunk, LineKind::added);
    return made.empty() || made.back().ends_with('\n');
  }

  [[nodiscard]] std::size_t equal_lines(const Lines& wanted, std::size_t begin) const {
    constexpr std::size_t compared_max = 200;
    const std::size_t size = std::min({wanted.size(), image_.lines().size() - begin, compared_max});
    std::size_t count = 0;
    for (std::size_t each = 0; each < size; ++each) {
      count += wanted[each] == image_.lines()[begin + each] ? 1U : 0U;
    }
    return count;
  }

  // The place that a person would compare with the hunk: most lines equal, near where it says.
  [[nodiscard]] std::size_t likely_place(const Hunk& hunk, const Lines& wanted) const {
    constexpr std::size_t reach = 200;
    const std::size_t center = image_.original(is_at_begin(hunk) ? 0 : expected_of(hunk));
    std::size_t best = center;
    std::size_t best_count = equal_lines(wanted, center);
    for (std::size_t distance = 1; distance <= reach; ++distance) {
      for (const bool below : {true, false}) {
        if (below ? center + distance > image_.lines().size() : distance > center) continue;
        const std::size_t at = below ? center + distance : center - distance;
        const std::size_t count = equal_lines(wanted, at);
        if (count <= best_count) continue;
        best = at;
        best_count = count;
      }
    }
    return best;
  }

  [[nodiscard]] Misfit misfit(const Hunk& hunk, std::size_t number, const Sought& before) const {
    Misfit result = {.hunk = number, .patch_line = hunk.patch_line, .line = 0, .message = {}};
    result.message = "hunk " + std::to_string(number) + " does not fit: ";
    const Lines& lines = image_.lines();
    if (before.size() == 0) {
      result.line = std::min(hunk.before.begin, lines.size());
      result.message +=
          lines.empty() || hunk.before.begin > 1
              ? "it has no line to compare, and names no end of a file"
              : "the file should be empty, but has " + std::to_string(lines.size()) + " lines";
      return result;
    }
    const std::size_t place = likely_place(hunk, before.lines());
    std::size_t same = 0;
    while (same < before.size() && place + same < lines.size() &&
           before.lines()[same] == lines[place + same]) {
      ++same;
    }
    result.line = place + same + 1;
    const std::string at = "line " + std::to_string(result.line);
    if (same == before.size()) {
      result.line = place + 1;
      result.message += "its lines stand at line " + std::to_string(place + 1) +
                        (is_taken(place, before.size()) ? ", which another hunk has changed"
                         : is_at_end(hunk)              ? ", but it belongs to the end of the file"
                                           : ", but it belongs to the beginning of the file");
    } else if (place + same >= lines.size()) {
      result.line = lines.size();
      result.message += at + " should be " + shown(before.lines()[same]) + ", but the file has " +
                        std::to_string(lines.size()) + " lines";
    } else {
      result.message += at + " should be " + shown(before.lines()[same]) + ", but is " +
                        shown(lines[place + same]);
    }
    result.message += already_there(hunk);
    return result;
  }

  // The usual reason why a hunk does not fit.
  [[nodiscard]] std::string already_there(const Hunk& hunk) const {
    const Sought after(side_of(hunk, LineKind::added));
    if (after.size() == 0 || after.size() > image_.current_size()) return {};
    const auto place = image_.nearest(after, expected_of(hunk));
    if (!place) return {};
    return "; what it makes stands at line " + std::to_string(*place + 1) + " already";
  }

  [[nodiscard]] bool is_taken(std::size_t begin, std::size_t count) const {
    return std::any_of(placed_.begin(), placed_.end(), [&](const Placed& each) {
      return each.begin < begin + count && begin < each.end;
    });
  }

  Image image_;
  std::vector<Placed> placed_;
  std::vector<Misfit> misfits_;
};

}  // namespace

std::expected<std::string, std::vector<Misfit>> apply_hunks(std::string_view content,
                                                            const std::vector<Hunk>& hunks) {
  Application application(content);
  for (std::size_t each = 0; each < hunks.size(); ++each) {
    application.place(hunks[each], each + 1);
    if (application.misfits().size() == misfits_max) break;
  }
  if (!application.misfits().empty()) return std::unexpected(std::move(application.misfits()));
  return application.text();
}

}  // namespace untorn::patch
