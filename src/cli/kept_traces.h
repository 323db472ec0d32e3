// SPDX-License-Identifier: Apache-2.0
//
// Records of violated runs, kept so that a replay token is enough on the same machine:
// $XDG_CACHE_HOME/untorn/traces, else ~/.cache/untorn/traces. Files of mode 0600 in folders of mode
// 0700; the newest 32 stay. A cache: nothing is synced, and anything may be removed at any time.
//
// Threads: one thread. Several processes may keep traces at once.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "untorn/error.h"

namespace untorn::cli {

inline constexpr std::uint64_t kept_trace_bytes_max = std::uint64_t{16} << 20U;

// Where a trace of that name is or would be; "" if the environment names no home.
[[nodiscard]] std::string kept_trace_path(std::string_view name);

// Keeps `bytes` under `name` and removes the oldest beyond the limit. Errors: not_found without a
// home; those of replace_file.
[[nodiscard]] Result<void> keep_trace(std::string_view name, std::string_view bytes);

}  // namespace untorn::cli
