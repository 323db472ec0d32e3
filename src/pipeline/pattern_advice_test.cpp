// SPDX-License-Identifier: Apache-2.0
#include "untorn/pipeline/pattern_store.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "pipeline/pattern_test_support.h"

namespace untorn::pipeline {
namespace {

using Kind = Recommendation::Kind;

TEST(PatternAdvice, tool_patterns_are_those_of_the_phase_surest_first) {
  InMemoryFileSystem fs = project();
  PatternStore store = open_store(fs);
  Recorder record(store);
  record(success("coding", "once"), 1);
  record(success("coding", "often"), 10);
  record(failure("coding", "never", "no"), 3);
  record(success("qa", "test"), 1);
  const auto patterns = store.tool_patterns("coding");
  ASSERT_TRUE(patterns) << patterns.error();
  ASSERT_EQ(patterns->size(), 3U);
  EXPECT_EQ(patterns->front().tool, "often");
  EXPECT_DOUBLE_EQ(patterns->front().duration_s, 0.5) << "the mean";
  EXPECT_EQ((*patterns)[1].tool, "once");
  EXPECT_EQ(patterns->back().tool, "never");
  EXPECT_EQ(patterns->back().confidence, 0);
  EXPECT_EQ(store.tool_patterns()->size(), 4U);
}

TEST(PatternAdvice, the_same_mistake_elsewhere_is_the_same_failure) {
  InMemoryFileSystem fs = project();
  PatternStore store = open_store(fs);
  Recorder record(store);
  record(failure("coding", "edit", "a.py:12: name 'cuont' is not defined"));
  record(failure("debugging", "edit", "a.py:345:  name 'x' is not defined"));
  record(success("coding", "edit"), 2);
  const auto patterns = store.failure_patterns();
  ASSERT_TRUE(patterns) << patterns.error();
  ASSERT_EQ(patterns->size(), 1U);
  const FailurePattern& pattern = patterns->front();
  EXPECT_EQ(pattern.signature, "a.py:#: name '…' is not defined");
  EXPECT_EQ(pattern.example, "a.py:345:  name 'x' is not defined");
  EXPECT_EQ(pattern.phase, "debugging");
  EXPECT_EQ(pattern.count, 2U);
  EXPECT_DOUBLE_EQ(pattern.confidence, PatternStore::confidence(2, 4));
}

TEST(PatternAdvice, what_succeeded_next_with_the_same_task_is_what_helped) {
  InMemoryFileSystem fs = project();
  PatternStore store = open_store(fs);
  Recorder record(store);
  for (int i = 0; i < 3; ++i) {
    const std::string task = "task " + std::to_string(i);
    record(failure("coding", "edit", "line 7: bad indent", task));
    record(success("debugging", "indent", "another task"));
    record(success("debugging", i == 2 ? "rewrite" : "indent", task));
    record(success("debugging", "late", task));
  }
  const auto patterns = store.failure_patterns();
  ASSERT_EQ(patterns->size(), 1U);
  const std::vector<std::pair<std::string, std::uint64_t>> expected = {{"indent", 2},
                                                                       {"rewrite", 1}};
  EXPECT_EQ(patterns->front().helped, expected);
  const auto advice = store.recommendations({.phase = "planning", .error = "line 99: bad indent"});
  ASSERT_TRUE(advice) << advice.error();
  ASSERT_EQ(advice->size(), 2U);
  EXPECT_EQ(advice->front().kind, Kind::try_tool);
  EXPECT_EQ(advice->front().subject, "indent");
  EXPECT_EQ(advice->front().similarity, 1) << "the same signature";
  EXPECT_DOUBLE_EQ(advice->front().score, PatternStore::confidence(2, 3));
  EXPECT_TRUE(store.recommendations({.phase = "planning", .error = "disk full"})->empty());
}

TEST(PatternAdvice, success_patterns_tell_with_which_tasks) {
  InMemoryFileSystem fs = project();
  PatternStore store = open_store(fs);
  Recorder record(store);
  for (int i = 0; i < 14; ++i) record(success("coding", "edit", "task " + std::to_string(i % 12)));
  record(failure("coding", "edit", "bad", "a failed task"));
  const auto patterns = store.success_patterns("coding");
  ASSERT_EQ(patterns->size(), 1U);
  EXPECT_EQ(patterns->front().count, 14U);
  ASSERT_EQ(patterns->front().tasks.size(), 10U);
  EXPECT_EQ(patterns->front().tasks.front(), "task 1");
  EXPECT_DOUBLE_EQ(patterns->front().confidence, PatternStore::confidence(14, 15));
}

TEST(PatternAdvice, phase_patterns_count_what_follows_what) {
  InMemoryFileSystem fs = project();
  PatternStore store = open_store(fs);
  Recorder record(store);
  for (const char* phase : {"planning", "coding", "coding", "qa", "coding", "qa", "planning"}) {
    record(success(phase, "t"));
  }
  record(failure("coding", "t", "no"));
  const auto patterns = store.phase_patterns();
  ASSERT_EQ(patterns->size(), 4U);
  EXPECT_EQ(patterns->front().count, 2U);
  for (const PhasePattern& each : *patterns) {
    if (each.from != "planning") continue;
    EXPECT_EQ(each.to, "coding");
    EXPECT_EQ(each.count, 2U);
    EXPECT_EQ(each.successes, 1U);
  }
  const auto advice = store.recommendations({.phase = "qa"});
  std::vector<std::string> next;
  for (const Recommendation& each : *advice) {
    if (each.kind == Kind::next_phase) next.push_back(each.subject);
  }
  EXPECT_EQ(next, (std::vector<std::string>{"coding", "planning"}));
}

TEST(PatternAdvice, recommends_what_succeeded_with_a_task_like_this_one) {
  InMemoryFileSystem fs = project();
  PatternStore store = open_store(fs);
  Recorder record(store);
  record(success("coding", "create_file", "write the config parser"), 5);
  record(success("coding", "edit_file", "rename the report header"), 5);
  record(failure("coding", "guess", "no"), 8);
  record(success("qa", "test", "write the parser"), 9);
  const auto advice = store.recommendations({.phase = "coding", .task = "write a parser"});
  ASSERT_EQ(advice->size(), 4U);
  const Recommendation& best = advice->front();
  EXPECT_EQ(best.kind, Kind::use_tool);
  EXPECT_EQ(best.subject, "create_file");
  EXPECT_DOUBLE_EQ(best.similarity, 0.5) << "write, parser of write, the, config, parser";
  EXPECT_DOUBLE_EQ(best.score, PatternStore::confidence(5, 5) * 0.75);
  EXPECT_NE(best.reason.find("write the config parser"), std::string::npos);
  EXPECT_EQ((*advice)[1].kind, Kind::avoid_tool);
  EXPECT_EQ((*advice)[1].subject, "guess");
  EXPECT_DOUBLE_EQ((*advice)[1].score, PatternStore::confidence(8, 8) / 2);
  EXPECT_EQ((*advice)[2].subject, "edit_file");
  EXPECT_EQ((*advice)[3].kind, Kind::next_phase);
  EXPECT_EQ(store.recommendations({.phase = "coding", .limit = 1})->size(), 1U);
}

TEST(PatternAdvice, confidence_is_wilsons_lower_bound) {
  EXPECT_EQ(PatternStore::confidence(0, 0), 0);
  EXPECT_EQ(PatternStore::confidence(0, 5), 0);
  EXPECT_NEAR(PatternStore::confidence(1, 1), 0.2065, 0.0001);
  EXPECT_NEAR(PatternStore::confidence(10, 10), 0.7225, 0.0001);
  EXPECT_NEAR(PatternStore::confidence(5, 10), 0.2366, 0.0001);
  EXPECT_LT(PatternStore::confidence(99, 100), 0.99);
  EXPECT_EQ(PatternStore::confidence(7, 5), PatternStore::confidence(5, 5));
}

TEST(PatternAdvice, similarity_is_the_share_of_common_words) {
  EXPECT_EQ(PatternStore::similarity("", ""), 0);
  EXPECT_EQ(PatternStore::similarity("The Parser!", "the parser"), 1);
  EXPECT_DOUBLE_EQ(PatternStore::similarity("write the parser", "write a parser"), 2.0 / 3.0);
  EXPECT_EQ(PatternStore::similarity("größe", "grösse"), 0);
  EXPECT_EQ(PatternStore::similarity("größe x", "GRößE y"), 1) << "ASCII letters become small";
}

TEST(PatternAdvice, signatures_keep_what_does_not_change) {
  EXPECT_EQ(PatternStore::signature("file \"a b.py\", line 12\n  x = 0x1F"),
            "file \"…\", line # x = #x#F");
  EXPECT_EQ(PatternStore::signature("can't find 'it"), "can't find 'it");
  EXPECT_EQ(PatternStore::signature(" \n "), "");
  EXPECT_EQ(PatternStore::signature(std::string(500, 'x')).size(), 200U);
  std::string umlauts;
  for (int i = 0; i < 150; ++i) umlauts += "ü";
  EXPECT_EQ(PatternStore::signature("x" + umlauts).size(), 199U) << "no character is cut";
}

}  // namespace
}  // namespace untorn::pipeline
