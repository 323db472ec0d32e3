// SPDX-License-Identifier: Apache-2.0
//
// Text that stays on one line and cannot steer a terminal.
#pragma once
#include <string>
#include <string_view>

namespace untorn {

// `text` with control characters written out: line feed as \n, tab as \t, carriage return as \r,
// the rest as \xNN (both bytes of the C1 controls, which UTF-8 encodes in two). Everything else,
// a backslash and bytes that are not UTF-8 included, stays as it is.
[[nodiscard]] std::string escape_controls(std::string_view text);

}  // namespace untorn
