// SPDX-License-Identifier: Apache-2.0
//
// Where a text occurs in a source file, and what to tell a person if it does not occur once.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace untorn::pipeline {

// Line numbers, from 1, of each place at which `wanted` begins; overlapping ones, too. At most
// `places_max` of them.
[[nodiscard]] std::vector<std::uint64_t> places_of(std::string_view content,
                                                   std::string_view wanted,
                                                   std::size_t places_max = 100);

// One phrase for C3: "the text occurs 2 times, at lines 3 and 17", or "the text does not occur;
// line 12 differs only in white space".
[[nodiscard]] std::string mismatch(std::string_view content, std::string_view wanted,
                                   const std::vector<std::uint64_t>& places);

}  // namespace untorn::pipeline
