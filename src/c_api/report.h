// SPDX-License-Identifier: Apache-2.0
//
// Lists of what was found, made of the library's own reports.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "c_api/objects.h"

namespace untorn::c_api {

using Report = std::unique_ptr<untorn_report>;

void append(untorn_report& report, untorn_finding finding, const std::vector<std::string>& paths);

// To the caller if it is wanted.
void hand_over(Report report, untorn_report** into) noexcept;

}  // namespace untorn::c_api
