// SPDX-License-Identifier: Apache-2.0
//
// Tests that trace the same command in both kinds of root.
#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "prove/trace/trace_test_support.h"

namespace untorn::prove::testing {

// The parameter: false in a private copy, as for a small root; true in an overlay, as for a large
// one.
class TraceInBothRoots : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override { UNTORN_NEEDS_TRACING(); }
  TracedRun run_command(std::vector<std::string> command,
                        const std::function<void(RunPlan&)>& adapt = {}) {
    return run_traced(folder_.path(), std::move(command), [&](RunPlan& plan) {
      if (GetParam()) plan.sandbox.small_bytes_max = 0;
      if (adapt) adapt(plan);
    });
  }
  TestFolder folder_;
};

inline std::string root_name(const ::testing::TestParamInfo<bool>& root) {
  return root.param ? "overlay" : "small";
}

}  // namespace untorn::prove::testing
