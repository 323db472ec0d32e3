// SPDX-License-Identifier: Apache-2.0
//
// Sizes and ages as people read them.
#pragma once
#include <cstdint>
#include <string>

namespace untorn::health {

// "1 byte", "512 bytes", "1.5 MB": powers of 1000, one digit.
[[nodiscard]] std::string size_words(std::uint64_t size_bytes);
// "under a second", "5 s", "3 min", "2 h", "4 days": rounded down.
[[nodiscard]] std::string age_words(std::int64_t age_s);
// "1 file", "2 files".
[[nodiscard]] std::string count_words(std::uint64_t count, const std::string& thing);

}  // namespace untorn::health
