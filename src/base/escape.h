// SPDX-License-Identifier: Apache-2.0
//
// Text that stays on one line and cannot steer a terminal.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace untorn {

// `text` with control characters written out: line feed as \n, tab as \t, carriage return as \r,
// the rest as \xNN (each byte of those that UTF-8 encodes in several: the C1 controls, the line and
// paragraph separators U+2028 and U+2029, and the marks that turn the direction of what follows,
// U+202A to U+202E and U+2066 to U+2069). Everything else, a backslash and bytes that are not UTF-8
// included, stays as it is.
[[nodiscard]] std::string escape_controls(std::string_view text);

// The same between quotation marks, for a message: at most `bytes_max` bytes of it, then "…".
[[nodiscard]] std::string in_quotes(std::string_view text, std::size_t bytes_max = 200);

}  // namespace untorn
