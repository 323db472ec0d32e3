// SPDX-License-Identifier: Apache-2.0
//
// Temporaries that a writer left behind, told from those of a writer that lives.
//
//   .untorn-tmp-<32 hexadecimal digits>         content on its way to a name (write/temporary.h)
//   .untorn-set-aside-<32 hexadecimal digits>   such content, kept by a repair for a person
//
// Which of them may be removed, and why, says write/temporary_judge.h. Here it becomes a problem of
// the report.
#pragma once
#include <optional>
#include <string>

#include "health/problem.h"
#include "health/repair_policy.h"
#include "untorn/filesystem.h"
#include "write/temporary_judge.h"
#include "write/temporary_name.h"

namespace untorn::health {

using write::Clock;
using write::is_set_aside_name;
using write::is_temporary_name;
using write::system_clock;

// One temporary that was listed in `folder`.
struct TemporaryPlace {
  Handle folder = Handle::none;
  const std::string& path;  // for the problem
  const std::string& name;
};

// Judges it, and repairs it if it may. Nothing: it is no temporary of ours (a link, a folder, a
// device), or it was gone before it could be judged.
[[nodiscard]] std::optional<Problem> judge_temporary(FileSystem& fs, const TemporaryPlace& place,
                                                     const RepairPolicy& policy,
                                                     const Clock& clock);

}  // namespace untorn::health
