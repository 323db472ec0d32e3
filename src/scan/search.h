// SPDX-License-Identifier: Apache-2.0
//
// Looks for many words at once in a text.
//
//   const WordSearch search({"open(", "write_text"});
//   if (search.occurs_in(source)) …
//
// Wu and Manber's search: a table, indexed by two bytes of the text, says how far the next place is
// at which a word may end, so that most bytes are never looked at.
//
// Threads: immutable once made.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace untorn::scan {

class WordSearch {
 public:
  // Empty words occur nowhere.
  explicit WordSearch(std::span<const std::string_view> words);
  explicit WordSearch(std::span<const std::string> words);

  [[nodiscard]] bool empty() const noexcept { return words_.empty() && short_words_.empty(); }
  [[nodiscard]] bool occurs_in(std::string_view text) const;
  // Somewhere one of the words is no piece of a longer one, see is_whole_word().
  [[nodiscard]] bool occurs_whole_in(std::string_view text) const;
  // Calls `found(position, word)` for each occurrence, overlapping ones too and in no promised
  // order, until it answers true. `word` is the index among the words given. Returns whether it
  // did.
  [[nodiscard]] bool visit(std::string_view text,
                           const std::function<bool(std::size_t, std::size_t)>& found) const;

 private:
  struct Word {
    std::string text;
    std::size_t index = 0;  // as given
  };
  static constexpr std::size_t table_size = 4096;
  static std::size_t slot(char first, char second) noexcept {
    return (static_cast<std::size_t>(static_cast<unsigned char>(first)) << 4U ^
            static_cast<unsigned char>(second)) &
           (table_size - 1);
  }

  void prepare();
  template <class Found>
  bool scan(std::string_view text, const Found& found) const;
  template <class Found>
  bool scan_short(std::string_view text, const Found& found) const;

  std::vector<Word> words_;        // those of one slot side by side
  std::vector<Word> short_words_;  // of one byte
  std::size_t length_min_ = 0;     // of words_
  std::array<std::uint8_t, table_size> skip_ = {};
  std::array<std::uint32_t, table_size + 1> bucket_begins_ = {};
};

// The bytes at [begin, begin + size) and those around them are not of one word: letters, digits,
// low lines and all that is not ASCII make words.
[[nodiscard]] bool is_whole_word(std::string_view text, std::size_t begin,
                                 std::size_t size) noexcept;

}  // namespace untorn::scan
