// SPDX-License-Identifier: Apache-2.0
#include "scan/suppressions.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "base/nearest.h"
#include "rules/rule.h"

namespace untorn::scan {
namespace {

constexpr std::string_view blanks = " \t";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(blanks), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(" \t\r") + 1);
}

// What follows `word` and blanks; nothing if the text does not begin so.
bool take_word(std::string_view& text, std::string_view word) {
  const std::string_view from = trimmed(text);
  if (!from.starts_with(word)) return false;
  text = from.substr(word.size());
  return true;
}

std::string no_such_rule(std::string_view name) {
  std::vector<std::string> known;
  for (const rules::Rule& rule : rules::all_rules()) {
    known.emplace_back(rule.code);
    known.emplace_back(rule.name);
  }
  std::string problem = "there is no such rule";
  const std::string_view near = nearest(name, known);
  if (!near.empty()) problem += "; did you mean " + std::string(near) + "?";
  return problem;
}

}  // namespace

Suppressions::Suppressions(std::span<const languages::Comment> comments, bool require_reasons) {
  for (const languages::Comment& comment : comments) read(comment, require_reasons);
  // A comment alone on its line speaks of the next line, past further ones of its kind.
  std::vector<std::uint32_t> alone;
  for (const languages::Comment& comment : comments) {
    if (comment.alone) alone.push_back(comment.line);
  }
  std::sort(alone.begin(), alone.end());
  for (Ask& ask : asks_) {
    while (std::binary_search(alone.begin(), alone.end(), ask.speaks_of)) ++ask.speaks_of;
  }
}

void Suppressions::read(const languages::Comment& comment, bool require_reasons) {
  std::string_view text = comment.text;
  // Other comments that speak to us may come to be; only what begins like this is meant for here.
  if (!take_word(text, "untorn:") || !take_word(text, "allow")) return;
  const auto misunderstood = [&](std::string_view rule, std::string reason) {
    misunderstood_.push_back(
        {.line = comment.line, .rule = std::string(rule), .reason = std::move(reason)});
  };
  const std::size_t dashes = text.find("--");
  const bool has_reason =
      dashes != std::string_view::npos && !trimmed(text.substr(dashes + 2)).empty();
  // A comment for another tool may follow: `# untorn: allow UT001  # noqa`.
  std::string_view names = trimmed(text.substr(0, std::min(dashes, text.find('#'))));
  if (names.empty()) return misunderstood("", "names no rule");
  if (require_reasons && !has_reason) {
    return misunderstood(names, "needs a reason: untorn: allow RULE -- reason");
  }
  while (!names.empty()) {
    const std::size_t end = std::min(names.find(','), names.size());
    const std::string_view name = trimmed(names.substr(0, end));
    names.remove_prefix(std::min(end + 1, names.size()));
    if (name.empty()) continue;
    if (const rules::Rule* rule = rules::find_rule(name)) {
      asks_.push_back({.rule = rule->id,
                       .written = std::string(name),
                       .line = comment.line,
                       .speaks_of = comment.line});
    } else {
      misunderstood(name, no_such_rule(name));
    }
  }
}

bool Suppressions::silence(rules::RuleId rule, const languages::Range& range) {
  bool silenced = false;
  for (Ask& ask : asks_) {
    const bool here = range.first.line <= ask.speaks_of && ask.speaks_of <= range.last.line;
    if (ask.rule != rule || !here) continue;
    ask.used = true;
    silenced = true;
  }
  return silenced;
}

void Suppressions::sort(std::vector<Idle>& idle) {
  std::stable_sort(idle.begin(), idle.end(),
                   [](const Idle& left, const Idle& right) { return left.line < right.line; });
}

}  // namespace untorn::scan
