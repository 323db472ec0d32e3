// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/plan.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "prove/formats/format.h"
#include "prove/judge/database_contents.h"

namespace untorn::prove {

namespace {

constexpr std::array<std::string_view, 2> database_suffixes = {"-journal", "-wal"};
constexpr std::size_t names_in_note_max = 5;

std::optional<Answer> answer(std::optional<Observed> observed) {
  if (!observed) return {};
  return Answer{*observed, {}};
}

DatabaseFiles database_files(const StateFile& database, const StateFile& journal,
                             const StateFile& log) {
  DatabaseFiles files{database->content, {}, {}};
  if (journal) files.journal = journal->content;
  if (log) files.log = log->content;
  return files;
}

}  // namespace

Plan::Plan(const crash::History& history, const ProveOptions& options)
    : history_(history), options_(options), filter_(options.only, options.ignore) {
  const auto& operations = history.log().operations;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (operations[i].kind == OperationKind::acknowledge) acknowledgements_.push_back(i);
  }
  choose_paths();
  if (options_.expects(Check::parse) && anything_changed_ && has_git())
    repositories_ = find_repositories(history_, options_.root);
  for (const PathStory& story : stories_) {
    if (is_left_to_git(story.path)) {
      paths_.push_back({story.path, story.path_class, story.versions.size(), {Check::parse}});
    } else if ((story.existed_before() || story.exists_after()) && !is_left_temporary(story)) {
      plan_path(story);
    } else {
      plan_temporary(story);
    }
  }
  note_unsynced();
  note_absences();
  note_unjudged_durability();
}

// A run that was stopped or that failed leaves what it was busy with: a name that it has moved
// files away from is a temporary, at the end as before.
bool Plan::is_left_temporary(const PathStory& story) const {
  if (story.existed_before()) return false;
  const auto& operations = history_.log().operations;
  const auto ended_well = [](const Operation& operation) {
    return operation.kind == OperationKind::acknowledge && operation.name == "exit";
  };
  if (std::ranges::any_of(operations, ended_well)) return false;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const Operation& operation = operations[i];
    if (operation.kind != OperationKind::rename) continue;
    if (history_.path_of(operation.inode, i) == story.path) return true;
  }
  return false;
}

void Plan::choose_paths() {
  std::vector<crash::Path> selected;
  for (crash::Path& path : history_.touched_paths()) {
    if (filter_.selects(path)) {
      selected.push_back(std::move(path));
    } else {
      ++left_out_;
    }
  }
  stories_ = tell_stories(history_, selected);
  std::erase_if(stories_, [](const PathStory& story) { return !story.changed; });
  anything_changed_ = !stories_.empty();
}

const PathStory* Plan::story_of_inode(InodeId inode) const noexcept {
  for (const PathStory& story : stories_) {
    if (std::binary_search(story.inodes.begin(), story.inodes.end(), inode)) return &story;
  }
  return nullptr;
}

bool Plan::is_selected(InodeId inode) const {
  const crash::Path path = history_.path_of(inode, history_.log().operations.size());
  return path.empty() || filter_.selects(path);
}

// A journal or log of a database belongs to the database's group.
bool Plan::is_companion(const crash::Path& path) const {
  for (const std::string_view suffix : database_suffixes) {
    if (!path.ends_with(suffix)) continue;
    const std::string_view owner = std::string_view(path).substr(0, path.size() - suffix.size());
    for (const PathStory& story : stories_) {
      if (story.database && story.path == owner) return true;
    }
    // A database that only its log has changed has no story of its own.
    const auto file = history_.file_at(0, crash::Path(owner));
    if (file && file->content.text().starts_with("SQLite format 3")) return true;
  }
  return false;
}

// git makes and drops such files as it likes; the repository as a whole is judged.
bool Plan::is_left_to_git(const crash::Path& path) const {
  return std::any_of(repositories_.begin(), repositories_.end(),
                     [&](const Repository& each) { return is_scratch(each, path); });
}

void Plan::plan_temporary(const PathStory& story) {
  if (!options_.expects(Check::no_litter) || is_companion(story.path)) return;
  Group group{.footprint = {story.path}, .questions = {}};
  group.questions.push_back({Check::no_litter, &story, [&story](const crash::CrashState& state) {
                               return answer(check_no_litter(state.file(story.path)));
                             }});
  paths_.push_back({story.path, story.path_class, story.versions.size(), {Check::no_litter}});
  groups_.push_back(std::move(group));
}

