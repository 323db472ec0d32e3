// SPDX-License-Identifier: Apache-2.0
//
// For tests: every crash state by brute force, written from the rules of docs/internals/
// crash-model.md alone and sharing nothing with the engine. It tries every crash point, every
// subset of micro-operations and every tear, so it is good for small logs only.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "crash/engine.h"
#include "filesystem/operation_log.h"

namespace untorn::crash {

// path -> kind and content, such as "file abc", "directory", "link target".
using NaiveTree = std::map<std::string, std::string>;

struct NaiveState {
  NaiveTree tree;
  std::size_t acknowledged = 0;  // acknowledgements before the crash point

  auto operator<=>(const NaiveState&) const = default;
};

[[nodiscard]] std::string naive_entry(FileType type, std::string_view content);

[[nodiscard]] std::set<NaiveState> naive_power_states(const OperationLog& log,
                                                      Model model = Model::portable);
// The states of the ends of the epochs, counted once for each different choice that can be seen.
[[nodiscard]] std::uint64_t naive_power_count(const OperationLog& log,
                                              Model model = Model::portable);
[[nodiscard]] std::set<NaiveState> naive_kill_states(const OperationLog& log);
// Micro-operations of the log: what decides whether it is small enough.
[[nodiscard]] std::size_t naive_size(const OperationLog& log);

}  // namespace untorn::crash
