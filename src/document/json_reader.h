// SPDX-License-Identifier: Apache-2.0
//
// From text to value, losing nothing: a pushdown automaton without recursion.
//
// The grammar is that of Python's json.loads(strict=True). Every byte of the text ends up in a
// scalar's source text, in a member's name, or in the layout that JsonStyle describes.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "document/json_container.h"
#include "untorn/json.h"

namespace untorn {

// Deeper values are refused. Python 3.12 writes 10,000 levels, earlier ones 1,000.
inline constexpr std::size_t json_depth_max = 10'000;

struct JsonFault {
  std::size_t offset = 0;
  std::string reason;     // "a value was expected"
  bool at_end = false;    // everything was right, and then the text was over
  bool too_deep = false;  // a limit of ours, not a fault of the text
};

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  // White space, one value, white space, and nothing more.
  [[nodiscard]] bool read();
  // White space and one value; at() is behind it. May be called again for what follows.
  [[nodiscard]] bool read_value();

  [[nodiscard]] const JsonFault& fault() const noexcept { return fault_; }
  [[nodiscard]] std::size_t at() const noexcept { return at_; }
  // After a successful read().
  [[nodiscard]] JsonValue take_root() { return std::move(root_); }
  [[nodiscard]] JsonStyle take_style();

  [[nodiscard]] static bool is_number(std::string_view text);

 private:
  struct Frame {
    JsonValue value;      // the array or object that is being read
    bool spread = false;  // its first child stands on a line of its own
  };
  // A stretch of the text.
  struct Gap {
    std::size_t from = 0;
    std::size_t to = 0;
    std::size_t depth = 0;
    bool known = false;
  };

  [[nodiscard]] bool more() const { return at_ < text_.size(); }
  [[nodiscard]] char peek() const { return more() ? text_[at_] : '\0'; }
  [[nodiscard]] bool take(char wanted);
  [[nodiscard]] bool take_word(std::string_view word);
  void skip_space();
  [[nodiscard]] bool fail(std::string reason);

  [[nodiscard]] bool open(JsonKind kind, bool& empty);
  [[nodiscard]] bool scalar(JsonValue& value);
  [[nodiscard]] bool number(JsonValue& value);
  [[nodiscard]] bool digits();
  [[nodiscard]] bool string(std::string& source);
  [[nodiscard]] bool string_byte();
  [[nodiscard]] bool escape();
  [[nodiscard]] bool member_name();
  // Puts `value` where it belongs and closes what ends here. `ended`: it was the outermost one.
  [[nodiscard]] bool attach(JsonValue value, bool& ended);
  [[nodiscard]] bool next_child(std::size_t gap_from);

  [[nodiscard]] std::string_view text_of(const Gap& gap) const {
    return text_.substr(gap.from, gap.to - gap.from);
  }
  static void note(Gap& gap, Gap found);

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Frame> frames_;
  JsonValue root_;
  JsonFault fault_;

  // What the layout is found from: each the first of its kind.
  Gap first_indent_;  // before the first child that has a line of its own
  Gap spread_comma_;  // between two such children
  Gap inline_comma_;  // between two children on one line
  Gap colon_;
  std::size_t root_from_ = 0;
  std::size_t root_to_ = 0;
  bool ascii_ = true;
};

}  // namespace untorn
