// SPDX-License-Identifier: Apache-2.0
#include "document/json_reader.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

#include "document/json_text.h"

namespace untorn {
namespace {

// Bytes that end a plain stretch of a string: quotation mark, backslash, control, not ASCII.
constexpr std::array<bool, 256> special_bytes = [] {
  std::array<bool, 256> special{};
  for (std::size_t byte = 0; byte < special.size(); ++byte) {
    special[byte] = byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\';
  }
  return special;
}();

// Eight bytes at once: does any of them end a plain stretch?
bool has_special(std::uint64_t word) {
  constexpr std::uint64_t ones = 0x0101010101010101U;
  constexpr std::uint64_t highs = ones * 0x80U;
  const auto has_zero = [](std::uint64_t x) { return (x - ones) & ~x & highs; };
  const std::uint64_t controls = (word - ones * 0x20U) & ~word & highs;
  return (controls | (word & highs) | has_zero(word ^ (ones * '"')) |
          has_zero(word ^ (ones * '\\'))) != 0;
}

std::size_t plain_end(std::string_view text, std::size_t at) {
  std::uint64_t word = 0;
  while (at + sizeof word <= text.size()) {
    std::memcpy(&word, text.data() + at, sizeof word);
    if (has_special(word)) break;
    at += sizeof word;
  }
  while (at < text.size() && !special_bytes[static_cast<unsigned char>(text[at])]) ++at;
  return at;
}

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

// Up to the end of the last line in `gap`, without the line end itself.
struct SplitGap {
  std::string_view before;   // what stands before the line end
  std::string_view newline;  // "\n" or "\r\n"; empty if there is none
  std::string_view indent;   // what stands after it
};

SplitGap split_lines(std::string_view gap) {
  const std::size_t end = gap.rfind('\n');
  if (end == std::string_view::npos) return {.before = gap, .newline = {}, .indent = {}};
  const std::size_t begin = end > 0 && gap[end - 1] == '\r' ? end - 1 : end;
  return {.before = gap.substr(0, begin),
          .newline = gap.substr(begin, end + 1 - begin),
          .indent = gap.substr(end + 1)};
}

}  // namespace

bool JsonReader::take(char wanted) {
  if (!more() || text_[at_] != wanted) return false;
  ++at_;
  return true;
}

bool JsonReader::take_word(std::string_view word) {
  if (!text_.substr(at_).starts_with(word)) return false;
  at_ += word.size();
  return true;
}

void JsonReader::skip_space() {
  while (more() && is_space(text_[at_])) ++at_;
}

bool JsonReader::fail(std::string reason) {
  fault_ = {.offset = at_, .reason = std::move(reason), .at_end = !more(), .too_deep = false};
  return false;
}

void JsonReader::note(Gap& gap, Gap found) {
  if (gap.known) return;
  gap = found;
  gap.known = true;
}

bool JsonReader::read() {
  if (!read_value()) return false;
  skip_space();
  return more() ? fail("the value is over, and something follows it") : true;
}

bool JsonReader::read_value() {
  frames_.clear();
  skip_space();
  root_from_ = at_;
  for (bool ended = false; !ended;) {
    JsonValue value;
    bool whole = true;  // not a container with children still to come
    if (peek() == '{' || peek() == '[') {
      if (!open(peek() == '{' ? JsonKind::object : JsonKind::array, whole)) return false;
      if (!whole) continue;
      value = std::move(frames_.back().value);
      frames_.pop_back();
    } else if (!scalar(value)) {
      return false;
    }
    if (!attach(std::move(value), ended)) return false;
  }
  root_to_ = at_;
  return true;
}

// At a bracket. Afterwards at its first child, or behind the container if it is empty.
bool JsonReader::open(JsonKind kind, bool& empty) {
  if (frames_.size() == json_depth_max) {
    (void)fail("nested deeper than " + std::to_string(json_depth_max) + " levels");
    fault_.at_end = false;
    fault_.too_deep = true;
    return false;
  }
  ++at_;
  const std::size_t gap_from = at_;
  skip_space();
  frames_.emplace_back();
  Frame& frame = frames_.back();
  const bool is_object = kind == JsonKind::object;
  JsonValue::Container& container = frame.value.own_container(kind);
  empty = take(is_object ? '}' : ']');
  if (empty) return true;
  const std::string_view gap = text_.substr(gap_from, at_ - gap_from);
  frame.spread = gap.find('\n') != std::string_view::npos;
  container.on_one_line = !frame.spread && frames_.front().spread;
  if (frame.spread) {
    note(first_indent_, {.from = gap_from, .to = at_, .depth = frames_.size()});
  }
  return is_object ? member_name() : true;
}

bool JsonReader::member_name() {
  JsonMember member;
  member.is_source_ = true;
  if (peek() != '"') return fail("a member name in double quotes was expected");
  if (!string(member.name_)) return false;
  const std::size_t gap_from = at_;
  skip_space();
  if (!take(':')) return fail("':' was expected");
  skip_space();
  note(colon_, {.from = gap_from, .to = at_});
  frames_.back().value.container_->members.push_back(std::move(member));
  return true;
}

bool JsonReader::scalar(JsonValue& value) {
  const std::size_t from = at_;
  switch (peek()) {
    case '"':
      value = JsonValue(JsonKind::string, {}, true);
      return string(value.text_);
    case 'n':
      if (take_word("null")) return true;
      break;
    case 't':
    case 'f':
      if (take_word("true") || take_word("false")) {
        value = JsonValue(JsonKind::boolean, std::string(text_.substr(from, at_ - from)), true);
        return true;
      }
      break;
    default:
      return number(value);
  }
  // A beginning of the word, and then the end, is a cut.
  const std::string_view rest = text_.substr(at_);
  for (const std::string_view word : {"null", "true", "false"}) {
    if (word.starts_with(rest)) at_ = text_.size();
  }
  return fail("a value was expected");
}

bool JsonReader::number(JsonValue& value) {
  const std::size_t from = at_;
  for (const std::string_view word : {"NaN", "Infinity", "-Infinity"}) {
    const std::string_view rest = text_.substr(at_);
    if (take_word(word)) {
      value = JsonValue(JsonKind::number, std::string(word), true);
      return true;
    }
    if (!rest.empty() && word.starts_with(rest) && rest != "-") {
      at_ = text_.size();
      return fail("a value was expected");
    }
  }
  (void)take('-');
  if (!take('0') && !digits()) return fail("a value was expected");
  if (take('.') && !digits()) return fail("a digit was expected");
  if (take('e') || take('E')) {
    if (!take('+')) (void)take('-');
    if (!digits()) return fail("a digit was expected");
  }
  value = JsonValue(JsonKind::number, std::string(text_.substr(from, at_ - from)), true);
  return true;
}

bool JsonReader::digits() {
  const std::size_t from = at_;
  while (more() && peek() >= '0' && peek() <= '9') ++at_;
  return at_ > from;
}

bool JsonReader::is_number(std::string_view text) {
  JsonReader reader(text);
  JsonValue value;
  return !text.empty() && reader.number(value) && reader.at_ == text.size();
}

// At a quotation mark. `source` becomes what stands between the two.
bool JsonReader::string(std::string& source) {
  const std::size_t from = ++at_;
  for (;;) {
    at_ = plain_end(text_, at_);
    if (!more()) return fail("the string does not end");
    if (peek() == '"') {
      source.assign(text_.substr(from, at_ - from));
      ++at_;
      return true;
    }
    if (!string_byte()) return false;
  }
}

// At a byte that is not plain, and no quotation mark.
bool JsonReader::string_byte() {
  const auto byte = static_cast<unsigned char>(peek());
  if (byte == '\\') return escape();
  if (byte < 0x20) return fail("a control character inside a string");
  ascii_ = false;
  const std::size_t length = document::sequence_length(text_, at_);
  if (length != 0) {
    at_ += length;
    return true;
  }
  // A sequence that the end cuts is no wrong one.
  constexpr std::size_t sequence_bytes_max = 4;
  const bool maybe_cut =
      text_.size() - at_ < sequence_bytes_max &&
      text_.substr(at_ + 1).find_first_of(std::string_view("\" ,:]}\n")) == std::string_view::npos;
  if (maybe_cut) at_ = text_.size();
  return fail("bytes that are not UTF-8");
}

bool JsonReader::escape() {
  const std::size_t from = at_++;
  if (!more()) return fail("the string does not end");
  const char letter = text_[at_++];
  if (letter != 'u') {
    if (std::string_view("\"\\/bfnrt").find(letter) != std::string_view::npos) return true;
    at_ = from;
    return fail("an unknown escape");
  }
  for (int i = 0; i < 4; ++i, ++at_) {
    constexpr std::string_view hex = "0123456789abcdefABCDEF";
    if (!more()) return fail("the string does not end");
    if (hex.find(text_[at_]) == std::string_view::npos)
      return fail("a hexadecimal digit was expected");
  }
  return true;
}

bool JsonReader::attach(JsonValue value, bool& ended) {
  for (;;) {
    if (frames_.empty()) {
      root_ = std::move(value);
      ended = true;
      return true;
    }
    JsonValue& parent = frames_.back().value;
    const bool is_object = parent.kind() == JsonKind::object;
    if (is_object) {
      parent.container_->members.back().value = std::move(value);
    } else {
      parent.container_->items.push_back(std::move(value));
    }
    const std::size_t gap_from = at_;
    skip_space();
    if (take(',')) return next_child(gap_from);
    if (!take(is_object ? '}' : ']')) {
      return fail(is_object ? "',' or '}' was expected" : "',' or ']' was expected");
    }
    value = std::move(parent);
    frames_.pop_back();
  }
}

// Behind a comma.
bool JsonReader::next_child(std::size_t gap_from) {
  skip_space();
  const Gap gap{.from = gap_from, .to = at_, .depth = frames_.size()};
  note(frames_.back().spread ? spread_comma_ : inline_comma_, gap);
  return frames_.back().value.kind() == JsonKind::object ? member_name() : true;
}

JsonStyle JsonReader::take_style() {
  JsonStyle style;
  if (first_indent_.known) {
    const SplitGap parts = split_lines(text_of(first_indent_));
    style.newline = parts.newline;
    const std::size_t depth = first_indent_.depth;
    const bool even = parts.indent.size() % depth == 0;
    style.indent = parts.indent.substr(0, even ? parts.indent.size() / depth : std::string::npos);
    style.item_separator = ",";
  }
  if (colon_.known) style.key_separator = text_of(colon_);
  if (spread_comma_.known) {
    const SplitGap parts = split_lines(text_of(spread_comma_));
    // A comma behind the line end, or two children on one line: no separator to follow.
    const bool leads = parts.before.find(',') != std::string_view::npos;
    if (leads && !parts.newline.empty()) style.item_separator = parts.before;
  }
  if (inline_comma_.known) {
    (style.indent ? style.inline_separator : style.item_separator) = text_of(inline_comma_);
  } else if (!style.indent && style.key_separator == ":") {
    style.item_separator = ",";
  }
  style.ensure_ascii = ascii_;
  style.before = text_.substr(0, root_from_);
  style.after = text_.substr(root_to_);
  return style;
}

}  // namespace untorn
