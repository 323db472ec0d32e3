// SPDX-License-Identifier: Apache-2.0
//
// Times as flags and settings give them.
#pragma once
#include <chrono>
#include <optional>
#include <string_view>

namespace untorn::cli {

// "120s", "500ms", "2m", "1h"; a number alone counts seconds. Nothing for anything else, what is
// negative or longer than thirty years included.
[[nodiscard]] std::optional<std::chrono::milliseconds> duration_of(std::string_view text);

}  // namespace untorn::cli
