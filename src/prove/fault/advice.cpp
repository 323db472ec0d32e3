// SPDX-License-Identifier: Apache-2.0
#include "prove/fault/advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace untorn::prove {

namespace {

std::optional<Source> source_of(std::uint32_t stack, Sources& sources, const std::string& root) {
  if (stack == no_index) return {};
  const Frame* frame = source_frame(sources.stack(stack));
  if (frame == nullptr) return {};
  Source source;
  source.path = frame->path;
  source.line = frame->line;
  source.function = frame->function;
  if (source.path.starts_with(root + "/")) source.path.erase(0, root.size() + 1);
  return source;
}

std::string place_of(const std::optional<Source>& source) {
  if (!source || source->path.empty() || source->line == 0) return {};
  return fmt::format("{} line {}", source->path, source->line);
}

bool publishes(const Operation& operation) {
  return operation.kind == OperationKind::rename || operation.kind == OperationKind::link ||
         operation.kind == OperationKind::exchange;
}

}  // namespace

CallPaths paths_of(const CallRecord& call, const crash::History& history) {
  CallPaths paths;
  if (call.directory != no_inode) {
    paths.path = crash::join(history.path_of(call.directory, call.operations), call.name);
  } else if (call.inode != no_inode) {
    paths.path = history.path_of(call.inode, call.operations);
  }
  if (call.target_directory != no_inode) {
    paths.target =
        crash::join(history.path_of(call.target_directory, call.operations), call.target_name);
  }
  if (paths.path.empty()) paths.path = paths.target;
  if (paths.path.empty() && call.inode == root_inode) paths.path = ".";
  return paths;
}

OperationNote describe_call(const CallRecord& call, const crash::History& history, Sources& sources,
                            const std::string& root) {
  CallPaths paths = paths_of(call, history);
  OperationNote note;
  note.operation = to_string(call.call);
  note.path = std::move(paths.path);
  note.target = std::move(paths.target);
  if (call.call == FaultCall::write || call.call == FaultCall::transfer) note.bytes = call.bytes;
  note.source = source_of(call.stack, sources, root);
  return note;
}

Adviser::Adviser(const crash::History& history, Sources& sources, std::string root,
                 const CallRecord& call, const OperationNote& note)
    : history_(history), sources_(sources), root_(std::move(root)), call_(call), note_(note) {}

std::string Adviser::call_at() const {
  const std::string place = place_of(note_.source);
  if (!place.empty()) return fmt::format("{} at {}", note_.operation, place);
  return fmt::format("the {} of {}", note_.operation, note_.path);
}

std::string Adviser::published_at() const {
  if (call_.inode == no_inode) return {};
  const auto& operations = history_.log().operations;
  for (std::size_t i = call_.operations; i < operations.size(); ++i) {
    if (!publishes(operations[i]) || operations[i].inode != call_.inode) continue;
    const std::string place = place_of(source_of(operations[i].stack, sources_, root_));
    const std::string name(to_string(operations[i].kind));
    return place.empty() ? name : name + " at " + place;
  }
  return {};
}

std::string Adviser::check_result() const {
  const std::string path = note_.source ? note_.source->path : std::string();
  if (path.ends_with(".py")) return "do not pass over the error of " + call_at();
  if (place_of(note_.source).empty()) {
    return fmt::format("look whether {} succeeded (in a shell script: set -e)", call_at());
  }
  return "check the return value of " + call_at();
}

std::string Adviser::advice_for_sync() const {
  const std::string published = published_at();
  if (!published.empty()) {
    return fmt::format("do not {} after {} failed: the new content may be gone", published,
                       call_at());
  }
  return fmt::format(
      "do not go on after {} failed: a later one proves nothing, write the content anew",
      call_at());
}

std::string Adviser::advice_when_done(const EndFinding& finding) const {
  if (call_.call == FaultCall::write && note_.fault.starts_with("short")) {
    return fmt::format(
        "write the rest: {} took fewer bytes than it was given, and its return "
        "value says so",
        call_at());
  }
  if (call_.call == FaultCall::sync || call_.call == FaultCall::range) {
    if (finding.after_crash) return advice_for_sync();
  }
  const std::string published = published_at();
  if (!published.empty()) return fmt::format("{}, and do not {}", check_result(), published);
  return check_result();
}

std::string Adviser::advice(const EndFinding& finding, bool done,
                            const std::vector<PathStory>& stories) const {
  if (finding.check == Check::no_litter) {
    return fmt::format("take {} away when {} fails", finding.path, call_at());
  }
  if (done) return advice_when_done(finding);
  const std::string published = published_at();
  if (!published.empty()) return fmt::format("do not {} after {} failed", published, call_at());
  const auto story = std::ranges::find(stories, finding.path, &PathStory::path);
  if (story != stories.end() && !story->emptied.empty()) {
    return fmt::format("write a temporary and rename it: {} was emptied before {} failed",
                       finding.path, call_at());
  }
  if (finding.after_crash && call_.call == FaultCall::sync) return advice_for_sync();
  return fmt::format("put the old state back when {} fails", call_at());
}

}  // namespace untorn::prove
