// SPDX-License-Identifier: Apache-2.0
#include "document/json_writer.h"

#include "document/json_text.h"

namespace untorn {

std::string JsonWriter::write(const JsonValue& root) {
  out_ = style_.before;
  begin(root);
  while (!frames_.empty()) step();
  out_ += style_.after;
  return std::move(out_);
}

void JsonWriter::quote(const std::string& text, bool is_source) {
  out_ += '"';
  if (is_source) {
    out_ += text;
  } else {
    document::escape_into(out_, text, style_.ensure_ascii);
  }
  out_ += '"';
}

void JsonWriter::line(std::size_t depth) {
  out_ += style_.newline;
  for (std::size_t level = 0; level < depth; ++level) out_ += *style_.indent;
}

void JsonWriter::begin(const JsonValue& value) {
  switch (value.kind()) {
    case JsonKind::null:
      out_ += "null";
      return;
    case JsonKind::boolean:
    case JsonKind::number:
      out_ += value.text_;
      return;
    case JsonKind::string:
      quote(value.text_, value.is_source_);
      return;
    case JsonKind::array:
    case JsonKind::object:
      break;
  }
  const bool is_object = value.kind() == JsonKind::object;
  out_ += is_object ? '{' : '[';
  if (is_object ? value.members().empty() : value.items().empty()) {
    out_ += is_object ? '}' : ']';
    return;
  }
  const bool spread = style_.indent.has_value() && !value.container_->on_one_line;
  frames_.push_back({.value = &value, .next = 0, .spread = spread});
}

// The next child of the innermost container, or its end.
void JsonWriter::step() {
  Frame& frame = frames_.back();
  const JsonValue& value = *frame.value;
  const bool is_object = value.kind() == JsonKind::object;
  const std::size_t count = is_object ? value.members().size() : value.items().size();
  const bool spread = frame.spread;
  if (frame.next == count) {
    frames_.pop_back();
    if (spread) line(frames_.size());
    out_ += is_object ? '}' : ']';
    return;
  }
  const std::size_t child = frame.next++;
  if (child > 0) {
    out_ += spread || !style_.indent ? style_.item_separator : style_.inline_separator;
  }
  if (spread) line(frames_.size());
  if (!is_object) {
    begin(value.items()[child]);
    return;
  }
  const JsonMember& member = value.members()[child];
  quote(member.name_, member.is_source_);
  out_ += style_.key_separator;
  begin(member.value);
}

}  // namespace untorn
