// SPDX-License-Identifier: Apache-2.0
//
// An operation log in which a file that the program changed under its own name is replaced instead:
// each time its content had come to rest, a temporary is written, synced, renamed over the name,
// and the directory synced.
//
//   R1. The new log puts the same bytes under the name at the same instants: at the end of each
//       session of writing, before each acknowledgement, and before each change of the name itself.
//   R2. The program's own writes, truncations and syncs of the file are gone, as are its creation
//       and everything else that only the old way of writing needs.
//   R3. Nothing else of the log changes; operations on the file that stay are now about what
//       stands under the name.
//
// Threads: pure functions. Cost: a copy of the log, and the whole file for each replacement, at
// most `replaced_bytes_max` in all.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>

#include "crash/engine.h"
#include "prove/judge/versions.h"
#include "prove/repair/virtual_syncs.h"

namespace untorn::prove {

inline constexpr std::uint64_t replaced_bytes_max = std::uint64_t{64} << 20U;
inline constexpr std::size_t replacements_max = 256;

struct VirtualReplace {
  EditedLog edited;
  std::size_t first = 0;  // the first operation of the old log that is done by replacing now
};

// Nothing where it cannot be said what the program would do: the file has more than one name or
// moves while it lives, its changes could not be recorded, or there is too much of it.
[[nodiscard]] std::optional<VirtualReplace> replace_in_place(const crash::History& history,
                                                             const PathStory& story);

}  // namespace untorn::prove