void Plan::plan_path(const PathStory& story) {
  Group group{.footprint = {story.path}, .questions = {}};
  const bool companion = is_companion(story.path);
  const bool bytes_tell = story.path_class != PathClass::in_place && !companion;
  if (options_.expects(Check::atomic) && bytes_tell) {
    group.questions.push_back({Check::atomic, &story, [&story](const crash::CrashState& state) {
                                 return answer(
                                     check_atomic(story, state.file(story.path), state.begun()));
                               }});
  }
  if (story.database) {
    plan_database(story, group);
  } else if (const auto format = format_of(story.path)) {
    plan_format(story, *format, group);
  }
  const bool parsed = !group.questions.empty();  // or, for other classes, judged by its bytes
  if (!companion) plan_durable(story, group);
  if (options_.expects(Check::lines) && story.path_class == PathClass::log && !companion) {
    group.questions.push_back({Check::lines, &story, [&story](const crash::CrashState& state) {
                                 return answer(check_lines(story, state.file(story.path)));
                               }});
  }
  PathReport report{story.path, story.path_class, story.versions.size(), {}};
  for (const Question& question : group.questions) report.judged_by.push_back(question.check);
  const bool whole_tree = !options_.check_commands.empty() || options_.expects(Check::rerun);
  const bool unjudged = !parsed && !companion && !whole_tree;
  if (unjudged && story.path_class == PathClass::in_place && options_.expects(Check::atomic)) {
    undecided_.push_back({Reason::in_place_unjudged,
                          story.path +
                              " is changed in place and no parser knows it; give --check a command "
                              "that tells whether it is intact"});
  }
  if (!options_.check_commands.empty()) report.judged_by.push_back(Check::command);
  if (options_.expects(Check::rerun)) report.judged_by.push_back(Check::rerun);
  if (companion) report.judged_by.push_back(Check::parse);
  paths_.push_back(std::move(report));
  if (!group.questions.empty()) groups_.push_back(std::move(group));
}

std::string Plan::problem_with_database(const PathStory& story, std::size_t count) {
  const auto database = history_.file_at(count, story.path);
  if (!database) return {};
  return database_check_.problem(database_files(database,
                                                history_.file_at(count, story.path + "-journal"),
                                                history_.file_at(count, story.path + "-wal")));
}

void Plan::plan_database(const PathStory& story, Group& group) {
  const bool needed = story.path_class == PathClass::in_place && options_.expects(Check::atomic);
  if (!options_.expects(Check::parse) && !needed) return;
  // A program may close its database thousands of times: a spread of its versions will do.
  constexpr std::size_t versions_tried_max = 256;
  const std::size_t step = story.versions.size() / versions_tried_max + 1;
  for (std::size_t i = 0; i < story.versions.size(); i += step) {
    if (!problem_with_database(story, story.versions[i].since).empty()) return;
  }
  if (!problem_with_database(story, history_.log().operations.size()).empty()) return;
  for (const std::string_view suffix : database_suffixes) {
    group.footprint.push_back(story.path + std::string(suffix));
  }
  const auto ask = [this, &story](const crash::CrashState& state) -> std::optional<Answer> {
    const auto database = state.file(story.path);
    if (!database) return {};  // missing is for `atomic` and `durable` to say
    std::string problem = database_check_.problem(database_files(
        database, state.file(story.path + "-journal"), state.file(story.path + "-wal")));
    if (problem.empty()) return {};
    return Answer{Observed::unparseable, std::move(problem)};
  };
  group.questions.push_back({Check::parse, &story, ask});
}

void Plan::plan_format(const PathStory& story, Format format, Group& group) {
  const bool needed = story.path_class == PathClass::in_place && options_.expects(Check::atomic);
  if (!options_.expects(Check::parse) && !needed) return;
  bool present = false;
  for (const Version& version : story.versions) {
    if (!version.file) continue;
    const bool has_bytes = story.path_class != PathClass::in_place;
    const auto file = has_bytes ? version.file : history_.file_at(version.since, story.path);
    if (!file || file->type != FileType::regular) return;
    if (!problem_with(format, file->content.text()).empty()) return;
    present = true;
  }
  if (!present) return;
  const auto ask = [&story, format](const crash::CrashState& state) -> std::optional<Answer> {
    const auto file = state.file(story.path);
    if (!file) return {};  // missing is for `atomic` and `durable` to say
    std::string problem = problem_with(format, file->content.text());
    if (problem.empty()) return {};
    return Answer{Observed::unparseable, std::move(problem)};
  };
  group.questions.push_back({Check::parse, &story, ask});
}

std::optional<std::size_t> Plan::acknowledgement_before(std::size_t begun) const {
  const auto later = std::lower_bound(acknowledgements_.begin(), acknowledgements_.end(), begun);
  if (later == acknowledgements_.begin()) return {};
  return *std::prev(later);
}

