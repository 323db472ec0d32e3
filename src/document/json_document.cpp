// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>
#include <utility>

#include "document/damage.h"
#include "document/json_reader.h"
#include "document/json_writer.h"
#include "untorn/json.h"

namespace untorn {
namespace {

constexpr std::uint64_t text_bytes_max = std::uint64_t{4} << 30U;

bool same_style(const JsonStyle& a, const JsonStyle& b) {
  return a.indent == b.indent && a.newline == b.newline && a.item_separator == b.item_separator &&
         a.inline_separator == b.inline_separator && a.key_separator == b.key_separator &&
         a.ensure_ascii == b.ensure_ascii && a.before == b.before && a.after == b.after;
}

}  // namespace

struct JsonDocument::Source {
  std::string text;
  JsonValue root;  // shares everything with a document that was not changed
  JsonStyle style;
};

JsonStyle JsonStyle::indented(unsigned width) {
  return {.indent = std::string(width, ' '), .item_separator = ","};
}

JsonDocument::JsonDocument(JsonValue value, JsonStyle style_wanted)
    : root(std::move(value)), style(std::move(style_wanted)) {}

Result<JsonDocument> JsonDocument::parse(std::string text, const std::string& path) {
  const auto refused = [&path](Code code, std::string why) {
    return std::unexpected(
        Error(code, Step::inspect, Outcome::not_applied, 0, path, std::move(why)));
  };
  if (text.size() > text_bytes_max) return refused(Code::unsupported, "it is larger than 4 GiB");
  auto source = std::make_shared<Source>();
  source->text = std::move(text);
  JsonReader reader(source->text);
  if (!reader.read()) {
    document::Verdict verdict = document::judge(source->text, reader.fault());
    return refused(verdict.damaged ? Code::corrupt : Code::unsupported, std::move(verdict.reason));
  }
  source->root = reader.take_root();
  source->style = reader.take_style();
  JsonDocument document(source->root, source->style);
  document.source_ = std::move(source);
  return document;
}

std::string JsonDocument::text() const {
  if (source_ != nullptr && same_style(style, source_->style) &&
      JsonWriter::is_same(root, source_->root)) {
    return source_->text;
  }
  return JsonWriter(style).write(root);
}

}  // namespace untorn
