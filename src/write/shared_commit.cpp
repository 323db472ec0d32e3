// SPDX-License-Identifier: Apache-2.0
#include "write/shared_commit.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <optional>
#include <set>
#include <vector>

#include "counters/timing.h"
#include "filesystem/fork_guard.h"

namespace untorn::write {
namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds slow_min = std::chrono::microseconds(300);
constexpr nanoseconds patience = std::chrono::seconds(1);  // between two looks at a longer wait
constexpr std::size_t mounts_max = 64;
constexpr int average_weight = 4;  // the newest counts one fourth
constexpr int gather_part = 3;

struct Member {
  Handle directory = Handle::none;
  SystemResult<void> result;
};

struct Group {
  std::vector<Member> members;
  bool done = false;
};

SystemResult<void> sync(FileSystem& fs, Handle handle, Counters* counters, FinalSyncResult& made) {
  ++made.syncs;
  return counters::timed_sync(counters, [&] { return fs.sync(handle); });
}

// One replacement by itself.
FinalSyncResult sync_one(FileSystem& fs, const FinalSync& request) {
  FinalSyncResult made;
  made.commits = 1;
  made.file = sync(fs, request.file, request.counters, made);
  if (made.file) made.directory = sync(fs, request.directory, request.counters, made);
  return made;
}

// S3. Two handles may be of one directory.
FinalSyncResult sync_group(FileSystem& fs, const FinalSync& request, Group& group) {
  FinalSyncResult made;
  made.commits = 1;
  made.shared = true;
  std::map<std::pair<std::uint64_t, std::uint64_t>, SystemResult<void>> synced;
  for (Member& member : group.members) {
    const auto status = fs.status(member.directory);
    if (!status) {
      member.result = sync(fs, member.directory, request.counters, made);
      continue;
    }
    const std::pair identity(status->device, status->inode);
    auto known = synced.find(identity);
    if (known == synced.end()) {
      auto result = sync(fs, member.directory, request.counters, made);
      known = synced.emplace(identity, std::move(result)).first;
    }
    member.result = known->second;
  }
  made.directory = group.members.front().result;
  return made;
}

}  // namespace

GatherClock::Instant GatherClock::now() {
  return std::chrono::steady_clock::now();
}

void GatherClock::wait_until(std::condition_variable& changed, std::unique_lock<std::mutex>& lock,
                             Instant until) {
  changed.wait_until(lock, until);
}

struct SharedCommits::Mount {
  std::mutex mutex;
  std::condition_variable changed;
  nanoseconds average{0};       // of a final sync
  std::size_t expected = 1;     // as many as were active last time
  bool syncing = false;         // a group is being synced
  std::shared_ptr<Group> open;  // who joins now

  // With the mutex held.
  void measured(nanoseconds duration) {
    average += (duration - average) / (average == nanoseconds(0) ? 1 : average_weight);
  }
  [[nodiscard]] FinalSyncResult follow(GatherClock& clock, std::unique_lock<std::mutex>& lock,
                                       Handle directory);
  [[nodiscard]] FinalSyncResult lead(FileSystem& fs, const FinalSync& request, GatherClock& clock,
                                     std::unique_lock<std::mutex>& lock);
  void gather(GatherClock& clock, std::unique_lock<std::mutex>& lock, const Group& group);
};

FinalSyncResult SharedCommits::Mount::follow(GatherClock& clock, std::unique_lock<std::mutex>& lock,
                                             Handle directory) {
  const std::shared_ptr<Group> group = open;
  const std::size_t place = group->members.size();
  group->members.push_back({.directory = directory, .result = {}});
  changed.notify_all();
  while (!group->done) clock.wait_until(changed, lock, clock.now() + patience);
  FinalSyncResult made;
  made.shared = true;
  made.directory = group->members[place].result;
  return made;
}

// S6.
void SharedCommits::Mount::gather(GatherClock& clock, std::unique_lock<std::mutex>& lock,
                                  const Group& group) {
  while (syncing) clock.wait_until(changed, lock, clock.now() + patience);
  const GatherClock::Instant until = clock.now() + average / gather_part;
  while (group.members.size() < expected && clock.now() < until) {
    clock.wait_until(changed, lock, until);
  }
}

FinalSyncResult SharedCommits::Mount::lead(FileSystem& fs, const FinalSync& request,
                                           GatherClock& clock, std::unique_lock<std::mutex>& lock) {
  const auto group = std::make_shared<Group>();
  group->members.push_back({.directory = request.directory, .result = {}});
  open = group;
  gather(clock, lock, *group);
  open.reset();  // S2
  syncing = true;
  lock.unlock();
  const GatherClock::Instant begin = clock.now();
  FinalSyncResult made =
      group->members.size() == 1 ? sync_one(fs, request) : sync_group(fs, request, *group);
  const GatherClock::Instant end = clock.now();
  lock.lock();
  measured(end - begin);
  syncing = false;
  expected = group->members.size() + (open == nullptr ? 0 : open->members.size());
  group->done = true;
  changed.notify_all();
  return made;
}

SharedCommits::~SharedCommits() = default;

std::shared_ptr<SharedCommits::Mount> SharedCommits::mount_of(FileSystem& fs, std::uint64_t mount) {
  const std::lock_guard guard(mutex_);
  if (mounts_.size() >= mounts_max) {
    std::erase_if(mounts_, [](const auto& entry) { return entry.second.use_count() == 1; });
  }
  auto& known = mounts_[{&fs, mount}];
  if (known == nullptr) known = std::make_shared<Mount>();
  return known;
}

FinalSyncResult SharedCommits::settle_alone(FileSystem& fs, const FinalSync& request,
                                            Mount& mount) {
  const GatherClock::Instant begin = clock_.now();
  FinalSyncResult made = sync_one(fs, request);
  const GatherClock::Instant end = clock_.now();
  const std::lock_guard guard(mount.mutex);
  mount.measured(end - begin);
  return made;
}

FinalSyncResult SharedCommits::settle(FileSystem& fs, const FinalSync& request) {
  const std::shared_ptr<Mount> mount = mount_of(fs, request.mount);
  std::unique_lock lock(mount->mutex);
  if (mount->average < slow_min) {
    lock.unlock();
    return settle_alone(fs, request, *mount);
  }
  if (mount->open != nullptr) return mount->follow(clock_, lock, request.directory);
  return mount->lead(fs, request, clock_, lock);
}

// A child of fork(2) may have been made while another thread held a lock of the parent's groups,
// which then nobody gives back: it gets new ones, and the parent's are left where they are.
FinalSyncResult settle_shared(FileSystem& fs, const FinalSync& request) {
  struct Groups {
    GatherClock clock;
    SharedCommits commits{clock};
    std::uint64_t process = process_token();
    Groups* of_parent = nullptr;
  };
  static std::atomic<Groups*> current = nullptr;
  Groups* groups = current.load(std::memory_order_acquire);
  while (groups == nullptr || groups->process != process_token()) {
    auto fresh = std::make_unique<Groups>();
    fresh->of_parent = groups;
    if (current.compare_exchange_strong(groups, fresh.get(), std::memory_order_acq_rel)) {
      groups = fresh.release();
    }
  }
  return groups->commits.settle(fs, request);
}

}  // namespace untorn::write
