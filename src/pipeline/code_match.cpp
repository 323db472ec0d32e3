// SPDX-License-Identifier: Apache-2.0
#include "pipeline/code_match.h"

#include <algorithm>
#include <set>

#include "base/escape.h"
#include "base/text.h"

namespace untorn::pipeline {
namespace {

// How far a search for a similar line goes, so that an error message costs little.
constexpr std::size_t lines_compared_max = 20'000;
constexpr std::size_t line_compared_bytes_max = 400;

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty() && lines.size() < lines_compared_max) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string_view first_words(std::string_view text) {
  for (const std::string_view line : lines_of(text)) {
    if (!trimmed(line, " \t\r").empty()) return trimmed(line, " \t\r");
  }
  return {};
}

std::set<std::string_view> pairs_of(std::string_view line) {
  line = line.substr(0, line_compared_bytes_max);
  std::set<std::string_view> pairs;
  for (std::size_t i = 0; i + 1 < line.size(); ++i) pairs.insert(line.substr(i, 2));
  return pairs;
}

// Sørensen-Dice coefficient of the pairs of bytes: 1 for the same, 0 for nothing in common.
double similarity(const std::set<std::string_view>& left, const std::set<std::string_view>& right) {
  if (left.empty() || right.empty()) return 0;
  const auto common = std::count_if(left.begin(), left.end(),
                                    [&](std::string_view pair) { return right.contains(pair); });
  return 2.0 * static_cast<double>(common) / static_cast<double>(left.size() + right.size());
}

// What the text may have been meant to be.
std::string nearest_place(std::string_view content, std::string_view wanted) {
  const std::string_view words = first_words(wanted);
  const std::vector<std::string_view> lines = lines_of(content);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (words.empty() || trimmed(lines[i], " \t\r") != words) continue;
    return "; line " + std::to_string(i + 1) +
           " is its first line but for white space, or goes on differently: " + in_quotes(lines[i]);
  }
  constexpr double worth_telling = 0.6;
  double best = 0;
  std::size_t place = 0;
  const auto pairs = pairs_of(words);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const double likeness = similarity(pairs, pairs_of(trimmed(lines[i], " \t\r")));
    if (likeness <= best) continue;
    best = likeness;
    place = i;
  }
  if (best < worth_telling) return {};
  return "; most like its first line is line " + std::to_string(place + 1) + ": " +
         in_quotes(lines[place]);
}

}  // namespace

std::vector<std::uint64_t> places_of(std::string_view content, std::string_view wanted,
                                     std::size_t places_max) {
  std::vector<std::uint64_t> places;
  std::uint64_t line = 1;
  std::size_t counted = 0;
  for (std::size_t at = content.find(wanted); at != std::string_view::npos;
       at = content.find(wanted, at + 1)) {
    const std::string_view between = content.substr(counted, at - counted);
    line += static_cast<std::uint64_t>(std::count(between.begin(), between.end(), '\n'));
    counted = at;
    places.push_back(line);
    if (places.size() == places_max) break;
  }
  return places;
}

std::string mismatch(std::string_view content, std::string_view wanted,
                     const std::vector<std::uint64_t>& places) {
  if (places.empty()) return "the text does not occur" + nearest_place(content, wanted);
  constexpr std::size_t shown_max = 10;
  const bool all_shown = places.size() <= shown_max;
  const std::size_t shown = std::min(places.size(), shown_max);
  std::string text = "the text occurs " + std::to_string(places.size()) + " times, at lines ";
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) text += all_shown && i + 1 == shown ? " and " : ", ";
    text += std::to_string(places[i]);
  }
  if (!all_shown) text += ", …";
  return text + "; give more of it, so that it occurs once";
}

}  // namespace untorn::pipeline
