// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/tree_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace untorn::prove {

namespace {

constexpr int repetitions_of_failure = 2;
constexpr std::string_view acknowledged_name = "acknowledged";

Observed observed_of(Check check) {
  switch (check) {
    case Check::rerun:
      return Observed::rerun_failed;
    case Check::parse:
      return Observed::unparseable;
    default:
      return Observed::check_failed;
  }
}

}  // namespace

TreeCommand::TreeCommand(Sandbox& sandbox, const crash::History& history,
                         TreeCommandOptions options)
    : sandbox_(sandbox),
      history_(history),
      options_(std::move(options)),
      before_(history.tree_at(0)),
      scratch_path_(sandbox.scratch_path()),
      runner_(options_.arguments, sandbox.state_places(),
              scratch_path_ + "/" + std::string(acknowledged_name)),
      view_(history) {
  runner_.use_server(options_.shares_answers);
  if (options_.deep) deep_.emplace(sandbox_, *options_.deep);
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

std::vector<std::pair<std::string, std::string>> TreeCommand::environment(
    const std::string& shown) const {
  std::vector<std::pair<std::string, std::string>> settings = {
      {"UNTORN_STATE", shown},
      {"UNTORN_ROOT", shown},
      {"UNTORN_ACKED", scratch_path_ + "/" + std::string(acknowledged_name)},
      // Caches that are gone with the state are not worth their writing.
      {"PYTHONDONTWRITEBYTECODE", "1"}};
  settings.insert(settings.end(), options_.environment.begin(), options_.environment.end());
  return settings;
}

std::string TreeCommand::directory_in(const std::string& shown) const {
  const std::string& directory = options_.working_directory;
  const std::string& root = options_.root;
  const bool lies_in_root = directory == root || directory.starts_with(root + "/");
  return lies_in_root ? shown + directory.substr(root.size()) : directory;
}

Result<CommandResult> TreeCommand::run(const Sandbox::Difference& state, std::size_t begun) {
  if (!write_acknowledged(begun)) {
    return std::unexpected(Error(Code::io, Step::write, Outcome::not_applied, 0, scratch_path_,
                                 "the acknowledged output cannot be put beside the state"));
  }
  auto shown = sandbox_.show_state(state);
  if (!shown) return std::unexpected(shown.error());
  BoundedCommand command;
  command.working_directory = directory_in(*shown);
  command.environment = environment(*shown);
  command.time_max = options_.time_max;
  command.stop = options_.stop;
  ++counts_.runs;
  auto result = runner_.run(command);
  reads_.add_all(runner_.reads());
  return result;
}

std::string TreeCommand::describe(const CommandResult& result) const {
  std::string text = result.timed_out
                         ? fmt::format("did not end in {} s",
                                       static_cast<double>(options_.time_max.count()) / 1000)
                         : fmt::format("exit code {}", result.exit_code);
  if (!result.output.empty()) text += "\n" + result.output;
  return text;
}

std::optional<Undecided> TreeCommand::try_tree(const Sandbox::Difference& tree, bool is_after) {
  const std::size_t begun = is_after ? history_.log().operations.size() : 0;
  const auto result = run(tree, begun);
  const auto rejected = [&](const std::string& why) {
    return Undecided{Reason::check_rejects_baseline,
                     fmt::format("{} does not accept the tree {} the run: {}", name(),
                                 is_after ? "after" : "before", why)};
  };
  if (!result) return rejected(result.error().message());
  if (result->interrupted || result->good()) return {};
  return rejected(describe(*result));
}

std::optional<Undecided> TreeCommand::try_baseline() {
  const Sandbox::Difference after = difference(history_.tree_at(history_.log().operations.size()));
  // First as the user would run it.
  runner_.use_server(false);
  reads_ = {};
  for (const bool is_after : {false, true}) {
    if (auto unfit = try_tree(is_after ? after : Sandbox::Difference{}, is_after)) return unfit;
    if (is_stopped()) return {};
  }
  if (options_.check == Check::command && reads_.complete && varying_reads().empty()) {
    return Undecided{Reason::check_reads_nothing,
                     "the check opens no file that the run changed, asks for the status of none, "
                     "and lists no folder that holds one"};
  }
  if (!options_.shares_answers) return {};
  runner_.use_server(true);
  for (const bool is_after : {false, true}) {
    if (!runner_.may_be_served()) break;
    if (try_tree(is_after ? after : Sandbox::Difference{}, is_after)) {
      runner_.drop_server("it answers otherwise in a fork");
    }
  }
  return {};
}

std::vector<std::string> TreeCommand::notes() const {
  std::vector<std::string> notes;
  if (!runner_.why_no_server().empty()) {
    notes.push_back(fmt::format("{} starts its interpreter for every state: {}", name(),
                                runner_.why_no_server()));
  }
  if (!why_not_shared_.empty()) {
    notes.push_back(fmt::format("{} ran on every state, because not all that it reads is known: {}",
                                name(), why_not_shared_));
  }
  if (deep_ && deep_->recoveries() > 0) {
    notes.push_back(
        fmt::format("{} changed files in crash states: {} crash states of {} such "
                    "recoveries were judged too",
                    name(), deep_->states(), deep_->recoveries()));
  }
  if (!is_complete()) {
    notes.push_back(fmt::format("not all crashes of recoveries were tried with {}: {}", name(),
                                deep_->why_incomplete()));
  }
  return notes;
}

// Of all that was read, what can differ from state to state.
std::vector<Read> TreeCommand::varying_reads() const {
  std::vector<Read> reads;
  for (const Read& read : reads_.reads) {
    if (view_.varies(read)) reads.push_back(read);
  }
  return reads;
}

std::optional<Answer> TreeCommand::judge_state(const crash::CrashState& state) {
  reads_ = {};
  auto answer = judge_tree(difference(state.tree()), state.begun());
  if (answer || !deep_ || is_stopped() || !undecided_.empty()) return answer;
  return crash_recovery(state);
}

// The state is good; is it still, when the command that repairs it crashes?
std::optional<Answer> TreeCommand::crash_recovery(const crash::CrashState& state) {
  if (reads_.complete && !reads_.changes_tree) return {};
  const std::string shown = sandbox_.state_places().front().path;
  TraceOptions command;
  command.command = options_.arguments;
  command.working_directory = directory_in(shown);
  command.environment = environment(shown);
  command.stop_after = options_.time_max;
  ReadSet all = reads_;
  auto answer = deep_->crash(difference(state.tree()), command,
                             [&](const Sandbox::Difference& tree, ReadSet& reads) {
                               reads_ = {};
                               auto inner = judge_tree(tree, state.begun());
                               reads = reads_;
                               all.add_all(reads_);
                               return inner;
                             });
  reads_ = std::move(all);
  return answer;
}

// `reads_` grows by what the runs read.
std::optional<Answer> TreeCommand::judge_tree(const Sandbox::Difference& shown, std::size_t begun) {
  std::optional<Answer> failure;
  for (int i = 0; i <= repetitions_of_failure; ++i) {
    const bool plainest = i == repetitions_of_failure;
    runner_.use_server(options_.shares_answers && !plainest);
    const auto result = run(shown, begun);
    if (!result) {
      give_up(Reason::budget, "a crash state cannot be shown: " + result.error().message());
      return {};
    }
    if (result->interrupted) return {};
    if (result->good()) {
      if (failure && plainest && runner_.has_server()) {
        runner_.drop_server("it answers otherwise in a fork");
      } else if (failure) {
        give_up(Reason::flaky_check, name() + " answers differently for one state");
      }
      return {};
    }
    if (!failure) failure = Answer{observed_of(options_.check), describe(*result)};
  }
  return failure;
}

// An answer that was taken over holds if the command depends on nothing but what it reads.
void TreeCommand::audit(const crash::CrashState& state, const AnswerMemo::Known& known) {
  if (deep_ && known.answer) return;  // one run does not show what a crash in it does
  runner_.use_server(false);
  const auto result = run(difference(state.tree()), state.begun());
  if (!result || result->interrupted || result->good() == !known.answer) return;
  if (runner_.has_server()) {
    // What was learnt by it may be wrong, and is learnt again.
    runner_.drop_server("it answers otherwise in a fork");
    memo_.clear();
    return;
  }
  give_up(Reason::flaky_check,
          name() + " answers differently for two states that are equal in all that it reads");
}

std::optional<Answer> TreeCommand::run_and_keep(const crash::CrashState& state, std::size_t told) {
  const auto hash = state.hash();
  const auto key = std::tuple(hash.first, hash.second, told);
  if (const auto known = known_.find(key); known != known_.end()) {
    ++counts_.shared;
    return known->second;
  }
  auto answer = judge_state(state);
  if (is_stopped() || !undecided_.empty()) return answer;
  if (!options_.shares_answers || !reads_.complete) {
    if (!reads_.complete) why_not_shared_ = reads_.why;
    known_.emplace(key, answer);
    return answer;
  }
  const auto value = [&](const Read& read) { return view_.value(read, state, told); };
  if (!memo_.add(varying_reads(), value, answer)) {
    give_up(Reason::flaky_check, name() + " answers differently for one state");
  }
  return answer;
}

std::optional<Answer> TreeCommand::ask(const crash::CrashState& state) {
  const auto told = static_cast<std::size_t>(
      std::lower_bound(outputs_.begin(), outputs_.end(), state.begun()) - outputs_.begin());
  const AnswerMemo::Known* known =
      memo_.find([&](const Read& read) { return view_.value(read, state, told); });
  if (known == nullptr) return run_and_keep(state, told);
  auto answer = known->answer;
  // The first few, and ever fewer of the many.
  if (std::has_single_bit(++counts_.shared)) audit(state, *known);
  return answer;
}

Question TreeCommand::question() {
  return {options_.check, nullptr, [this](const crash::CrashState& state) { return ask(state); }};
}

}  // namespace untorn::prove
