// SPDX-License-Identifier: Apache-2.0
//
// trace_dump [-copy] [-quiet] [-also DIR] ROOT COMMAND…: prints the operation log of a run, for
// those who work on the tracer.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>

#include "prove/sandbox/sandbox.h"
#include "prove/stack/stack.h"
#include "prove/trace/trace.h"

namespace {

using untorn::InodeId;
using untorn::Operation;
using untorn::prove::Sandbox;
using untorn::prove::SandboxOptions;
using untorn::prove::StackCollector;
using untorn::prove::TraceOptions;

std::string inode_text(InodeId inode) {
  return inode == untorn::no_inode ? "-" : "#" + std::to_string(inode);
}

void print(const Operation& operation, untorn::prove::StackCollector& stacks) {
  fmt::print("{:<4} {:<16} {:<16} {}", operation.call == untorn::no_index ? 0 : operation.call,
             operation.call_name, untorn::to_string(operation.kind), inode_text(operation.inode));
  if (operation.directory != untorn::no_inode) {
    fmt::print(" at {}/{}", inode_text(operation.directory), operation.name);
  } else if (!operation.name.empty()) {
    fmt::print(" {}", operation.name);
  }
  if (operation.target_directory != untorn::no_inode) {
    fmt::print(" to {}/{}", inode_text(operation.target_directory), operation.target_name);
  }
  if (operation.replaced != untorn::no_inode) {
    fmt::print(" replacing {}", inode_text(operation.replaced));
  }
  fmt::print(" {}+{}", operation.offset, operation.size);
  if (operation.stack != untorn::no_index) {
    const auto* frame = untorn::prove::source_frame(stacks.resolve(operation.stack));
    if (frame != nullptr) fmt::print("  {}:{} {}", frame->path, frame->line, frame->function);
  }
  fmt::print("\n");
}

}  // namespace

int main(int argc, char** argv) {
  SandboxOptions sandbox_options;
  bool quiet = false;
  bool stacks_wanted = true;
  int at = 1;
  for (; at < argc && argv[at][0] == '-'; ++at) {
    if (std::strcmp(argv[at], "-copy") == 0) sandbox_options.force_copy = true;
    if (std::strcmp(argv[at], "-quiet") == 0) quiet = true;
    if (std::strcmp(argv[at], "-nostacks") == 0) stacks_wanted = false;
    if (std::strcmp(argv[at], "-also") == 0 && at + 1 < argc) {
      sandbox_options.also.emplace_back(argv[++at]);
    }
  }
  if (argc - at < 2) return 2;
  std::array<char, 4096> root = {};
  if (::realpath(argv[at], root.data()) == nullptr) return 2;
  sandbox_options.root = root.data();
  auto sandbox = Sandbox::enter(sandbox_options);
  if (!sandbox) {
    fmt::print(stderr, "{}\n", sandbox.error().message());
    return 2;
  }
  TraceOptions options;
  options.command.assign(argv + at + 1, argv + argc);
  options.working_directory = sandbox_options.root;
  options.acknowledge_pattern = "^ok";
  options.stacks = stacks_wanted;
  StackCollector stacks;
  auto trace = trace_command(**sandbox, options, &stacks);
  if (!trace) {
    fmt::print(stderr, "{}\n", trace.error().message());
    return 2;
  }
  if (!quiet) {
    for (const auto& name : trace->log.names) {
      fmt::print("initial #{}/{} = #{} ({} bytes)\n", name.directory, name.name, name.inode,
                 trace->log.inodes[name.inode].content.size());
    }
    for (const Operation& operation : trace->log.operations) print(operation, stacks);
  }
  for (const std::string& note : trace->notes) fmt::print("note: {}\n", note);
  for (const std::string& phrase : trace->unexplained) fmt::print("unexplained: {}\n", phrase);
  fmt::print("end {} code {} signal {} why '{}' operations {} traced {} changing {} in {:.5f} s\n",
             static_cast<int>(trace->end), trace->exit_code, trace->signal, trace->why,
             trace->log.operations.size(), trace->calls_traced, trace->calls_changing,
             trace->elapsed_s);
  return 0;
}
