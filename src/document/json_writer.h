// SPDX-License-Identifier: Apache-2.0
//
// From value to text, in a given style; without recursion.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "document/json_container.h"
#include "untorn/json.h"

namespace untorn {

class JsonWriter {
 public:
  explicit JsonWriter(const JsonStyle& style) : style_(style) {}

  [[nodiscard]] std::string write(const JsonValue& root);

  // One of these is a copy of the other, and neither was changed since.
  [[nodiscard]] static bool is_same(const JsonValue& a, const JsonValue& b) noexcept {
    return a.container_ == b.container_ && a.text_ == b.text_ && a.is_source_ == b.is_source_ &&
           a.kind_ == b.kind_;
  }

 private:
  struct Frame {
    const JsonValue* value;
    std::size_t next;  // child
    bool spread;       // each child has a line of its own
  };

  // A scalar or empty container is written whole; for any other the way down is noted.
  void begin(const JsonValue& value);
  void step();
  void line(std::size_t depth);
  void quote(const std::string& text, bool is_source);

  const JsonStyle& style_;
  std::string out_;
  std::vector<Frame> frames_;
};

}  // namespace untorn
