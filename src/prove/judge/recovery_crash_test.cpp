// SPDX-License-Identifier: Apache-2.0
//
// --check commands in a real sandbox: with crashes in their recoveries, with and without shared
// answers, and commands that do damage.
#include "prove/judge/recovery_crash.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "crash/log_maker.h"
#include "prove/judge/judge.h"
#include "prove/judge/tree_command.h"
#include "prove/trace/trace_test_support.h"

namespace untorn::prove {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using testing::TestFolder;

struct Asked {
  std::string check;
  bool deep = false;
  bool shares_answers = true;
  crash::Model model = crash::Model::portable;
  std::chrono::milliseconds time_max{10'000};
  std::uint64_t small_bytes_max = 32U << 20U;  // 0: states are overlays
};

class CheckTest : public ::testing::Test {
 protected:
  void SetUp() override {
    UNTORN_NEEDS_TRACING();
    folder_.write("a", "old");
    folder_.write("other", "1");
  }

  // A save by a temporary file and a rename, with all syncs.
  static OperationLog safe_save() {
    crash::LogMaker maker;
    maker.initial_file("a", "old");
    maker.create("a.new");
    maker.write("a.new", 0, "new");
    maker.sync("a.new");
    maker.rename("a.new", "a");
    maker.sync_directory("");
    return maker.log();
  }
  // The same again and again, in place and without a sync: many states.
  static OperationLog careless_save() {
    crash::LogMaker maker;
    maker.initial_file("a", "old");
    maker.initial_file("other", "1");
    for (const char* text : {"1", "22"}) {
      maker.truncate("a", 0);
      maker.write("a", 0, text);
      maker.write("other", 0, text);
    }
    maker.create("t22");
    return maker.log();
  }

  // "good 12 states, 3 runs" or "bad: what the check said", and notes.
  std::string ask(const OperationLog& log, const Asked& asked) const {
    return testing::in_child([&]() -> std::string {
      SandboxOptions sandbox_options;
      sandbox_options.root = folder_.path();
      sandbox_options.small_bytes_max = asked.small_bytes_max;
      auto sandbox = Sandbox::enter(sandbox_options);
      if (!sandbox) return sandbox.error().message();
      const crash::History history(log);
      TreeCommandOptions options;
      options.arguments = {"sh", "-c", asked.check};
      options.root = folder_.path();
      options.working_directory = folder_.path();
      options.time_max = asked.time_max;
      options.shares_answers = asked.shares_answers;
      if (asked.deep) options.deep = {.models = {crash::Model::kill, asked.model}};
      TreeCommand command(**sandbox, history, options);
      if (const auto unfit = command.try_baseline()) return "unfit: " + unfit->detail;
      Group group;
      group.questions.push_back(command.question());
      group.given_up = [&] { return !command.undecided().empty(); };
      JudgeLimits limits;
      limits.model = asked.model;
      const Judgement judgement = judge(history, {group}, {Engine::kill, Engine::power}, limits);
      std::string text;
      if (!command.undecided().empty()) text = "undecided: " + command.undecided().front().detail;
      for (const Failure& failure : judgement.failures) {
        text += fmt::format("bad in {} states of {}: {}\n", failure.states,
                            to_string(failure.engine), failure.simplest.output);
      }
      if (text.empty()) text = "good\n";
      text += fmt::format("{} distinct, {} runs, {}\n", judgement.engines.back().states_distinct,
                          command.counts().runs, command.is_complete() ? "complete" : "cut");
      for (const std::string& note : command.notes()) text += note + "\n";
      return text;
    });
  }

