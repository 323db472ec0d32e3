// SPDX-License-Identifier: Apache-2.0
//
// What a crash left of a transaction, looked at without changing anything: for `untorn doctor`.
//
//   UNTORN_TRY(auto found, transaction::inspect_transaction(fs, "project"));
//   if (found.state == transaction::InspectedState::roll_forward) …  // Transaction::begin repairs
//
// The tree's lock is taken for the look, shared and without waiting: while a transaction runs
// (state `running`) nothing can be told. Repair is recover_transactions().
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn::transaction {

enum class InspectedState : std::uint8_t {
  none,          // nothing was interrupted
  running,       // someone holds the lock: what lies there belongs to a live transaction
  roll_forward,  // an intent of this tree: a recovery would carry out what is left of it
  discard,       // temporaries of a commit that never reached its commit point
  foreign,       // an intent of another tree: a recovery would set it aside
  damaged,       // an intent that cannot be read: a recovery refuses, a person must decide
  newer,         // an intent of a newer format: the same
};
[[nodiscard]] std::string_view to_string(InspectedState) noexcept;

struct Inspection {
  InspectedState state = InspectedState::none;
  std::vector<std::string> paths;      // what the operations change, of roll_forward and foreign
  std::vector<std::string> staged;     // paths of temporaries that belong to it and are there
  std::vector<std::string> set_aside;  // paths of intents that were set aside before
};

[[nodiscard]] Result<Inspection> inspect_transaction(FileSystem& fs, const std::string& root);

// Does this file, with the name of a temporary (is_staged_name() in paths.h), belong to no live
// transaction and to no intent, set aside or not, of any tree that holds it? Then nobody ever
// committed its content, and it may be removed. Trees are looked for from `directory` upward, as
// far as the file system goes. Where locks are not trusted the answer is no.
[[nodiscard]] Result<bool> is_abandoned(FileSystem& fs, Handle directory, const std::string& name);

}  // namespace untorn::transaction
