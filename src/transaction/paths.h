// SPDX-License-Identifier: Apache-2.0
//
// Paths below the root of a tree, as text.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace untorn::transaction {

// In `.untorn`.
inline constexpr std::string_view lock_name = "lock";
inline constexpr std::string_view ignore_name = ".gitignore";
inline constexpr std::string_view staging_name = "staging";
inline constexpr std::string_view intent_name = "transaction";
inline constexpr std::string_view intent_new_name = "transaction.new";
inline constexpr std::string_view foreign_infix = ".foreign-";
inline constexpr std::string_view unapplied_infix = ".unapplied-";  // also beside targets

inline constexpr std::size_t path_bytes_max = 4095;
inline constexpr std::size_t name_bytes_max = 255;

// Why this is no path of a name below a root; nothing if it is one. Says nothing about who may use
// the name.
[[nodiscard]] std::optional<std::string> path_problem(std::string_view path);

// May an intent name this path? None of ours but what other rooms keep in folders of `.untorn`.
[[nodiscard]] bool may_be_changed(std::string_view path);
// What of `.untorn` belongs to transactions themselves.
[[nodiscard]] bool is_own_kept_name(std::string_view name) noexcept;

// A name that belongs to us: `.untorn`, or a temporary.
[[nodiscard]] bool is_reserved_name(std::string_view name) noexcept;
// `.untorn-txn-` and 32 hexadecimal digits.
[[nodiscard]] bool is_staged_name(std::string_view name) noexcept;
// Such a name below the root.
[[nodiscard]] bool is_staged_path(std::string_view path);

// "" for a name directly below the root.
[[nodiscard]] std::string_view parent_of(std::string_view path) noexcept;
[[nodiscard]] std::string_view name_of(std::string_view path) noexcept;
[[nodiscard]] std::string joined(std::string_view directory, std::string_view name);
[[nodiscard]] bool is_below(std::string_view path, std::string_view directory) noexcept;

}  // namespace untorn::transaction
