// SPDX-License-Identifier: Apache-2.0
//
// The report of a run of the lab as text: JSON for machines, one object a line.
#pragma once
#include <string>

#include "tests/crash/blockdev/lab.h"
#include "tests/crash/blockdev/soundness.h"

namespace untorn::lab {

// One object: {"file_system": …, "rows": [{"workload": …, "states": …}, …],
// "models": [{"model": …, "asked": …, "outside": …}, …]}.
[[nodiscard]] std::string to_json(const LabReport& report, const Soundness& soundness);

}  // namespace untorn::lab
