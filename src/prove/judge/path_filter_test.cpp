// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/path_filter.h"

#include <gtest/gtest.h>

namespace untorn::prove {
namespace {

TEST(path_filter, selects_everything_but_caches_by_default) {
  const PathFilter filter({}, {});
  EXPECT_TRUE(filter.selects("state.json"));
  EXPECT_TRUE(filter.selects("a/b/c"));
  EXPECT_FALSE(filter.selects("pkg/__pycache__/m.cpython-311.pyc"));
  EXPECT_FALSE(filter.selects("m.pyc"));
  EXPECT_FALSE(filter.selects(".mypy_cache/3.11/x.json"));
  EXPECT_FALSE(filter.selects("main.db-shm"));
  EXPECT_FALSE(filter.selects(".untorn/counters/total"));
  EXPECT_FALSE(filter.selects("state/.untorn/counters"));
  EXPECT_FALSE(filter.selects("state/.untorn/logs/a.log"));
  EXPECT_TRUE(filter.selects(".untorn/transaction"));
  EXPECT_TRUE(filter.selects("my.untorn/counters/total"));
  EXPECT_TRUE(filter.is_cache(".ruff_cache/x"));
}

TEST(path_filter, pattern_without_slash_matches_a_component_at_any_depth) {
  const PathFilter filter({}, {"*.log"});
  EXPECT_FALSE(filter.selects("x.log"));
  EXPECT_FALSE(filter.selects("a/b/x.log"));
  EXPECT_FALSE(filter.selects("old.log/part"));
  EXPECT_TRUE(filter.selects("x.logs"));
}

TEST(path_filter, pattern_with_slash_matches_the_whole_path) {
  const PathFilter filter({"state/**"}, {"state/*/tmp"});
  EXPECT_TRUE(filter.selects("state/a/b"));
  EXPECT_FALSE(filter.selects("other/state/a"));
  EXPECT_FALSE(filter.selects("state/x/tmp"));
}

TEST(path_filter, only_limits_and_ignore_takes_away) {
  const PathFilter filter({"*.json", "counter"}, {"private.json"});
  EXPECT_TRUE(filter.selects("a/state.json"));
  EXPECT_TRUE(filter.selects("counter"));
  EXPECT_FALSE(filter.selects("private.json"));
  EXPECT_FALSE(filter.selects("notes.txt"));
}

TEST(path_filter, odd_names_are_matched_as_they_are) {
  const PathFilter filter({"my\nstate *"}, {});
  EXPECT_TRUE(filter.selects("my\nstate – größe.txt"));
}

}  // namespace
}  // namespace untorn::prove
