// SPDX-License-Identifier: Apache-2.0
#include "prove/trace/trace.h"

#include <sys/stat.h>

#include <cstdlib>
#include <ctime>

#include "prove/sandbox/parts.h"
#include "prove/trace/child.h"
#include "prove/trace/tracer.h"
#include "prove/trace/verify.h"

namespace untorn::prove {

Result<Trace> trace_command(Sandbox& sandbox, const TraceOptions& given, StackCollector* stacks) {
  TraceOptions options = given;
  const Tree& root = sandbox.trees()[0];
  std::string working_directory = options.working_directory;
  if (sandbox.isolation() == Isolation::copy) {
    const std::string original = path_of_descriptor(root.lower);
    if (working_directory == original || is_below(working_directory, original)) {
      working_directory = root.path + working_directory.substr(original.size());
    }
    const std::string base = root.path.substr(0, root.path.rfind('/'));
    options.environment.emplace_back("UNTORN_ROOT", root.path);
    options.environment.emplace_back("TMPDIR", base + "/tmp");
  }
  if (working_directory.empty()) working_directory = root.path;
  // Temporary files go to a place that may be written.
  const char* temporary = std::getenv("TMPDIR");
  if (sandbox.isolation() == Isolation::namespaces && temporary != nullptr &&
      std::string_view(temporary) != "/tmp" && !is_below(temporary, "/tmp") &&
      !is_below(temporary, root.path)) {
    options.environment.emplace_back("TMPDIR", "/tmp");
  }
  auto program = find_program(options, working_directory);
  if (!program) return std::unexpected(program.error());
  const CorePin pin;
  const TickTimer timer;
  const auto start = std::chrono::steady_clock::now();
  const timespec begin = next_file_time();
  auto child = start_child(*program, options, working_directory, timer.signals());
  if (!child) return std::unexpected(child.error());
  struct stat output = {};
  (void)::fstat(child->output.get(), &output);
  Trace trace;
  Tracer tracer(sandbox, options, stacks, trace, *child, key_of(output));
  tracer.run();
  if (const int reason = start_failure(*child); reason != 0) {
    return std::unexpected(Error(Code::io, Step::open_directory, Outcome::not_applied, reason,
                                 *program, "the command could not be started"));
  }
  trace.elapsed_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  TracedTree& tree = tracer.recorder().tree();
  const bool complete = trace.end != RunEnd::too_much && trace.end != RunEnd::interrupted &&
                        trace.end != RunEnd::escaped;
  if (complete) {
    compare_with_tree(tree, tracer.recorder().unknown_content(), begin, trace.unexplained);
  }
  trace.log = std::move(tree.log());
  return trace;
}

}  // namespace untorn::prove
