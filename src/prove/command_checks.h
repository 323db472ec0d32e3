// SPDX-License-Identifier: Apache-2.0
//
// The checks of a proof that a command answers: those of --check, the command run again, and git
// for every repository that the run touched.
//
// A command is slow, so it is asked about fewer states than a file is: an engine looks for no more
// after 16 bad ones (4 of a repository, which git reads whole), and spends at most 5 seconds on one
// repository: half of a budget below 10 seconds, a 24th of one above 2 minutes. What is left out
// makes the engine not exhaustive.
//
// Threads: one thread. Cost: each command runs on the tree before and after the run, and then on
// the states that judge() shows it.
#pragma once
#include <memory>
#include <vector>

#include "crash/engine.h"
#include "prove/judge/plan.h"
#include "prove/judge/tree_command.h"
#include "prove/prove.h"
#include "prove/repair/fix_search.h"
#include "prove/sandbox/sandbox.h"

namespace untorn::prove {

class CommandChecks {
 public:
  // `sandbox` may be null: then no command can be asked. Both must outlive the object, and the
  // object the groups that it adds.
  CommandChecks(const ProveOptions& options, Sandbox* sandbox)
      : options_(options), sandbox_(sandbox) {}

  // Adds the groups of all checks to the plan. A command that is unfit to judge is said in the
  // report instead: of a repository in its notes, else among its undecided.
  void add_to(Plan& plan, const crash::History& history, ProveReport& report);

  // The same questions about an edited log. The sandbox must be free.
  [[nodiscard]] TreeQuestions ask_again(const crash::History& edited) const;

  // What was found while asking: reasons, notes, and what makes an engine not exhaustive.
  void tell(ProveReport& report) const;

 private:
  struct Asked {
    TreeCommandOptions options;
    crash::Path repository;  // its folder, or "" for other commands
    std::unique_ptr<TreeCommand> command;
  };

  [[nodiscard]] RecoveryCrashOptions recovery_options() const;
  [[nodiscard]] Group group_of(TreeCommand& command, const crash::Path& repository) const;
  void add_command(Plan& plan, const crash::History& history, ProveReport& report, Asked asked);

  const ProveOptions& options_;
  Sandbox* sandbox_;
  std::vector<Asked> asked_;
};

}  // namespace untorn::prove
