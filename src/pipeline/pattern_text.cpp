// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pattern_text.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/text.h"
#include "pipeline/pattern_data.h"

namespace untorn::pipeline {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) > 127;
}

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

char small(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// The end of a quoted text that begins at `begin`; 0 if it does not end in this line.
std::size_t end_of_quote(std::string_view text, std::size_t begin) {
  const char quote = text[begin];
  const std::size_t end = text.find_first_of(std::string("\n") + quote, begin + 1);
  return end == std::string_view::npos || text[end] != quote ? 0 : end + 1;
}

// An apostrophe within a word quotes nothing.
bool begins_quote(std::string_view text, std::size_t at) {
  const char c = text[at];
  if (c != '\'' && c != '"' && c != '`') return false;
  return at == 0 || !(is_letter(text[at - 1]) || is_digit(text[at - 1]));
}

}  // namespace

std::vector<std::string> pattern_words(std::string_view text) {
  constexpr std::size_t word_bytes_min = 2;
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (word.size() >= word_bytes_min) words.push_back(word);
    word.clear();
  };
  for (const char c : text) {
    if (is_letter(c) || is_digit(c)) {
      word += small(c);
    } else {
      end_word();
    }
  }
  end_word();
  std::ranges::sort(words);
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

std::string beginning(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  std::size_t end = bytes_max;
  constexpr unsigned continuation_mask = 0xC0;
  constexpr unsigned continuation = 0x80;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & continuation_mask) == continuation) {
    --end;
  }
  return std::string(text.substr(0, end));
}

double PatternStore::similarity(std::string_view left, std::string_view right) {
  const std::vector<std::string> a = pattern_words(left);
  const std::vector<std::string> b = pattern_words(right);
  std::vector<std::string> both;
  std::ranges::set_intersection(a, b, std::back_inserter(both));
  const std::size_t together = a.size() + b.size() - both.size();
  return together == 0 ? 0 : static_cast<double>(both.size()) / static_cast<double>(together);
}

double PatternStore::confidence(std::uint64_t successes, std::uint64_t tries) noexcept {
  if (tries == 0) return 0;
  constexpr double z = 1.96;
  const double n = static_cast<double>(tries);
  const double p = static_cast<double>(std::min(successes, tries)) / n;
  const double middle = p + z * z / (2 * n);
  const double width = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return std::max(0.0, (middle - width) / (1 + z * z / n));
}

std::string PatternStore::signature(std::string_view error) {
  std::string text;
  for (std::size_t i = 0; i < error.size() && text.size() <= pattern_text_bytes_max;) {
    const char c = error[i];
    if (const std::size_t end = begins_quote(error, i) ? end_of_quote(error, i) : 0; end != 0) {
      text += c;
      text += "…";
      text += c;
      i = end;
    } else if (is_digit(c)) {
      while (i < error.size() && is_digit(error[i])) ++i;
      text += '#';
    } else if (is_space(c) || c == '\0') {
      while (i < error.size() && (is_space(error[i]) || error[i] == '\0')) ++i;
      if (!text.empty() && i < error.size()) text += ' ';
    } else {
      text += c;
      ++i;
    }
  }
  return beginning(text, pattern_text_bytes_max);
}

}  // namespace untorn::pipeline
