// SPDX-License-Identifier: Apache-2.0
//
// What is kept of Python's code objects, so that a stack can be written out after the run.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "prove/stack/stack.h"

namespace untorn::prove {

// The characters of a Python string, each `width` bytes wide, in UTF-8. What Python could not
// decode (surrogateescape) becomes the byte that it stands for, so that paths stay right.
[[nodiscard]] std::string python_text(std::span<const std::byte> characters, std::size_t width);

// One entry serves equal code objects of all processes.
struct PythonCode {
  std::string path;
  std::string function;
  bool runtime = false;
  std::size_t minor = 0;
  std::uint32_t first_line = 0;
  std::vector<std::byte> lines;
};

struct PythonPosition {
  std::uint32_t code = 0;    // index in PythonCodeTable
  std::int32_t offset = -1;  // of the instruction, in bytes
  [[nodiscard]] bool operator==(const PythonPosition&) const = default;
};

class PythonCodeTable {
 public:
  [[nodiscard]] std::uint32_t add(PythonCode code);
  [[nodiscard]] Frame frame(const PythonPosition& position) const;

 private:
  std::vector<PythonCode> codes_;
  std::unordered_map<std::string, std::uint32_t> by_content_;
};

}  // namespace untorn::prove
