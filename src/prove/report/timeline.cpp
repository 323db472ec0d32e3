// SPDX-License-Identifier: Apache-2.0
#include "prove/report/timeline.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "prove/report/source_lines.h"
#include "prove/report/window.h"

namespace untorn::prove {

namespace {

constexpr std::size_t timeline_entries_max = 400;
constexpr std::size_t head_bytes_max = 256;
constexpr std::size_t said_bytes_max = 80;
constexpr std::size_t listed_operations_max = 1000;  // of each kind, in one violation
constexpr std::size_t telling_operations_max = 64;   // of one violation

std::string head_of(const std::optional<crash::History::File>& file) {
  return file ? std::string(file->content.text().substr(0, head_bytes_max)) : std::string();
}

// What the program told the outside: its first line.
std::string said_in(const Operation& acknowledgement) {
  if (acknowledgement.name == "exit") return "exit 0";
  const std::string_view text = acknowledgement.payload.text();
  return std::string(text.substr(0, std::min(text.find('\n'), said_bytes_max)));
}

// How far `at` stands from the nearest of `places`, which are sorted.
std::size_t distance_to(const std::set<std::size_t>& places, std::size_t at) {
  const auto later = places.lower_bound(at);
  std::size_t distance = std::numeric_limits<std::size_t>::max();
  if (later != places.end()) distance = *later - at;
  if (later != places.begin()) distance = std::min(distance, at - *std::prev(later));
  return distance;
}

// The first and the last ones, if there are many.
void insert_ends(std::set<std::size_t>& target, const std::vector<std::size_t>& operations) {
  const std::size_t each = std::min(operations.size(), telling_operations_max / 2);
  const auto count = static_cast<std::ptrdiff_t>(each);
  target.insert(operations.begin(), operations.begin() + count);
  target.insert(operations.end() - count, operations.end());
}

}  // namespace

PictureMaker::PictureMaker(const crash::History& history, const Explainer& explainer,
                           crash::Model model)
    : history_(history), explainer_(explainer), model_(model) {}

void PictureMaker::add(const Failure& failure, Violation& violation) {
  const OperationLog& log = history_.log();
  const BadState& bad = failure.simplest;
  violation.begun = bad.begun;
  const std::size_t listed = std::min(bad.lost.size(), listed_operations_max);
  violation.lost_operations.assign(bad.lost.begin(),
                                   bad.lost.begin() + static_cast<std::ptrdiff_t>(listed));
  if (!bad.lost.empty() && failure.engine == Engine::power) {
    std::copy_if(bad.kept.begin(), bad.kept.end(), std::back_inserter(violation.kept_operations),
                 [&](std::size_t kept) { return kept > bad.lost.front(); });
    if (violation.kept_operations.size() > listed_operations_max)
      violation.kept_operations.resize(listed_operations_max);
  }
  if (!failure.folder.empty()) violation.path = failure.folder;
  violation.window = window_of(log, failure, model_);
  insert_ends(telling_, violation.lost_operations);
  insert_ends(telling_, violation.kept_operations);
  if (bad.begun < log.operations.size()) telling_.insert(bad.begun);
  if (failure.story == nullptr) {
    for (const std::size_t lost : bad.lost) inodes_.insert(log.operations[lost].inode);
  } else {
    inodes_.insert(failure.story->inodes.begin(), failure.story->inodes.end());
    violation.bytes.old_head = head_of(history_.file_at(0, failure.story->path));
    violation.bytes.new_head = head_of(history_.file_at(log.operations.size(), violation.path));
  }
  inodes_.erase(no_inode);
  for (const Operation& operation : log.operations) {
    if (!inodes_.contains(operation.inode)) continue;
    directories_.insert(operation.directory);
    directories_.insert(operation.target_directory);
  }
  directories_.erase(no_inode);
}

bool PictureMaker::concerns(const Operation& operation) const {
  switch (operation.kind) {
    case OperationKind::begin_writing:
    case OperationKind::end_writing:
    case OperationKind::set_metadata:
      return false;
    case OperationKind::acknowledge:
    case OperationKind::sync_all:
      return true;
    case OperationKind::sync_directory:
      return directories_.contains(operation.inode) || inodes_.contains(operation.inode);
    default:
      return inodes_.contains(operation.inode) || inodes_.contains(operation.replaced);
  }
}

// In the order of the log.
std::vector<std::size_t> PictureMaker::choose() const {
  const auto& operations = history_.log().operations;
  std::vector<std::pair<std::size_t, std::size_t>> candidates;  // distance, operation
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (!concerns(operations[i]) && !telling_.contains(i)) continue;
    candidates.emplace_back(distance_to(telling_, i), i);
  }
  if (candidates.size() > timeline_entries_max) {
    std::sort(candidates.begin(), candidates.end());
    candidates.resize(timeline_entries_max);
  }
  std::vector<std::size_t> chosen;
  chosen.reserve(candidates.size());
  for (const auto& [distance, operation] : candidates) chosen.push_back(operation);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

void PictureMaker::draw(ProveReport& report) const {
  SourceLines lines(report.root);
  if (!telling_.empty()) {
    for (const std::size_t at : choose()) {
      const Operation& operation = history_.log().operations[at];
      report.timeline.push_back({at, explainer_.note(at)});
      if (operation.kind == OperationKind::acknowledge)
        report.timeline.back().note.path = said_in(operation);
    }
  }
  for (TimelineEntry& entry : report.timeline) lines.fill(entry.note.source);
  for (Violation& violation : report.violations) {
    if (violation.lost) lines.fill(violation.lost->source);
    if (violation.kept) lines.fill(violation.kept->source);
    if (!violation.proved_fix) continue;
    for (ProvedFix::Step& step : violation.proved_fix->steps) lines.fill(step.after);
  }
}

namespace {

using Mark = PictureLine::Mark;

class PictureLines {
 public:
  PictureLines(const ProveReport& report, const Violation& violation)
      : report_(report), violation_(violation) {}

