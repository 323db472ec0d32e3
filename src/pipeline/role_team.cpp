// SPDX-License-Identifier: Apache-2.0
#include "pipeline/role_team.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace untorn::pipeline {
namespace {

constexpr std::array<std::string_view, 44> common_words = {
    "a",    "all",  "an",   "and", "any",  "are",  "as",    "at",    "be",   "by",   "can",
    "do",   "for",  "from", "has", "have", "how",  "in",    "into",  "is",   "it",   "its",
    "new",  "not",  "of",   "on",  "or",   "our",  "so",    "some",  "that", "the",  "them",
    "then", "this", "to",   "use", "we",   "when", "where", "which", "will", "with", "you"};
constexpr std::array<std::string_view, 6> endings = {"ing", "ers", "er", "ed", "es", "s"};
constexpr std::size_t letters_min = 3;

bool is_word_byte(char c) {
  const bool is_ascii = static_cast<unsigned char>(c) < 0x80U;
  return !is_ascii || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string stem_of(std::string word) {
  for (const std::string_view ending : endings) {
    if (!word.ends_with(ending) || word.size() < ending.size() + letters_min) continue;
    word.resize(word.size() - ending.size());
    break;
  }
  const auto is_long = [&word] { return word.size() > letters_min; };
  if (is_long() && word.ends_with('e')) word.pop_back();
  if (is_long() && word.back() == word[word.size() - 2]) word.pop_back();
  return word;
}

std::string in_small_letters(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return result;
}

// What a role has of one word: how much it counts, and why.
struct Match {
  std::uint64_t weight = 0;
  std::string reason;
};

class Candidate {
 public:
  explicit Candidate(const Role& role) : role_(&role) {
    add(role.name, 3, "name");
    for (const std::string& text : role.capabilities) add(text, 3, "capability");
    for (const std::string& text : role.tags) add(text, 2, "tag");
    for (const std::string& text : role.tools) add(text, 2, "tool");
    add(role.description, 1, "description");
  }

  [[nodiscard]] const std::string& name() const noexcept { return role_->name; }

  [[nodiscard]] const Match* match(const std::string& word) const {
    const auto found = matches_.find(word);
    return found == matches_.end() ? nullptr : &found->second;
  }

  [[nodiscard]] std::uint64_t weight_of(const std::set<std::string>& words) const {
    std::uint64_t sum = 0;
    for (const std::string& word : words) {
      if (const Match* const found = match(word)) sum += found->weight;
    }
    return sum;
  }

 private:
  // The best place counts, and among equals the first.
  void add(const std::string& text, std::uint64_t weight, const std::string& place) {
    for (const std::string& word : stems_of(text)) {
      Match& match = matches_[word];
      if (weight <= match.weight) continue;
      const bool is_long = place == "description";
      match = {weight, place + " '" + (is_long ? word : text) + "'"};
    }
  }

  const Role* role_;
  std::map<std::string, Match> matches_;
};

TeamMember member_of(const Candidate& candidate, const std::set<std::string>& words,
                     std::uint64_t added) {
  TeamMember member;
  member.name = candidate.name();
  member.score = candidate.weight_of(words);
  member.added = added;
  for (const std::string& word : words) {
    const Match* const match = candidate.match(word);
    if (match == nullptr) continue;
    if (std::ranges::find(member.reasons, match->reason) == member.reasons.end()) {
      member.reasons.push_back(match->reason);
    }
  }
  return member;
}

}  // namespace

std::vector<std::string> stems_of(std::string_view text) {
  std::vector<std::string> words;
  for (auto begin = std::ranges::find_if(text, is_word_byte); begin != text.end();) {
    const auto end = std::find_if_not(begin, text.end(), is_word_byte);
    const std::string word = in_small_letters(std::string_view(begin, end));
    begin = std::find_if(end, text.end(), is_word_byte);
    if (std::ranges::find(common_words, word) != common_words.end()) continue;
    std::string stem = stem_of(word);
    if (std::ranges::find(words, stem) == words.end()) words.push_back(std::move(stem));
  }
  return words;
}

Team team_for(std::string_view problem, const std::vector<Role>& roles, std::size_t size) {
  const std::vector<std::string> asked = stems_of(problem);
  const std::set<std::string> words(asked.begin(), asked.end());
  std::set<std::string> uncovered = words;
  std::vector<Candidate> candidates;
  for (const Role& role : roles) candidates.emplace_back(role);
  std::erase_if(candidates, [&words](const Candidate& each) { return each.weight_of(words) == 0; });
  Team team;
  while (team.members.size() < size && !candidates.empty()) {
    const auto rank = [&words, &uncovered](const Candidate& each) {
      return std::tuple(each.weight_of(uncovered), each.weight_of(words));
    };
    const auto best = std::ranges::max_element(
        candidates, [&rank](const Candidate& left, const Candidate& right) {
          const auto left_rank = rank(left);
          const auto right_rank = rank(right);
          return left_rank != right_rank ? left_rank < right_rank : left.name() > right.name();
        });
    team.members.push_back(member_of(*best, words, best->weight_of(uncovered)));
    std::erase_if(uncovered,
                  [&best](const std::string& word) { return best->match(word) != nullptr; });
    candidates.erase(best);
  }
  for (const std::string& word : asked) {
    if (uncovered.contains(word)) team.uncovered.push_back(word);
  }
  return team;
}

}  // namespace untorn::pipeline
