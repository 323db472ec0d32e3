// SPDX-License-Identifier: Apache-2.0
//
// Writes one JSON document, value by value.
//
//   JsonWriter json;
//   json.begin_object();
//   json.field("schema", "untorn.write/1");
//   json.key("metadata_lost").begin_array();
//   json.end_array();
//   json.end_object();
//   std::string text = std::move(json).take();
//
// The document is always valid UTF-8, whatever bytes a path holds: each byte that is not part of a
// well-formed sequence becomes U+FFFD. Numbers that JSON cannot express (NaN, infinity) become
// null. Calls out of order (a value without a key in an object, two documents) are faults of the
// caller and end the process in builds with assertions.
#pragma once
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace untorn::report {

// Appends `text` to `out` as a JSON string with its quotation marks.
void append_json_string(std::string& out, std::string_view text);

// `text` with every byte that is not well-formed UTF-8 replaced by U+FFFD.
[[nodiscard]] std::string valid_utf8(std::string_view text);

class JsonWriter {
 public:
  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  // Names the value that follows. Only inside an object.
  JsonWriter& key(std::string_view name);

  JsonWriter& string(std::string_view text);
  JsonWriter& unsigned_number(std::uint64_t number);
  JsonWriter& signed_number(std::int64_t number);
  // With at most `digits` digits behind the point, without trailing zeros.
  JsonWriter& real(double number, int digits = 6);
  JsonWriter& boolean(bool value);
  JsonWriter& null();

  // key() and a value in one call.
  JsonWriter& field(std::string_view name, std::string_view text) { return key(name).string(text); }
  JsonWriter& field(std::string_view name, const char* text) { return key(name).string(text); }
  JsonWriter& field(std::string_view name, std::same_as<bool> auto value) {
    return key(name).boolean(value);
  }
  template <std::integral Number>
    requires(!std::same_as<Number, bool>)
  JsonWriter& field(std::string_view name, Number number) {
    if constexpr (std::is_signed_v<Number>) return key(name).signed_number(number);
    return key(name).unsigned_number(static_cast<std::uint64_t>(number));
  }
  JsonWriter& field(std::string_view name, double number) { return key(name).real(number); }
  JsonWriter& null_field(std::string_view name) { return key(name).null(); }

  // The finished document, without a line end.
  [[nodiscard]] std::string take() &&;

 private:
  void begin_value();
  void open_container(char bracket);
  void close_container(char bracket);

  struct Level {
    bool object = false;
    bool empty = true;
  };
  std::string text_;
  std::vector<Level> levels_;
  bool key_written_ = false;
};

}  // namespace untorn::report
