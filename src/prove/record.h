// SPDX-License-Identifier: Apache-2.0
//
// The run that is judged: traced now, or read from a trace file.
//
// Threads: one thread. record_run() and load_run() with a sandbox enter namespaces for good.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "prove/prove.h"
#include "prove/replay/sources.h"
#include "prove/replay/trace_file.h"
#include "prove/sandbox/sandbox.h"
#include "prove/stack/stack.h"

namespace untorn::prove {

struct Recording {
  RecordedRun run;                   // without stacks, until collect_stacks()
  std::unique_ptr<Sandbox> sandbox;  // none for a loaded run that needs none
  std::unique_ptr<StackCollector> collector;
  std::unique_ptr<Sources> sources;
};

// Last changes to how a run is traced, when its sandbox and its collector are there.
using Adjust = std::function<void(Recording&, TraceOptions&)>;

// Runs the command of the options in a sandbox. Errors: those of Sandbox::enter and trace_command.
[[nodiscard]] Result<Recording> record_run(const ProveOptions& options, const Adjust& adjust = {});

// Reads ProveOptions::from_trace. `needs_sandbox`: states will be shown to commands. Errors: those
// of read_trace; io when the file cannot be read; those of Sandbox::enter.
[[nodiscard]] Result<Recording> load_run(const ProveOptions& options, bool needs_sandbox);

// Reads a trace file. Errors: those of read_trace; the system's when the file cannot be read.
[[nodiscard]] Result<RecordedRun> load_trace(const std::string& path);

// Resolves every stack of the log into RecordedRun::stacks, for write_trace().
void collect_stacks(Recording& recording);

}  // namespace untorn::prove
