// SPDX-License-Identifier: Apache-2.0
#include "prove/replay/token.h"

#include <algorithm>
#include <charconv>

namespace untorn::prove {

namespace {

constexpr std::size_t log_digits = 16;
constexpr std::string_view hex_digits = "0123456789abcdef";

std::vector<crash::Path> database_footprint(const crash::Path& path) {
  return {path, path + "-journal", path + "-wal"};
}

std::string to_hex(std::string_view bytes) {
  std::string text;
  for (const char letter : bytes) {
    const auto value = static_cast<unsigned char>(letter);
    text += hex_digits[value >> 4U];
    text += hex_digits[value & 15U];
  }
  return text;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const std::size_t high = hex_digits.find(text[i]);
    const std::size_t low = hex_digits.find(text[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    bytes += static_cast<char>(high * hex_digits.size() + low);
  }
  return bytes;
}

std::string spell_footprint(const crash::History& history,
                            const std::vector<crash::Path>& footprint) {
  if (footprint.empty()) return "a";
  const std::vector<crash::Path> touched = history.touched_paths();
  const auto place = std::lower_bound(touched.begin(), touched.end(), footprint.front());
  if (place != touched.end() && *place == footprint.front()) {
    const std::string number = std::to_string(place - touched.begin());
    if (footprint.size() == 1) return "f" + number;
    if (footprint == database_footprint(footprint.front())) return "d" + number;
  }
  std::string joined;
  for (const crash::Path& path : footprint) {
    if (!joined.empty()) joined += '\0';
    joined += path;
  }
  return "n" + to_hex(joined);
}

bool is_word(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '-' || letter == '_';
  });
}

// Cuts off what stands before the next '-'.
std::string_view next_part(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('-'), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

}  // namespace

std::string make_token(const crash::History& history, std::string_view log, crash::Model model,
                       const std::vector<crash::Path>& footprint, std::string_view code) {
  std::string token(log);
  token += "-";
  token += crash::to_string(model);
  token += "-" + spell_footprint(history, footprint) + "-";
  token += code;
  return token;
}

std::optional<ReplayToken> read_token(std::string_view text) {
  ReplayToken token;
  std::string_view rest = text;
  token.log = next_part(rest);
  const bool named = token.log.size() == log_digits &&
                     token.log.find_first_not_of(hex_digits) == std::string::npos;
  const auto model = crash::model_from_name(next_part(rest));
  if (!named || !model) return std::nullopt;
  token.model = *model;
  token.footprint = next_part(rest);
  token.code = rest;
  if (!is_word(token.footprint) || !is_word(token.code)) return std::nullopt;
  return token;
}

std::optional<std::vector<crash::Path>> footprint_of(const crash::History& history,
                                                     const ReplayToken& token) {
  const char kind = token.footprint.empty() ? '\0' : token.footprint.front();
  const std::string_view rest = std::string_view(token.footprint).substr(kind == '\0' ? 0 : 1);
  if (kind == 'a' && rest.empty()) return std::vector<crash::Path>{};
  if (kind == 'n') {
    const auto joined = from_hex(rest);
    if (!joined || joined->empty()) return std::nullopt;
    std::vector<crash::Path> paths;
    for (std::size_t start = 0; start <= joined->size();) {
      const std::size_t end = std::min(joined->find('\0', start), joined->size());
      paths.push_back(joined->substr(start, end - start));
      start = end + 1;
    }
    return paths;
  }
  if (kind != 'f' && kind != 'd') return std::nullopt;
  std::size_t number = 0;
  const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (rest.empty() || problem != std::errc() || end != rest.data() + rest.size()) {
    return std::nullopt;
  }
  const std::vector<crash::Path> touched = history.touched_paths();
  if (number >= touched.size()) return std::nullopt;
  if (kind == 'd') return database_footprint(touched[number]);
  return std::vector<crash::Path>{touched[number]};
}

}  // namespace untorn::prove
