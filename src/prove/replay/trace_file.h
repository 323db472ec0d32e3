// SPDX-License-Identifier: Apache-2.0
//
// Trace files: the record of one traced run, complete enough to judge it again, on this machine or
// another, without running the command.
//
//   std::string bytes = write_trace(run);
//   auto again = read_trace(bytes, "run.untorn-trace");
//
// Format 1 (docs/internals/trace-format.md): magic, version, the oldest version whose readers
// understand the file, sections of a four-letter name and a length, and a 128-bit checksum of all
// that (MurmurHash3 x64_128, which tells damage, not malice). Contents stand once, however often
// they were written. A reader skips sections that it does not know.
//
// What is read is checked, not believed: numbers stay in their ranges, names are single components,
// no directory lies in itself, and nothing is longer than a traced run may make it, so that a log
// from a stranger is as safe as one's own.
//
// Threads: pure functions. Cost: one pass; contents are shared with the input's copy, not copied.
#pragma once
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "prove/stack/stack.h"
#include "prove/trace/trace.h"
#include "untorn/error.h"

namespace untorn::prove {

// A traced run with all that its report says about it.
struct RecordedRun {
  Trace trace;
  std::vector<Stack> stacks;  // by Operation::stack
  std::string root;           // as the program saw it; sources below it are shown without it
  std::vector<std::string> command;
  std::string working_directory;
  std::vector<std::string> notes;  // about the sandbox of the run
  // Keeps the texts alive to which Operation::call_name points.
  std::shared_ptr<const std::deque<std::string>> call_names = nullptr;
};

[[nodiscard]] std::string write_trace(const RecordedRun& run);

// `path` is for messages. Errors: corrupt when the bytes are damaged, cut or no trace at all;
// unsupported when a newer Untorn wrote them.
[[nodiscard]] Result<RecordedRun> read_trace(std::string_view bytes, const std::string& path);

}  // namespace untorn::prove
