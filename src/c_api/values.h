// SPDX-License-Identifier: Apache-2.0
//
// Receipts of the library as structures of C, which grow at their ends.
#pragma once
#include <cstddef>
#include <string_view>

#include "c_api/objects.h"
#include "untorn/error.h"

namespace untorn::c_api {

// The size that the caller set is one that some version of the header had, or greater. Before
// anything is done. NULL: not wanted.
[[nodiscard]] Result<void> fits(const untorn_info* info);
[[nodiscard]] Result<void> fits(const untorn_entry* entry);

[[nodiscard]] untorn_info info_of(const Receipt& receipt);
[[nodiscard]] untorn_info info_of(const BatchReceipt& receipt);
[[nodiscard]] untorn_info info_of(const TransactionReceipt& receipt);
[[nodiscard]] untorn_info info_of(const AppendReceipt& receipt);
[[nodiscard]] untorn_entry entry_of(const untorn_report::Entry& entry);

// As far as the caller's structure goes; what is behind our end of it becomes 0.
void hand_over(const untorn_info& from, untorn_info* into);
void hand_over(const untorn_entry& from, untorn_entry* into);

// Whole or not at all: a part of an etag would name another version.
[[nodiscard]] Result<void> hand_over(std::string_view etag, char* into, std::size_t size);
[[nodiscard]] Result<void> may_hold_etag(const char* into, std::size_t size);

}  // namespace untorn::c_api
