// SPDX-License-Identifier: Apache-2.0
//
// Line tables come from another process's memory, which may be anything: decoding must end.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "prove/stack/python_lines.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 9) return 0;
  std::uint32_t first_line = 0;
  std::int32_t offset = 0;
  std::memcpy(&first_line, data + 1, sizeof first_line);
  std::memcpy(&offset, data + 5, sizeof offset);
  const auto table = std::as_bytes(std::span(data + 9, size - 9));
  (void)untorn::prove::python_line(8U + data[0] % 6U, table, first_line, offset);
  return 0;
}
