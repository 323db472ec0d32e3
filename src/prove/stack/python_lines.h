// SPDX-License-Identifier: Apache-2.0
//
// From an instruction of a Python code object to its line, in the three encodings that CPython has
// had: co_lnotab (up to 3.9), co_linetable of 3.10 (PEP 626), and the location table from 3.11 on
// (InternalDocs/code_objects.md). A damaged table gives 0 or a wrong line, never more than one
// pass over it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace untorn::prove {

// `offset`: in bytes from the first instruction; negative before the first one has run.
// Answers 0 where the instruction has no line.
[[nodiscard]] std::uint32_t python_line(std::size_t minor, std::span<const std::byte> table,
                                        std::uint32_t first_line, std::int64_t offset);

}  // namespace untorn::prove
