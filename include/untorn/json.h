// SPDX-License-Identifier: Apache-2.0
//
// JSON that stays as it was written: what nobody changed keeps its source text and its place.
//
//   auto json = untorn::JsonDocument::parse(R"({"pi": 3.1400, "big": 123456789012345678901234})");
//   json->root.set("volume", untorn::JsonValue::integer(7));
//   json->text();  // {"pi": 3.1400, "big": 123456789012345678901234, "volume": 7}
//
// Read is what Python's json module writes and reads, which is more than RFC 8259: NaN, Infinity,
// -Infinity, numbers of any length, lone surrogates as escapes, repeated member names. Numbers keep
// their text, strings their escapes, objects their order. So the text of any document that
// json.dump made, parsed and not changed, is the same bytes; and a changed one is written in the
// style that its source has (indentation, separators, escaped or plain non-ASCII, last line end).
//
// Strings in this interface are UTF-8. A lone surrogate is its three bytes (ED A0 80 to ED BF BF),
// as Python's "surrogatepass" writes it.
//
// What parse() refuses is of two kinds, and the difference decides whether a file is left alone:
//   Code::corrupt      J1  nothing but white space;
//                      J2  a NUL byte, unless the whole is UTF-16 or UTF-32;
//                      J3  the text ends in the middle of a value that was right so far;
//                      J4  a whole value, then more that is neither a value nor a comment;
//                      J5  not JSON, and the two ends do not belong together: it does not begin
//                          with a bracket or quotation mark and end with the matching one.
//   Code::unsupported  everything else: a byte order mark, UTF-16, UTF-32, Latin-1, comments,
//                      trailing commas, single quotes, bare names, several documents in one file,
//                      nesting deeper than 10,000, more than 4 GiB. A form we do not read, or a
//                      slip of someone's hand: both are left for a person.
// A tear that keeps both ends and leaves no NUL cannot be told from a slip of the hand, and is
// called unsupported.
//
// Threads: values share what they have in common and copy it when one of them changes. Distinct
// objects may be used from distinct threads, copies of one another included.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "untorn/error.h"

namespace untorn {

enum class JsonKind : std::uint8_t { null, boolean, number, string, array, object };
[[nodiscard]] std::string_view to_string(JsonKind) noexcept;

class JsonMember;
class JsonReader;
class JsonWriter;

class JsonValue {
 public:
  JsonValue() noexcept = default;  // null
  [[nodiscard]] static JsonValue boolean(bool value);
  [[nodiscard]] static JsonValue integer(std::int64_t value);
  // Written as Python's repr() does: the shortest text that reads back as the same number.
  [[nodiscard]] static JsonValue real(double value);
  // A number as text, of any length; nothing if `text` is no JSON number (nor NaN, ±Infinity).
  [[nodiscard]] static std::optional<JsonValue> number(std::string_view text);
  // Bytes that are not UTF-8 are written as Python writes file names: \udc80 to \udcff.
  [[nodiscard]] static JsonValue string(std::string_view text);
  [[nodiscard]] static JsonValue array(std::vector<JsonValue> items = {});
  [[nodiscard]] static JsonValue object();

  [[nodiscard]] JsonKind kind() const noexcept { return kind_; }
  [[nodiscard]] bool is_null() const noexcept { return kind_ == JsonKind::null; }

  // The value, if it is of that kind.
  [[nodiscard]] std::optional<bool> as_boolean() const noexcept;
  // Also nothing for a number with a fraction or exponent, or beyond 64 bits.
  [[nodiscard]] std::optional<std::int64_t> as_integer() const noexcept;
  // The nearest double; what is too large is infinite.
  [[nodiscard]] std::optional<double> as_real() const noexcept;
  [[nodiscard]] std::optional<std::string> as_string() const;

  // Elements of an array; empty for every other kind.
  [[nodiscard]] const std::vector<JsonValue>& items() const noexcept;
  // Members of an object in their order; empty for every other kind.
  [[nodiscard]] const std::vector<JsonMember>& members() const noexcept;
  // The member of that name, the last one if it is repeated (Python's rule); null if there is none.
  // Looks at every member: for many look-ups in a wide object make a map of members().
  [[nodiscard]] const JsonValue* find(std::string_view name) const noexcept;

  // To change an array: any other kind becomes an empty one.
  [[nodiscard]] std::vector<JsonValue>& edit_items();
  // To change an object: any other kind becomes an empty one.
  [[nodiscard]] std::vector<JsonMember>& edit_members();
  // The member of that name for changing, in its place; appended as null if there is none.
  [[nodiscard]] JsonValue& edit(std::string_view name);
  void set(std::string_view name, JsonValue value);
  // Removes every member of that name. False if there was none.
  bool erase(std::string_view name);

  // By value: 1 equals 1.0, "\u00e9" equals "é", the order of members does not matter.
  friend bool operator==(const JsonValue& left, const JsonValue& right);

 private:
  friend class JsonReader;
  friend class JsonWriter;
  struct Container;

  JsonValue(JsonKind kind, std::string text, bool is_source) noexcept
      : text_(std::move(text)), kind_(kind), is_source_(is_source) {}
  Container& own_container(JsonKind kind);

  // The source text of a scalar, a string's without its quotes; for a string that was made here
  // (not is_source_) the text itself, not yet escaped.
  std::string text_;
  std::shared_ptr<Container> container_;
  JsonKind kind_ = JsonKind::null;
  bool is_source_ = false;
};

// One member of an object. Its name keeps its source text, too.
class JsonMember {
 public:
  JsonMember(std::string_view name, JsonValue member_value)
      : value(std::move(member_value)), name_(name) {}

  [[nodiscard]] std::string name() const;
  [[nodiscard]] bool is_named(std::string_view name) const noexcept;

  JsonValue value;

 private:
  friend class JsonReader;
  friend class JsonWriter;
  JsonMember() = default;

  std::string name_;  // as JsonValue::text_
  bool is_source_ = false;
};

// How a document is laid out.
struct JsonStyle {
  // One level of indentation; absent: everything on one line.
  std::optional<std::string> indent = std::nullopt;
  std::string newline = "\n";
  std::string item_separator = ", ";    // "," where each item has a line of its own
  std::string inline_separator = ", ";  // in containers on one line of an indented document
  std::string key_separator = ": ";
  bool ensure_ascii = true;
  std::string before = {};  // white space before the value
  std::string after = {};   // and after it: mostly "" or "\n"

  // What json.dump(…, indent=width) writes.
  [[nodiscard]] static JsonStyle indented(unsigned width);
};

// A value and the way it is written.
class JsonDocument {
 public:
  JsonDocument() = default;
  explicit JsonDocument(JsonValue value, JsonStyle style_wanted = {});

  // Error::detail() tells line and column. `path` is for the message.
  [[nodiscard]] static Result<JsonDocument> parse(std::string text, const std::string& path = {});

  // The source itself as long as neither `root` nor `style` was changed.
  [[nodiscard]] std::string text() const;

  JsonValue root;
  JsonStyle style;

 private:
  struct Source;
  std::shared_ptr<const Source> source_;
};

}  // namespace untorn
