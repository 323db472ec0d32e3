// SPDX-License-Identifier: Apache-2.0
//
// Whether a module belongs to Python's standard library.
#pragma once
#include <string_view>

namespace untorn::languages {

// By the first component of a dotted name: "os.path.join". Both of Python 2 and 3.
[[nodiscard]] bool is_standard_library(std::string_view dotted) noexcept;

}  // namespace untorn::languages
