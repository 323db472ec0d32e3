// SPDX-License-Identifier: Apache-2.0
//
// Temporaries that a writer left behind, told from those of a writer that lives.
//
//   .untorn-tmp-<32 hexadecimal digits>         content on its way to a name (write/temporary.h)
//   .untorn-set-aside-<32 hexadecimal digits>   such content, kept by a repair for a person
//
// Why a repair may remove a temporary. Its writer never published it, so no reader saw it and no
// call returned success for it, and a writer that fails or is interrupted removes it itself: a
// repair finishes the clean-up that a kill cut short. One case is different. At the levels below
// `durable` a call may return before its rename is on the disk, and a power cut may then undo the
// rename: the temporary is back and holds content that readers had seen. So a temporary that is
// older than the last start of the system, or has a time that cannot be right, is not removed but
// set aside, unless it is empty.
//
// What this cannot see: a disk that was pulled out and put back while the system ran.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "health/problem.h"
#include "health/repair_policy.h"
#include "untorn/filesystem.h"

namespace untorn::health {

[[nodiscard]] bool is_temporary_name(std::string_view name) noexcept;
[[nodiscard]] bool is_set_aside_name(std::string_view name) noexcept;

// The clock of the machine, replaceable by tests.
struct Clock {
  std::function<std::int64_t()> now_ns;      // since the epoch
  std::function<std::int64_t()> started_ns;  // when the system started, on the same scale
  std::function<void(std::chrono::milliseconds)> pause;
};
[[nodiscard]] Clock system_clock();

// One temporary that was listed in `folder`.
struct TemporaryPlace {
  Handle folder = Handle::none;
  const std::string& path;  // for the problem
  const std::string& name;
};

// Judges it, and repairs it if it may. Nothing: it is no temporary of ours (a link, a folder, a
// device), or it was gone before it could be judged. Never waits for a lock, never keeps a writer
// from its work; the lock is held for an instant, shared, so that doctors do not take each other
// for writers.
[[nodiscard]] std::optional<Problem> judge_temporary(FileSystem& fs, const TemporaryPlace& place,
                                                     const RepairPolicy& policy,
                                                     const Clock& clock);

}  // namespace untorn::health
