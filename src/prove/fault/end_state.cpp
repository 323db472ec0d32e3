// SPDX-License-Identifier: Apache-2.0
#include "prove/fault/end_state.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/hash.h"
#include "prove/judge/judge.h"
#include "prove/judge/path_filter.h"
#include "prove/judge/state_checks.h"

namespace untorn::prove {

namespace {

constexpr std::array<std::string_view, 2> database_suffixes = {"-journal", "-wal"};
constexpr std::size_t telling_bytes = 8;  // two lines that begin so alike are one record

// The line at the front, with its end, taken away from the text.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end == std::string_view::npos ? end : end + 1);
  text.remove_prefix(line.size());
  return line;
}

// G3. Does every line of `wanted` stand in `text`, in order?
bool holds_all_lines(std::string_view text, std::string_view wanted) {
  while (!wanted.empty()) {
    const std::string_view line = take_line(wanted);
    bool found = false;
    while (!found && !text.empty()) found = take_line(text) == line;
    if (!found) return false;
  }
  return true;
}

// G3. Is `text` a prefix of `wanted` but for whole lines of its own that are no torn records?
bool is_prefix_with_reports(std::string_view text, std::string_view wanted) {
  while (!text.empty()) {
    std::string_view rest = wanted;
    const std::string_view line = take_line(text);
    const std::string_view expected = take_line(rest);
    if (line == expected) {
      wanted = rest;
      continue;
    }
    if (text.empty() && expected.starts_with(line)) return true;
    const auto apart = std::ranges::mismatch(line, expected);
    const auto alike = static_cast<std::size_t>(apart.in1 - line.begin());
    if (!line.ends_with('\n') || alike >= std::min(telling_bytes, expected.size())) return false;
  }
  return true;
}

// Takes what [begin, end) covers out of sorted, separate ranges.
using Range = std::pair<std::uint64_t, std::uint64_t>;
std::vector<Range> without(const std::vector<Range>& ranges, Range taken) {
  std::vector<Range> left;
  for (const auto& [begin, end] : ranges) {
    if (begin < std::min(end, taken.first)) left.emplace_back(begin, std::min(end, taken.first));
    if (std::max(begin, taken.second) < end) left.emplace_back(std::max(begin, taken.second), end);
  }
  return left;
}

class EndJudge {
 public:
  EndJudge(const Reference& reference, const EndState& state, bool done,
           const std::vector<LostWrite>& lost_writes, const ProveOptions& options)
      : reference_(reference),
        state_(state),
        done_(done),
        lost_writes_(lost_writes),
        options_(options) {}

  EndJudgement judge() {
    const bool bytes_are_asked = options_.expects(Check::atomic) ||
                                 options_.expects(Check::durable) ||
                                 options_.expects(Check::durable_if_synced);
    for (const PathStory& story : reference_.plan().stories()) {
      const bool lasting = story.existed_before() || story.exists_after();
      if (bytes_are_asked && lasting && !reference_.is_unsteady(story.path)) judge_path(story);
    }
    if (bytes_are_asked) judge_bystanders();
    ask_questions();
    if (options_.expects(Check::no_litter)) look_for_litter();
    return std::move(judgement_);
  }

 private:
  void judge_path(const PathStory& story);
  void judge_database(const PathStory& story, const StateFile& file);
  [[nodiscard]] std::optional<Observed> judge_in_place(const PathStory& story,
                                                       const StateFile& file) const;
  [[nodiscard]] std::optional<Observed> judge_log(const PathStory& story,
                                                  const StateFile& file) const;
  [[nodiscard]] std::optional<Observed> judge_varying(const PathStory& story,
                                                      const StateFile& file) const;
  [[nodiscard]] std::vector<Range> lost_ranges(const LostWrite& lost) const;
  [[nodiscard]] bool has_hole(const crash::History::File& file) const;
  [[nodiscard]] std::optional<std::uint64_t> lost_at_close(const crash::History::File& file) const;
  [[nodiscard]] bool judge_close(const PathStory& story, const StateFile& file);
  [[nodiscard]] bool is_companion(const crash::Path& path) const;
  void ask_questions();
  void look_for_litter();
  void judge_bystanders();
  void add(Check check, const PathStory& story, Observed observed, std::string output);
  [[nodiscard]] bool is_bad(const crash::Path& path) const {
    return std::ranges::find(judgement_.findings, path, &EndFinding::path) !=
           judgement_.findings.end();
  }

