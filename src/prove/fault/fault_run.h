// SPDX-License-Identifier: Apache-2.0
//
// One run of the command in a sandbox of its own: undisturbed, or with one fault in it, judged.
//
// Both enter namespaces for good: call them in a forked process of one thread (pool.h).
// Cost: one sandbox, one traced run, and for a faulted one its crash states and commands.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "prove/fault/injector.h"
#include "prove/fault/reference.h"
#include "prove/fault/run_record.h"
#include "prove/prove.h"

namespace untorn::prove {

// Answers that earlier runs had: runs that did the same share them.
struct KnownAnswers {
  struct Crashes {
    std::vector<EndFinding> findings;  // all of them after_crash
    bool exhaustive = true;
  };
  std::map<std::string, Crashes> crashes;  // by log name
};

struct FaultRunSetting {
  const ProveOptions& options;
  std::chrono::milliseconds time_max;        // then the run hangs
  std::chrono::milliseconds crash_time_max;  // for the crash states of one run
};

// A record with sites and trace.
[[nodiscard]] RunRecord run_undisturbed(const FaultRunSetting& setting);

// A record with findings.
[[nodiscard]] RunRecord run_with_fault(const FaultRunSetting& setting, const Reference& reference,
                                       const Fault& fault, const KnownAnswers& known);

}  // namespace untorn::prove
