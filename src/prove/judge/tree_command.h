// SPDX-License-Identifier: Apache-2.0
//
// Asks a command of a whole crash state: the state is shown at the root's own path, the command
// runs there, and exit code 0 means good.
//
// Threads: one thread; it changes what is mounted at the root.
#pragma once
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "crash/engine.h"
#include "prove/judge/bounded_command.h"
#include "prove/judge/plan.h"
#include "prove/sandbox/sandbox.h"

namespace untorn::prove {

struct TreeCommandOptions {
  Check check = Check::command;
  std::vector<std::string> arguments;
  std::string working_directory;  // below the root, as the user sees it
  std::string root;               // as the user sees it
  std::chrono::milliseconds time_max{10'000};
  const bool* stop = nullptr;
};

class TreeCommand {
 public:
  TreeCommand(Sandbox& sandbox, const crash::History& history, TreeCommandOptions options);

  // Runs on the trees before and after the run, and on two trees that no check should like. What
  // makes the command unfit to judge, if anything does.
  [[nodiscard]] std::optional<Undecided> try_baseline();

  // A question for the group of all paths. The object must outlive it.
  [[nodiscard]] Question question();

  // Different answers for one state, or a sandbox that failed: found while asking.
  [[nodiscard]] const std::vector<Undecided>& undecided() const noexcept { return undecided_; }

 private:
  using Tree = std::vector<std::pair<crash::Path, crash::History::File>>;

  std::optional<Answer> ask(const crash::CrashState& state);
  std::optional<Answer> judge_state(const crash::CrashState& state);
  [[nodiscard]] Sandbox::Difference difference(const Tree& tree) const;
  [[nodiscard]] Result<CommandResult> run(const Sandbox::Difference& state, std::size_t begun);
  [[nodiscard]] bool reads_nothing(const Sandbox::Difference& after);
  void give_up(Reason reason, std::string detail);
  [[nodiscard]] std::string describe(const CommandResult& result) const;
  [[nodiscard]] std::string name() const;
  bool write_acknowledged(std::size_t begun);

  Sandbox& sandbox_;
  const crash::History& history_;
  TreeCommandOptions options_;
  Tree before_;
  std::vector<Undecided> undecided_;
  // Equal trees with equal acknowledgements have equal answers, whichever engine made them.
  std::map<std::tuple<std::uint64_t, std::uint64_t, std::size_t>, std::optional<Answer>> known_;
  std::vector<std::size_t> outputs_;  // acknowledgements that printed something
  std::string scratch_path_;
};

}  // namespace untorn::prove