  const Reference& reference_;
  const EndState& state_;
  bool done_;
  const std::vector<LostWrite>& lost_writes_;
  const ProveOptions& options_;
  EndJudgement judgement_;
};

void EndJudge::add(Check check, const PathStory& story, Observed observed, std::string output) {
  const Question question{.check = check, .story = &story, .ask = {}};
  BadState bad = keep_bad_state(question, Answer{observed, output}, state_);
  judgement_.findings.push_back(
      {check, story.path, observed, std::move(bad.bytes), std::move(output), {}, false});
}

bool EndJudge::is_companion(const crash::Path& path) const {
  return std::ranges::any_of(reference_.plan().stories(), [&](const PathStory& story) {
    return story.database && std::ranges::any_of(database_suffixes, [&](std::string_view suffix) {
             return path == story.path + std::string(suffix);
           });
  });
}

// What was lost and no later call wrote.
std::vector<Range> EndJudge::lost_ranges(const LostWrite& lost) const {
  const auto& operations = state_.history().log().operations;
  std::vector<Range> missing;
  if (!lost.at_close) missing.emplace_back(lost.begin, lost.end);
  for (std::size_t i = 0; i < lost.operations && lost.at_close; ++i) {
    const Operation& earlier = operations[i];
    const bool synced =
        earlier.kind == OperationKind::sync_all ||
        ((earlier.kind == OperationKind::sync_file || earlier.kind == OperationKind::sync_data) &&
         earlier.inode == lost.inode && earlier.size == 0);
    if (synced) missing.clear();
    if (earlier.kind == OperationKind::write && earlier.inode == lost.inode) {
      missing.emplace_back(earlier.offset, earlier.offset + earlier.size);
    }
  }
  for (std::size_t i = lost.operations; i < operations.size(); ++i) {
    const Operation& later = operations[i];
    if (later.kind != OperationKind::write || later.inode != lost.inode) continue;
    missing = without(missing, {later.offset, later.offset + later.size});
  }
  return missing;
}

// G4.
bool EndJudge::has_hole(const crash::History::File& file) const {
  return std::ranges::any_of(lost_writes_, [&](const LostWrite& lost) {
    return lost.inode == file.inode && !lost_ranges(lost).empty();
  });
}

// G7. Where the bytes begin that a failed close may have taken.
std::optional<std::uint64_t> EndJudge::lost_at_close(const crash::History::File& file) const {
  std::optional<std::uint64_t> begin;
  for (const LostWrite& lost : lost_writes_) {
    if (!lost.at_close || lost.inode != file.inode) continue;
    for (const Range& range : lost_ranges(lost)) {
      begin = std::min(begin.value_or(range.first), range.first);
    }
  }
  return begin;
}

// A loud failure after which a log is shorter, or a file in place as it was, is a valid one.
bool EndJudge::judge_close(const PathStory& story, const StateFile& file) {
  if (!file || (!done_ && story.path_class != PathClass::whole)) return false;
  const auto kept = lost_at_close(*file);
  if (!kept) return false;
  add(done_ ? Check::durable : Check::atomic, story,
      *kept == 0 ? Observed::empty : Observed::cut_short, {});
  StateBytes& bytes = judgement_.findings.back().bytes;
  bytes.size = *kept;
  bytes.head.resize(std::min<std::size_t>(bytes.head.size(), *kept));
  return true;
}

std::optional<Observed> EndJudge::judge_varying(const PathStory& story,
                                                const StateFile& file) const {
  const StateFile before = reference_.history().file_at(0, story.path);
  if (same_bytes(file, before))
    return done_ ? std::optional(Observed::old_after_ack) : std::nullopt;
  if (!file) return Observed::missing;
  if (has_hole(*file)) return file->content.size() == 0 ? Observed::empty : Observed::cut_short;
  const StateFile after = reference_.history().file_at(reference_.end(), story.path);
  const bool emptied = file->content.size() == 0 && after && after->content.size() > 0;
  return emptied ? std::optional(Observed::empty) : std::nullopt;
}

std::optional<Observed> EndJudge::judge_log(const PathStory& story, const StateFile& file) const {
  const auto found = done_ ? check_durable(story, file, reference_.end())
                           : check_atomic(story, file, reference_.end());
  if (!found || !file || !story.exists_after()) return found;
  const std::string_view text = file->content.text();
  const std::string_view wanted = story.versions.back().file->content.text();
  const bool good = done_ ? holds_all_lines(text, wanted) : is_prefix_with_reports(text, wanted);
  return good ? std::nullopt : found;
}

std::optional<Observed> EndJudge::judge_in_place(const PathStory& story,
                                                 const StateFile& file) const {
  if (!done_) return {};  // its parser and --check judge it
  PathStory ends;
  ends.path = story.path;
  ends.versions = {{.since = 0, .inode = no_inode, .size = 0, .file = {}},
                   {.since = reference_.end(), .inode = no_inode, .size = 0, .file = {}}};
  ends.versions[0].file = reference_.history().file_at(0, story.path);
  ends.versions[1].file = reference_.history().file_at(reference_.end(), story.path);
  for (Version& version : ends.versions) {
    if (version.file) version.size = version.file->content.size();
  }
  return check_durable(ends, file, reference_.end());
}

// G5.
void EndJudge::judge_database(const PathStory& story, const StateFile& file) {
  const StateFile after = reference_.history().file_at(reference_.end(), story.path);
  if (!done_ || same_bytes(file, after)) return;
  const StateFile before = reference_.history().file_at(0, story.path);
  if (same_bytes(file, before)) return add(Check::durable, story, Observed::old_after_ack, {});
  if (!file) return add(Check::durable, story, Observed::missing, {});
  if (!options_.check_commands.empty()) return;
  judgement_.undecided.push_back(
      {Reason::in_place_unjudged,
       story.path +
           " is a database whose bytes after a fault are not those of the undisturbed run; give "
           "--check a command that tells whether its content is complete"});
}

void EndJudge::judge_path(const PathStory& story) {
  if (is_companion(story.path)) return;
  const StateFile file = state_.file(story.path);
  if (judge_close(story, file)) return;
  if (story.database) return judge_database(story, file);
  std::optional<Observed> observed;
  if (reference_.is_varying(story.path)) {
    observed = judge_varying(story, file);
  } else if (story.path_class == PathClass::log) {
    observed = judge_log(story, file);
  } else if (story.path_class == PathClass::in_place) {
    observed = judge_in_place(story, file);
  } else {
    observed = done_ ? check_durable(story, file, reference_.end())
                     : check_atomic(story, file, reference_.end());
  }
  // A name may be gone for a moment between two calls; a failure must not leave it so.
  const bool belongs = story.existed_before() && story.exists_after();
  if (!observed && !done_ && belongs && !file) observed = Observed::missing;
  if (observed) add(done_ ? Check::durable : Check::atomic, story, *observed, {});
}

// What the plan of the undisturbed run asks of every state, but for what was judged already.
void EndJudge::ask_questions() {
  for (const Group& group : reference_.plan().groups()) {
    for (const Question& question : group.questions) {
      const bool asked = question.check == Check::parse || question.check == Check::lines;
      if (!asked || question.story == nullptr || is_bad(question.story->path)) continue;
      auto answer = question.ask(state_);
      if (answer) {
        add(question.check, *question.story, answer->observed, std::move(answer->output));
      }
    }
  }
}

// Files that the undisturbed run leaves alone: a clean-up after a failure may take the wrong one.
void EndJudge::judge_bystanders() {
  const PathFilter filter(options_.only, options_.ignore);
  for (const crash::Path& path : state_.history().touched_paths()) {
    const auto before = state_.history().file_at(0, path);
    if (!before || before->type == FileType::directory || !filter.selects(path)) continue;
    const auto& stories = reference_.plan().stories();
    if (std::ranges::find(stories, path, &PathStory::path) != stories.end()) continue;
    const auto file = state_.file(path);
    const bool emptied = file && file->content.size() == 0 && before->content.size() > 0;
    if (file && !emptied) continue;
    PathStory story;
    story.path = path;
    story.versions = {
        {.since = 0, .inode = before->inode, .size = before->content.size(), .file = before}};
    add(Check::atomic, story, emptied ? Observed::empty : Observed::missing, {});
  }
}

void EndJudge::look_for_litter() {
  const PathFilter filter(options_.only, options_.ignore);
  for (const crash::Path& path : state_.history().touched_paths()) {
    const auto file = state_.file(path);
    if (!file || file->type == FileType::directory || !filter.selects(path)) continue;
    if (state_.history().file_at(0, path) || is_companion(path)) continue;
    if (reference_.history().file_at(reference_.end(), path)) continue;
    PathStory story;
    story.path = path;
    story.versions = {{.since = 0, .inode = no_inode, .size = 0, .file = {}}};
    add(Check::no_litter, story, Observed::litter, {});
  }
}

}  // namespace

EndState::EndState(const crash::History& own, const crash::History& reference)
    : own_(own),
      reference_(reference),
      end_(own.log().operations.size()),
      touched_(own.touched_paths()) {}

std::optional<crash::History::File> EndState::file(const crash::Path& path) const {
  if (std::ranges::binary_search(touched_, path)) return own_.file_at(end_, path);
  return reference_.file_at(0, path);
}

std::vector<std::pair<crash::Path, crash::History::File>> EndState::tree() const {
  return own_.tree_at(end_);
}

std::pair<std::uint64_t, std::uint64_t> EndState::hash() const {
  Hash128 hash;
  for (const auto& [path, file] : tree()) {
    hash = combine(hash, hash128(path));
    hash = combine(hash, static_cast<std::uint64_t>(file.type));
    hash = combine(hash, hash128(file.content.view()));
  }
  return {hash.first, hash.second};
}

EndJudgement judge_end_state(const Reference& reference, const EndState& state, bool done,
                             const std::vector<LostWrite>& lost_writes,
                             const ProveOptions& options) {
  return EndJudge(reference, state, done, lost_writes, options).judge();
}

}  // namespace untorn::prove
