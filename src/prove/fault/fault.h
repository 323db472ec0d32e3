// SPDX-License-Identifier: Apache-2.0
//
// The engine `fault`: the command is run again and again, each time with one call that fails, and
// each time must either fail loudly and leave a valid state, or succeed and leave the new one.
//
//   UNTORN_TRY(auto faults, FaultEngine::start(options));  // before any sandbox is entered
//   …
//   FaultFindings findings = faults->run(time, progress);
//
// docs/internals/faults.md says which calls fail, how a run is judged, and what is not tried.
//
// Errors: io when no process or pipe is to be had. Everything else is part of the findings.
// Threads: one thread. Cost: two undisturbed runs, and one run, in a sandbox of its own, for each
// fault; two runs at a time.
#pragma once
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "prove/prove.h"
#include "prove/sandbox/descriptor.h"
#include "untorn/error.h"

namespace untorn::prove {

struct FaultFindings {
  EngineReport engine;
  std::vector<Violation> violations;
  std::vector<Undecided> undecided;
  std::vector<std::string> notes;
  std::uint64_t runs = 0;  // of the command
};

class FaultEngine {
 public:
  // Forks a process that stays outside of the sandbox which the caller is about to enter. Borrows
  // the options.
  [[nodiscard]] static Result<std::unique_ptr<FaultEngine>> start(const ProveOptions& options);
  // Ends that process and its runs.
  ~FaultEngine();
  FaultEngine(const FaultEngine&) = delete;
  FaultEngine& operator=(const FaultEngine&) = delete;

  // Once. `progress` is called now and then with the number of faults tried so far.
  [[nodiscard]] FaultFindings run(std::chrono::milliseconds time_max,
                                  const std::function<void(std::uint64_t)>& progress);

 private:
  FaultEngine(const ProveOptions& options, pid_t process, Descriptor channel)
      : options_(options), process_(process), channel_(std::move(channel)) {}

  const ProveOptions& options_;
  pid_t process_;
  Descriptor channel_;
};

void add_findings(FaultFindings findings, ProveReport& report);

[[nodiscard]] std::string pack(const FaultFindings& findings);
// Nothing if the text is not whole.
[[nodiscard]] std::optional<FaultFindings> unpack_findings(std::string_view text);

}  // namespace untorn::prove
