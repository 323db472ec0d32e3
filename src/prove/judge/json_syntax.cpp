// SPDX-License-Identifier: Apache-2.0
//
// A pushdown automaton without recursion: the depth of a document costs one byte a level and can
// not overflow the stack of this process.
#include "prove/judge/json_syntax.h"

#include <cstddef>
#include <string>

namespace untorn::prove {

namespace {

class JsonSyntax {
 public:
  explicit JsonSyntax(std::string_view text) : text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }

  bool accepts() {
    do {
      if (!value()) return false;
    } while (next_value());
    skip_space();
    return !failed_ && nesting_.empty() && at_ == text_.size();
  }
  [[nodiscard]] std::size_t at() const { return at_; }

 private:
  [[nodiscard]] bool more() const { return at_ < text_.size(); }
  [[nodiscard]] char peek() const { return more() ? text_[at_] : '\0'; }
  bool take(char wanted) {
    if (!more() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  void skip_space() {
    while (more() && (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r')) ++at_;
  }

  bool value();
  bool next_value();
  bool member_name();
  bool string();
  bool escape();
  bool multibyte();
  bool number();
  bool digits();

  std::string_view text_;
  std::size_t at_ = 0;
  std::string nesting_;  // '[' and '{', outermost first
  bool failed_ = false;
};

// A scalar, or the way down to the first scalar or empty container.
bool JsonSyntax::value() {
  for (;;) {
    skip_space();
    if (take('[')) {
      skip_space();
      if (take(']')) return true;
      nesting_.push_back('[');
      continue;
    }
    if (take('{')) {
      skip_space();
      if (take('}')) return true;
      nesting_.push_back('{');
      if (!member_name()) return false;
      continue;
    }
    if (peek() == '"') return string();
    return take("true") || take("false") || take("null") || take("NaN") || number();
  }
}

// After a value: closes what ends here. True if another value must follow.
bool JsonSyntax::next_value() {
  while (!nesting_.empty()) {
    skip_space();
    const bool object = nesting_.back() == '{';
    if (take(',')) {
      if (object && !member_name()) failed_ = true;
      return !failed_;
    }
    if (!take(object ? '}' : ']')) {
      failed_ = true;
      return false;
    }
    nesting_.pop_back();
  }
  return false;
}

bool JsonSyntax::member_name() {
  skip_space();
  if (!string()) return false;
  skip_space();
  return take(':');
}

bool JsonSyntax::string() {
  if (!take('"')) return false;
  while (more()) {
    const auto byte = static_cast<unsigned char>(peek());
    if (byte < 0x20) return false;
    if (byte >= 0x80) {
      if (!multibyte()) return false;
      continue;
    }
    ++at_;
    if (byte == '"') return true;
    if (byte == '\\' && !escape()) return false;
  }
  return false;
}

bool JsonSyntax::escape() {
  if (!more()) return false;
  const char kind = text_[at_++];
  if (kind != 'u') return std::string_view("\"\\/bfnrt").find(kind) != std::string_view::npos;
  for (int i = 0; i < 4; ++i) {
    constexpr std::string_view hex = "0123456789abcdefABCDEF";
    if (!more() || hex.find(text_[at_++]) == std::string_view::npos) return false;
  }
  return true;
}

// One UTF-8 sequence of two to four bytes. Surrogates pass: Python writes them with ensure_ascii
// off and errors="surrogatepass".
bool JsonSyntax::multibyte() {
  const auto lead = static_cast<unsigned char>(text_[at_]);
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || at_ + length > text_.size()) return false;
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text_[at_ + i]) & 0xC0U) != 0x80U) return false;
  }
  at_ += length;
  return true;
}

bool JsonSyntax::digits() {
  const std::size_t first = at_;
  while (more() && peek() >= '0' && peek() <= '9') ++at_;
  return at_ > first;
}

bool JsonSyntax::number() {
  take('-');
  if (take("Infinity")) return true;
  if (!take('0') && !digits()) return false;
  if (take('.') && !digits()) return false;
  if (take('e') || take('E')) {
    if (!take('+')) take('-');
    return digits();
  }
  return true;
}

}  // namespace

bool is_json(std::string_view text) {
  return JsonSyntax(text).accepts();
}

std::optional<std::size_t> json_fault(std::string_view text) {
  JsonSyntax syntax(text);
  if (syntax.accepts()) return {};
  return syntax.at();
}

}  // namespace untorn::prove
