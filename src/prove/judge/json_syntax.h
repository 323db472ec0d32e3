// SPDX-License-Identifier: Apache-2.0
//
// Is a text one JSON document? For judging states, so it accepts what Python's json module reads
// and writes: NaN, Infinity and -Infinity are numbers. A byte order mark may stand in front.
#pragma once
#include <cstddef>
#include <optional>
#include <string_view>

namespace untorn::prove {

[[nodiscard]] bool is_json(std::string_view text);

// The byte at which a text stops being one JSON document (its size, if it only ends early); nothing
// if it is one.
[[nodiscard]] std::optional<std::size_t> json_fault(std::string_view text);

}  // namespace untorn::prove
