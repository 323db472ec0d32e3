// SPDX-License-Identifier: Apache-2.0
#include "prove/record.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/try.h"
#include "filesystem/read_whole.h"
#include "prove/trace/trace.h"
#include "untorn/filesystem.h"

namespace untorn::prove {

namespace {

Result<std::unique_ptr<Sandbox>> enter_sandbox(const ProveOptions& options) {
  SandboxOptions sandbox;
  sandbox.root = options.root;
  sandbox.also = options.also;
  sandbox.force_copy = options.force_copy;
  return Sandbox::enter(sandbox);
}

std::vector<std::string> notes_of(const Sandbox& sandbox, bool forced) {
  std::vector<std::string> notes;
  if (sandbox.isolation() == Isolation::copy) {
    notes.push_back("the command ran on a copy of the root" +
                    (forced ? std::string(", as asked") : ": " + sandbox.why_copy()));
  }
  notes.insert(notes.end(), sandbox.notes().begin(), sandbox.notes().end());
  return notes;
}

}  // namespace

Result<Recording> record_run(const ProveOptions& options, const Adjust& adjust) {
  Recording recording;
  UNTORN_TRY(recording.sandbox, enter_sandbox(options));
  const std::string& root = recording.sandbox->trees().front().path;
  TraceOptions trace;
  trace.command = options.command;
  trace.working_directory = options.working_directory;
  if (trace.working_directory == options.root ||
      trace.working_directory.starts_with(options.root + "/")) {
    trace.working_directory = root + trace.working_directory.substr(options.root.size());
  }
  trace.environment = {{"UNTORN_ROOT", root},
                       {"UNTORN_ASSUME_FS", std::string(crash::to_string(options.model))}};
  trace.stop_after = options.stop_after;
  trace.acknowledge_pattern = options.acknowledge_pattern;
  trace.stop = options.stop;
  recording.run.root = root;
  recording.run.command = options.command;
  recording.run.working_directory = options.working_directory;
  recording.run.notes = notes_of(*recording.sandbox, options.force_copy);
  recording.collector = std::make_unique<StackCollector>();
  recording.sources = std::make_unique<CollectedSources>(*recording.collector);
  if (adjust) adjust(recording, trace);
  UNTORN_TRY(recording.run.trace,
             trace_command(*recording.sandbox, trace, recording.collector.get()));
  return recording;
}

Result<RecordedRun> load_trace(const std::string& path) {
  FileSystem& fs = posix_file_system();
  const auto file = fs.open(Handle::working_directory, path, {.nonblocking = true});
  if (!file) {
    return std::unexpected(Error::from_errno(number(file.error()), Step::inspect,
                                             Outcome::not_applied, path,
                                             "the trace file cannot be opened"));
  }
  const OwnedHandle owned(fs, *file);
  const auto bytes = read_whole(fs, *file);
  if (!bytes) {
    return std::unexpected(Error::from_errno(number(bytes.error()), Step::inspect,
                                             Outcome::not_applied, path,
                                             "the trace file cannot be read"));
  }
  return read_trace(*bytes, path);
}

Result<Recording> load_run(const ProveOptions& options, bool needs_sandbox) {
  Recording recording;
  UNTORN_TRY(recording.run, load_trace(options.from_trace));
  recording.sources = std::make_unique<StoredSources>(recording.run.stacks);
  if (needs_sandbox) {
    UNTORN_TRY(recording.sandbox, enter_sandbox(options));
  }
  return recording;
}

void collect_stacks(Recording& recording) {
  if (!recording.run.stacks.empty()) return;  // they came with the trace
  std::uint32_t count = 0;
  for (const Operation& operation : recording.run.trace.log.operations) {
    if (operation.stack != no_index) count = std::max(count, operation.stack + 1);
  }
  std::vector<bool> used(count, false);
  for (const Operation& operation : recording.run.trace.log.operations) {
    if (operation.stack != no_index) used[operation.stack] = true;
  }
  recording.run.stacks.resize(count);
  for (std::uint32_t number = 0; number < count; ++number) {
    if (used[number]) recording.run.stacks[number] = recording.sources->stack(number);
  }
}

}  // namespace untorn::prove
