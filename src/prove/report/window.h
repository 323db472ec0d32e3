// SPDX-License-Identifier: Apache-2.0
//
// How long real disks stay in danger after a protocol that misses a sync: what power cuts of ext4,
// xfs and btrfs showed at the level of blocks. docs/internals/windows.md has the table.
//
// Threads: a pure function.
#pragma once
#include <string>

#include "crash/engine.h"
#include "prove/judge/judge.h"

namespace untorn::prove {

// "ext4 31 s, xfs 15 s, btrfs none seen", or "" where the table has no such protocol. A model of
// one file system gets that one alone; `posix` and kills get nothing.
[[nodiscard]] std::string window_of(const OperationLog& log, const Failure& failure,
                                    crash::Model model);

}  // namespace untorn::prove
