// SPDX-License-Identifier: Apache-2.0
#include "prove/report/counterexample.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "filesystem/operation_kinds.h"
#include "prove/replay/log_name.h"
#include "prove/replay/token.h"

namespace untorn::prove {

namespace {

constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

// Puts a name where it was not, so that readers find what lies behind it.
bool publishes(const Operation& operation) {
  return operation.kind == OperationKind::rename || operation.kind == OperationKind::link ||
         operation.kind == OperationKind::exchange || operation.kind == OperationKind::create;
}

bool is_durability(Check check) {
  return check == Check::durable || check == Check::durable_if_synced;
}

}  // namespace

Explainer::Explainer(const crash::History& history, Sources* sources, std::string root,
                     crash::Model model)
    : history_(history),
      log_(history.log()),
      sources_(sources),
      root_(std::move(root)),
      model_(model),
      log_name_(prove::log_name(log_)) {}

OperationNote Explainer::note(std::size_t operation) const {
  const Operation& done = log_.operations.at(operation);
  OperationNote note;
  note.operation = to_string(done.kind);
  if (changes_names(done.kind)) {
    if (done.directory != no_inode) {
      note.path = crash::join(history_.path_of(done.directory, operation), done.name);
    }
    if (done.target_directory != no_inode) {
      note.target =
          crash::join(history_.path_of(done.target_directory, operation), done.target_name);
    }
    if (note.path.empty()) note.path = note.target;
  } else if (done.inode != no_inode) {
    note.path = history_.path_of(done.inode, operation);
  }
  if (done.kind == OperationKind::write) note.bytes = done.payload.size();
  if (done.kind == OperationKind::truncate) note.size = done.size;
  if (sources_ == nullptr || done.stack == no_index) return note;
  if (const Frame* frame = source_frame(sources_->stack(done.stack))) {
    Source source{frame->path, frame->line, frame->function};
    if (source.path.starts_with(root_ + "/")) source.path.erase(0, root_.size() + 1);
    note.source = std::move(source);
  }
  return note;
}

std::string Explainer::place(std::size_t operation) const {
  const auto source = note(operation).source;
  if (!source || source->path.empty() || source->line == 0) return {};
  return fmt::format("{} line {}", source->path, source->line);
}

// A place in the source, or else the call itself.
std::string Explainer::at(std::size_t operation) const {
  std::string text = place(operation);
  if (!text.empty()) return text;
  const OperationNote what = note(operation);
  return fmt::format("the {} of {}", what.operation, what.path);
}

// For a power cut: the first operation that did not persist and whose loss shows. For a kill: the
// call that was interrupted.
std::size_t Explainer::choose_lost(const Failure& failure) const {
  const BadState& bad = failure.simplest;
  const auto concerns = [&](std::size_t index) {
    const Operation& operation = log_.operations[index];
    return changes_content(operation.kind) && operation.inode == bad.inode;
  };
  if (!is_durability(failure.check) || failure.simplest.observed != Observed::old_after_ack) {
    const auto found = std::find_if(bad.lost.begin(), bad.lost.end(), concerns);
    if (found != bad.lost.end()) return *found;
  }
  if (!bad.lost.empty()) return bad.lost.front();
  for (std::size_t i = bad.begun; i < log_.operations.size(); ++i) {
    const Operation& operation = log_.operations[i];
    const bool changing = changes_content(operation.kind) || changes_names(operation.kind);
    if (!changing) continue;
    if (failure.story == nullptr) return i;
    const auto& inodes = failure.story->inodes;
    if (std::binary_search(inodes.begin(), inodes.end(), operation.inode)) return i;
  }
  return none;
}

// The operation that exposes the loss: it persisted although it came later, or it emptied or
// published the file before.
std::size_t Explainer::choose_kept(const Failure& failure, std::size_t lost) const {
  std::size_t later = none;
  std::size_t earlier = none;
  for (const std::size_t index : failure.simplest.kept) {
    const Operation& operation = log_.operations[index];
    const bool concerns = failure.story == nullptr ||
                          std::binary_search(failure.story->inodes.begin(),
                                             failure.story->inodes.end(), operation.inode);
    if (!concerns) continue;
    const bool exposes = publishes(operation) || operation.kind == OperationKind::truncate;
    const bool counts = exposes || (changes_content(operation.kind) && lost < index) ||
                        (failure.story == nullptr && changes_names(operation.kind));
    if (!counts) continue;
    std::size_t& place = lost != none && index > lost ? later : earlier;
    const bool weaker = place != none && !exposes &&
                        (publishes(log_.operations[place]) ||
                         log_.operations[place].kind == OperationKind::truncate);
    if (!weaker) place = index;
  }
  if (is_durability(failure.check) && failure.simplest.observed == Observed::old_after_ack)
    return later;
  return later != none ? later : earlier;
}

Explainer::Choice Explainer::choose(const Failure& failure) const {
  const std::size_t lost = choose_lost(failure);
  return {lost, choose_kept(failure, lost)};
}

std::pair<std::string, std::string> Explainer::places(const Failure& failure) const {
  const Choice choice = choose(failure);
  return {choice.lost == none ? std::string() : place(choice.lost),
          choice.kept == none ? std::string() : place(choice.kept)};
}

// The operation by which the program changed the file under its own name, if it did.
std::size_t Explainer::written_in_place(const Failure& failure) const {
  if (failure.story == nullptr || failure.story->path_class == PathClass::log) return none;
  const std::size_t begun = failure.simplest.begun;
  const auto last_before = [&](const std::vector<std::size_t>& operations) {
    const auto later = std::upper_bound(operations.begin(), operations.end(), begun);
    return later == operations.begin() ? none : *std::prev(later);
  };
  const std::size_t emptied = last_before(failure.story->emptied);
  return emptied != none ? emptied : last_before(failure.story->rewritten);
}

std::string Explainer::missing_sync(const Failure& failure, const Choice& choice) const {
  const Operation& lost = log_.operations[choice.lost];
  if (changes_names(lost.kind)) return "fsync of the directory after " + at(choice.lost);
  if (choice.kept != none && choice.kept > choice.lost && publishes(log_.operations[choice.kept])) {
    const std::string first = at(choice.lost);
    const std::string second = at(choice.kept);
    if (first == second) return "fsync of the file before it is renamed at " + first;
    return fmt::format("fsync of the file between {} and {}", first, second);
  }
  const bool last_word = is_durability(failure.check);
  return fmt::format("fsync of the file after {}{}", at(choice.lost),
                     last_word ? ", before the program says it is done" : "");
}

std::string Explainer::missing(const Failure& failure, const Choice& choice) const {
  if (choice.lost == none) return "an atomic replace: write a temporary, fsync it, rename it";
  if (failure.check == Check::no_litter) {
    return "a clean-up of left temporaries at the next start, or O_TMPFILE";
  }
  const bool power = failure.engine == Engine::power;
  if (failure.check == Check::lines)
    return "one line for each write, and a reader that drops a torn last line";
  if (failure.story == nullptr) {
    if (power && choice.kept != none && choice.kept > choice.lost)
      return missing_sync(failure, choice);
    return fmt::format(
        "a single atomic step instead of several: {} is not done while what came before it is",
        at(choice.lost));
  }
  if (is_durability(failure.check)) return missing_sync(failure, choice);
  const bool published =
      choice.kept != none && choice.kept > choice.lost && publishes(log_.operations[choice.kept]);
  const std::size_t in_place = written_in_place(failure);
  if (published || in_place == none) return missing_sync(failure, choice);
  if (failure.story->database) {
    return fmt::format("a sync of the database or its journal before {}", at(choice.lost));
  }
  const bool emptied = log_.operations[in_place].kind == OperationKind::truncate &&
                       log_.operations[in_place].size == 0;
  const std::string where = place(in_place);
  return fmt::format("an atomic replace: write a temporary, fsync it, rename it ({} in place{})",
                     emptied ? "truncated" : "written", where.empty() ? "" : " at " + where);
}

std::string Explainer::replay_token(const Failure& failure) const {
  if (failure.simplest.code.empty() || failure.group == nullptr) return {};
  const crash::Model model = failure.engine == Engine::kill ? crash::Model::kill : model_;
  return make_token(history_, log_name_, model, failure.group->footprint, failure.simplest.code);
}

Violation Explainer::explain(const Failure& failure) const {
  const Choice choice = choose(failure);
  Violation violation;
  violation.engine = failure.engine;
  violation.check = failure.check;
  violation.observed = failure.simplest.observed;
  for (const Observed observed : failure.observed) {
    if (observed != violation.observed) violation.observed_also.push_back(observed);
  }
  std::sort(violation.observed_also.begin(), violation.observed_also.end());
  if (choice.lost != none) violation.lost = note(choice.lost);
  if (choice.kept != none) violation.kept = note(choice.kept);
  violation.path = failure.story != nullptr ? failure.story->path
                   : violation.lost         ? violation.lost->path
                                            : std::string();
  violation.missing = missing(failure, choice);
  violation.states = failure.states;
  violation.replay = replay_token(failure);
  violation.bytes = failure.simplest.bytes;
  violation.output = failure.simplest.output;
  return violation;
}

}  // namespace untorn::prove
