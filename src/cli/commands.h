// SPDX-License-Identifier: Apache-2.0
//
// Every command of the tool. Each is made in its own file.
#pragma once
#include "cli/command.h"

namespace untorn::cli {

[[nodiscard]] Command make_append_command();
[[nodiscard]] Command make_apply_command();
[[nodiscard]] Command make_bench_command();
[[nodiscard]] Command make_doctor_command();
[[nodiscard]] Command make_etag_command();
[[nodiscard]] Command make_fix_command();
[[nodiscard]] Command make_pipeline_command();
[[nodiscard]] Command make_prove_command();
[[nodiscard]] Command make_registry_command();
[[nodiscard]] Command make_replay_command();
[[nodiscard]] Command make_scan_command();
[[nodiscard]] Command make_watch_command();
[[nodiscard]] Command make_write_command();

}  // namespace untorn::cli
