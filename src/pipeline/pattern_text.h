// SPDX-License-Identifier: Apache-2.0
//
// Texts of executions, brought to forms that can be compared.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace untorn::pipeline {

// Each once, sorted; see "similarity" in pattern_store.h.
[[nodiscard]] std::vector<std::string> pattern_words(std::string_view text);

// The beginning of at most `bytes_max` bytes, ended at the end of a character.
[[nodiscard]] std::string beginning(std::string_view text, std::size_t bytes_max);

}  // namespace untorn::pipeline
