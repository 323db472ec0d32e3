// SPDX-License-Identifier: Apache-2.0
//
// The parsers behind format.h, one source each. All of them answer "" or what is wrong, take any
// bytes, and keep nothing of what they unpack.
#pragma once
#include <string>
#include <string_view>

namespace untorn::prove {

[[nodiscard]] std::string problem_with_yaml(std::string_view content);
[[nodiscard]] std::string problem_with_gzip(std::string_view content);
[[nodiscard]] std::string problem_with_zip(std::string_view content);
[[nodiscard]] std::string problem_with_png(std::string_view content);

}  // namespace untorn::prove