void Plan::plan_durable(const PathStory& story, Group& group) {
  const bool always = options_.expects(Check::durable);
  if (!always && !options_.expects(Check::durable_if_synced)) return;
  if (acknowledgements_.empty()) return;
  if (!always && !story.synced) {
    unsynced_.push_back(story.path);
    return;
  }
  if (story.database && always) {
    plan_durable_database(story, group);
    return;
  }
  if (story.path_class == PathClass::in_place) {
    plan_durable_in_place(story, group);
    return;
  }
  const auto ask = [this, &story](const crash::CrashState& state) -> std::optional<Answer> {
    const auto promised = acknowledgement_before(state.begun());
    if (!promised) return {};
    return answer(check_durable(story, state.file(story.path), *promised));
  };
  group.questions.push_back({always ? Check::durable : Check::durable_if_synced, &story, ask});
}

// A journal that comes back undoes what was committed, and syncing the database does not prevent
// it: only who asks for `durable` is told.
void Plan::plan_durable_database(const PathStory& story, Group& group) {
  auto contents = std::make_shared<DatabaseContents>(history_, story.path, database_check_);
  if (!contents->followed()) {
    unjudged_durable_.push_back(story.path);
    return;
  }
  for (const std::string_view suffix : database_suffixes) {
    crash::Path companion = story.path + std::string(suffix);
    if (std::ranges::find(group.footprint, companion) == group.footprint.end())
      group.footprint.push_back(std::move(companion));
  }
  const auto ask = [this, contents](const crash::CrashState& state) -> std::optional<Answer> {
    const auto promised = acknowledgement_before(state.begun());
    if (!promised) return {};
    return answer(contents->problem(state, *promised));
  };
  group.questions.push_back({Check::durable, &story, ask});
}

// While a file is being changed in place its bytes do not tell whether an earlier acknowledgement
// still holds. After the last change there is one version left that can: the final one.
void Plan::plan_durable_in_place(const PathStory& story, Group& group) {
  const std::size_t settled = story.versions.back().since;
  if (acknowledgements_.front() < settled) unjudged_durable_.push_back(story.path);
  if (acknowledgements_.back() < settled) return;
  const std::size_t end = history_.log().operations.size();
  auto ends = std::make_shared<PathStory>();
  ends->path = story.path;
  ends->versions = {{.since = 0, .inode = no_inode, .size = 0, .file = {}},
                    {.since = settled, .inode = no_inode, .size = 0, .file = {}}};
  ends->versions[0].file = history_.file_at(0, story.path);
  ends->versions[1].file = history_.file_at(end, story.path);
  for (Version& version : ends->versions) {
    if (version.file) version.size = version.file->content.size();
  }
  const auto ask = [this, ends, settled](const crash::CrashState& state) -> std::optional<Answer> {
    const auto promised = acknowledgement_before(state.begun());
    if (!promised || *promised < settled) return {};
    return answer(check_durable(*ends, state.file(ends->path), *promised));
  };
  const bool always = options_.expects(Check::durable);
  group.questions.push_back({always ? Check::durable : Check::durable_if_synced, &story, ask});
}

void Plan::note_unsynced() {
  if (unsynced_.empty()) return;
  notes_.push_back(joined_first(unsynced_, names_in_note_max) +
                   (unsynced_.size() == 1 ? " is" : " are") +
                   " not synced before the program says it is done, so nobody judged whether the "
                   "new content survives; ask with --expect atomic,parse,durable");
}

// The program's own gap is a version, so `atomic` accepts it; the reader should know all the same.
void Plan::note_absences() {
  std::vector<std::string> absent;
  for (const PathStory& story : stories_) {
    const auto is_absent = [](const Version& version) { return version.inode == no_inode; };
    if (!is_absent(story.versions.front()) && !is_absent(story.versions.back()) &&
        std::any_of(story.versions.begin(), story.versions.end(), is_absent)) {
      absent.push_back(story.path);
    }
  }
  if (absent.empty()) return;
  notes_.push_back("the program itself removes " + joined_first(absent, names_in_note_max) +
                   " and puts it back: a crash in between leaves no such file, which counts as one "
                   "of its versions; rename over it instead");
}

void Plan::note_unjudged_durability() {
  if (unjudged_durable_.empty()) return;
  notes_.push_back(joined_first(unjudged_durable_, names_in_note_max) +
                   ": changed in place after an acknowledgement, so its bytes do not tell whether "
                   "that one survives; ask with --check and UNTORN_ACKED");
}

}  // namespace untorn::prove
