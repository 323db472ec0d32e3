// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/simple_words.h"

#include <algorithm>

namespace untorn::prove {

namespace {

// What shells do themselves, with the words of their grammar.
constexpr std::string_view shell_words[] = {
    ".",        ":",        "[",        "alias",  "bg",     "break", "builtin", "case",   "cd",
    "command",  "continue", "declare",  "do",     "done",   "echo",  "elif",    "else",   "esac",
    "eval",     "exec",     "exit",     "export", "false",  "fc",    "fg",      "fi",     "for",
    "function", "getopts",  "hash",     "if",     "jobs",   "kill",  "let",     "local",  "printf",
    "pwd",      "read",     "readonly", "return", "select", "set",   "shift",   "source", "test",
    "then",     "time",     "times",    "trap",   "true",   "type",  "typeset", "ulimit", "umask",
    "unalias",  "unset",    "until",    "wait",   "while"};

bool is_plain(char c) {
  constexpr std::string_view others = "_-./:@%+,=";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         others.find(c) != std::string_view::npos;
}

bool is_literal_in_double_quotes(std::string_view text) {
  return text.find_first_of("$`\\") == std::string_view::npos;
}

}  // namespace

std::optional<std::vector<std::string>> simple_words(std::string_view line) {
  std::vector<std::string> words;
  bool in_word = false;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const char c = line[at];
    if (c == ' ' || c == '\t') {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (c == '\'' || c == '"') {
      const std::size_t end = line.find(c, at + 1);
      if (end == std::string_view::npos) return {};
      const std::string_view text = line.substr(at + 1, end - at - 1);
      if (c == '"' && !is_literal_in_double_quotes(text)) return {};
      words.back() += text;
      at = end;
    } else if (is_plain(c)) {
      words.back() += c;
    } else {
      return {};
    }
  }
  if (words.empty() || words.front().empty()) return {};
  const std::string& program = words.front();
  if (program.find('=') != std::string::npos) return {};  // it would set a variable
  if (std::ranges::find(shell_words, program) != std::end(shell_words)) return {};
  return words;
}

}  // namespace untorn::prove
