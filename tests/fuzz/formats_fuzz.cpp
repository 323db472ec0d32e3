// SPDX-License-Identifier: Apache-2.0
//
// problem_with() on any bytes: the first byte chooses the format. It answers on one line, and takes
// no file for whole that a power cut has emptied or cut short.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "prove/formats/format.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using untorn::prove::Format;
  if (size == 0) return 0;
  constexpr unsigned formats = 6;
  const auto format = static_cast<Format>(data[0] % formats);
  const std::string_view content(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string problem = untorn::prove::problem_with(format, content);
  if (problem.find_first_of("\n\r\x1b") != std::string::npos) std::abort();
  if (!problem.empty()) return 0;
  // NUL bytes instead of content are the usual damage. Only gzip reads on behind whole members.
  if (!content.empty() &&
      untorn::prove::problem_with(format, std::string(content.size(), '\0')).empty())
    std::abort();
  const bool has_end = format == Format::zip || format == Format::png;
  if (has_end && untorn::prove::problem_with(format, content.substr(0, content.size() - 1)).empty())
    std::abort();
  return 0;
}
