// SPDX-License-Identifier: Apache-2.0
#include "prove/trace/trace.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>

#include "base/clock.h"
#include "prove/sandbox/parts.h"
#include "prove/stack/node_script.h"
#include "prove/trace/child.h"
#include "prove/trace/tracer.h"
#include "prove/trace/verify.h"

namespace untorn::prove {

namespace {

// Node loads the script that tells stacks (node_script.h) from the private /tmp. Where there is
// none, or where /tmp is what the program works on, its calls have native stacks alone.
void offer_node_script(const Sandbox& sandbox, TraceOptions& options) {
  constexpr const char* path = "/tmp/.untorn-node-stacks.cjs";
  const bool watched =
      std::ranges::any_of(sandbox.trees(), [](const Tree& tree) { return tree.path == "/tmp"; });
  if (sandbox.isolation() == Isolation::copy || watched || !is_in_path("node", options)) return;
  const Descriptor file(::open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444));
  const std::string_view script = node_script();
  if (!file.valid() ||
      ::write(file.get(), script.data(), script.size()) != static_cast<ssize_t>(script.size())) {
    return;
  }
  std::string value = std::string("--require ") + path;
  const char* present = std::getenv("NODE_OPTIONS");
  if (present != nullptr && *present != '\0') value = std::string(present) + " " + value;
  options.environment.emplace_back("NODE_OPTIONS", std::move(value));
}

}  // namespace

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
  if (options.stacks && stacks != nullptr) offer_node_script(sandbox, options);
  auto program = find_program(options, working_directory);
  if (!program) return std::unexpected(program.error());
  const CorePin pin;
  const TickTimer timer;
  const timespec begin = next_file_time();
  const auto start = std::chrono::steady_clock::now();
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
  trace.elapsed_s = seconds_since(start);
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
