// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/versions.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "prove/judge/state_file.h"

namespace untorn::prove {

namespace {

constexpr std::string_view database_magic("SQLite format 3\0", 16);

using DentryKey = std::pair<InodeId, std::string>;

struct NameChange {
  InodeId directory = no_inode;
  const std::string* name = nullptr;
  InodeId now = no_inode;  // what the name leads to afterwards
};

// The names that an operation changes: none, one or two.
std::vector<NameChange> name_changes(const Operation& operation) {
  const NameChange source{operation.directory, &operation.name, no_inode};
  const NameChange target{operation.target_directory, &operation.target_name, operation.inode};
  switch (operation.kind) {
    case OperationKind::create:
      if (operation.directory == no_inode) return {};
      [[fallthrough]];
    case OperationKind::make_directory:
    case OperationKind::make_symlink:
    case OperationKind::make_special:
      return {{source.directory, source.name, operation.inode}};
    case OperationKind::link:
      return {target};
    case OperationKind::unlink:
    case OperationKind::remove_directory:
      return {source};
    case OperationKind::rename:
      return {source, target};
    case OperationKind::exchange:
      return {{source.directory, source.name, operation.replaced}, target};
    default:
      return {};
  }
}

bool is_content_event(OperationKind kind) {
  switch (kind) {
    case OperationKind::write:
    case OperationKind::truncate:
    case OperationKind::begin_writing:
    case OperationKind::end_writing:
    case OperationKind::sync_file:
    case OperationKind::sync_data:
      return true;
    default:
      return false;
  }
}

// Which operations concern a name or an inode.
struct LogIndex {
  explicit LogIndex(const OperationLog& log) : contents(log.inodes.size()) {
    for (const InitialName& name : log.names) {
      initial[{name.directory, name.name}] = name.inode;
    }
    for (std::size_t i = 0; i < log.operations.size(); ++i) {
      const Operation& operation = log.operations[i];
      for (const NameChange& change : name_changes(operation)) {
        names[{change.directory, *change.name}].push_back({i, change.now});
      }
      if (is_content_event(operation.kind)) contents.at(operation.inode).push_back(i);
      if (operation.kind == OperationKind::acknowledge) acknowledgements.push_back(i);
      if (operation.kind == OperationKind::sync_all) syncs_of_all.push_back(i);
      if (operation.kind == OperationKind::sync_failed) failed_syncs.push_back(operation.inode);
    }
  }

  std::map<DentryKey, InodeId> initial;
  std::map<DentryKey, std::vector<std::pair<std::size_t, InodeId>>> names;
  std::vector<std::vector<std::size_t>> contents;
  std::vector<std::size_t> acknowledgements;
  std::vector<std::size_t> syncs_of_all;
  std::vector<InodeId> failed_syncs;  // the inodes that they were asked for
};

std::vector<std::string> split(const crash::Path& path) {
  std::vector<std::string> components;
  // An `also` tree's paths begin with '/': their first component is empty.
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    components.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return components;
}

// One inode while the log is walked.
struct InodeLife {
  std::uint64_t size = 0;
  std::uint64_t generation = 0;  // counts changes of the content
  bool open = false;
  bool fresh = false;    // empty when the session began, or emptied in it (V2)
  bool append = false;   // the session was opened for appending only
  bool written = false;  // the session has written
  bool vouched = false;  // synced since the session last wrote
  std::size_t last_write = 0;
};

// Walks the log for one path.
class StoryTeller {
 public:
  StoryTeller(const crash::History& history, const LogIndex& index, const crash::Path& path)
      : history_(history), log_(history.log()), index_(index), components_(split(path)) {
    story_.path = path;
  }

  std::optional<PathStory> tell();

 private:
  void collect();
  [[nodiscard]] InodeId resolve() const;
  void apply(std::size_t at);
  void apply_content(std::size_t at, const Operation& operation);
  void apply_write(std::size_t at, const Operation& operation, InodeLife& life, bool here);
  void apply_truncate(std::size_t at, const Operation& operation, InodeLife& life, bool here);
  void note_name_change(const Operation& operation, InodeId before, InodeId after);
  [[nodiscard]] std::size_t call_end(std::size_t at) const;
  [[nodiscard]] bool is_instant(std::size_t position, std::size_t end) const;
  [[nodiscard]] std::uint64_t generation() const;
  void observe(bool last);
  void classify();
  void fill_versions();
  void merge_equal_versions();

