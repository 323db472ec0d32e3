// SPDX-License-Identifier: Apache-2.0
//
// Invariants:
// T1  Only a regular file under a name of our shape is a temporary; what is open is what counts.
// T2  A temporary is dead only while we hold its lock. A writer holds it exclusively from before
//     it has content until it is published or removed.
// T3  A writer may be between making and locking. We let a young temporary go, wait and look again:
//     a writer that met our lock has given its temporary up, one that did not holds it now. Should
//     it be neither, and we remove its empty file, it finds the name gone and makes another.
// T4  It is removed or renamed only under its lock, while the name still leads to it and no other
//     name does.
// T5  Content that a power cut may have taken back from a name is set aside, never removed.
// T6  Where a lock may not tell (no locks, a network, a kind that is not known), nothing is
//     changed.
#include "write/temporary_judge.h"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <thread>
#include <utility>

#include "filesystem/same_file.h"
#include "write/temporary_name.h"

namespace untorn::write {
namespace {

constexpr std::int64_t nanoseconds_per_second = 1'000'000'000;
constexpr std::int64_t young_s = 2;
constexpr std::chrono::milliseconds second_look_after{20};

std::int64_t clock_ns(clockid_t id) {
  timespec now = {};
  if (clock_gettime(id, &now) != 0) return 0;
  return std::int64_t{now.tv_sec} * nanoseconds_per_second + now.tv_nsec;
}

class Judge {
 public:
  Judge(FileSystem& fs, const TemporaryRequest& request, const Clock& clock)
      : fs_(fs), request_(request), clock_(clock) {}

  TemporaryJudgement run() {
    OwnedHandle file = look();
    if (result_.state == TemporaryState::dead && changed_age_s() < young_s) {
      file.reset();
      clock_.pause(second_look_after);
      file = look();
    }
    if (result_.state == TemporaryState::dead) settle();
    return std::move(result_);
  }

 private:
  // Opens it, looks, and tries the lock, which the result holds if it is dead.
  [[nodiscard]] OwnedHandle look() {
    result_ = {};
    const auto named = fs_.status_at(request_.folder, request_.name);
    if (!named) return obstructed(Obstacle::look, named.error());
    if (named->type != FileType::regular) return {};
    see(*named);
    auto opened = fs_.open(request_.folder, request_.name,
                           {.access = Access::read, .follow = false, .nonblocking = true});
    if (!opened) {
      if (number(opened.error()) == ELOOP) return {};
      return obstructed(Obstacle::open, opened.error());
    }
    OwnedHandle file(fs_, *opened);
    const auto status = fs_.status(*opened);
    if (!status) {
      result_ = {};
      return obstructed(Obstacle::look, status.error());
    }
    if (status->type != FileType::regular) return {};
    see(*status);
    if (!request_.locks_tell) return obstructed(Obstacle::policy, Errno{});
    const auto locked = fs_.lock(*opened, LockMode::shared);
    if (!locked) {
      if (number(locked.error()) != EWOULDBLOCK) return obstructed(Obstacle::lock, locked.error());
      result_.state = TemporaryState::alive;
      return {};
    }
    result_.state = TemporaryState::dead;
    return file;
  }

  void see(const Status& status) {
    result_.seen = true;
    result_.status = status;
    result_.age_s = age_s(status.modified_ns);
  }

  // Gone, or nobody can say what it is.
  [[nodiscard]] OwnedHandle obstructed(Obstacle obstacle, Errno os_errno) {
    if (is_missing(os_errno)) return {};
    result_.state = TemporaryState::unknown;
    result_.obstacle = obstacle;
    result_.os_errno = number(os_errno);
    return {};
  }

  [[nodiscard]] std::int64_t age_s(std::int64_t instant_ns) const {
    return std::max<std::int64_t>(clock_.now_ns() - instant_ns, 0) / nanoseconds_per_second;
  }
  // By the change time: the time of the last write may be set to anything by anyone.
  [[nodiscard]] std::int64_t changed_age_s() const { return age_s(result_.status.changed_ns); }
  [[nodiscard]] bool changes_in_the_future() const {
    return result_.status.changed_ns > clock_.now_ns();
  }

  // Whether it may hold the only copy of something that readers have seen.
  [[nodiscard]] bool keeps_content() const {
    if (result_.status.size == 0) return false;
    return result_.status.changed_ns < clock_.started_ns() || changes_in_the_future();
  }

  // A dead one, under its lock.
  void settle() {
    if (result_.status.links > 1) {
      result_.removal = Removal::linked;
      return;
    }
    result_.keeps_content = keeps_content();
    if (!request_.remove) return;
    if (std::chrono::seconds(changed_age_s()) < request_.older_than && !changes_in_the_future()) {
      result_.removal = Removal::young;
      return;
    }
    const auto named = fs_.status_at(request_.folder, request_.name);
    if (!named && !is_missing(named.error())) {
      fail(Removal::look_failed, named.error());
    } else if (!named || !same_file(*named, result_.status)) {
      result_.removal = Removal::gone;
    } else if (result_.keeps_content) {
      set_aside();
    } else {
      remove();
    }
  }

  void fail(Removal removal, Errno os_errno) {
    result_.removal = removal;
    result_.os_errno = number(os_errno);
  }

  void remove() {
    const auto removed = fs_.unlink(request_.folder, request_.name);
    if (!removed && !is_missing(removed.error())) {
      fail(Removal::remove_failed, removed.error());
    } else {
      result_.removal = Removal::removed;
    }
  }

  void set_aside() {
    std::string name =
        std::string(set_aside_prefix) + request_.name.substr(temporary_prefix.size());
    const auto renamed =
        fs_.rename(request_.folder, request_.name, request_.folder, name, RenameMode::no_replace);
    if (renamed) {
      result_.removal = Removal::set_aside;
      result_.set_aside_as = std::move(name);
    } else if (is_missing(renamed.error())) {
      result_.removal = Removal::gone;
    } else {
      fail(Removal::set_aside_failed, renamed.error());
    }
  }

  FileSystem& fs_;
  const TemporaryRequest& request_;
  const Clock& clock_;
  TemporaryJudgement result_;
};

}  // namespace

Clock system_clock() {
  return {.now_ns = [] { return clock_ns(CLOCK_REALTIME); },
          .started_ns = [] { return clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME); },
          .pause = [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }};
}

std::string why_locks_do_not_tell(const FileSystemKind& kind) {
  if (kind.network) return "locks of other machines may not be seen on " + kind.name;
  if (locks_are_trusted(kind)) return {};
  return "locks are not known to work on a file system of kind " + kind.name;
}

TemporaryJudgement judge_temporary(FileSystem& fs, const TemporaryRequest& request,
                                   const Clock& clock) {
  return Judge(fs, request, clock).run();
}

}  // namespace untorn::write
