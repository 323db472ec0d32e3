// SPDX-License-Identifier: Apache-2.0
#include "prove/command_checks.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace untorn::prove {

namespace {

constexpr std::chrono::milliseconds check_time_max{10'000};
constexpr std::size_t bad_states_of_command_max = 16;  // each costs three runs of it
constexpr std::size_t bad_states_of_repository_max = 4;
// For each engine: a part of a long budget, and of a short one what leaves the others theirs.
constexpr int repository_part = 24;
constexpr std::chrono::milliseconds repository_time{5'000};
constexpr int repository_part_most = 2;

std::chrono::milliseconds repository_time_max(std::chrono::milliseconds budget) {
  return std::max(budget / repository_part,
                  std::min(repository_time, budget / repository_part_most));
}

}  // namespace

RecoveryCrashOptions CommandChecks::recovery_options() const {
  RecoveryCrashOptions options;
  if (options_.runs(Engine::kill)) options.models.push_back(crash::Model::kill);
  if (options_.runs(Engine::power)) options.models.push_back(options_.model);
  options.deadline = std::chrono::steady_clock::now() + options_.budget;
  options.seed = options_.seed;
  options.stop = options_.stop;
  return options;
}

// The question of a command, as a group.
Group CommandChecks::group_of(TreeCommand& command, const crash::Path& repository) const {
  Group group;
  group.questions.push_back(command.question());
  group.given_up = [&command] { return !command.undecided().empty(); };
  group.bad_states_max = bad_states_of_command_max;
  if (repository.empty()) return group;
  group.questions.front().folder = repository;
  group.bad_states_max = bad_states_of_repository_max;
  group.time_max = repository_time_max(options_.budget);
  return group;
}

void CommandChecks::add_command(Plan& plan, const crash::History& history, ProveReport& report,
                                Asked asked) {
  TreeCommandOptions& options = asked.options;
  options.root = options_.root;
  options.stop = options_.stop;
  options.environment = {{"UNTORN_ASSUME_FS", std::string(crash::to_string(options_.model))}};
  if (options_.deep && options.check != Check::parse) options.deep = recovery_options();
  asked.command = std::make_unique<TreeCommand>(*sandbox_, history, options);
  if (auto unfit = asked.command->try_baseline()) {
    if (asked.repository.empty()) {
      report.undecided.push_back(*std::move(unfit));
    } else {
      // What git refuses before the crash says nothing about one.
      report.notes.push_back("the repository " + asked.repository +
                             " is not judged: " + unfit->detail);
    }
    return;
  }
  plan.groups().push_back(group_of(*asked.command, asked.repository));
  asked_.push_back(std::move(asked));
}

void CommandChecks::add_to(Plan& plan, const crash::History& history, ProveReport& report) {
  if (sandbox_ == nullptr) return;
  const auto options_of = [this](Check check, std::vector<std::string> arguments) {
    TreeCommandOptions options;
    options.check = check;
    options.arguments = std::move(arguments);
    options.time_max = check_time_max;
    options.working_directory = options_.working_directory;
    return options;
  };
  if (plan.anything_changed()) {
    for (const std::string& check : options_.check_commands) {
      add_command(plan, history, report, {options_of(Check::command, {"sh", "-c", check}), {}, {}});
    }
  }
  if (plan.anything_changed() && options_.expects(Check::rerun)) {
    TreeCommandOptions options = options_of(Check::rerun, report.command);
    const auto traced = std::chrono::duration<double>(report.trace_s * 10);
    options.time_max =
        std::max(check_time_max, std::chrono::duration_cast<std::chrono::milliseconds>(traced));
    add_command(plan, history, report, {std::move(options), {}, {}});
  }
  for (const Repository& repository : plan.repositories()) {
    add_command(plan, history, report,
                {options_of(Check::parse, repository_check(repository)), repository.folder, {}});
  }
}

TreeQuestions CommandChecks::ask_again(const crash::History& edited) const {
  auto commands = std::make_shared<std::vector<std::unique_ptr<TreeCommand>>>();
  TreeQuestions questions;
  for (const Asked& each : asked_) {
    commands->push_back(std::make_unique<TreeCommand>(*sandbox_, edited, each.options));
    questions.groups.push_back(group_of(*commands->back(), each.repository));
  }
  questions.owner = std::move(commands);
  return questions;
}

void CommandChecks::tell(ProveReport& report) const {
  for (const Asked& each : asked_) {
    const TreeCommand& command = *each.command;
    const auto& undecided = command.undecided();
    report.undecided.insert(report.undecided.end(), undecided.begin(), undecided.end());
    const auto notes = command.notes();
    report.notes.insert(report.notes.end(), notes.begin(), notes.end());
    if (command.is_complete()) continue;
    for (EngineReport& engine : report.engines) {
      engine.exhaustive = false;
      engine.seed = options_.seed;
    }
  }
}

}  // namespace untorn::prove
