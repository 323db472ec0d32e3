// SPDX-License-Identifier: Apache-2.0
//
// Tells a process from the children that it forks, without a system call.
//
//   const std::uint64_t owner = process_token();   // with the thing that must not be shared
//   if (process_token() != owner) return;          // in a forked child: not ours
//
// The token lies in a page that the kernel empties in every child (MADV_WIPEONFORK, Linux 4.14), so
// that a raw clone(2), which runs no handler of pthread_atfork, is noticed as well. A child of
// vfork(2) has the memory of its parent, and so its token.
#pragma once
#include <cstdint>

namespace untorn {

// Never 0; the same in all threads as long as the process lives, another one in each forked child.
// To be compared, not to be shown: 64 random bits. One getrandom(2) at the first call in a process,
// no system call afterwards. Where the kernel has no such page, the process number by one getpid(2)
// each time. Needs no lock: may be called in a child of a process with threads. Any thread.
[[nodiscard]] std::uint64_t process_token() noexcept;

}  // namespace untorn
