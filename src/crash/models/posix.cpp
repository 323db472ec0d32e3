// SPDX-License-Identifier: Apache-2.0
//
// What POSIX does not forbid, where no file system is known: `portable` and what no journal
// prevents. The choices are those of ALICE's default model (Pillai et al., OSDI 2014), made for
// file systems that may come.
//
//  O1 A rename is not atomic: what it replaces is removed, the old name is removed, the new name is
//     set, each on its own; only of the new name is removed before set. So the name may be missing,
//     or both names there. An exchange sets its two names each on its own.
//  O2 A block that was added to a file and not written yet may hold garbage: that of a file which
//     lay there before. Zeros remain possible.
#include "crash/models/rules.h"

namespace untorn::crash {

const Rules posix_rules = {.renames = Renames::halved, .garbage_in_new_blocks = true};

}  // namespace untorn::crash
