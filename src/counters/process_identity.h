// SPDX-License-Identifier: Apache-2.0
//
// Who this process is, so that a person can tell whose counters a file holds.
#pragma once
#include "counters/layout.h"

namespace untorn::counters {

// Reads /proc; what it does not tell stays empty.
[[nodiscard]] ProcessIdentity this_process();

}  // namespace untorn::counters
