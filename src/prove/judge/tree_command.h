// SPDX-License-Identifier: Apache-2.0
//
// Asks a command of a whole crash state: the state is shown at the root's own path, the command
// runs there, and exit code 0 means good.
//
// States that are equal on everything that a run read share its answer (answer_memo.h), and are
// counted as checked. Invariants:
//   C1  an answer is taken over only from a run whose reads are completely known (read_set.h);
//   C2  a state that fails is tried three times, once in the plainest way: different answers make
//       the command flaky, and a server that answers otherwise than the program is dropped;
//   C3  now and then a state whose answer is known is run all the same: a command that answers
//       otherwise there depends on more than what it reads, and is flaky.
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
#include "prove/judge/answer_memo.h"
#include "prove/judge/bounded_command.h"
#include "prove/judge/command_runner.h"
#include "prove/judge/plan.h"
#include "prove/judge/recovery_crash.h"
#include "prove/judge/state_view.h"
#include "prove/judge/tree_difference.h"
#include "prove/sandbox/sandbox.h"

namespace untorn::prove {

struct TreeCommandOptions {
  Check check = Check::command;
  std::vector<std::string> arguments;
  std::string working_directory;  // below the root, as the user sees it
  std::string root;               // as the user sees it
  std::vector<std::pair<std::string, std::string>> environment;
  std::chrono::milliseconds time_max{10'000};
  const bool* stop = nullptr;
  // Off: every state is run, and every run is a plain one.
  bool shares_answers = true;
  // If set, runs that change the tree are crashed in turn (--deep).
  std::optional<RecoveryCrashOptions> deep;
};

// How the answers came about.
struct TreeCommandCounts {
  std::uint64_t runs = 0;    // of the command
  std::uint64_t shared = 0;  // answers that an earlier run gave
};

class TreeCommand {
 public:
  TreeCommand(Sandbox& sandbox, const crash::History& history, TreeCommandOptions options);

  // Runs on the trees before and after the run. What makes the command unfit to judge, if anything
  // does: it refuses one of them, or reads nothing that the run changed.
  [[nodiscard]] std::optional<Undecided> try_baseline();

  // A question for the group of all paths. The object must outlive it.
  [[nodiscard]] Question question();

  // Different answers for one state, or a sandbox that failed: found while asking.
  [[nodiscard]] const std::vector<Undecided>& undecided() const noexcept { return undecided_; }
  // What a reader of the report should know about how it was asked: one sentence each.
  [[nodiscard]] std::vector<std::string> notes() const;
  [[nodiscard]] const TreeCommandCounts& counts() const noexcept { return counts_; }
  // All crashes of all recoveries were tried, as far as they were asked for.
  [[nodiscard]] bool is_complete() const noexcept { return !deep_ || deep_->complete(); }

 private:
  std::optional<Answer> ask(const crash::CrashState& state);
  std::optional<Answer> run_and_keep(const crash::CrashState& state, std::size_t told);
  std::optional<Answer> judge_state(const crash::CrashState& state);
  void audit(const crash::CrashState& state, const AnswerMemo::Known& known);
  std::optional<Answer> judge_tree(const Sandbox::Difference& shown, std::size_t begun);
  std::optional<Answer> crash_recovery(const crash::CrashState& state);
  [[nodiscard]] Sandbox::Difference difference(const FileTree& tree) const {
    return tree_difference(before_, tree);
  }
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> environment(
      const std::string& shown) const;
  [[nodiscard]] std::string directory_in(const std::string& shown) const;
  [[nodiscard]] Result<CommandResult> run(const Sandbox::Difference& state, std::size_t begun);
  [[nodiscard]] std::optional<Undecided> try_tree(const Sandbox::Difference& tree, bool is_after);
  [[nodiscard]] std::vector<Read> varying_reads() const;
  void give_up(Reason reason, std::string detail);
  [[nodiscard]] std::string describe(const CommandResult& result) const;
  [[nodiscard]] std::string name() const;
  [[nodiscard]] bool is_stopped() const { return options_.stop != nullptr && *options_.stop; }
  bool write_acknowledged(std::size_t begun);

  Sandbox& sandbox_;
  const crash::History& history_;
  TreeCommandOptions options_;
  FileTree before_;
  std::vector<Undecided> undecided_;
  std::vector<std::size_t> outputs_;  // acknowledgements that printed something
  std::string scratch_path_;
  CommandRunner runner_;
  StateView view_;
  AnswerMemo memo_;
  ReadSet reads_;  // of all runs of the present state
  // Equal trees with equal acknowledgements have equal answers, whichever engine made them; for
  // runs whose reads are not known.
  std::map<std::tuple<std::uint64_t, std::uint64_t, std::size_t>, std::optional<Answer>> known_;
  std::optional<RecoveryCrash> deep_;
  TreeCommandCounts counts_;
  std::string why_not_shared_;
};

}  // namespace untorn::prove
