// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/tree_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/escape.h"
#include "prove/sandbox/descriptor.h"

namespace untorn::prove {

namespace {

constexpr int repetitions_of_failure = 2;
constexpr std::string_view acknowledged_name = "acknowledged";

bool same(const crash::History::File& a, const crash::History::File& b) {
  if (a.type != b.type || a.mode != b.mode || a.content.size() != b.content.size()) return false;
  const auto left = a.content.view();
  const auto right = b.content.view();
  return left.data() == right.data() || std::equal(left.begin(), left.end(), right.begin());
}

// Does anything below these folders get opened while it lives?
class OpenWatch {
 public:
  OpenWatch(const std::string& root, const std::set<std::string>& folders)
      : events_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    for (const std::string& folder : folders) {
      const std::string path = folder.empty() || folder.front() == '/' ? folder : "/" + folder;
      watched_ =
          ::inotify_add_watch(events_.get(), (folder.starts_with("/") ? path : root + path).c_str(),
                              IN_OPEN | IN_ACCESS) >= 0 ||
          watched_;
    }
  }
  // When nothing could be watched, everything may have been opened.
  [[nodiscard]] bool saw_something() const {
    alignas(inotify_event) std::array<char, 4096> buffer;
    return !watched_ || ::read(events_.get(), buffer.data(), buffer.size()) > 0;
  }

 private:
  Descriptor events_;
  bool watched_ = false;
};

}  // namespace

TreeCommand::TreeCommand(Sandbox& sandbox, const crash::History& history,
                         TreeCommandOptions options)
    : sandbox_(sandbox),
      history_(history),
      options_(std::move(options)),
      before_(history.tree_at(0)),
      scratch_path_(sandbox.scratch_path()) {
  const auto& operations = history.log().operations;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (operations[i].kind == OperationKind::acknowledge && operations[i].name == "output")
      outputs_.push_back(i);
  }
}

std::string TreeCommand::name() const {
  return options_.check == Check::rerun ? "the command run again" : "the check";
}

void TreeCommand::give_up(Reason reason, std::string detail) {
  if (undecided_.empty()) undecided_.push_back({reason, std::move(detail)});
}

// What differs from the tree before the run: both trees are sorted by path.
Sandbox::Difference TreeCommand::difference(const Tree& tree) const {
  Sandbox::Difference result;
  auto before = before_.begin();
  auto now = tree.begin();
  while (before != before_.end() || now != tree.end()) {
    if (now == tree.end() || (before != before_.end() && before->first < now->first)) {
      result.emplace_back(before->first, std::nullopt);
      ++before;
    } else if (before == before_.end() || now->first < before->first) {
      result.emplace_back(now->first, now->second);
      ++now;
    } else {
      if (!same(before->second, now->second)) result.emplace_back(now->first, now->second);
      ++before;
      ++now;
    }
  }
  return result;
}

// The file that UNTORN_ACKED names: what the program had printed and vouched for.
bool TreeCommand::write_acknowledged(std::size_t begun) {
  std::string text;
  for (const std::size_t at : outputs_) {
    if (at < begun) text += history_.log().operations[at].payload.text();
  }
  FileSystem& fs = posix_file_system();
  const auto scratch = static_cast<Handle>(sandbox_.scratch());
  const auto opened = fs.open(scratch, acknowledged_name,
                              {.access = Access::write, .create = true, .truncate = true});
  if (!opened) return false;
  const OwnedHandle file(fs, *opened);
  std::string_view left = text;
  while (!left.empty()) {
    const auto written =
        fs.write(file.get(), std::as_bytes(std::span<const char>(left.data(), left.size())));
    if (!written || *written == 0) return false;
    left.remove_prefix(*written);
  }
  return true;
}

Result<CommandResult> TreeCommand::run(const Sandbox::Difference& state, std::size_t begun) {
  if (!write_acknowledged(begun)) {
    return std::unexpected(Error(Code::io, Step::write, Outcome::not_applied, 0, scratch_path_,
                                 "the acknowledged output cannot be put beside the state"));
  }
  auto shown = sandbox_.show_state(state);
  if (!shown) return std::unexpected(shown.error());
  BoundedCommand command;
  command.arguments = options_.arguments;
  command.working_directory = options_.working_directory;
  const std::string& root = options_.root;
  if (command.working_directory == root || command.working_directory.starts_with(root + "/"))
    command.working_directory = *shown + command.working_directory.substr(root.size());
  command.environment = {{"UNTORN_STATE", *shown},
                         {"UNTORN_ROOT", *shown},
                         {"UNTORN_ACKED", scratch_path_ + "/" + std::string(acknowledged_name)}};
  command.time_max = options_.time_max;
  command.stop = options_.stop;
  return run_bounded(command);
}

