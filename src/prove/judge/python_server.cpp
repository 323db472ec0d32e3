// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/python_server.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>

#include "prove/judge/python_server_script.h"
#include "prove/judge/start_command.h"
#include "prove/sandbox/parts.h"

namespace untorn::prove {

namespace {

bool is_python(const std::string& program) {
  const auto slash = program.rfind('/');
  std::string name = slash == std::string::npos ? program : program.substr(slash + 1);
  if (!name.starts_with("python")) return false;
  name.erase(0, std::string_view("python").size());
  return name.find_first_not_of("0123456789.") == std::string::npos && !name.starts_with('2');
}

bool is_flag_group(std::string_view word) {
  return word.size() > 1 && word.front() == '-' &&
         word.find_first_not_of("bBEIOPqRsSu", 1) == std::string_view::npos;
}

}  // namespace

std::optional<PythonProgram> python_program(const std::vector<std::string>& words) {
  if (words.empty() || !is_python(words.front()) || std::getenv("PYTHONINSPECT") != nullptr) {
    return {};
  }
  const auto interpreter = find_in_path(words.front());
  if (!interpreter || !interpreter->starts_with('/')) return {};
  PythonProgram program;
  program.interpreter = *interpreter;
  std::size_t at = 1;
  for (; at < words.size() && words[at].starts_with('-'); ++at) {
    const std::string& word = words[at];
    if (word == "-c" || word == "-m") {
      if (at + 1 == words.size()) return {};
      break;
    }
    const bool takes_value = word == "-W" || word == "-X";
    if (!takes_value && !is_flag_group(word)) return {};
    program.options.push_back(word);
    if (!takes_value) continue;
    if (++at == words.size()) return {};
    program.options.push_back(words[at]);
  }
  if (at == words.size()) return {};
  program.arguments.assign(words.begin() + static_cast<std::ptrdiff_t>(at), words.end());
  return program;
}

std::unique_ptr<PythonServer> PythonServer::start(const PythonProgram& program,
                                                  const std::vector<StatePlace>& places,
                                                  const BoundedCommand& first,
                                                  std::vector<sock_filter>& filter,
                                                  Follower& follower) {
  std::unique_ptr<PythonServer> server(new PythonServer());
  std::array<int, 2> ends = {-1, -1};
  if (!server->output_.valid() || ::pipe2(ends.data(), O_CLOEXEC) != 0) return nullptr;
  const Descriptor reader(ends[0]);
  server->requests_ = Descriptor(ends[1]);
  for (const StatePlace& place : places) {
    if (is_below(program.interpreter, place.path)) return nullptr;
  }
  StartCommand start;
  start.program = program.interpreter;
  start.arguments = {program.interpreter};
  start.arguments.insert(start.arguments.end(), program.options.begin(), program.options.end());
  start.arguments.insert(start.arguments.end(),
                         {"-c", python_server_script, std::to_string(places.size())});
  for (const StatePlace& place : places) start.arguments.push_back(place.path);
  start.arguments.insert(start.arguments.end(), program.arguments.begin(), program.arguments.end());
  start.working_directory = first.working_directory;
  start.environment = first.environment;
  start.output = server->output_.input();
  start.requests = reader.get();
  start.filter = &filter;
  const auto process = start_command(start);
  if (!process) return nullptr;
  // Before its first call: its own reads are no run's.
  follower.keep(*process);
  int status = 0;
  if (!follower.adopt(*process, status)) return nullptr;
  return server;
}

bool PythonServer::ask(const BoundedCommand& run) {
  std::string body = run.working_directory;
  for (const auto& [name, value] : run.environment) {
    body.push_back('\0');
    body.append(name).append("=").append(value);
  }
  const auto size = static_cast<std::uint32_t>(body.size());
  std::string request;
  for (unsigned shift = 0; shift < 32; shift += 8) {
    request.push_back(static_cast<char>(size >> shift & 0xFFU));
  }
  request += body;
  ssize_t sent = 0;
  do {
    sent = ::write(requests_.get(), request.data(), request.size());
  } while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(request.size());
}

}  // namespace untorn::prove
