// SPDX-License-Identifier: Apache-2.0
#include "scan/search.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace untorn::scan {
namespace {

using Hits = std::multiset<std::pair<std::size_t, std::size_t>>;

Hits naive(const std::vector<std::string>& words, const std::string& text) {
  Hits hits;
  for (std::size_t word = 0; word < words.size(); ++word) {
    if (words[word].empty()) continue;
    for (std::size_t at = text.find(words[word]); at != std::string::npos;
         at = text.find(words[word], at + 1)) {
      hits.emplace(at, word);
    }
  }
  return hits;
}

Hits visited(const WordSearch& search, const std::string& text) {
  Hits hits;
  EXPECT_FALSE(search.visit(text, [&](std::size_t at, std::size_t word) {
    hits.emplace(at, word);
    return false;
  }));
  return hits;
}

// Few letters, so that words overlap, repeat and nearly match.
rc::Gen<std::string> text_of(const std::string& letters) {
  return rc::gen::container<std::string>(rc::gen::elementOf(letters));
}

RC_GTEST_PROP(search, finds_what_the_naive_search_finds, ()) {
  const auto words = *rc::gen::container<std::vector<std::string>>(text_of("abc"));
  const std::string text = *text_of("abcd");
  const WordSearch search(words);
  const Hits expected = naive(words, text);
  RC_ASSERT(visited(search, text) == expected);
  RC_ASSERT(search.occurs_in(text) == !expected.empty());
}

RC_GTEST_PROP(search, finds_words_of_any_bytes,
              (std::vector<std::string> words, std::string text)) {
  for (const std::string& word : words) text += word;
  RC_ASSERT(visited(WordSearch(words), text) == naive(words, text));
}

TEST(search, words_longer_than_its_table_can_skip_are_found) {
  const std::vector<std::string> words = {std::string(300, 'a') + "b", std::string(700, 'c')};
  const WordSearch search(words);
  EXPECT_TRUE(search.occurs_in(std::string(1000, 'x') + std::string(305, 'a') + "b"));
  EXPECT_FALSE(search.occurs_in(std::string(1000, 'a')));
  EXPECT_FALSE(search.occurs_in(std::string(699, 'c')));
}

TEST(search, a_word_at_either_end_is_found_and_a_short_text_is_safe) {
  const std::vector<std::string> words = {"open(", "write_text"};
  const WordSearch search(words);
  EXPECT_TRUE(search.occurs_in("open("));
  EXPECT_TRUE(search.occurs_in("xopen("));
  EXPECT_TRUE(search.occurs_in("open(x"));
  EXPECT_FALSE(search.occurs_in("open"));
  EXPECT_FALSE(search.occurs_in(""));
}

TEST(search, a_piece_of_a_longer_word_is_not_whole) {
  const std::vector<std::string> words = {"open", "file(", "x"};
  const WordSearch search(words);
  for (const char* text :
       {"open", "(open)", "io.open", "my open", "file(a)", "reopen file(", "x"}) {
    EXPECT_TRUE(search.occurs_whole_in(text)) << text;
  }
  for (const char* text :
       {"opened", "reopen", "_open", "open2", "\xC3\xA4open", "profile(a)", "xx"}) {
    EXPECT_FALSE(search.occurs_whole_in(text)) << text;
  }
}

TEST(search, without_words_nothing_occurs) {
  const std::vector<std::string> words = {""};
  EXPECT_TRUE(WordSearch(words).empty());
  EXPECT_FALSE(WordSearch(words).occurs_in("abc"));
}

}  // namespace
}  // namespace untorn::scan