std::string TreeCommand::describe(const CommandResult& result) const {
  std::string text = result.timed_out
                         ? fmt::format("did not end in {} s",
                                       static_cast<double>(options_.time_max.count()) / 1000)
                         : fmt::format("exit code {}", result.exit_code);
  if (!result.output.empty()) text += "\n" + result.output;
  return text;
}

std::optional<Undecided> TreeCommand::try_baseline() {
  const std::size_t end = history_.log().operations.size();
  const Sandbox::Difference after = difference(history_.tree_at(end));
  const auto rejected = [&](const char* when, const std::string& why) {
    return Undecided{Reason::check_rejects_baseline,
                     fmt::format("{} does not accept the tree {} the run: {}", name(), when, why)};
  };
  for (const bool is_after : {false, true}) {
    const char* when = is_after ? "after" : "before";
    const auto result = run(is_after ? after : Sandbox::Difference{}, is_after ? end : 0);
    if (!result) return rejected(when, result.error().message());
    if (result->interrupted) return {};
    if (!result->good()) return rejected(when, describe(*result));
  }
  if (options_.check == Check::command && reads_nothing(after)) {
    return Undecided{Reason::check_reads_nothing,
                     "the check opens no file that the run changed, and accepts the tree also when "
                     "these files are missing or hold garbage"};
  }
  return {};
}

// A check that only asks for names and sizes opens nothing and yet judges: so a tree without the
// files and a tree of garbage must be accepted as well before it counts as reading nothing.
bool TreeCommand::reads_nothing(const Sandbox::Difference& after) {
  const std::size_t end = history_.log().operations.size();
  std::set<std::string> folders = {""};
  Sandbox::Difference missing;
  Sandbox::Difference garbage;
  std::map<crash::Path, crash::History::File> files;
  for (const crash::Path& path : history_.touched_paths()) files[path];
  for (const auto& [path, file] : files) {
    const auto slash = path.rfind('/');
    if (slash != std::string::npos) folders.insert(path.substr(0, slash));
    missing.emplace_back(path, std::nullopt);
    const auto now = history_.file_at(end, path);
    const auto old = now ? now : history_.file_at(0, path);
    if (old && old->type == FileType::directory) return false;
    crash::History::File bad;
    bad.content = Bytes(std::string_view("\x01 not what any program wrote \xFF"));
    garbage.emplace_back(path, bad);
  }
  auto shown = sandbox_.show_state(after);
  if (!shown) return false;
  {
    BoundedCommand command;
    command.arguments = options_.arguments;
    command.working_directory = *shown;
    command.environment = {{"UNTORN_STATE", *shown}, {"UNTORN_ROOT", *shown}};
    command.time_max = options_.time_max;
    command.stop = options_.stop;
    const OpenWatch watch(*shown, folders);
    const auto result = run_bounded(command);
    if (!result || watch.saw_something()) return false;
  }
  for (const Sandbox::Difference* state : {&missing, &garbage}) {
    const auto result = run(*state, end);
    if (!result || !result->good()) return false;
  }
  return true;
}

std::optional<Answer> TreeCommand::judge_state(const crash::CrashState& state) {
  const Sandbox::Difference shown = difference(state.tree());
  std::optional<Answer> failure;
  for (int i = 0; i <= repetitions_of_failure; ++i) {
    const auto result = run(shown, state.begun());
    if (!result) {
      give_up(Reason::budget, "a crash state cannot be shown: " + result.error().message());
      return {};
    }
    if (result->interrupted) return {};
    if (result->good()) {
      if (failure) give_up(Reason::flaky_check, name() + " answers differently for one state");
      return {};
    }
    if (!failure) {
      const bool rerun = options_.check == Check::rerun;
      failure = Answer{rerun ? Observed::rerun_failed : Observed::check_failed, describe(*result)};
    }
  }
  return failure;
}

std::optional<Answer> TreeCommand::ask(const crash::CrashState& state) {
  const auto hash = state.hash();
  const auto told = static_cast<std::size_t>(
      std::lower_bound(outputs_.begin(), outputs_.end(), state.begun()) - outputs_.begin());
  const auto key = std::tuple(hash.first, hash.second, told);
  if (const auto known = known_.find(key); known != known_.end()) return known->second;
  auto answer = judge_state(state);
  if (options_.stop == nullptr || !*options_.stop) known_.emplace(key, answer);
  return answer;
}

Question TreeCommand::question() {
  return {options_.check, nullptr, [this](const crash::CrashState& state) { return ask(state); }};
}

}  // namespace untorn::prove
