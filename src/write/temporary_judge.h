// SPDX-License-Identifier: Apache-2.0
//
// Temporaries that a writer left behind, told from those of a writer that lives. The one judgement
// behind untorn/sweep.h and the doctor.
//
// Why one may be removed: its writer never published it, so no reader saw it and no call returned
// success for it, and a writer that fails or is interrupted removes it itself; removing it finishes
// the clean-up that a kill cut short. One case is different. At the levels below `durable` a call
// may return before its rename is on the disk, and a power cut may then undo the rename: the
// temporary is back and holds content that readers had seen. So a temporary that is older than the
// last start of the system, or has a time that cannot be right, is not removed but set aside,
// unless it is empty.
//
// What this cannot see: a disk that was pulled out and put back while the system ran.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "untorn/filesystem.h"

namespace untorn::write {

// The clock of the machine, replaceable by tests.
struct Clock {
  std::function<std::int64_t()> now_ns;      // since the epoch
  std::function<std::int64_t()> started_ns;  // when the system started, on the same scale
  std::function<void(std::chrono::milliseconds)> pause;
};
[[nodiscard]] Clock system_clock();

// "locks of other machines may not be seen on nfs": why nothing may be changed on this kind of file
// system. Empty where locks are known to keep others away.
[[nodiscard]] std::string why_locks_do_not_tell(const FileSystemKind& kind);

enum class TemporaryState : std::uint8_t {
  not_ours,  // a link, a folder, a device; or gone before it could be judged
  alive,     // its writer holds its lock
  dead,      // nobody does
  unknown,   // nobody can tell: `obstacle`
};

enum class Obstacle : std::uint8_t {
  none,
  look,    // it could not be looked at
  open,    // it could not be opened
  lock,    // its lock could not be tried
  policy,  // locks do not tell anything here
};

// What was done with a dead one.
enum class Removal : std::uint8_t {
  not_asked,
  young,             // younger than asked for
  linked,            // it has other names, one of which may be the one it was meant for
  removed,           //
  set_aside,         // `set_aside_as`
  gone,              // somebody else has removed it meanwhile
  look_failed,       // `os_errno`
  remove_failed,     // `os_errno`
  set_aside_failed,  // `os_errno`
};

struct TemporaryJudgement {
  TemporaryState state = TemporaryState::not_ours;
  Status status;      // as it was when it was judged
  bool seen = false;  // there is a status
  Obstacle obstacle = Obstacle::none;
  int os_errno = 0;
  std::int64_t age_s = 0;      // since it was written last, not below 0
  bool keeps_content = false;  // a removal would set it aside
  Removal removal = Removal::not_asked;
  std::string set_aside_as;
};

struct TemporaryRequest {
  Handle folder = Handle::none;
  const std::string& name;
  bool locks_tell = true;
  bool remove = false;
  std::chrono::seconds older_than{0};  // for the removal; by the last change
};

// Judges it, and removes it if that is asked for. Never waits for a lock, never keeps a writer from
// its work; the lock is held for an instant, shared, so that cleaners do not take each other for
// writers.
[[nodiscard]] TemporaryJudgement judge_temporary(FileSystem& fs, const TemporaryRequest& request,
                                                 const Clock& clock);

}  // namespace untorn::write
