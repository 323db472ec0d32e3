// SPDX-License-Identifier: Apache-2.0
//
// Runs workloads on a mounted file system whose disk is recorded, beside a neighbour that syncs.
//
//   Recorder recorder(disk, root, seed, false);
//   RecordedRun run = recorder.record(*workload, 0);
//
// The neighbour is what turns an ordering that no program asked for into one that a power cut
// shows: between any two calls of the workload it may sync a file of its own (which commits the
// names of the workload, but not its bytes), start the write-back of the workload's file (as the
// kernel's flusher does after seconds), or sync everything. What it does follows from the seed, so
// nothing has to wait for the timers of the kernel. A second neighbour does the same at its own
// pace in a thread, so that commits also fall into the middle of calls.
//
// The working directory of the process is the workload's folder while it runs, and "/" afterwards,
// when the folder is removed again: states of the run are those before that.
// Errors are LabError.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "filesystem/operation_log.h"
#include "tests/crash/blockdev/disk.h"
#include "tests/crash/blockdev/workload.h"

namespace untorn::lab {

struct RecordedRun {
  const Workload* workload = nullptr;
  std::string folder;     // below the root of the mounted file system
  std::size_t begin = 0;  // of its records
  std::size_t end = 0;
  // Steps, and how many requests had reached the device when they were acknowledged.
  std::vector<std::pair<unsigned, std::size_t>> acknowledged;
  OperationLog log;
  // When so many requests had reached the device, so many operations of the log had returned.
  struct Progress {
    std::size_t records = 0;
    std::size_t operations = 0;
  };
  std::vector<Progress> progress;

  // What had been promised when so many requests had reached the device.
  [[nodiscard]] std::vector<bool> promised_at(std::size_t records) const;
  // Operations that had returned then.
  [[nodiscard]] std::size_t completed_at(std::size_t records) const;
};

class Recorder {
 public:
  // `fast_commit`: what Session::fs_with_ranges() says of itself.
  Recorder(const Disk& disk, std::string root, std::uint64_t seed, bool fast_commit);
  [[nodiscard]] RecordedRun record(const Workload& workload, unsigned repetition);

 private:
  const Disk& disk_;
  std::string root_;
  std::uint64_t seed_;
  bool fast_commit_;
};

}  // namespace untorn::lab
