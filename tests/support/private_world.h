// SPDX-License-Identifier: Apache-2.0
//
// Mounts for one test, which nobody else sees and which end with it.
#pragma once
#include <functional>
#include <string>

#include "tests/support/require.h"

namespace untorn::testing {

// Runs `body` in a child process with a mount namespace of its own (and, without root, a user
// namespace). `body` returns "" or what is wrong. Returns what it returned, or how the child died.
[[nodiscard]] std::string in_private_world(const std::function<std::string()>& body);

// Why a private world cannot be had here; "" if it can.
[[nodiscard]] std::string why_no_private_world();

}  // namespace untorn::testing

// Skips the test where there is none.
#define NEED_PRIVATE_WORLD()                                           \
  const std::string why_not = untorn::testing::why_no_private_world(); \
  UNTORN_NEED(why_not.empty(), "namespaces", why_not)

// For the bodies, which report by a sentence: gtest's own checks stay in the parent.
#define DEMAND(condition) \
  if (!(condition)) return std::string("line ") + std::to_string(__LINE__) + ": " #condition
