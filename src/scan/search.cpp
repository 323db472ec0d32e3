// SPDX-License-Identifier: Apache-2.0
#include "scan/search.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace untorn::scan {
namespace {

bool is_word_byte(char byte) noexcept {
  const bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
  return is_letter || (byte >= '0' && byte <= '9') || byte == '_' ||
         static_cast<unsigned char>(byte) >= 0x80;
}

}  // namespace

WordSearch::WordSearch(std::span<const std::string_view> words) {
  for (std::size_t at = 0; at < words.size(); ++at) {
    if (words[at].size() == 1) short_words_.push_back({std::string(words[at]), at});
    if (words[at].size() > 1) words_.push_back({std::string(words[at]), at});
  }
  prepare();
}

WordSearch::WordSearch(std::span<const std::string> words)
    : WordSearch(std::vector<std::string_view>(words.begin(), words.end())) {}

// All words count as if they were as long as the shortest: `skip_` of two bytes is the distance
// from their nearest place in any word's beginning to the end of that beginning.
void WordSearch::prepare() {
  if (words_.empty()) return;
  length_min_ = std::numeric_limits<std::uint8_t>::max();
  for (const Word& word : words_) length_min_ = std::min(length_min_, word.text.size());
  skip_.fill(static_cast<std::uint8_t>(length_min_ - 1));
  for (const Word& word : words_) {
    for (std::size_t end = 1; end < length_min_; ++end) {
      std::uint8_t& skip = skip_[slot(word.text[end - 1], word.text[end])];
      skip = std::min(skip, static_cast<std::uint8_t>(length_min_ - 1 - end));
    }
  }
  const auto slot_of = [&](const Word& word) {
    return slot(word.text[length_min_ - 2], word.text[length_min_ - 1]);
  };
  std::stable_sort(words_.begin(), words_.end(), [&](const Word& left, const Word& right) {
    return slot_of(left) < slot_of(right);
  });
  std::size_t at = 0;
  for (std::size_t each = 0; each <= table_size; ++each) {
    while (at < words_.size() && slot_of(words_[at]) < each) ++at;
    bucket_begins_[each] = static_cast<std::uint32_t>(at);
  }
}

template <class Found>
bool WordSearch::scan(std::string_view text, const Found& found) const {
  if (words_.empty()) return false;
  std::size_t end = length_min_ - 1;  // where the last byte of a beginning may stand
  while (end < text.size()) {
    const std::size_t here = slot(text[end - 1], text[end]);
    if (skip_[here] != 0) {
      end += skip_[here];
      continue;
    }
    const std::size_t begin = end + 1 - length_min_;
    for (std::size_t at = bucket_begins_[here]; at < bucket_begins_[here + 1]; ++at) {
      if (text.substr(begin).starts_with(words_[at].text) && found(begin, words_[at])) {
        return true;
      }
    }
    ++end;
  }
  return false;
}

template <class Found>
bool WordSearch::scan_short(std::string_view text, const Found& found) const {
  for (const Word& word : short_words_) {
    for (std::size_t at = text.find(word.text); at != std::string_view::npos;
         at = text.find(word.text, at + 1)) {
      if (found(at, word)) return true;
    }
  }
  return false;
}

bool WordSearch::occurs_in(std::string_view text) const {
  const auto any = [](std::size_t, const Word&) { return true; };
  return scan(text, any) || scan_short(text, any);
}

bool WordSearch::occurs_whole_in(std::string_view text) const {
  const auto is_whole = [&](std::size_t begin, const Word& word) {
    return is_whole_word(text, begin, word.text.size());
  };
  return scan(text, is_whole) || scan_short(text, is_whole);
}

bool WordSearch::visit(std::string_view text,
                       const std::function<bool(std::size_t, std::size_t)>& found) const {
  const auto tell = [&](std::size_t begin, const Word& word) { return found(begin, word.index); };
  return scan(text, tell) || scan_short(text, tell);
}

bool is_whole_word(std::string_view text, std::size_t begin, std::size_t size) noexcept {
  const std::size_t end = begin + size;
  const bool joined_before =
      begin > 0 && is_word_byte(text[begin - 1]) && is_word_byte(text[begin]);
  const bool joined_after =
      end < text.size() && is_word_byte(text[end - 1]) && is_word_byte(text[end]);
  return !joined_before && !joined_after;
}

}  // namespace untorn::scan
