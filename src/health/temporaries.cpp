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
// changed.
#include "health/temporaries.h"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <thread>
#include <utility>

#include "filesystem/same_file.h"
#include "health/words.h"
#include "write/target.h"
#include "write/temporary.h"

namespace untorn::health {
namespace {

constexpr std::string_view set_aside_prefix = ".untorn-set-aside-";
constexpr std::int64_t nanoseconds_per_second = 1'000'000'000;
constexpr std::int64_t young_s = 2;
constexpr std::chrono::milliseconds second_look_after{20};
// A writer on another machine rarely takes longer over one file.
constexpr std::int64_t unknown_old_s = 86'400;

bool has_shape(std::string_view name, std::string_view prefix) {
  constexpr std::size_t digits = 32;
  if (name.size() != prefix.size() + digits || !name.starts_with(prefix)) return false;
  return std::ranges::all_of(name.substr(prefix.size()), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

std::int64_t clock_ns(clockid_t id) {
  timespec now = {};
  if (clock_gettime(id, &now) != 0) return 0;
  return std::int64_t{now.tv_sec} * nanoseconds_per_second + now.tv_nsec;
}

class Judge {
 public:
  Judge(FileSystem& fs, const TemporaryPlace& place, const RepairPolicy& policy, const Clock& clock)
      : fs_(fs), place_(place), policy_(policy), clock_(clock) {}

  std::optional<Problem> run() {
    Look look = look_once();
    if (look.state == State::unlocked && is_young(look.status)) {
      look.file.reset();
      clock_.pause(second_look_after);
      look = look_once();
    }
    switch (look.state) {
      case State::not_ours:
        return std::nullopt;
      case State::locked:
        return alive(look.status);
      case State::unlocked:
        return dead(look);
      case State::unknown:
        return unknown(look);
    }
    return std::nullopt;
  }

 private:
  enum class State : std::uint8_t { not_ours, locked, unlocked, unknown };
  struct Look {
    State state = State::not_ours;
    OwnedHandle file = {};  // holds the lock when unlocked
    Status status = {};
    bool seen = true;      // there is a status
    std::string why = {};  // of unknown
  };

  // Opens it, looks, and tries the lock.
  Look look_once() {
    const auto named = fs_.status_at(place_.folder, place_.name);
    if (!named) return unseen(named.error());
    if (named->type != FileType::regular) return {};
    auto opened = fs_.open(place_.folder, place_.name,
                           {.access = Access::read, .follow = false, .nonblocking = true});
    if (!opened) {
      const int os_errno = number(opened.error());
      if (os_errno == ENOENT || os_errno == ELOOP) return {};
      return {.state = State::unknown,
              .status = *named,
              .why = "it cannot be opened to try its lock: " + reason_of(os_errno)};
    }
    Look look = {.file = OwnedHandle(fs_, *opened)};
    const auto status = fs_.status(*opened);
    if (!status) return unseen(status.error());
    if (status->type != FileType::regular) return {};
    look.status = *status;
    if (!policy_.why_not.empty()) {
      look.state = State::unknown;
      look.why = policy_.why_not;
      return look;
    }
    const auto locked = fs_.lock(*opened, LockMode::shared);
    if (locked) {
      look.state = State::unlocked;
    } else if (number(locked.error()) == EWOULDBLOCK) {
      look.state = State::locked;
    } else {
      look.state = State::unknown;
      look.why = "its lock cannot be tried: " + reason_of(number(locked.error()));
    }
    return look;
  }

  // Gone, or nobody can say what it is.
  static Look unseen(Errno os_errno) {
    if (number(os_errno) == ENOENT) return {};
    return {.state = State::unknown,
            .seen = false,
            .why = "it cannot be looked at: " + reason_of(number(os_errno))};
  }

  [[nodiscard]] std::int64_t age_s(std::int64_t instant_ns) const {
    return std::max<std::int64_t>(clock_.now_ns() - instant_ns, 0) / nanoseconds_per_second;
  }
  [[nodiscard]] bool is_young(const Status& status) const {
    return age_s(std::max(status.modified_ns, status.changed_ns)) < young_s;
  }

  [[nodiscard]] Problem problem_of(const Status& status, Owner owner) const {
    return {.kind = Kind::stale_temporary,
            .severity = Severity::info,
            .path = place_.path,
            .detail = {},
            .repair = {},
            .temporary = TemporaryFacts{
                .owner = owner, .size_bytes = status.size, .age_s = age_s(status.modified_ns)}};
  }

  static std::string facts(const TemporaryFacts& facts) {
    return size_words(facts.size_bytes) + ", last written " + age_words(facts.age_s) + " ago";
  }

  [[nodiscard]] Problem alive(const Status& status) const {
    Problem problem = problem_of(status, Owner::alive);
    problem.detail = "a writer is at work on it (" + facts(*problem.temporary) + ")";
    problem.repair = "nothing to do: the writer publishes or removes it";
    return problem;
  }

  [[nodiscard]] Problem unknown(const Look& look) const {
    Problem problem = problem_of(look.status, Owner::unknown);
    if (!look.seen) {
      problem.severity = Severity::warning;
      problem.temporary->age_s = 0;
      problem.detail = "its writer may be alive or gone";
      problem.repair = "left alone: " + look.why;
      return problem;
    }
    problem.severity =
        problem.temporary->age_s >= unknown_old_s ? Severity::warning : Severity::info;
    problem.detail = "its writer may be alive or gone (" + facts(*problem.temporary) + ")";
    problem.repair = "left alone: " + look.why;
    return problem;
  }

  Problem dead(const Look& look) {
    Problem problem = problem_of(look.status, Owner::dead);
    problem.severity = Severity::warning;
    problem.detail =
        "its writer is gone and never published it (" + facts(*problem.temporary) + ")";
    if (look.status.links > 1) {
      problem.repair = "left alone: the file has " + std::to_string(look.status.links) +
                       " names; if one of them is the name it was meant for, remove this one";
      return problem;
    }
    const bool keeps = keeps_content(look.status);
    if (!policy_.may_repair()) {
      problem.repair = keeps ? "--repair sets it aside: a power cut may have taken it from a name"
                             : "--repair removes it";
      return problem;
    }
    const auto named = fs_.status_at(place_.folder, place_.name);
    if (!named && number(named.error()) != ENOENT) {
      problem.repair = "could not be looked at once more: " + reason_of(number(named.error()));
    } else if (!named || !same_file(*named, look.status)) {
      report_gone(problem);
    } else if (keeps) {
      set_aside(problem);
    } else {
      remove(problem);
    }
    return problem;
  }

  static void report_gone(Problem& problem) {
    problem.repair = "somebody else has removed it";
    problem.repaired = true;
  }

  // Whether it may hold the only copy of something that readers have seen.
  [[nodiscard]] bool keeps_content(const Status& status) const {
    if (status.size == 0) return false;
    const std::int64_t changed = status.changed_ns;
    return changed < clock_.started_ns() || changed > clock_.now_ns();
  }

  void remove(Problem& problem) {
    const auto removed = fs_.unlink(place_.folder, place_.name);
    if (removed || number(removed.error()) == ENOENT) {
      problem.repair = "removed";
      problem.repaired = true;
      if (const auto counters = policy_.counted()) counters->count_swept(1);
    } else {
      problem.repair = "could not be removed: " + reason_of(number(removed.error()));
    }
  }

  void set_aside(Problem& problem) {
    const std::string name =
        std::string(set_aside_prefix) + place_.name.substr(write::temporary_prefix.size());
    const auto renamed =
        fs_.rename(place_.folder, place_.name, place_.folder, name, RenameMode::no_replace);
    if (renamed) {
      problem.repair = "set aside as " + name;
      problem.repaired = true;
      if (const auto counters = policy_.counted()) counters->count_set_aside(1);
    } else if (number(renamed.error()) == ENOENT) {
      report_gone(problem);
    } else {
      problem.repair = "could not be set aside: " + reason_of(number(renamed.error()));
    }
  }

  FileSystem& fs_;
  const TemporaryPlace& place_;
  const RepairPolicy& policy_;
  const Clock& clock_;
};

}  // namespace

bool is_temporary_name(std::string_view name) noexcept {
  return has_shape(name, write::temporary_prefix);
}

bool is_set_aside_name(std::string_view name) noexcept {
  return has_shape(name, set_aside_prefix);
}

Clock system_clock() {
  return {.now_ns = [] { return clock_ns(CLOCK_REALTIME); },
          .started_ns = [] { return clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME); },
          .pause = [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }};
}

std::optional<Problem> judge_temporary(FileSystem& fs, const TemporaryPlace& place,
                                       const RepairPolicy& policy, const Clock& clock) {
  return Judge(fs, place, policy, clock).run();
}

}  // namespace untorn::health
