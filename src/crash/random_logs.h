// SPDX-License-Identifier: Apache-2.0
//
// For tests: logs of random programs, small enough for brute force.
#pragma once
#include <functional>

#include "filesystem/operation_log.h"

namespace untorn::crash {

// A hundred cases of so many programs each; the property asserts with RC_ASSERT, and a case that
// fails is made smaller.
void random_logs(int programs_per_case, const std::function<void(const OperationLog&)>& property);

}  // namespace untorn::crash