  TestFolder folder_;
};

// Recovers by writing the file anew in place, after it has thrown away what it recovers from.
constexpr const char* destroying_check =
    "if test -e a.new; then : > a; rm a.new; echo again > a; fi; grep -q . a";
constexpr const char* repeatable_check = "rm -f a.new; grep -q . a";

TEST_F(CheckTest, recovery_that_destroys_is_found_only_when_it_is_crashed) {
  EXPECT_THAT(ask(safe_save(), {.check = destroying_check}), StartsWith("good"));
  const std::string deep = ask(safe_save(), {.check = destroying_check, .deep = true});
  EXPECT_THAT(deep, HasSubstr("bad in"));
  EXPECT_THAT(deep, HasSubstr("the second crash came in the recovery"));
  EXPECT_THAT(deep, HasSubstr("exit code 1"));
  EXPECT_THAT(deep, HasSubstr("complete"));
}

TEST_F(CheckTest, recovery_that_can_be_repeated_is_good) {
  const std::string deep = ask(safe_save(), {.check = repeatable_check, .deep = true});
  EXPECT_THAT(deep, StartsWith("good"));
  EXPECT_THAT(deep, HasSubstr("complete"));
  EXPECT_THAT(deep, HasSubstr("recoveries were judged too"));
}

TEST_F(CheckTest, check_that_changes_nothing_has_no_recovery) {
  EXPECT_THAT(ask(safe_save(), {.check = "grep -q . a", .deep = true}),
              Not(HasSubstr("recoveries")));
}

TEST_F(CheckTest, recoveries_of_large_trees_are_said_to_be_left_out) {
  const std::string deep =
      ask(safe_save(), {.check = repeatable_check, .deep = true, .small_bytes_max = 0});
  EXPECT_THAT(deep, HasSubstr("cut"));
  EXPECT_THAT(deep, HasSubstr("too large"));
}

TEST_F(CheckTest, verdicts_are_the_same_with_and_without_shared_answers) {
  struct Case {
    std::string check;
    std::uint64_t small_bytes_max = 32U << 20U;
  };
  const std::vector<Case> cases = {
      {"grep -q . a || test -e t22"},
      {"test \"$(cat a)\" != 22 || grep -q 22 other"},
      {"ls | grep -q t22 && grep -q . other || grep -q . a || test ! -s a", 0},
      {"for f in *; do grep -q 22 $f && test ! -e t22 && exit 1; done; exit 0"},
      {"mv other moved && grep -q . moved"},
  };
  for (const Case& one : cases) {
    const auto verdict = [&](bool shares_answers) {
      const std::string text = ask(careless_save(), {.check = one.check,
                                                     .shares_answers = shares_answers,
                                                     .small_bytes_max = one.small_bytes_max});
      return text.substr(0, text.rfind(',', text.find(" runs")));
    };
    EXPECT_EQ(verdict(true), verdict(false)) << one.check;
  }
}

TEST_F(CheckTest, states_that_are_equal_in_what_is_read_are_run_once) {
  const std::string text = ask(careless_save(), {.check = "cat other > /dev/null"});
  EXPECT_THAT(text, StartsWith("good"));
  int distinct = 0;
  int runs = 0;
  ASSERT_EQ(std::sscanf(text.c_str(), "good\n%d distinct, %d runs", &distinct, &runs), 2) << text;
  EXPECT_LT(runs * 2, distinct) << text;
}

TEST_F(CheckTest, check_that_depends_on_more_than_the_state_is_flaky) {
  // Every third run is bad, whatever the state.
  const std::string counter = "/tmp/untorn-counter";
  const std::string text =
      ask(careless_save(), {.check = "cat a > /dev/null; n=$(cat " + counter +
                                     " 2>/dev/null || echo 0); echo $((n+1)) > " + counter +
                                     "; test $((n % 3)) != 2"});
  EXPECT_THAT(text, HasSubstr("answers differently"));
}

TEST_F(CheckTest, check_that_does_damage_sees_each_state_whole) {
  // It deletes the root, what it can, and would fail if the next state were not whole again.
  EXPECT_THAT(ask(careless_save(), {.check = "test -e other && ls > /dev/null && rm -rf ./* .[!.]*",
                                    .shares_answers = false}),
              StartsWith("good"));
}

TEST_F(CheckTest, check_that_fills_the_disk_harms_no_other_state) {
  const std::string fill = "head -c 50000000 /dev/zero > big 2>/dev/null; grep -q . a";
  EXPECT_THAT(ask(safe_save(), {.check = fill, .shares_answers = false}), StartsWith("good"));
}

TEST_F(CheckTest, check_that_leaves_a_daemon_is_judged_and_the_daemon_ends) {
  const std::string daemon = "setsid sleep 997 > /dev/null 2>&1 & grep -q . a";
  EXPECT_THAT(ask(safe_save(), {.check = daemon}), StartsWith("good"));
  for (const auto& process : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(process.path() / "cmdline");
    std::string line;
    std::getline(file, line);
    EXPECT_THAT(line, Not(HasSubstr("sleep" + std::string(1, '\0') + "997"))) << process.path();
  }
}

TEST_F(CheckTest, check_that_hangs_on_a_state_is_a_bad_state) {
  EXPECT_THAT(ask(careless_save(),
                  {.check = "test -s a || sleep 1000", .time_max = std::chrono::milliseconds(200)}),
              HasSubstr("did not end in 0.2 s"));
}

TEST_F(CheckTest, check_that_reads_nothing_is_unfit) {
  EXPECT_THAT(ask(safe_save(), {.check = "true"}), StartsWith("unfit: the check opens no file"));
  EXPECT_THAT(ask(safe_save(), {.check = "cat other"}), StartsWith("unfit: the check opens no"));
  EXPECT_THAT(ask(safe_save(), {.check = "test -e a"}), StartsWith("good"));
  EXPECT_THAT(ask(safe_save(), {.check = "ls"}), StartsWith("good"));
}

}  // namespace
}  // namespace untorn::prove
