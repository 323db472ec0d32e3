// SPDX-License-Identifier: Apache-2.0
//
// Runs one command again and again, in the quickest way that gives the same answer, and tells what
// each run looked at.
//
//   CommandRunner runner({"sh", "-c", "python3 check.py"}, sandbox.state_places(), acknowledged);
//   auto result = runner.run(command);
//   if (result && runner.reads().complete) ...
//
// A line that needs no shell runs without one; a Python program runs in a fork of an interpreter
// that has imported what it imports (python_server.h). A command that traces programs itself is not
// followed: then the reads are not complete.
//
// When run() returns, nothing that the command started is alive, whatever session it went to.
//
// Cost: a run without a shell about 0.5 ms more than the program itself; 10 microseconds for each
// call with a path. Threads: one.
#pragma once
#include <linux/filter.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "prove/judge/bounded_command.h"
#include "prove/judge/follow.h"
#include "prove/judge/output_pipe.h"
#include "prove/judge/python_server.h"
#include "prove/judge/read_set.h"

namespace untorn::prove {

class CommandRunner {
 public:
  CommandRunner(std::vector<std::string> arguments, std::vector<StatePlace> places,
                std::string acknowledged);
  CommandRunner(const CommandRunner&) = delete;
  CommandRunner& operator=(const CommandRunner&) = delete;

  // `command.arguments` are not looked at: they are those of the constructor.
  [[nodiscard]] Result<CommandResult> run(const BoundedCommand& command);
  // Of the last run.
  [[nodiscard]] const ReadSet& reads() const noexcept { return reads_; }

  // Without these, every run is a plain one: to compare.
  void use_server(bool wanted);
  [[nodiscard]] bool may_be_served() const noexcept { return python_.has_value(); }
  [[nodiscard]] bool has_server() const noexcept { return server_ != nullptr; }
  // For a server that answers otherwise than the program itself.
  void drop_server(std::string why);
  // Why a Python program runs without a server; "" if it has one or is none.
  [[nodiscard]] const std::string& why_no_server() const noexcept { return why_no_server_; }

 private:
  [[nodiscard]] std::optional<CommandResult> run_served(const BoundedCommand& command);
  [[nodiscard]] Result<CommandResult> run_plain(const BoundedCommand& command);
  [[nodiscard]] static Follower::Limits limits_of(const BoundedCommand& command,
                                                  OutputPipe& output);

  std::vector<std::string> arguments_;
  std::vector<std::string> direct_;  // the same without a shell; empty: it needs one
  std::string program_;              // of what is started
  std::vector<StatePlace> places_;
  ReadRecorder recorder_;
  ReadSet reads_;
  std::vector<sock_filter> filter_;
  Follower follower_;
  bool follows_ = true;
  bool wants_server_ = true;
  std::optional<PythonProgram> python_;
  std::unique_ptr<PythonServer> server_;
  std::string why_no_server_;
};

}  // namespace untorn::prove
