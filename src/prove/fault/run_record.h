// SPDX-License-Identifier: Apache-2.0
//
// What one run with or without a fault hands back, and its form on the way from the forked process
// to the campaign.
//
// Threads: values and pure functions.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "prove/fault/kinds.h"
#include "prove/prove.h"

namespace untorn::prove {

// Something that is wrong at the end of a run, or in a crash state of it.
struct EndFinding {
  Check check = Check::atomic;
  std::string path;
  Observed observed = Observed::garbage;
  StateBytes bytes;
  std::string output;
  std::string advice;        // what the program has to do
  bool after_crash = false;  // only when the power goes after the run
};

// One occurrence of a site in the undisturbed run.
struct SiteCall {
  std::uint64_t bytes = 0;  // that a write was asked to write
  bool selected = false;    // it concerns a path that is judged
};

struct SurveyedSite {
  Hash128 site;
  FaultCall call = FaultCall::write;
  std::size_t operations = 0;  // before its first occurrence: their order
  std::uint64_t occurrences = 0;
  std::vector<SiteCall> calls;  // the first ones of a long loop
};

struct RunRecord {
  enum class End : std::uint8_t {
    ended,        // by itself or by --stop-after: exit_code
    hung,         // it had to be stopped
    cut,          // it wrote too much or left its root: `why`
    interrupted,  // by Ctrl-C
    failed,       // it could not be made or judged: `why`
  };
  End end = End::failed;
  int exit_code = 0;  // 128 + n after signal n
  std::string why;
  double elapsed_s = 0;
  bool came = false;              // the fault did
  OperationNote failed;           // the call that was the first to fail
  std::uint64_t later_calls = 0;  // that the fault would have met as well
  bool done = false;              // it said that it had done what it was asked to
  std::string log_name;
  bool exhaustive = true;  // every crash state of the run was judged
  std::vector<EndFinding> findings;
  std::vector<Undecided> undecided;
  // Of an undisturbed run alone.
  std::vector<SurveyedSite> sites;
  std::string trace;  // as write_trace() makes it
};

[[nodiscard]] std::string pack(const RunRecord& record);
// Nothing if the text is not whole.
[[nodiscard]] std::optional<RunRecord> unpack_run(std::string_view text);

}  // namespace untorn::prove
