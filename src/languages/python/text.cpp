// SPDX-License-Identifier: Apache-2.0
#include "languages/python/text.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "languages/python/grammar.h"

namespace untorn::languages {
namespace {

constexpr std::size_t words_limit = 32;
constexpr std::size_t word_limit_bytes = 40;
constexpr std::size_t literal_limit_bytes = 4096;

bool is_upper(char each) noexcept {
  return each >= 'A' && each <= 'Z';
}
bool is_word_part(char each) noexcept {
  return is_upper(each) || is_digit(each) || (each >= 'a' && each <= 'z') ||
         static_cast<unsigned char>(each) >= 0x80;
}

void add_word(std::string_view word, std::vector<std::string>& words) {
  if (words.size() >= words_limit || word.empty() || word.size() > word_limit_bytes) return;
  if (std::all_of(word.begin(), word.end(), is_digit)) return;
  std::string lower = to_lower(word);
  if (std::find(words.begin(), words.end(), lower) == words.end()) {
    words.push_back(std::move(lower));
  }
}

// A new word begins at text[at], which is preceded by a letter or digit.
bool splits(std::string_view text, std::size_t at) {
  if (!is_upper(text[at])) return false;
  const char before = text[at - 1];
  if (!is_upper(before)) return !is_digit(before) || at + 1 < text.size();
  return at + 1 < text.size() && text[at + 1] >= 'a' && text[at + 1] <= 'z';  // "JSONFile"
}

char simple_escape(char letter) noexcept {
  switch (letter) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case '\\':
    case '\'':
    case '"':
      return letter;
    default:
      return '\0';
  }
}

void append_unescaped(std::string_view text, bool is_raw, bool is_format, std::string& out) {
  for (std::size_t at = 0; at < text.size() && out.size() < literal_limit_bytes; ++at) {
    const bool has_next = at + 1 < text.size();
    if (is_format && has_next && (text[at] == '{' || text[at] == '}') && text[at + 1] == text[at]) {
      out += text[at++];
      continue;
    }
    if (text[at] == '\\' && !is_raw && has_next) {
      if (text[at + 1] == '\n') {
        ++at;
        continue;
      }
      if (const char plain = simple_escape(text[at + 1]); plain != '\0') {
        out += plain;
        ++at;
        continue;
      }
    }
    out += text[at];
  }
}

}  // namespace

void add_words(std::string_view text, std::vector<std::string>& words) {
  text = text.substr(0, literal_limit_bytes / 16);
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    if (at == text.size() || !is_word_part(text[at])) {
      add_word(text.substr(begin, at - begin), words);
      begin = at + 1;
    } else if (at > begin && splits(text, at)) {
      add_word(text.substr(begin, at - begin), words);
      begin = at;
    }
  }
}

std::string on_one_line(std::string_view text, std::size_t limit) {
  std::string line;
  std::size_t count = 0;
  bool pending_space = false;
  std::size_t last_begin = 0;  // of the last code point that fits
  for (const char each : text) {
    if (each == ' ' || each == '\t' || each == '\n' || each == '\r' || each == '\f') {
      pending_space = !line.empty();
      continue;
    }
    const bool starts = (static_cast<unsigned char>(each) & 0xC0U) != 0x80U;
    if (starts) {
      const std::size_t needed = pending_space ? 2 : 1;
      if (count + needed > limit) {
        line.resize(last_begin);
        return line + "…";
      }
      if (pending_space) line += ' ';
      pending_space = false;
      count += needed;
      last_begin = line.size();
    }
    line += each;
  }
  return line;
}

std::optional<Literal> read_literal(const SyntaxTree& tree, NodeId string) {
  const Grammar& grammar = Grammar::get();
  if (string == NodeId::none || tree.kind(string) != grammar.string) return std::nullopt;
  Literal literal;
  bool is_raw = false;
  for (const NodeId part : tree.children(string)) {
    const KindId kind = tree.kind(part);
    if (kind == grammar.string_start) {
      for (const char each : tree.text(part)) {
        is_raw = is_raw || each == 'r' || each == 'R';
        literal.is_bytes = literal.is_bytes || each == 'b' || each == 'B';
        literal.is_format = literal.is_format || each == 'f' || each == 'F';
      }
    } else if (kind == grammar.string_content) {
      append_unescaped(tree.text(part), is_raw, literal.is_format, literal.text);
    } else if (kind == grammar.interpolation) {
      literal.text += unknown_part;
    }
  }
  return literal;
}

std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& each : lower) {
    if (is_upper(each)) each = static_cast<char>(each - 'A' + 'a');
  }
  return lower;
}

std::string_view last_component(std::string_view path) noexcept {
  const std::size_t slash = path.find_last_of('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view known_extension(std::string_view component) noexcept {
  const std::size_t dot = component.find_last_of('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == component.size()) return {};
  const std::string_view extension = component.substr(dot);
  const bool is_plain = std::all_of(extension.begin() + 1, extension.end(), [](char each) {
    return is_word_part(each) || each == '_' || each == '-';
  });
  return is_plain && extension.size() <= 16 ? extension : std::string_view();
}

bool says_temporary(std::string_view component) {
  static constexpr std::array<std::string_view, 6> endings = {"~",     ".new",     ".swp",
                                                              ".part", ".partial", ".download"};
  if (std::any_of(endings.begin(), endings.end(),
                  [&](std::string_view ending) { return component.ends_with(ending); })) {
    return true;
  }
  static constexpr std::array<std::string_view, 11> temporary = {
      "tmp",    "temp",    "temporary", "tempfile", "tmpfile",   "tempdir",
      "tmpdir", "tmpname", "tempname",  "partial",  "incomplete"};
  std::vector<std::string> words;
  add_words(component, words);
  return std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return std::find(temporary.begin(), temporary.end(), word) != temporary.end();
  });
}

}  // namespace untorn::languages