  std::vector<PictureLine> make(std::size_t lines_max) {
    collect_paths();
    mark_entries();
    if (lines_.empty()) return {};
    return shorten(lines_max);
  }

 private:
  [[nodiscard]] bool is_lost(std::size_t operation) const {
    return std::binary_search(violation_.lost_operations.begin(), violation_.lost_operations.end(),
                              operation);
  }
  [[nodiscard]] bool is_kept(std::size_t operation) const {
    return std::binary_search(violation_.kept_operations.begin(), violation_.kept_operations.end(),
                              operation);
  }

  // The names that the story of this violation is about.
  void collect_paths() {
    paths_.insert(violation_.path);
    for (const TimelineEntry& entry : report_.timeline) {
      if (!is_lost(entry.operation) && !is_kept(entry.operation)) continue;
      paths_.insert(entry.note.path);
      paths_.insert(entry.note.target);
    }
    if (!violation_.path.empty()) paths_.erase("");
    for (const std::string_view path : paths_) folders_.insert(folder_of(path));
  }

  [[nodiscard]] bool concerns(const TimelineEntry& entry) const {
    const std::string_view operation = entry.note.operation;
    if (violation_.path.empty() || operation == to_string(OperationKind::acknowledge) ||
        operation == to_string(OperationKind::sync_all))
      return true;
    if (operation == to_string(OperationKind::sync_directory))
      return folders_.contains(entry.note.path);
    return paths_.contains(entry.note.path) || paths_.contains(entry.note.target);
  }

  void mark_entries() {
    bool cut = false;
    bool told = false;
    for (const TimelineEntry& entry : report_.timeline) {
      if (!cut && entry.operation >= violation_.begun) {
        lines_.push_back({Mark::cut, nullptr, 0});
        cut = true;
      }
      const bool lost = is_lost(entry.operation);
      const bool kept = !lost && is_kept(entry.operation);
      if (!lost && !kept && !concerns(entry)) continue;
      told = true;
      const Mark plain = cut ? Mark::not_begun : Mark::done;
      lines_.push_back({lost ? Mark::lost : kept ? Mark::kept : plain, &entry, 0});
    }
    if (!cut) lines_.push_back({Mark::cut, nullptr, 0});
    if (!told) lines_.clear();
  }

  // Smaller is shown first.
  [[nodiscard]] std::vector<std::size_t> ranks() const {
    std::set<std::size_t> anchors;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const Mark mark = lines_[i].mark;
      if (mark == Mark::cut) anchors.insert(i);
      const bool first =
          std::none_of(lines_.begin(), lines_.begin() + static_cast<std::ptrdiff_t>(i),
                       [&](const PictureLine& line) { return line.mark == mark; });
      if (first && (mark == Mark::lost || mark == Mark::kept)) anchors.insert(i);
    }
    std::vector<std::size_t> ranks;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const bool telling = lines_[i].mark == Mark::lost || lines_[i].mark == Mark::kept;
      const std::size_t distance = distance_to(anchors, i);
      ranks.push_back(telling ? std::min<std::size_t>(distance, 1) : distance);
    }
    return ranks;
  }

  [[nodiscard]] std::vector<PictureLine> shorten(std::size_t lines_max) const {
    std::vector<std::size_t> order(lines_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    const auto rank = ranks();
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return rank[a] < rank[b]; });
    order.resize(std::min(order.size(), lines_max));
    std::sort(order.begin(), order.end());
    std::vector<PictureLine> shown;
    std::size_t next = 0;
    for (const std::size_t at : order) {
      if (at > next) shown.push_back({Mark::left_out, nullptr, at - next});
      shown.push_back(lines_[at]);
      next = at + 1;
    }
    if (next < lines_.size()) shown.push_back({Mark::left_out, nullptr, lines_.size() - next});
    return shown;
  }

  const ProveReport& report_;
  const Violation& violation_;
  std::set<std::string_view> paths_;
  std::set<std::string_view> folders_;
  std::vector<PictureLine> lines_;
};

}  // namespace

std::vector<PictureLine> picture_of(const ProveReport& report, const Violation& violation,
                                    std::size_t lines_max) {
  // The run that met the fault made a record of its own.
  if (violation.engine == Engine::fault) return {};
  return PictureLines(report, violation).make(lines_max);
}

}  // namespace untorn::prove
