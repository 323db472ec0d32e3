// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>

#include "crash/engine.h"

namespace untorn::prove {

// What a path leads to in a state: nothing, or a file.
using StateFile = std::optional<crash::History::File>;

// Nothing twice, or one type with the same bytes; inodes and modes may differ.
[[nodiscard]] inline bool same_bytes(const StateFile& a, const StateFile& b) {
  if (!a || !b) return !a && !b;
  return a->type == b->type && a->content.text() == b->content.text();
}

}  // namespace untorn::prove
