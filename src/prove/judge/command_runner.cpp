// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/command_runner.h"

#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "prove/judge/simple_words.h"
#include "prove/judge/start_command.h"
#include "prove/sandbox/parts.h"
#include "prove/trace/tracer.h"

namespace untorn::prove {

namespace {

CommandResult result_of(const Follower::End& end, OutputPipe& output) {
  CommandResult result;
  result.exit_code = WIFEXITED(end.status) ? WEXITSTATUS(end.status) : 128 + WTERMSIG(end.status);
  result.timed_out = end.timed_out;
  result.interrupted = end.interrupted;
  result.output = output.take();
  return result;
}

Error no_pipe(const std::string& program) {
  return Error::from_errno(errno, Step::inspect, Outcome::not_applied, program,
                           "no pipe for its output");
}

}  // namespace

CommandRunner::CommandRunner(std::vector<std::string> arguments, std::vector<StatePlace> places,
                             std::string acknowledged)
    : arguments_(std::move(arguments)),
      places_(std::move(places)),
      recorder_(places_, std::move(acknowledged)),
      filter_(make_read_filter()) {
  direct_ = arguments_;
  const bool by_shell = arguments_.size() == 3 && arguments_[0] == "sh" && arguments_[1] == "-c";
  if (by_shell) direct_ = simple_words(arguments_[2]).value_or(std::vector<std::string>());
  const auto program = direct_.empty() ? std::nullopt : find_in_path(direct_.front());
  const bool lies_in_state = program && std::ranges::any_of(places_, [&](const auto& place) {
                               return is_below(*program, place.path);
                             });
  // A program that the shell has to look for in the state, or cannot find, is the shell's to run.
  const bool is_path = !direct_.empty() && direct_.front().find('/') != std::string::npos;
  const bool found = program && (is_path || (program->starts_with('/') && !lies_in_state));
  if (!found && by_shell) direct_.clear();
  if (direct_.empty()) direct_ = arguments_;
  program_ = find_in_path(direct_.front()).value_or(direct_.front());
  python_ = python_program(direct_);
  follower_.visit = [this](const FollowedCall& call) {
    recorder_.see(call);
    if (call.number == SYS_ptrace) follows_ = false;
  };
}

void CommandRunner::use_server(bool wanted) {
  wants_server_ = wanted;
}

void CommandRunner::drop_server(std::string why) {
  follower_.end_all();
  server_.reset();
  python_.reset();
  why_no_server_ = std::move(why);
}

Result<CommandResult> CommandRunner::run(const BoundedCommand& command) {
  recorder_.begin();
  reads_ = {};
  if (!follows_) {
    reads_.complete = false;
    reads_.why = "it traces a program itself";
    BoundedCommand plain = command;
    plain.arguments = arguments_;
    return run_bounded(plain);
  }
  const CorePin pin;
  std::optional<CommandResult> served;
  if (python_ && wants_server_) served = run_served(command);
  if (!served) {
    recorder_.begin();
    auto plain = run_plain(command);
    if (!plain) return plain;
    served = *std::move(plain);
  }
  reads_ = recorder_.reads();
  // It could not do what it wanted to: once more, without us.
  if (!follows_) return run(command);
  return *std::move(served);
}

Result<CommandResult> CommandRunner::run_plain(const BoundedCommand& command) {
  OutputPipe output;
  if (!output.valid()) return std::unexpected(no_pipe(program_));
  StartCommand start;
  start.program = program_;
  start.arguments = direct_;
  start.working_directory = command.working_directory;
  start.environment = command.environment;
  // What a shell would make of it.
  if (std::getenv("PWD") != nullptr) start.environment.emplace_back("PWD", start.working_directory);
  start.output = output.input();
  start.filter = &filter_;
  recorder_.see_program(command.working_directory, program_);
  const auto process = start_command(start);
  if (!process) return std::unexpected(process.error());
  output.close_input();
  Follower::End end;
  if (follower_.adopt(*process, end.status)) {
    end = follower_.run(*process, limits_of(command, output));
  }
  return result_of(end, output);
}

Follower::Limits CommandRunner::limits_of(const BoundedCommand& command, OutputPipe& output) {
  Follower::Limits limits;
  limits.deadline = Follower::Clock::now() + command.time_max;
  limits.stop = command.stop;
  limits.every_tick = [&output] { output.drain(); };
  return limits;
}

// Nothing: there is no server any more, and the run is to be made without.
std::optional<CommandResult> CommandRunner::run_served(const BoundedCommand& command) {
  if (!server_) server_ = PythonServer::start(*python_, places_, command, filter_, follower_);
  if (!server_ || !server_->ask(command)) {
    drop_server("its interpreter cannot be kept running");
    return {};
  }
  const auto end = follower_.run(0, limits_of(command, server_->output()));
  if (end.lost) {
    drop_server("its interpreter ended, or has threads, so that it cannot be forked");
    return {};
  }
  return result_of(end, server_->output());
}

}  // namespace untorn::prove
