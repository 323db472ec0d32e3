// SPDX-License-Identifier: Apache-2.0
//
// Paths as single words of a text file: bytes up to 0x20, 0x7F and '%' stand as %XX.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace untorn::transaction {

[[nodiscard]] std::string escaped(std::string_view path);
// Nothing if this is no text of escaped().
[[nodiscard]] std::optional<std::string> unescaped(std::string_view text);

}  // namespace untorn::transaction
