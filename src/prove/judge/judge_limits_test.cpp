// SPDX-License-Identifier: Apache-2.0
//
// When an engine leaves a group before all of its states were judged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "prove/judge/judge.h"
#include "prove/judge/judge_test_log.h"

namespace untorn::prove {
namespace {

using test::TestLog;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::size_t blocks = 14;
constexpr std::size_t block_bytes = 4096;

// Any of the blocks may be missing after a power cut: more than 16,000 distinct states.
TestLog unsynced_blocks() {
  TestLog log;
  const InodeId file = log.create("a.bin");
  for (std::size_t i = 0; i < blocks; ++i) {
    const char filler = static_cast<char>('a' + i);
    log.write(file, i * block_bytes, std::string(block_bytes, filler));
  }
  log.close(file);
  return log;
}

Group group_of(std::vector<Question> questions) {
  Group group{.footprint = {"a.bin"}, .questions = {}};
  group.questions = std::move(questions);
  return group;
}

Question always_bad() {
  return {Check::atomic, nullptr,
          [](const crash::CrashState&) { return Answer{Observed::garbage, {}}; }};
}

Question never_bad() {
  return {Check::parse, nullptr, [](const crash::CrashState&) { return std::optional<Answer>(); }};
}

Judgement judge_power(const std::vector<Group>& groups) {
  const TestLog log = unsynced_blocks();
  const crash::History history(log.log);
  return judge(history, groups, {Engine::power}, {});
}

TEST(judge_limits, J2_group_that_only_repeats_itself_is_left) {
  const Judgement judgement = judge_power({group_of({always_bad()})});
  ASSERT_EQ(judgement.failures.size(), 1U);
  const EngineReport& engine = judgement.engines.at(0);
  EXPECT_GE(engine.states_distinct, 4096U);
  EXPECT_LT(engine.states_distinct, 5000U);
  EXPECT_EQ(judgement.failures[0].states, engine.states_distinct);
  EXPECT_FALSE(engine.exhaustive);
  EXPECT_THAT(judgement.notes, ElementsAre(HasSubstr("told nothing new")));
}

TEST(judge_limits, J2_every_state_is_judged_while_one_question_has_not_failed) {
  const Judgement judgement = judge_power({group_of({always_bad(), never_bad()})});
  const EngineReport& engine = judgement.engines.at(0);
  EXPECT_TRUE(engine.exhaustive);
  EXPECT_GT(engine.states_distinct, 16'000U);
  EXPECT_EQ(judgement.failures.at(0).states, engine.states_distinct);
  EXPECT_THAT(judgement.notes, IsEmpty());
}

TEST(judge_limits, J2_other_damage_late_in_the_row_is_still_found) {
  std::uint64_t asked = 0;
  const Question changing{Check::atomic, nullptr, [&](const crash::CrashState&) {
                            const bool late = ++asked > 4000;
                            return Answer{late ? Observed::mixed : Observed::garbage, {}};
                          }};
  const Judgement judgement = judge_power({group_of({changing})});
  EXPECT_THAT(judgement.failures.at(0).observed, ElementsAre(Observed::garbage, Observed::mixed));
  EXPECT_GT(judgement.failures.at(0).states, 8000U);  // the row began anew
}

TEST(judge_limits, J1_enough_bad_states_end_a_group_and_that_is_said) {
  Group few = group_of({always_bad()});
  few.questions[0].folder = "store.git";
  few.bad_states_max = 4;
  const Judgement judgement = judge_power({few});
  EXPECT_EQ(judgement.failures.at(0).states, 4U);
  EXPECT_FALSE(judgement.engines.at(0).exhaustive);
  EXPECT_THAT(judgement.notes, ElementsAre(HasSubstr("after 4 bad states")));
  EXPECT_THAT(judgement.notes, ElementsAre(HasSubstr("git in store.git")));
}

TEST(judge_limits, time_of_one_group_does_not_end_the_others) {
  Group slow = group_of({never_bad()});
  slow.time_max = std::chrono::milliseconds(0);
  const Judgement judgement = judge_power({slow, group_of({never_bad()})});
  const EngineReport& engine = judgement.engines.at(0);
  EXPECT_FALSE(engine.exhaustive);
  EXPECT_GT(engine.states_distinct, 16'000U);
  EXPECT_THAT(judgement.failures, IsEmpty());
}

}  // namespace
}  // namespace untorn::prove
