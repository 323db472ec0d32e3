// SPDX-License-Identifier: Apache-2.0
//
// The command `untorn`: finds the command that was named, parses its arguments, runs it.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/help.h"
#include "cli/output.h"

namespace untorn::cli {
namespace {

// A standard stream that the caller has closed would give its number to the next file that is
// opened, and then receive our messages. Occupy it by /dev/null, opened the wrong way round, so
// that using it still fails: content must not be read from a stdin that is not there. Where there
// is no /dev, a descriptor that only names a place serves as well.
void occupy_closed_streams() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(descriptor, F_GETFD) != -1 || errno != EBADF) continue;
    const int occupied = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    if (occupied < 0) (void)open("/", O_PATH);
  }
}

int number(ExitCode code) {
  return static_cast<int>(code);
}

int print(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if ((written && std::fflush(stdout) == 0) || errno == EPIPE) return number(ExitCode::done);
  std::perror("untorn: stdout");
  return number(ExitCode::failure);
}

void complain(const std::string& problem, const std::string& hint) {
  std::fprintf(stderr, "untorn: error: %s\nuntorn: %s\n", problem.c_str(), hint.c_str());
}

// The arguments are wrong, so the parsed format cannot be relied on: look for it by hand.
bool asks_for_json(const std::vector<std::string>& arguments) {
  for (auto at = arguments.begin(); at != arguments.end() && *at != "--"; ++at) {
    if (*at == "--format=json") return true;
    if (*at == "--format" && std::next(at) != arguments.end() && *std::next(at) == "json") {
      return true;
    }
  }
  return false;
}

int usage_error(const Command& command, const std::string& problem, bool json) {
  complain(problem, "see untorn " + command.name + " --help");
  if (json) (void)print(error_document(command.name, {.message = problem}));
  return number(ExitCode::failure);
}

// The place where the document belongs cannot be had, and a program still needs the reason.
int output_error(const Command& command, const CommonFlags& common, const Error& error) {
  std::fprintf(stderr, "untorn: error: %s\n", error.message().c_str());
  if (common.format == "json") {
    (void)print(error_document(command.name, {.code = std::string(to_string(error.code())),
                                              .step = std::string(to_string(error.step())),
                                              .message = error.message(),
                                              .path = named_path(*common.output).path}));
  }
  return number(ExitCode::failure);
}

int run_command(const Command& command, const std::vector<std::string>& arguments) {
  CommonFlags common;
  const Parsed parsed = parse(command, common, arguments);
  if (parsed.help) return print(command_help(command));
  if (parsed.usage_problem) {
    return usage_error(command, *parsed.usage_problem, asks_for_json(arguments));
  }
  Result<Output> output = Output::open(common);
  if (!output) return output_error(command, common, output.error());
  return number(command.run({.common = common, .rest = parsed.rest, .output = *output}));
}

int unknown_command(const std::string& name, const std::vector<Command>& commands) {
  std::vector<std::string> names;
  names.reserve(commands.size());
  for (const Command& command : commands) names.push_back(command.name);
  const std::string_view near = nearest(name, names);
  std::string problem = "\"" + name + "\" is not a command";
  if (!near.empty()) problem += "; did you mean \"" + std::string(near) + "\"?";
  complain(problem, "see untorn --help");
  return number(ExitCode::failure);
}

int run(std::vector<std::string> arguments) {
  const std::vector<Command> commands = {
      make_append_command(),   make_apply_command(), make_bench_command(),
      make_doctor_command(),   make_etag_command(),  make_fix_command(),
      make_pipeline_command(), make_prove_command(), make_registry_command(),
      make_replay_command(),   make_scan_command(),  make_watch_command(),
      make_write_command()};
  if (arguments.empty()) return print(short_help(commands));
  if (arguments.front() == "help") {  // `untorn help write` is `untorn write --help`
    arguments.erase(arguments.begin());
    arguments.resize(std::min<std::size_t>(arguments.size(), 1));
    arguments.emplace_back("--help");
  }
  const std::string name = arguments.front();
  if (name == "--help" || name == "-h") return print(short_help(commands));
  if (name == "--version") return print("untorn " UNTORN_VERSION "\n");
  const auto command = std::find_if(commands.begin(), commands.end(),
                                    [&](const Command& each) { return each.name == name; });
  if (command == commands.end()) return unknown_command(name, commands);
  arguments.erase(arguments.begin());
  return run_command(*command, arguments);
}

}  // namespace
}  // namespace untorn::cli

int main(int argc, char** argv) {
  untorn::cli::occupy_closed_streams();
  // A reader that goes away is no failure: writes then give EPIPE, which Output understands.
  (void)std::signal(SIGPIPE, SIG_IGN);
  return untorn::cli::run({argv + std::min(argc, 1), argv + argc});
}
