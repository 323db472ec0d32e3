// SPDX-License-Identifier: Apache-2.0
//
// One file system of the lab: every workload recorded on it, every chosen state of the disk
// mounted, read and judged.
//
//   const LabReport report = run_lab(setup_named("xfs"), options, {});
//
// Needs root and runs in a process that may be thrown away: it goes into a mount namespace of its
// own before (in_lab_world), so that nobody else keeps a file system alive that it has unmounted,
// and everything is gone when it ends, however it ends.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/crash/blockdev/recorder.h"
#include "tests/crash/blockdev/setups.h"
#include "tests/crash/blockdev/states.h"
#include "tests/crash/blockdev/workload.h"

namespace untorn::lab {

struct LabOptions {
  Scale scale;
  unsigned repetitions = 1;  // of each workload, with other neighbours
  std::size_t cuts_per_run_max = 10;
  std::size_t cuts_by_ranges_max = 10;  // of the workloads of Basis::ranges
  std::string only = {};                // workloads whose name contains it
  std::uint64_t seed = 1;
};

// What the states of one workload showed.
struct LabRow {
  std::string workload;
  Promise promise;
  bool control = false;  // this file system cannot keep the promise, and the lab has to see it
  std::size_t states = 0;
  std::size_t in_order = 0;      // of them, prefixes
  std::size_t bad_in_order = 0;  // of those, worse than `lost`
  std::array<std::size_t, kind_count> kinds{};
  // States that did not mount. They were repaired and are judged in these columns alone.
  std::size_t unmountable = 0;
  std::size_t bad_repaired = 0;
  std::size_t lost_repaired = 0;
  std::size_t unstable = 0;  // looked at three times, with different findings: the lab is broken
  std::size_t broken = 0;    // states that break the promise, repaired ones apart
  std::vector<std::string> examples = {};  // of what was not good, at most a few

  [[nodiscard]] std::size_t bad() const;
  [[nodiscard]] std::size_t lost() const { return kinds[static_cast<std::size_t>(Kind::lost)]; }
};

struct LabReport {
  std::string setup;
  std::vector<LabRow> rows;
  double seconds_recording = 0;
  double seconds_replaying = 0;
};

// Called for each state that mounted without a repair, before a recovery changes it.
using Observer = std::function<void(const RecordedRun&, const PowerCut&, const Tree&)>;

// Throws LabError if the lab itself cannot go on.
[[nodiscard]] LabReport run_lab(const LabFileSystem& setup, const LabOptions& options,
                                const std::string& folder, const Observer& observer);

// Why the lab cannot run here (no root, no /dev/fuse, no loop devices); "" if it can.
[[nodiscard]] std::string why_no_lab();

// Runs `body` in a process with a mount namespace of its own and hands it an empty folder that only
// this namespace sees. Returns what `body` returned; a LabError and the death of the process are
// answers that begin with "! ". The process dies with the one that called.
[[nodiscard]] std::string in_lab_world(const std::function<std::string(const std::string&)>& body);

}  // namespace untorn::lab
