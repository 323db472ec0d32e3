// SPDX-License-Identifier: Apache-2.0
//
// Files that a repair or recovery kept for a person to look at, by their names.
#pragma once
#include <string_view>

namespace untorn::health {

// Is `name`, in a folder with this path, such a file?
//   NAME.damaged-<number>             a damaged document or file of a registry
//   NAME.untorn-displaced-<number>    a version of NAME that a match by exchange kept (M4, M6)
//   NAME.unapplied-<number>           content of a transaction whose target somebody else changed
//   .untorn-set-aside-<32 hex>        a temporary that a power cut may have taken from a name
//   .untorn/transaction.foreign-<n>   the record of another tree's transaction
//   .untorn/counters/damaged-…        counters
// What was moved away from a log (NAME.torn-<number>) is told by the log's mark.
[[nodiscard]] bool is_set_aside(std::string_view folder, std::string_view name) noexcept;
// NAME.untorn-displaced-<number>
[[nodiscard]] bool is_displaced(std::string_view name) noexcept;

}  // namespace untorn::health
