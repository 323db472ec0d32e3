// SPDX-License-Identifier: Apache-2.0
//
// Is a text one JSON document? For judging states, so it accepts what Python's json module reads
// and writes: NaN, Infinity and -Infinity are numbers. A byte order mark may stand in front.
#pragma once
#include <string_view>

namespace untorn::prove {

[[nodiscard]] bool is_json(std::string_view text);

}  // namespace untorn::prove
