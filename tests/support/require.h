// SPDX-License-Identifier: Apache-2.0
//
// Skipping a test that needs what this machine lacks.
//
//   UNTORN_NEED(geteuid() == 0, "root", "mounting needs root");
//
// Where the environment variable UNTORN_REQUIRE (a list with commas) names the tier, the test fails
// instead: such a machine has promised to have it.
#pragma once
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>

namespace untorn::testing {

inline bool is_required(std::string_view tier) {
  const char* list = std::getenv("UNTORN_REQUIRE");
  const std::string tiers = "," + std::string(list == nullptr ? "" : list) + ",";
  return tiers.find("," + std::string(tier) + ",") != std::string::npos;
}

}  // namespace untorn::testing

#define UNTORN_NEED(condition, tier, reason)                                           \
  if (!(condition)) {                                                                  \
    if (::untorn::testing::is_required(tier)) FAIL() << "required, but: " << (reason); \
    GTEST_SKIP() << (reason);                                                          \
  }                                                                                    \
  static_assert(true)
