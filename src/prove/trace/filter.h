// SPDX-License-Identifier: Apache-2.0
//
// The seccomp filter of a traced program: which calls stop for the tracer.
//
// Only calls that may change files, names or durability, that tell the outside something, or that
// would leave the sandbox. Reading, and opening for reading, run at full speed.
#pragma once
#include <linux/filter.h>

#include <vector>

namespace untorn::prove {

// SECCOMP_RET_DATA of a stop.
constexpr unsigned filter_traced_call = 0;
constexpr unsigned filter_foreign_call = 1;  // of a 32-bit or x32 program

// The last call of Linux 7.0 on x86-64; what comes after it is traced, since nobody here knows what
// it does.
constexpr unsigned filter_last_call = 471;

// `closes`: close(2) too.
[[nodiscard]] std::vector<sock_filter> make_trace_filter(bool closes);

// In the child, after fork: no allocation. False with errno on failure.
[[nodiscard]] bool install_filter(std::vector<sock_filter>& filter) noexcept;

}  // namespace untorn::prove
