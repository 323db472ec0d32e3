// SPDX-License-Identifier: Apache-2.0
#include "untorn/counters.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <utility>

#include "base/try.h"
#include "counters/counter_folder.h"
#include "counters/fork_count.h"
#include "counters/layout.h"
#include "filesystem/same_file.h"

namespace untorn {

using counters::CounterFolder;
using counters::fork_count;
using counters::OpenedFile;
namespace slot = counters::slot;

// A child of fork(2) has the mapping and the lock of its parent. What it counts would be its
// parent's, and its parent's file would seem alive as long as the child: so the first event in a
// child gives both up and begins a file of its own. If that fails, the child counts nothing.
struct Counters::State {
  FileSystem& fs;
  std::string path;  // for messages
  OwnedHandle folder;
  Status folder_status;
  OpenedFile file;

  // fork_count() of the process that `file` belongs to, or is about to.
  std::atomic<std::uint64_t> claimed{};
  std::atomic<std::uint64_t> ready{};

  void add(std::size_t place, std::uint64_t value) noexcept;
  void add_duration(std::size_t buckets, std::size_t sum,
                    std::chrono::nanoseconds duration) noexcept;
  [[nodiscard]] bool is_still_named() const;

 private:
  void follow_fork(std::uint64_t forks) noexcept;
  [[nodiscard]] bool is_folder_still_ours() const;
};

// Handles are numbers, and a child may have closed all that it did not know.
bool Counters::State::is_folder_still_ours() const {
  auto status = fs.status(folder.get());
  return status && same_file(*status, folder_status);
}

bool Counters::State::is_still_named() const {
  if (file.mapping.bytes.empty()) return false;
  auto named = fs.status_at(folder.get(), file.name);
  auto held = fs.status(file.handle.get());
  return named && held && named->inode == held->inode;
}

void Counters::State::follow_fork(std::uint64_t forks) noexcept {
  std::uint64_t before = claimed.load();
  while (before != forks && !claimed.compare_exchange_weak(before, forks)) {
  }
  if (before == forks) {  // another thread of this child is at it
    for (std::uint64_t seen = ready.load(); seen != forks; seen = ready.load()) ready.wait(seen);
    return;
  }
  const bool ours = is_folder_still_ours();
  if (ours) {
    file.handle.reset();
  } else {
    (void)file.handle.release();  // its number may be another file's now
    (void)folder.release();
  }
  file = {};
  if (ours) {
    if (auto begun = counters::begin_file(fs, folder.get(), path)) file = std::move(*begun);
  }
  ready.store(forks);
  ready.notify_all();
}

void Counters::State::add(std::size_t place, std::uint64_t value) noexcept {
  const std::uint64_t forks = fork_count();
  if (ready.load(std::memory_order_acquire) != forks) follow_fork(forks);
  if (file.mapping.bytes.empty()) return;
  std::byte* bytes = file.mapping.bytes.data() + counters::header_bytes + place * sizeof(value);
  std::atomic_ref(*reinterpret_cast<std::uint64_t*>(bytes))
      .fetch_add(value, std::memory_order_relaxed);
}

void Counters::State::add_duration(std::size_t buckets, std::size_t sum,
                                   std::chrono::nanoseconds duration) noexcept {
  const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
  const auto& bounds = DurationCounts::bounds_ns;
  const auto bucket = std::ranges::lower_bound(bounds, ns) - bounds.begin();
  add(buckets + static_cast<std::size_t>(bucket), 1);
  add(sum, ns);
}

namespace {

// The counters of this process by their folder, so that many users of one tree share a file.
using Place = std::tuple<FileSystem*, std::uint64_t, std::uint64_t>;
using Opened = std::map<Place, std::weak_ptr<Counters>>;

Opened& opened_here() {
  static Opened& instance = *new Opened;  // never destroyed: it may be asked while the process ends
  return instance;
}

}  // namespace

Counters::Counters(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Counters::~Counters() = default;

Result<std::shared_ptr<Counters>> Counters::open(FileSystem& fs,
                                                 const std::filesystem::path& tree) {
  UNTORN_TRY(CounterFolder folder, CounterFolder::make(fs, tree));
  const std::unique_lock<std::mutex> lock = counters::lock_across_forks();
  std::erase_if(opened_here(), [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<Counters>& known =
      opened_here()[{&fs, folder.status().device, folder.status().inode}];
  std::shared_ptr<Counters> shared = known.lock();
  if (shared && shared->state_->is_still_named()) return shared;
  (void)folder.fold_if_many();  // if not, somebody will: this process has its own file in any case
  UNTORN_TRY(OpenedFile file, counters::begin_file(fs, folder.handle(), tree.native()));
  const Status status = folder.status();
  const std::uint64_t forks = fork_count();
  auto state = std::unique_ptr<State>(new State{.fs = fs,
                                                .path = tree.native(),
                                                .folder = folder.release(),
                                                .folder_status = status,
                                                .file = std::move(file),
                                                .claimed = forks,
                                                .ready = forks});
  shared = std::shared_ptr<Counters>(new Counters(std::move(state)));
  known = shared;
  return shared;
}

Result<std::shared_ptr<Counters>> Counters::open(const std::filesystem::path& tree) {
  return open(posix_file_system(), tree);
}

void Counters::count_commit(Durability achieved, Outcome outcome, std::uint64_t bytes,
                            std::chrono::nanoseconds duration) noexcept {
  const auto level = static_cast<std::size_t>(achieved) - 1;
  const auto result = static_cast<std::size_t>(outcome);
  if (level < slot::levels && result < slot::outcomes) {
    state_->add(slot::commits + level * slot::outcomes + result, 1);
  }
  state_->add_duration(slot::commit_buckets, slot::commit_sum_ns, duration);
  if (outcome != Outcome::not_applied) state_->add(slot::bytes, bytes);
}

void Counters::count_sync(std::chrono::nanoseconds duration) noexcept {
  state_->add_duration(slot::sync_buckets, slot::sync_sum_ns, duration);
}

void Counters::count_recovery(RecoveryResult result) noexcept {
  const auto place = static_cast<std::size_t>(result);
  if (place < slot::results) state_->add(slot::recoveries + place, 1);
}

void Counters::count_set_aside(std::uint64_t files) noexcept {
  state_->add(slot::set_aside, files);
}

void Counters::count_torn_lines(std::uint64_t lines) noexcept {
  state_->add(slot::torn_lines, lines);
}

void Counters::count_swept(std::uint64_t files) noexcept {
  state_->add(slot::swept, files);
}

Result<CounterTotals> read_counters(FileSystem& fs, const std::filesystem::path& tree) {
  UNTORN_TRY(const CounterFolder folder, CounterFolder::find(fs, tree));
  (void)folder.fold();  // whoever may not, or finds somebody else at it, reads all the same
  return folder.read();
}

Result<CounterTotals> inspect_counters(FileSystem& fs, const std::filesystem::path& tree) {
  UNTORN_TRY(const CounterFolder folder, CounterFolder::find(fs, tree));
  return folder.read();
}

}  // namespace untorn
