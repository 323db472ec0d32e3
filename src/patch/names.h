// SPDX-License-Identifier: Apache-2.0
//
// Names of files as they stand in the headers of patches.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace untorn::patch {

// Longer lines are no headers: a name of 4,095 bytes twice, each byte as four.
inline constexpr std::size_t header_bytes_max = 40000;

// What follows "--- ", "+++ ", "rename from ", …, without line end. Leading components are removed;
// nothing is left if there are too few. A quoted name is read as git writes it.
enum class NameEnd : char {
  at_tab,   // what follows a tab is a time, or nothing
  at_line,  // a tab is part of the name
};
[[nodiscard]] std::optional<std::string> read_name(std::string_view text, std::size_t strip,
                                                   NameEnd end);

// The same for a plain diff, where a time may follow the name.
[[nodiscard]] std::optional<std::string> read_plain_name(std::string_view text, std::size_t strip);

// The name that both sides of "diff --git A B" have, if it is the same.
[[nodiscard]] std::optional<std::string> common_name(std::string_view text, std::size_t strip);

// "/dev/null", perhaps with something behind it.
[[nodiscard]] bool is_null_name(std::string_view text);

// The time behind the name is the beginning of 1970: diff says so that there is no file.
[[nodiscard]] bool has_epoch_time(std::string_view text);

}  // namespace untorn::patch