  const crash::History& history_;
  const OperationLog& log_;
  const LogIndex& index_;
  std::vector<std::string> components_;
  PathStory story_;
  std::vector<std::size_t> relevant_;
  std::map<DentryKey, InodeId> dentries_;
  std::unordered_map<InodeId, InodeLife> lives_;
  InodeId current_ = no_inode;
  std::uint64_t version_generation_ = 0;
  std::size_t changed_at_ = 0;  // after operations [0, changed_at_) the path is what it is now
  bool whole_ok_ = true;
  bool log_ok_ = true;
  bool log_evidence_ = false;
};

// Finds every name that may lie on the way, every inode that may stand at its end, and the
// operations that concern them.
void StoryTeller::collect() {
  std::set<InodeId> level = {root_inode};
  for (const std::string& component : components_) {
    std::set<InodeId> next;
    for (const InodeId directory : level) {
      const DentryKey key{directory, component};
      InodeId first = no_inode;
      if (const auto found = index_.initial.find(key); found != index_.initial.end()) {
        first = found->second;
        next.insert(first);
      }
      dentries_[key] = first;
      const auto found = index_.names.find(key);
      if (found == index_.names.end()) continue;
      for (const auto& [at, now] : found->second) {
        relevant_.push_back(at);
        if (now != no_inode) next.insert(now);
      }
    }
    level = std::move(next);
  }
  for (const InodeId inode : level) {
    const Inode& known = log_.inodes.at(inode);
    lives_[inode] = {.size = known.initial ? known.content.size() : 0, .fresh = !known.initial};
    const auto& events = index_.contents.at(inode);
    relevant_.insert(relevant_.end(), events.begin(), events.end());
  }
  std::sort(relevant_.begin(), relevant_.end());
  relevant_.erase(std::unique(relevant_.begin(), relevant_.end()), relevant_.end());
}

InodeId StoryTeller::resolve() const {
  InodeId inode = root_inode;
  for (const std::string& component : components_) {
    const auto found = dentries_.find({inode, component});
    if (found == dentries_.end() || found->second == no_inode) return no_inode;
    inode = found->second;
  }
  return inode;
}

void StoryTeller::apply(std::size_t at) {
  const Operation& operation = log_.operations[at];
  const auto changes = name_changes(operation);
  for (const NameChange& change : changes) {
    const auto found = dentries_.find({change.directory, *change.name});
    if (found != dentries_.end()) found->second = change.now;
  }
  if (!changes.empty()) {
    const InodeId after = resolve();
    if (after != current_) note_name_change(operation, current_, after);
    current_ = after;
    if (current_ != no_inode) story_.inodes.push_back(current_);
  } else if (lives_.contains(operation.inode)) {
    apply_content(at, operation);
  }
}

// V3: a log may begin with the making of its name and keeps its inode from then on.
void StoryTeller::note_name_change(const Operation& operation, InodeId before, InodeId after) {
  story_.changed = true;
  if (before != no_inode || after == no_inode || operation.kind != OperationKind::create) {
    log_ok_ = false;
  }
}

void StoryTeller::apply_content(std::size_t at, const Operation& operation) {
  InodeLife& life = lives_.at(operation.inode);
  const bool here = operation.inode == current_;
  switch (operation.kind) {
    case OperationKind::write:
      return apply_write(at, operation, life, here);
    case OperationKind::truncate:
      return apply_truncate(at, operation, life, here);
    case OperationKind::begin_writing:
      life.open = true;
      life.fresh = life.fresh || life.size == 0;
      life.append = operation.name == "append";
      life.written = false;
      return;
    case OperationKind::end_writing:
      life.open = false;
      life.fresh = false;
      return;
    default:  // sync_file, sync_data
      life.vouched = true;
      return;
  }
}

void StoryTeller::apply_write(std::size_t at, const Operation& operation, InodeLife& life,
                              bool here) {
  const std::uint64_t end = operation.offset + operation.payload.size();
  if (operation.payload.size() == 0) return;
  if (here) {
    story_.changed = true;
    story_.rewritten.push_back(at);
    if (!life.fresh) whole_ok_ = false;
    if (operation.offset != life.size) log_ok_ = false;
    const auto acknowledged = std::upper_bound(index_.acknowledgements.begin(),
                                               index_.acknowledgements.end(), life.last_write);
    const bool told = acknowledged != index_.acknowledgements.end() && *acknowledged < at;
    if (life.append || (life.written && (life.vouched || told))) log_evidence_ = true;
  }
  life.size = std::max(life.size, end);
  if (here) story_.sizes.emplace_back(at + 1, life.size);
  ++life.generation;
  life.written = true;
  life.vouched = false;
  life.last_write = at;
}

void StoryTeller::apply_truncate(std::size_t at, const Operation& operation, InodeLife& life,
                                 bool here) {
  if (operation.size == life.size) return;
  if (here) {
    story_.changed = true;
    log_ok_ = false;
    (operation.size < life.size ? story_.emptied : story_.rewritten).push_back(at);
    if (operation.size != 0 && !life.fresh) whole_ok_ = false;
  }
  if (operation.size == 0) life.fresh = true;
  life.size = operation.size;
  ++life.generation;
}

// The last operation of the system call that operation `at` belongs to.
std::size_t StoryTeller::call_end(std::size_t at) const {
  const std::uint32_t call = log_.operations[at].call;
  if (call == no_index) return at;
  while (at + 1 < log_.operations.size() && log_.operations[at + 1].call == call) ++at;
  return at;
}

// V1: is the moment after the call that ends with operation `end` an instant? Not while another
// operation of the same call is to come, such as the truncation of an open with O_TRUNC before
// its begin_writing.
bool StoryTeller::is_instant(std::size_t position, std::size_t end) const {
  if (position + 1 == relevant_.size()) return true;
  const std::size_t next = relevant_[position + 1];
  if (next <= end) return false;
  const Operation& operation = log_.operations[next];
  return !(next == end + 1 && operation.kind == OperationKind::begin_writing &&
           operation.call == no_index);
}

// Counts the contents of what stands at the path.
std::uint64_t StoryTeller::generation() const {
  const auto life = lives_.find(current_);
  return life == lives_.end() ? 0 : life->second.generation;
}

// V1: a version that is seen when its file is closed has been there since its last change. So a
// program that says "saved" before it closes the file has promised what it wrote.
void StoryTeller::observe(bool last) {
  const auto life = lives_.find(current_);
  if (!last && life != lives_.end() && life->second.open) return;
  if (!story_.versions.empty() && story_.versions.back().inode == current_ &&
      version_generation_ == generation()) {
    return;
  }
  version_generation_ = generation();
  story_.versions.push_back(
      {changed_at_, current_, life == lives_.end() ? 0 : life->second.size, std::nullopt});
}

void StoryTeller::classify() {
  const bool extended = !story_.rewritten.empty();
  if (extended && log_ok_ && (log_evidence_ || !whole_ok_)) {
    story_.path_class = PathClass::log;
  } else if (whole_ok_) {
    story_.path_class = PathClass::whole;
  } else {
    story_.path_class = PathClass::in_place;
  }
  for (const Version* version : {&story_.versions.front(), &story_.versions.back()}) {
    if (version->inode == no_inode) continue;
    const auto file = history_.file_at(version->since, story_.path);
    if (file && file->type == FileType::regular && file->content.text().starts_with(database_magic))
      story_.database = true;
  }
  if (story_.database && extended) story_.path_class = PathClass::in_place;  // V4
}

void StoryTeller::fill_versions() {
  if (story_.path_class == PathClass::log) {
    const auto last = history_.file_at(story_.versions.back().since, story_.path);
    if (!last) return;
    const auto owner = std::make_shared<const Bytes>(last->content);
    for (Version& version : story_.versions) {
      if (version.inode == no_inode) continue;
      version.file = *last;
      version.file->content = Bytes(owner, owner->view().first(version.size));
    }
    return;
  }
  for (Version& version : story_.versions) {
    if (version.inode == no_inode) continue;
    if (story_.path_class == PathClass::in_place) {
      version.file = crash::History::File{version.inode, log_.inodes.at(version.inode).type, {}, 0};
    } else {
      version.file = history_.file_at(version.since, story_.path);
    }
  }
}

void StoryTeller::merge_equal_versions() {
  if (story_.path_class == PathClass::in_place) return;
  const auto equal = [](const Version& a, const Version& b) { return same_bytes(a.file, b.file); };
  const auto end = std::unique(story_.versions.begin(), story_.versions.end(), equal);
  story_.versions.erase(end, story_.versions.end());
}

std::optional<PathStory> StoryTeller::tell() {
  collect();
  current_ = resolve();
  if (current_ != no_inode) story_.inodes.push_back(current_);
  observe(true);
  for (std::size_t i = 0; i < relevant_.size(); ++i) {
    const auto before = std::pair(current_, generation());
    apply(relevant_[i]);
    const std::size_t end = call_end(relevant_[i]);
    if (before != std::pair(current_, generation())) changed_at_ = end + 1;
    if (is_instant(i, end)) observe(false);
  }
  observe(true);
  const auto is_directory = [&](const Version& version) {
    return version.inode != no_inode && log_.inodes.at(version.inode).type == FileType::directory;
  };
  if (std::any_of(story_.versions.begin(), story_.versions.end(), is_directory)) return {};
  std::sort(story_.inodes.begin(), story_.inodes.end());
  story_.inodes.erase(std::unique(story_.inodes.begin(), story_.inodes.end()), story_.inodes.end());
  for (const InodeId inode : story_.inodes) {
    for (const std::size_t at : index_.contents.at(inode)) {
      const OperationKind kind = log_.operations[at].kind;
      if (kind != OperationKind::sync_file && kind != OperationKind::sync_data) continue;
      story_.synced = true;
      story_.syncs.push_back(at);
    }
  }
  // A sync that failed was a try all the same.
  for (const InodeId inode : index_.failed_syncs) {
    story_.synced = story_.synced || std::ranges::binary_search(story_.inodes, inode);
  }
  story_.syncs.insert(story_.syncs.end(), index_.syncs_of_all.begin(), index_.syncs_of_all.end());
  std::sort(story_.syncs.begin(), story_.syncs.end());
  classify();
  fill_versions();
  merge_equal_versions();
  return std::move(story_);
}

}  // namespace

std::size_t PathStory::version_at(std::size_t count) const noexcept {
  const auto later = std::upper_bound(
      versions.begin(), versions.end(), count,
      [](std::size_t wanted, const Version& version) { return wanted < version.since; });
  return static_cast<std::size_t>(later - versions.begin()) - 1;
}

std::uint64_t PathStory::size_at(std::size_t count) const noexcept {
  const auto later = std::upper_bound(
      sizes.begin(), sizes.end(), count,
      [](std::size_t wanted, const auto& change) { return wanted < change.first; });
  return later == sizes.begin() ? versions.front().size : std::prev(later)->second;
}

std::optional<PathStory::InFlight> PathStory::in_flight_at(std::size_t count) const noexcept {
  const auto next = std::lower_bound(syncs.begin(), syncs.end(), count);
  if (next == syncs.end()) return {};
  const std::uint64_t settled =
      next == syncs.begin() ? versions.front().size : size_at(*std::prev(next));
  return InFlight{settled, size_at(*next)};
}

std::vector<PathStory> tell_stories(const crash::History& history,
                                    const std::vector<crash::Path>& paths) {
  const LogIndex index(history.log());
  std::vector<PathStory> stories;
  for (const crash::Path& path : paths) {
    if (auto story = StoryTeller(history, index, path).tell()) stories.push_back(*std::move(story));
  }
  return stories;
}

}  // namespace untorn::prove
