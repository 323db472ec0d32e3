// SPDX-License-Identifier: Apache-2.0
//
// Run a workload on a file system in memory and look at every state that a crash may leave.
//
//   auto report = untorn::crash_test(
//       [](untorn::FileSystem& fs, untorn::CrashLog& log) {
//         (void)untorn::replace_file(fs, "a.json", bytes);
//         log.acknowledge("saved");  // from here on the new content must survive
//       },
//       [](untorn::FileSystem& fs, const untorn::CrashPoint& at) -> std::string {
//         return read(fs, "a.json") == bytes || !at.acknowledged("saved") ? "" : "a.json is lost";
//       });
//   EXPECT_TRUE(report.ok()) << report.summary();
//
// For tests in C++: no process, no tracer, no disk. The states are those of the models that
// `untorn prove` uses. Reads of the workload see its own writes, as on a live system.
//
// Threads: a call uses the calling thread alone.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "untorn/filesystem.h"

namespace untorn {

enum class CrashModel : std::uint8_t {
  kill,      // the process is killed: completed calls stay, a large write may be cut at a page
  portable,  // the power goes: any state that ext4, xfs or btrfs may leave
  ext4,      // the power goes: what ext4 with a journal and data=ordered may leave
  xfs,       // the same for xfs
  btrfs,     // the same for btrfs
  posix,  // the power goes: whatever POSIX does not forbid. Renames may be halved, and blocks that
          // were added and not written may hold garbage
};

// What the workload tells the test.
class CrashLog {
 public:
  virtual ~CrashLog() = default;
  // "From here on I have promised this to the outside."
  virtual void acknowledge(std::string_view what) = 0;
};

// Where the crash happened.
class CrashPoint {
 public:
  virtual ~CrashPoint() = default;
  // Was this acknowledged before the crash?
  [[nodiscard]] virtual bool acknowledged(std::string_view what) const = 0;
  [[nodiscard]] virtual CrashModel model() const = 0;
  // "kept: rename a.tmp → a; lost: write a.tmp 0+4096": for failure messages.
  [[nodiscard]] virtual std::string describe() const = 0;
};

struct CrashTestOptions {
  std::vector<CrashModel> models = {CrashModel::kill, CrashModel::portable};
  // Made before the workload runs, and durable: name and content. Parents are made as needed.
  std::vector<std::pair<std::string, std::string>> initial_files;
  // The only paths that `check` reads. Then states that differ elsewhere alone count once, and the
  // file system that `check` gets holds these paths alone. Empty: every path.
  std::vector<std::string> paths;
  std::uint64_t states_max = 1U << 21U;  // beyond this, a seeded sample is drawn
  std::uint64_t seed = 1;
  std::size_t failures_max = 10;  // stop after so many failing states
};

struct CrashFailure {
  CrashModel model = CrashModel::kill;
  std::string message;  // what the check returned
  std::string state;    // CrashPoint::describe()
  std::string tree;     // the files of the state, one a line, shortened
};

struct CrashTestReport {
  std::uint64_t states_total = 0;  // of the models; saturates at 2^64 - 1
  std::uint64_t states_checked = 0;
  std::uint64_t states_distinct = 0;
  bool exhaustive = false;
  double states_per_second = 0;
  std::vector<CrashFailure> failures;

  [[nodiscard]] bool ok() const noexcept { return failures.empty(); }
  [[nodiscard]] std::string summary() const;
};

// Runs `workload` once on an empty file system (with options.initial_files), then `check` on every
// crash state: a writable file system of its own, so that a check may run recovery. `check`
// returns an empty string when the state is good, else what is wrong with it.
[[nodiscard]] CrashTestReport crash_test(
    const std::function<void(FileSystem&, CrashLog&)>& workload,
    const std::function<std::string(FileSystem&, const CrashPoint&)>& check,
    const CrashTestOptions& options = {});

}  // namespace untorn
