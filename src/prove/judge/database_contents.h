// SPDX-License-Identifier: Apache-2.0
//
// Is what a SQLite database had committed before an acknowledgement still there after a crash?
//
// The bytes of the file do not tell: a journal that comes back undoes what they hold, and a log
// holds what they lack. So contents are compared after SQLite's own recovery. What a database may
// hold after an acknowledgement is what a recovery finds after any operation from there on; a crash
// must leave one of these.
//
// Cost: one recovery for each operation that changes the files of the database, when the object is
// made, and one for each state. Threads: an object belongs to one thread; borrows its arguments.
#pragma once
#include <cstddef>
#include <optional>
#include <vector>

#include "base/hash.h"
#include "crash/engine.h"
#include "prove/judge/database_check.h"
#include "prove/prove.h"

namespace untorn::prove {

class DatabaseContents {
 public:
  // More changes than this are not followed; see followed().
  static constexpr std::size_t changes_max = 4096;

  DatabaseContents(const crash::History& history, crash::Path path, DatabaseCheck& check);

  // False if there were too many changes: then nothing is known, and problem() must not be asked.
  [[nodiscard]] bool followed() const noexcept { return followed_; }

  // Does the state hold what was committed after operations [0, count), or something newer?
  // Nothing if so; else old_after_ack, missing, or unparseable if no recovery is possible.
  [[nodiscard]] std::optional<Observed> problem(const crash::CrashState& state,
                                                std::size_t count) const;

 private:
  struct Content {
    std::size_t since = 0;         // operations [0, since) make it
    std::optional<Hash128> bytes;  // after the recovery; nothing if that fails
  };

  crash::Path path_;
  DatabaseCheck& check_;
  std::vector<Content> contents_;
  bool followed_ = true;
};

}  // namespace untorn::prove
