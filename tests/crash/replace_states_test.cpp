// SPDX-License-Identifier: Apache-2.0
//
// Every crash state of every level: the sentences of durability.h, tried on all that a kill or a
// power cut may leave.
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "filesystem/fault_file_system.h"
#include "tests/support/files.h"
#include "untorn/crash.h"
#include "untorn/replace.h"

namespace untorn {
namespace {

using testing::pattern;
using testing::read_file;

constexpr std::string_view neighbour = "a neighbour that nobody touches";

enum class Situation { fresh, existing, through_a_link };

struct Scenario {
  Durability level = Durability::durable;
  Situation situation = Situation::existing;
  std::size_t size = 0;  // of the new content; the old one is longer by a page

  [[nodiscard]] std::string path() const {
    return situation == Situation::through_a_link ? "s" : "d/a";
  }
  [[nodiscard]] std::optional<std::string> old_content() const {
    if (situation == Situation::fresh) return std::nullopt;
    return pattern(size + 4096, 1);
  }
  [[nodiscard]] std::string new_content() const { return pattern(size, 2); }
};

CrashTestOptions options_of(const Scenario& scenario, CrashModel model) {
  CrashTestOptions options;
  options.models = {model};
  options.initial_files = {{"d/neighbour", std::string(neighbour)}};
  if (auto old = scenario.old_content()) options.initial_files.emplace_back("d/a", *old);
  // The temporary of a large file has too many states to list with it. What the judge reads has
  // few.
  constexpr std::size_t whole_tree_max = 10240;
  if (scenario.size > whole_tree_max) options.paths = {"d/a", "d/neighbour"};
  return options;
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// What may be at the target in this state, as an answer of a check: "" or what is wrong.
std::string judge(FileSystem& fs, const CrashPoint& at, const Scenario& scenario) {
  if (read_file(fs, "d/neighbour") != neighbour) return "the neighbour is damaged";
  const std::optional<std::string> now = read_file(fs, "d/a");
  const bool is_new = now == scenario.new_content();
  if (!is_new && now != scenario.old_content()) {
    return now ? "torn: " + std::to_string(now->size()) + " bytes" : "the file is gone";
  }
  const bool promised = at.model() == CrashModel::kill || scenario.level == Durability::durable;
  if (promised && at.acknowledged("done") && !is_new) return "an older version came back";
  return "";
}

CrashTestReport run(const Scenario& scenario, CrashModel model) {
  return crash_test(
      [&scenario](FileSystem& fs, CrashLog& log) {
        if (scenario.situation == Situation::through_a_link) {
          // The link itself is old: what a crash may do to it is not the question.
          ASSERT_TRUE(fs.make_symlink("d/a", Handle::working_directory, "s"));
          const OwnedHandle root(
              fs, fs.open(Handle::working_directory, ".", {.access = Access::directory}).value());
          ASSERT_TRUE(fs.sync(root.get()));
        }
        const auto receipt = replace_file(fs, scenario.path(), bytes_of(scenario.new_content()),
                                          {.durability = scenario.level});
        ASSERT_TRUE(receipt) << receipt.error();
        log.acknowledge("done");
      },
      [&scenario](FileSystem& fs, const CrashPoint& at) { return judge(fs, at, scenario); },
      options_of(scenario, model));
}

class ReplaceStates
    : public ::testing::TestWithParam<std::tuple<Durability, Situation, std::size_t>> {
 protected:
  [[nodiscard]] static Scenario scenario() {
    const auto& [level, situation, size] = GetParam();
    return {.level = level, .situation = situation, .size = size};
  }
};

TEST_P(ReplaceStates, no_kill_leaves_anything_but_a_whole_version) {
  const CrashTestReport report = run(scenario(), CrashModel::kill);
  EXPECT_TRUE(report.ok()) << report.summary();
  EXPECT_TRUE(report.exhaustive);
  EXPECT_GE(report.states_distinct, 2U) << report.summary();
}

TEST_P(ReplaceStates, a_power_cut_leaves_what_the_level_promises_and_process_is_caught) {
  const CrashTestReport report = run(scenario(), CrashModel::portable);
  EXPECT_GE(report.states_distinct, 2U) << report.summary();
  if (scenario().level == Durability::process) {
    EXPECT_FALSE(report.ok()) << "the test is blind: " << report.summary();
  } else {
    EXPECT_TRUE(report.ok()) << report.summary();
    EXPECT_TRUE(report.exhaustive);
  }
}

std::string case_name(const ::testing::TestParamInfo<ReplaceStates::ParamType>& instance) {
  constexpr std::array situations = {"fresh", "existing", "through_a_link"};
  const auto& [level, situation, size] = instance.param;
  return std::string(to_string(level)) + "_" + situations[static_cast<std::size_t>(situation)] +
         "_" + std::to_string(size);
}

INSTANTIATE_TEST_SUITE_P(, ReplaceStates,
                         ::testing::Combine(::testing::Values(Durability::process,
                                                              Durability::ordered,
                                                              Durability::durable),
                                            ::testing::Values(Situation::fresh, Situation::existing,
                                                              Situation::through_a_link),
                                            ::testing::Values(1U, 4096U, 10240U, 102400U)),
                         case_name);

// `ordered` does not promise that the new content stays: some state must show it, or the model
// would be too kind and the tests above prove nothing about `durable`.
TEST(ReplaceStatesPower, ordered_may_fall_back_to_the_old_version_after_it_returned) {
  const Scenario scenario{
      .level = Durability::ordered, .situation = Situation::existing, .size = 10240};
  bool fell_back = false;
  const CrashTestReport report = crash_test(
      [&scenario](FileSystem& fs, CrashLog& log) {
        ASSERT_TRUE(replace_file(fs, "d/a", bytes_of(scenario.new_content()),
                                 {.durability = Durability::ordered}));
        log.acknowledge("done");
      },
      [&](FileSystem& fs, const CrashPoint& at) {
        if (at.acknowledged("done") && read_file(fs, "d/a") == scenario.old_content()) {
          fell_back = true;
        }
        return std::string();
      },
      options_of(scenario, CrashModel::portable));
  EXPECT_TRUE(report.exhaustive);
  EXPECT_TRUE(fell_back);
}

TEST(ReplaceStatesPower, several_replacements_never_go_back_behind_the_last_that_returned) {
  constexpr int rounds = 3;
  const auto content = [](int round) { return pattern(5000, static_cast<unsigned>(round)); };
  const CrashTestReport report = crash_test(
      [&](FileSystem& fs, CrashLog& log) {
        for (int round = 1; round <= rounds; ++round) {
          ASSERT_TRUE(replace_file(fs, "a", bytes_of(content(round))));
          log.acknowledge(std::to_string(round));
        }
      },
      [&](FileSystem& fs, const CrashPoint& at) -> std::string {
        int at_least = 0;
        while (at_least < rounds && at.acknowledged(std::to_string(at_least + 1))) ++at_least;
        const auto now = read_file(fs, "a");
        for (int round = at_least; round <= rounds; ++round) {
          if (now == content(round)) return "";
        }
        return "older than version " + std::to_string(at_least);
      },
      {.models = {CrashModel::kill, CrashModel::portable},
       .initial_files = {{"a", content(0)}},
       .paths = {"a"}});
  EXPECT_TRUE(report.ok()) << report.summary();
  EXPECT_TRUE(report.exhaustive);
}

TEST(ReplaceStatesPower, a_creator_that_publishes_by_link_keeps_the_same_promise) {
  const std::string content = pattern(5000, 1);
  const CrashTestReport report = crash_test(
      [&](FileSystem& below, CrashLog& log) {
        FaultFileSystem fs(below, Fault{.at = 0, .call = Call::rename, .error = Errno{EINVAL}});
        const auto receipt =
            replace_file(fs, "a", bytes_of(content), {.existence = Existence::must_not_exist});
        ASSERT_TRUE(receipt) << receipt.error();
        log.acknowledge("done");
      },
      [&](FileSystem& fs, const CrashPoint& at) -> std::string {
        const auto now = read_file(fs, "a");
        if (now && *now != content) return "torn: " + std::to_string(now->size()) + " bytes";
        return at.acknowledged("done") && !now ? "the file is gone" : "";
      });
  EXPECT_TRUE(report.ok()) << report.summary();
  EXPECT_TRUE(report.exhaustive);
}

TEST(ReplaceStatesPower, unchanged_content_that_nobody_synced_is_made_durable) {
  const std::string content = pattern(5000, 1);
  const CrashTestReport report = crash_test(
      [&](FileSystem& fs, CrashLog& log) {
        testing::write_file(fs, "a", content);  // in place, without a sync
        const auto receipt = replace_file(fs, "a", bytes_of(content), {.skip_if_same = true});
        ASSERT_TRUE(receipt && receipt->unchanged);
        log.acknowledge("done");
      },
      [&](FileSystem& fs, const CrashPoint& at) -> std::string {
        return at.acknowledged("done") && read_file(fs, "a") != content ? "lost" : "";
      },
      {.models = {CrashModel::portable}, .initial_files = {}, .paths = {}});
  EXPECT_TRUE(report.ok()) << report.summary();
}

// Blindness checks: what people do instead, under the same judgement.
TEST(ReplaceStatesPower, writing_in_place_is_caught_by_a_kill_and_by_a_power_cut) {
  const Scenario scenario{
      .level = Durability::durable, .situation = Situation::existing, .size = 10240};
  for (const CrashModel model : {CrashModel::kill, CrashModel::portable}) {
    const CrashTestReport report = crash_test(
        [&](FileSystem& fs, CrashLog&) { testing::write_file(fs, "d/a", scenario.new_content()); },
        [&](FileSystem& fs, const CrashPoint& at) { return judge(fs, at, scenario); },
        options_of(scenario, model));
    EXPECT_FALSE(report.ok()) << report.summary();
  }
}

}  // namespace
}  // namespace untorn
