// SPDX-License-Identifier: Apache-2.0
//
// JsonDocument on any bytes: what it accepts it gives back, written anew it means the same, and
// what a crash makes of it is corrupt.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "untorn/json.h"

namespace {

using untorn::JsonDocument;

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_corrupt(const std::string& text) {
  const auto document = JsonDocument::parse(text);
  return !document && document.error().code() == untorn::Code::corrupt;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto document = JsonDocument::parse(text);
  if (!document) {
    const untorn::Code code = document.error().code();
    require(code == untorn::Code::corrupt || code == untorn::Code::unsupported);
    require(document.error().message().find('\n') == std::string::npos);
    return 0;
  }
  require(document->text() == text);
  const std::string anew = JsonDocument(document->root, document->style).text();
  const auto again = JsonDocument::parse(anew);
  require(again.has_value());
  require(again->root == document->root);
  require(JsonDocument(again->root, again->style).text() == anew);
  require(is_corrupt(text + '\0'));
  require(is_corrupt(std::string(size, '\0')));
  // A container is over with its last byte: without it, it is cut.
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  if (text[last] == '}' || text[last] == ']') require(is_corrupt(text.substr(0, last)));
  return 0;
}
