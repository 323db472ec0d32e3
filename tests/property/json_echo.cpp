// SPDX-License-Identifier: Apache-2.0
//
// Reads JSON texts and answers each as this library writes it, for json_python_test.py.
//
// A request is a letter, a length (four bytes, little-endian) and as many bytes:
//   s  the text of the parsed document: its source
//   w  written anew from the values, in the style that was found
//   b  the same, with every scalar and name made again from its value
// An answer is 'o' (the text), 'c' or 'u' (refused as corrupt or unsupported: why), a length,
// bytes.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "untorn/json.h"

namespace {

using untorn::JsonDocument;
using untorn::JsonKind;
using untorn::JsonMember;
using untorn::JsonValue;

JsonValue made_again(const JsonValue& value) {
  switch (value.kind()) {
    case JsonKind::null:
      return {};
    case JsonKind::boolean:
      return JsonValue::boolean(*value.as_boolean());
    case JsonKind::number:
      // What is no integer of 64 bits and no float of Python's is a longer integer, and only text.
      if (const auto integer = value.as_integer()) return JsonValue::integer(*integer);
      return JsonValue::real(*value.as_real());
    case JsonKind::string:
      return JsonValue::string(*value.as_string());
    default:
      return value;
  }
}

bool is_long_integer(const JsonValue& value) {
  if (value.kind() != JsonKind::number || value.as_integer()) return false;
  JsonDocument alone(value);
  return alone.text().find_first_not_of("-0123456789") == std::string::npos;
}

// Bottom up would need recursion; a list of what is still to be visited does not.
void make_all_again(JsonValue& root) {
  std::vector<JsonValue*> open = {&root};
  while (!open.empty()) {
    JsonValue& value = *open.back();
    open.pop_back();
    if (value.kind() == JsonKind::array) {
      for (JsonValue& item : value.edit_items()) open.push_back(&item);
    } else if (value.kind() == JsonKind::object) {
      for (JsonMember& member : value.edit_members()) {
        member = JsonMember(member.name(), std::move(member.value));
        open.push_back(&member.value);
      }
    } else if (!is_long_integer(value)) {
      value = made_again(value);
    }
  }
}

bool read_exactly(void* data, std::size_t size) {
  return std::fread(data, 1, size, stdin) == size;
}

void answer(char kind, const std::string& text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  (void)std::fwrite(&kind, 1, 1, stdout);
  (void)std::fwrite(&size, 1, sizeof size, stdout);
  (void)std::fwrite(text.data(), 1, text.size(), stdout);
}

void serve(char request, std::string text) {
  auto document = JsonDocument::parse(std::move(text));
  if (!document) {
    const bool corrupt = document.error().code() == untorn::Code::corrupt;
    answer(corrupt ? 'c' : 'u', document.error().detail());
    return;
  }
  if (request == 'b') make_all_again(document->root);
  answer('o',
         request == 's' ? document->text() : JsonDocument(document->root, document->style).text());
}

}  // namespace

int main() {
  char request = 0;
  while (read_exactly(&request, 1)) {
    std::uint32_t size = 0;
    if (!read_exactly(&size, sizeof size)) return 2;
    std::string text(size, '\0');
    if (!read_exactly(text.data(), size)) return 2;
    serve(request, std::move(text));
  }
  return std::ferror(stdin) != 0 || std::fflush(stdout) != 0 ? 2 : 0;
}
