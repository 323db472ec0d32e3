// SPDX-License-Identifier: Apache-2.0
//
// What is asked of the crash states of a run: groups of paths that are enumerated together, and
// for each group its questions.
//
// A group is what one answer depends on: one path, or a SQLite database with its journal and log.
// Two states that are equal on a group's paths share the answer, so nothing else is varied.
//
// Threads: built and used by one thread; borrows the history.
#pragma once
#include <chrono>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "crash/engine.h"
#include "prove/formats/format.h"
#include "prove/judge/database_check.h"
#include "prove/judge/path_filter.h"
#include "prove/judge/repository.h"
#include "prove/judge/state_checks.h"
#include "prove/judge/versions.h"
#include "prove/prove.h"

namespace untorn::prove {

// What is wrong with a state, if anything.
struct Answer {
  Observed observed = Observed::garbage;
  std::string output;  // what a failed command printed
};

struct Question {
  Check check = Check::atomic;
  const PathStory* story = nullptr;  // nullptr: asked of the whole tree
  std::function<std::optional<Answer>(const crash::CrashState&)> ask;
  // Asked of the whole tree, but about this folder (a repository): the path of its violations.
  crash::Path folder = {};
};

struct Group {
  std::vector<crash::Path> footprint;  // empty: everything
  std::vector<Question> questions;
  std::function<bool()> given_up = {};  // if set and true: no more states are looked at
  // An engine that has found so many bad states looks for no more: some answers are expensive.
  std::size_t bad_states_max = std::numeric_limits<std::size_t>::max();
  // What an engine may spend on it at most, whatever the others leave: some answers are slow.
  std::optional<std::chrono::milliseconds> time_max = {};
};

class Plan {
 public:
  Plan(const crash::History& history, const ProveOptions& options);
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  [[nodiscard]] const std::vector<Group>& groups() const noexcept { return groups_; }
  [[nodiscard]] std::vector<Group>& groups() noexcept { return groups_; }
  [[nodiscard]] const std::vector<PathStory>& stories() const noexcept { return stories_; }
  // Every path that is judged, and by what. Paths of a group that asks nothing are listed too.
  [[nodiscard]] const std::vector<PathReport>& paths() const noexcept { return paths_; }
  [[nodiscard]] const std::vector<std::string>& notes() const noexcept { return notes_; }
  [[nodiscard]] const std::vector<Undecided>& undecided() const noexcept { return undecided_; }
  // Something that can be judged changed during the run.
  [[nodiscard]] bool anything_changed() const noexcept { return anything_changed_; }
  // Paths that changed and were left out as caches or by --only and --ignore.
  [[nodiscard]] std::size_t left_out() const noexcept { return left_out_; }
  // Repositories that git is to judge: `parse` is asked, and there is a git.
  [[nodiscard]] const std::vector<Repository>& repositories() const noexcept {
    return repositories_;
  }
  // The path that the inode stood at during the run, if that path is judged.
  [[nodiscard]] const PathStory* story_of_inode(InodeId inode) const noexcept;
  // Has the inode a name that --only, --ignore and the caches leave in, changed or not?
  [[nodiscard]] bool is_selected(InodeId inode) const;

 private:
  void choose_paths();
  [[nodiscard]] bool is_left_temporary(const PathStory& story) const;
  void plan_path(const PathStory& story);
  void plan_temporary(const PathStory& story);
  void plan_database(const PathStory& story, Group& group);
  void plan_format(const PathStory& story, Format format, Group& group);
  void plan_durable(const PathStory& story, Group& group);
  void plan_durable_database(const PathStory& story, Group& group);
  void plan_durable_in_place(const PathStory& story, Group& group);
  void note_unsynced();
  void note_absences();
  void note_unjudged_durability();
  [[nodiscard]] bool is_companion(const crash::Path& path) const;
  [[nodiscard]] bool is_left_to_git(const crash::Path& path) const;
  [[nodiscard]] std::string problem_with_database(const PathStory& story, std::size_t count);
  // The last acknowledgement among operations [0, begun).
  [[nodiscard]] std::optional<std::size_t> acknowledgement_before(std::size_t begun) const;

  const crash::History& history_;
  const ProveOptions& options_;
  PathFilter filter_;
  std::vector<std::size_t> acknowledgements_;  // operations
  std::vector<Repository> repositories_;
  std::vector<PathStory> stories_;  // never changes its size once questions point to it
  std::vector<Group> groups_;
  std::vector<PathReport> paths_;
  std::vector<std::string> notes_;
  std::vector<Undecided> undecided_;
  std::vector<std::string> unsynced_;          // acknowledged and never synced
  std::vector<std::string> unjudged_durable_;  // durable was asked, and bytes cannot tell
  DatabaseCheck database_check_;
  bool anything_changed_ = false;
  std::size_t left_out_ = 0;
};

}  // namespace untorn::prove
