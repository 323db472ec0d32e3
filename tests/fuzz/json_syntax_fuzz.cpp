// SPDX-License-Identifier: Apache-2.0
//
// is_json() on any bytes: it answers, and does not accept what a NUL-filled tail made of a
// document.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "prove/judge/json_syntax.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (untorn::prove::is_json(text)) {
    // The usual damage of a power cut must never pass for a document.
    if (untorn::prove::is_json(std::string(text) + '\0')) std::abort();
    if (untorn::prove::is_json(std::string(size, '\0'))) std::abort();
  }
  return 0;
}
