// SPDX-License-Identifier: Apache-2.0
//
// The name of an operation log: equal for equal logs, and, but for chances of one in 2^64, for no
// others. Replay tokens and kept traces are called by it.
//
// Threads: a pure function. Cost: one pass over the bytes of the log.
#pragma once
#include <string>

#include "filesystem/operation_log.h"

namespace untorn::prove {

// 16 hexadecimal digits, of everything in the log that its crash states depend on. Stacks, threads
// and inode numbers are left out.
[[nodiscard]] std::string log_name(const OperationLog& log);

}  // namespace untorn::prove
