// SPDX-License-Identifier: Apache-2.0
#include "write/plan.h"

namespace untorn::write {
namespace {

bool keeps_nothing(const FileSystemKind& kind) noexcept {
  return kind.volatile_storage;
}

bool may_use_ranges(const FileSystemKind& kind, ProtocolChoice choice) noexcept {
  return choice == ProtocolChoice::automatic && kind.range_sync == RangeSync::before_names;
}

Plan without_power_cuts(const FileSystemKind& kind) noexcept {
  // R5: a server reports a late write error to a sync, and to nothing else.
  return {.before = kind.network ? ContentSync::file : ContentSync::none, .after = {}};
}

}  // namespace

Plan plan_for(const FileSystemKind& kind, Durability level, ProtocolChoice choice) noexcept {
  if (level == Durability::process || keeps_nothing(kind)) return without_power_cuts(kind);
  const bool durable = level == Durability::durable;
  if (may_use_ranges(kind, choice)) {
    // After a fast commit of the file, a sync of the directory would be a full one beside it.
    return {.protocol = Protocol::one_commit,
            .before = ContentSync::range,
            .after = {.file = durable, .directory = durable && !kind.fast_commit},
            .commits = durable ? 1U : 0U};
  }
  return {.protocol = Protocol::classic,
          .before = ContentSync::file,
          .after = {.directory = durable},
          .commits = kind.network ? 0U : (durable ? 2U : 1U)};
}

Plan group_plan_for(const FileSystemKind& kind, Durability level, ProtocolChoice choice) noexcept {
  if (level == Durability::process || keeps_nothing(kind)) return without_power_cuts(kind);
  const bool durable = level == Durability::durable;
  if (may_use_ranges(kind, choice)) {
    return {.protocol = Protocol::one_commit,
            .before = ContentSync::range,
            .after = {.directory = durable},
            .commits = durable ? 1U : 0U};
  }
  if (kind.name == "btrfs") {
    return {.protocol = Protocol::classic,
            .before = ContentSync::all,
            .after = {.all = durable},
            .commits = durable ? 2U : 1U};
  }
  return plan_for(kind, level, ProtocolChoice::classic);  // for each file
}

}  // namespace untorn::write
