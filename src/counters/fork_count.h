// SPDX-License-Identifier: Apache-2.0
//
// How many forks lie between the first process that asked and this one: a child tells that it is
// one without a system call.
#pragma once
#include <cstdint>
#include <mutex>

namespace untorn::counters {

// At least 1; grows by one in each child of fork(2). Not for children made by clone(2) or vfork(2)
// without the C library.
[[nodiscard]] std::uint64_t fork_count() noexcept;

// A lock that is free in a child even if another thread of the parent held it during fork(2).
[[nodiscard]] std::unique_lock<std::mutex> lock_across_forks();

}  // namespace untorn::counters
