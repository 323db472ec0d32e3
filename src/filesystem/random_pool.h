// SPDX-License-Identifier: Apache-2.0
//
// Random bits for names, drawn from the kernel in advance: one getrandom(2) for 32 names.
#pragma once
#include <cstdint>
#include <utility>

namespace untorn {

// 128 bits that no other call gets, in this process, in another thread or in a child that was
// forked with a full pool (fork_guard.h). Each thread has its own pool. Where getrandom(2) is
// forbidden (a seccomp filter): bits that are distinct within the machine, for which nobody's
// safety may rest on their being secret.
[[nodiscard]] std::pair<std::uint64_t, std::uint64_t> pooled_random_bits() noexcept;

}  // namespace untorn
