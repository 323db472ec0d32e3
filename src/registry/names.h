// SPDX-License-Identifier: Apache-2.0
//
// Names of entries and attachments, and of the files that they have.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace untorn::registry {

inline constexpr std::size_t entry_name_bytes_max = 100;
inline constexpr std::size_t attachment_name_bytes_max = 60;
inline constexpr std::string_view spec_ending = ".json";
inline constexpr std::string_view damaged_infix = ".damaged-";

// Why this is refused as a name; nothing if it is one.
[[nodiscard]] std::optional<std::string> name_problem(std::string_view name);
[[nodiscard]] std::optional<std::string> attachment_name_problem(std::string_view name);

// "greet.json", or "greet.py" for the attachment "py".
[[nodiscard]] std::string file_of(std::string_view entry, std::string_view attachment);
// The entry that a file would be the specification of.
[[nodiscard]] std::optional<std::string> entry_of_spec(std::string_view file);
// Every entry that a file could be an attachment of: "a" and "a.b" for "a.b.c".
[[nodiscard]] std::vector<std::string> entries_of_attachment(std::string_view file);
// Names that some file systems take for the same are equal: capitals as small letters.
[[nodiscard]] std::string folded(std::string_view name);
// "x.json.damaged-3".
[[nodiscard]] bool is_damaged_name(std::string_view file) noexcept;
// "x.json.damaged-<number>", the first that is not in `taken`; cut so that it fits.
[[nodiscard]] std::string damaged_name(std::string_view file,
                                       const std::vector<std::string>& taken);

// The folder of a registry below `.untorn/registry`, from its path below the tree:
// ".pipeline%2Ftools".
[[nodiscard]] std::string key_of(std::string_view folder);
// The other direction; nothing if it is no such key.
[[nodiscard]] std::optional<std::string> folder_of_key(std::string_view key);

}  // namespace untorn::registry
