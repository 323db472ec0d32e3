// SPDX-License-Identifier: Apache-2.0
#include "prove/trace/trace_test_support.h"

#include <fmt/format.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace untorn::prove::testing {
namespace {

constexpr char field_end = '\x1e';
constexpr uid_t nobody = 65534;

std::string quote(std::string_view text) {
  if (text.size() > 40) return fmt::format("{} bytes", text.size());
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\0') {
      quoted += "\\0";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

// Names inodes by the first path that they had.
class Renderer {
 public:
  explicit Renderer(const OperationLog& log) : log_(log) {
    labels_[root_inode] = "";
    for (const InitialName& name : log.names) learn(name.inode, name.directory, name.name);
  }

  std::string initial(const InitialName& name) {
    const Inode& inode = log_.inodes[name.inode];
    if (inode.type == FileType::directory) return label(name.inode) + "/";
    return label(name.inode) + " " + quote(inode.content.text());
  }

  std::string render(const Operation& operation) {
    std::string kind(to_string(operation.kind));
    const std::string place = path(operation.directory, operation.name);
    const std::string target = path(operation.target_directory, operation.target_name);
    switch (operation.kind) {
      case OperationKind::create:
      case OperationKind::make_directory:
      case OperationKind::make_special:
        learn(operation.inode, operation.directory, operation.name);
        return kind + " " + place;
      case OperationKind::make_symlink:
        learn(operation.inode, operation.directory, operation.name);
        return kind + " " + place + " " + quote(operation.payload.text());
      case OperationKind::link:
        return kind + " " + label_then_learn(operation) + " " + target;
      case OperationKind::unlink:
      case OperationKind::remove_directory:
        return kind + " " + place;
      case OperationKind::rename:
      case OperationKind::exchange:
        return kind + " " + place + " " + target +
               (operation.replaced == no_inode ? "" : " over " + label(operation.replaced));
      case OperationKind::write:
        return fmt::format("{} {} {} {}{}", kind, label(operation.inode), operation.offset,
                           quote(operation.payload.text()), entered(operation));
      case OperationKind::sync_file:
      case OperationKind::sync_data:
      case OperationKind::sync_range:
        return kind + " " + label(operation.inode) + range(operation);
      case OperationKind::truncate:
        return fmt::format("{} {} {}", kind, label(operation.inode), operation.size);
      case OperationKind::set_metadata:
      case OperationKind::unmodelled:
        return kind + " " + label(operation.inode) + " " + operation.name;
      case OperationKind::acknowledge:
        return kind + " " + operation.name + " " + quote(operation.payload.text());
      case OperationKind::sync_all:
        return kind;
      default:
        return kind + " " + label(operation.inode);
    }
  }

 private:
  std::string label(InodeId inode) {
    if (inode == root_inode) return ".";
    const auto known = labels_.find(inode);
    return known == labels_.end() ? "?" : known->second;
  }
  std::string path(InodeId directory, const std::string& name) {
    if (directory == no_inode) return "?";
    return directory == root_inode ? name : labels_[directory] + "/" + name;
  }
  void learn(InodeId inode, InodeId directory, const std::string& name) {
    if (directory != no_inode) labels_.try_emplace(inode, path(directory, name));
  }

  static std::string entered(const Operation& operation) {
    if (operation.entered == no_index) return "";
    return " entered " + std::to_string(operation.entered);
  }
  static std::string range(const Operation& operation) {
    if (operation.size == 0) return "";
    return fmt::format(" {}+{}{}", operation.offset, operation.size,
                       operation.name.empty() ? "" : " " + operation.name);
  }

  std::string label_then_learn(const Operation& operation) {
    std::string before = label(operation.inode);
    learn(operation.inode, operation.target_directory, operation.target_name);
    return before;
  }

  const OperationLog& log_;
  std::map<InodeId, std::string> labels_;
};

std::string end_text(const Trace& trace) {
  switch (trace.end) {
    case RunEnd::exited:
      return "exited " + std::to_string(trace.exit_code);
    case RunEnd::signalled:
      return "signalled " + std::to_string(trace.signal);
    case RunEnd::stopped:
      return "stopped";
    case RunEnd::killed_at_call:
      return "killed_at_call";
    case RunEnd::too_much:
      return "too_much";
    case RunEnd::escaped:
      return "escaped";
    case RunEnd::interrupted:
      return "interrupted";
  }
  return "?";
}

// A child that kills this process after a while.
void kill_later(std::chrono::milliseconds delay) {
  const pid_t victim = ::getpid();
  if (::fork() != 0) return;
  ::usleep(static_cast<useconds_t>(std::chrono::microseconds(delay).count()));
  (void)::kill(victim, SIGKILL);
  ::_exit(0);
}

std::string traced_text(const RunPlan& plan) {
  std::string text;
  const auto send = [&text](char tag, const std::string& value) {
    text.push_back(tag);
    text += value;
    text.push_back(field_end);
  };
  if (plan.as_nobody && !become_nobody()) {
    send('x', "cannot become nobody");
    return text;
  }
  auto sandbox = Sandbox::enter(plan.sandbox);
  if (!sandbox) {
    send('x', sandbox.error().message());
    return text;
  }
  if (plan.kill_tracer_after) kill_later(*plan.kill_tracer_after);
  StackCollector stacks;
  auto trace = trace_command(**sandbox, plan.trace, &stacks);
  if (!trace) {
    send('x', trace.error().message());
    return text;
  }
  Renderer renderer(trace->log);
  for (const Operation& operation : trace->log.operations) {
    const Frame* frame =
        operation.stack == no_index ? nullptr : source_frame(stacks.resolve(operation.stack));
    if (frame == nullptr || frame->line == 0) continue;
    send('l', fmt::format("{} {}:{}", operation.call_name,
                          std::filesystem::path(frame->path).filename().string(), frame->line));
  }
  for (const InitialName& name : trace->log.names) send('i', renderer.initial(name));
  for (const Operation& operation : trace->log.operations) send('o', renderer.render(operation));
  for (const std::string& note : trace->notes) send('n', note);
  for (const std::string& phrase : trace->unexplained) send('u', phrase);
  send('e', end_text(*trace));
  send('s', trace->output);
  send('w', trace->why);
  send('c', std::to_string(trace->calls_changing));
  send('t', std::to_string(trace->elapsed_s));
  send('k', (*sandbox)->isolation() == Isolation::copy ? "1" : "0");
  return text;
}

}  // namespace

TestFolder::TestFolder() {
  std::string pattern = "/tmp/untorn-test-XXXXXX";
  path_ = ::mkdtemp(pattern.data()) == nullptr ? "" : pattern;
  ::chmod(path_.c_str(), 0777);
}

TestFolder::~TestFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void TestFolder::write(const std::string& name, const std::string& content) const {
  std::ofstream file(path_ + "/" + name, std::ios::binary);
  file << content;
  file.close();
  ::chmod((path_ + "/" + name).c_str(), 0666);
  if (::geteuid() == 0 && ::chown((path_ + "/" + name).c_str(), nobody, nobody) != 0) errno = 0;
}

std::string TestFolder::read(const std::string& name) const {
  std::ifstream file(path_ + "/" + name, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool TestFolder::has(const std::string& name) const {
  return std::filesystem::exists(std::filesystem::symlink_status(path_ + "/" + name));
}

std::vector<std::string> TracedRun::changes() const {
  std::vector<std::string> kept;
  for (const std::string& operation : operations) {
    const auto starts = [&](const char* word) { return operation.starts_with(word); };
    if (starts("begin_writing") || starts("end_writing") || starts("acknowledge")) continue;
    kept.push_back(operation);
  }
  return kept;
}

bool become_nobody() {
  return ::setgroups(0, nullptr) == 0 && ::setresgid(nobody, nobody, nobody) == 0 &&
         ::setresuid(nobody, nobody, nobody) == 0 &&
         ::prctl(PR_SET_DUMPABLE, 1) == 0;  // as after an exec; else nobody may trace us
}

std::string in_child(const std::function<std::string()>& work) {
  int ends[2] = {-1, -1};
  if (::pipe(ends) != 0) return "died: no pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    const std::string text = work();
    for (std::size_t done = 0; done < text.size();) {
      const ssize_t count = ::write(ends[1], text.data() + done, text.size() - done);
      if (count <= 0) ::_exit(3);
      done += static_cast<std::size_t>(count);
    }
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string text;
  char buffer[4096];
  ssize_t count = 0;
  while ((count = ::read(ends[0], buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<std::size_t>(count));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return status == 0 ? text : fmt::format("died {}: {}", status, text);
}

static std::string try_tracing(const std::string& root) {
  SandboxOptions options;
  options.root = root;
  auto sandbox = Sandbox::enter(options);
  if (!sandbox) return sandbox.error().message();
  if ((*sandbox)->isolation() == Isolation::copy) return (*sandbox)->why_copy();
  TraceOptions trace;
  trace.command = {"/bin/true"};
  auto traced = trace_command(**sandbox, trace, nullptr);
  return traced ? "" : traced.error().message();
}

const std::string& why_no_tracing() {
  static const std::string why = [] {
    // The folder is made and removed outside: inside, its removal would be private.
    const TestFolder folder;
    return in_child([&folder] { return try_tracing(folder.path()); });
  }();
  return why;
}

TracedRun run_traced(const std::string& root, std::vector<std::string> command,
                     const std::function<void(RunPlan&)>& adapt) {
  RunPlan plan;
  plan.sandbox.root = root;
  plan.trace.command = std::move(command);
  plan.trace.working_directory = root;
  plan.trace.acknowledge_pattern = "^saved";
  if (adapt) adapt(plan);
  const std::string text = in_child([&plan] { return traced_text(plan); });
  TracedRun run;
  if (text.starts_with("died")) run.error = text;
  std::istringstream fields(text);
  for (std::string field; std::getline(fields, field, field_end);) {
    const std::string value = field.substr(1);
    switch (field.front()) {
      case 'x':
        run.error = value;
        break;
      case 'i':
        run.initial.push_back(value);
        break;
      case 'o':
        run.operations.push_back(value);
        break;
      case 'n':
        run.notes.push_back(value);
        break;
      case 'u':
        run.unexplained.push_back(value);
        break;
      case 'e':
        run.end = value;
        break;
      case 's':
        run.output = value;
        break;
      case 'w':
        run.why = value;
        break;
      case 'c':
        run.calls_changing = std::stoull(value);
        break;
      case 't':
        run.elapsed_s = std::stod(value);
        break;
      case 'l':
        run.lines.push_back(value);
        break;
      case 'k':
        run.copy = value == "1";
        break;
      default:
        break;
    }
  }
  return run;
}

}  // namespace untorn::prove::testing
