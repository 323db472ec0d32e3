// SPDX-License-Identifier: Apache-2.0
//
// The checks that need nothing but the bytes of one path: atomic, durable, lines, no-litter.
//
// Threads: pure functions of their arguments.
#pragma once
#include <cstddef>
#include <optional>
#include <vector>

#include "crash/engine.h"
#include "prove/judge/state_file.h"
#include "prove/judge/versions.h"
#include "prove/prove.h"

namespace untorn::prove {

// Class whole: is the file one of its versions? Class log: is it a prefix of its last version? A
// record that the program was about to sync when the cut came, after operations [0, begun), may
// still be NUL bytes: every append passes through that state on ext4, so its reader has to skip it.
// Nothing when the state is good.
[[nodiscard]] std::optional<Observed> check_atomic(const PathStory& story, const StateFile& file,
                                                   std::size_t begun);

// Does the file hold what was current after operations [0, count), when an acknowledgement was
// given? Class whole: that version or a newer one. Class log: that many bytes or more.
[[nodiscard]] std::optional<Observed> check_durable(const PathStory& story, const StateFile& file,
                                                    std::size_t count);

// Does a log end with a whole line?
[[nodiscard]] std::optional<Observed> check_lines(const PathStory& story, const StateFile& file);

// A path that is there neither before nor after the run must not be there.
[[nodiscard]] std::optional<Observed> check_no_litter(const StateFile& file);

}  // namespace untorn::prove
