// SPDX-License-Identifier: Apache-2.0
//
// An operation log with syncs in it that the program did not make.
//
// Threads: pure functions. Cost: a copy of the log; payloads are shared.
#pragma once
#include <cstddef>
#include <vector>

#include "filesystem/operation_log.h"

namespace untorn::prove {

struct VirtualSync {
  std::size_t before = 0;  // the operation of the log before which it is put
  InodeId inode = no_inode;
  bool directory = false;

  friend auto operator<=>(const VirtualSync&, const VirtualSync&) = default;
};

// A log made from another one.
struct EditedLog {
  OperationLog log;
  // For each operation: where it stands in the log from which this one was made, or for one that
  // was put in, the operation behind which it was put.
  std::vector<std::size_t> origin;
};

// `syncs` in any order. Each is one call of its own, and is complete before the operation that
// follows it.
[[nodiscard]] EditedLog insert_syncs(const OperationLog& log, std::vector<VirtualSync> syncs);

// The first place behind operation `index` at which its call is over.
[[nodiscard]] std::size_t end_of_call(const OperationLog& log, std::size_t index) noexcept;

// A number that no call of the log has.
[[nodiscard]] std::uint32_t free_call(const OperationLog& log) noexcept;

}  // namespace untorn::prove
