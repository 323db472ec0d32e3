// SPDX-License-Identifier: Apache-2.0
//
// Calls of functions that may be the project's own, with the paths and modes that they are given.
//
//   std::optional<Call> call = read_call(evaluator, node);
//
// Recorded are calls with an argument that may name a file, is a mode, or is an open temporary:
// what else is called cannot write where the caller says.
#pragma once
#include <optional>

#include "languages/facts.h"
#include "languages/python/evaluator.h"

namespace untorn::languages {

[[nodiscard]] std::optional<Call> read_call(Evaluator& evaluator, NodeId node);

}  // namespace untorn::languages
