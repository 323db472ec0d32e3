// SPDX-License-Identifier: Apache-2.0
//
// Names for files that are put beside another one, so that nothing is overwritten:
// NAME.damaged-1, NAME.torn-2, NAME.unapplied-3.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace untorn {

// "x", ".torn-", 12 → "x.torn-12". A name that is as long as names can be is cut to make room.
[[nodiscard]] std::string numbered_name(std::string_view name, std::string_view infix,
                                        std::uint64_t number);

// The number of a name that numbered_name(name, infix, …) gives; nothing for every other one.
[[nodiscard]] std::optional<std::uint64_t> number_beside(std::string_view candidate,
                                                         std::string_view name,
                                                         std::string_view infix) noexcept;

}  // namespace untorn
