// SPDX-License-Identifier: Apache-2.0
//
// Commands as judges, on a sandbox that shows states as plain folders.
#include "prove/judge/tree_command.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "prove/judge/judge.h"
#include "prove/judge/judge_test_log.h"

namespace untorn::prove {
namespace {

namespace fs = std::filesystem;
using test::TestLog;
using testing::HasSubstr;

// Shows each state in one folder, always at the same path.
class FolderSandbox final : public Sandbox {
 public:
  FolderSandbox() {
    std::string pattern = (fs::temp_directory_path() / "untorn-test-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    fs::create_directory(folder_ / "scratch");
    scratch_ = ::open((folder_ / "scratch").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    trees_.push_back({(folder_ / "root").string(), "", -1, -1});
  }
  ~FolderSandbox() override {
    ::close(scratch_);
    fs::remove_all(folder_);
  }
  // What was in the root before the run.
  std::vector<std::pair<std::string, std::string>> original;

  [[nodiscard]] Isolation isolation() const override { return Isolation::copy; }
  [[nodiscard]] const std::string& why_copy() const override { return why_; }
  [[nodiscard]] const std::vector<Tree>& trees() const override { return trees_; }
  [[nodiscard]] const std::vector<std::string>& notes() const override { return notes_; }
  [[nodiscard]] int scratch() const override { return scratch_; }
  [[nodiscard]] std::string scratch_path() const override { return (folder_ / "scratch").string(); }
  [[nodiscard]] Result<std::string> show_state(const Difference& state) override {
    hide_state();
    fs::create_directory(folder_ / "root");
    for (const auto& [name, text] : original) std::ofstream(folder_ / "root" / name) << text;
    for (const auto& [path, file] : state) {
      fs::remove_all(folder_ / "root" / path);
      if (!file) continue;
      std::ofstream(folder_ / "root" / path, std::ios::binary) << file->content.text();
    }
    return trees_.front().path;
  }
  void hide_state() override { fs::remove_all(folder_ / "root"); }

  [[nodiscard]] fs::path folder() const { return folder_; }

 private:
  fs::path folder_;
  int scratch_ = -1;
  std::vector<Tree> trees_;
  std::vector<std::string> notes_;
  std::string why_;
};

class TreeCommandTest : public testing::Test {
 protected:
  // A file that is truncated in place: its empty state is bad.
  TreeCommandTest() {
    sandbox_.original = {{"a", "old"}};
    const InodeId file = log_.initial_file("a", "old");
    log_.open_truncate(file);
    log_.write(file, 0, "new");
    log_.close(file);
    log_.acknowledge("saved a\n");
  }

  struct Outcome {
    std::optional<Undecided> unfit;
    Judgement judgement;
    std::vector<Undecided> undecided;
  };

  Outcome run(const std::string& script,
              std::chrono::milliseconds time_max = std::chrono::seconds(10)) {
    const crash::History history(log_.log);
    TreeCommandOptions options;
    options.arguments = {"sh", "-c", script};
    options.root = "/the/root";
    options.working_directory = "/the/root";
    options.time_max = time_max;
    TreeCommand command(sandbox_, history, options);
    Outcome outcome;
    outcome.unfit = command.try_baseline();
    if (outcome.unfit) return outcome;
    Group group;
    group.questions.push_back(command.question());
    group.given_up = [&] { return !command.undecided().empty(); };
    outcome.judgement = judge(history, {group}, {Engine::kill}, {});
    outcome.undecided = command.undecided();
    return outcome;
  }

  FolderSandbox sandbox_;
  TestLog log_;
};

TEST_F(TreeCommandTest, bad_state_is_found_with_what_the_check_said) {
  const Outcome outcome = run("test -s a || { echo a is empty; exit 7; }");
  ASSERT_FALSE(outcome.unfit);
  ASSERT_EQ(outcome.judgement.failures.size(), 1U);
  const Failure& failure = outcome.judgement.failures.front();
  EXPECT_EQ(failure.simplest.observed, Observed::check_failed);
  EXPECT_THAT(failure.simplest.output, HasSubstr("exit code 7\na is empty"));
  EXPECT_EQ(failure.states, 1U);
}

TEST_F(TreeCommandTest, good_states_are_accepted) {
  const Outcome outcome = run("grep -q . a || true; cat a >/dev/null");
  ASSERT_FALSE(outcome.unfit) << outcome.unfit->detail;
  EXPECT_TRUE(outcome.judgement.failures.empty());
  EXPECT_TRUE(outcome.judgement.engines.at(0).exhaustive);
}

TEST_F(TreeCommandTest, check_that_refuses_the_tree_before_the_run_is_unfit) {
  const Outcome outcome = run("grep -q new a");
  ASSERT_TRUE(outcome.unfit);
  EXPECT_EQ(outcome.unfit->reason, Reason::check_rejects_baseline);
  EXPECT_THAT(outcome.unfit->detail, HasSubstr("before the run"));
}

TEST_F(TreeCommandTest, check_that_refuses_the_tree_after_the_run_is_unfit) {
  const Outcome outcome = run("grep -q old a");
  ASSERT_TRUE(outcome.unfit);
  EXPECT_THAT(outcome.unfit->detail, HasSubstr("after the run"));
}

TEST_F(TreeCommandTest, check_that_reads_nothing_is_unfit) {
  const Outcome outcome = run("true");
  ASSERT_TRUE(outcome.unfit);
  EXPECT_EQ(outcome.unfit->reason, Reason::check_reads_nothing);
}

TEST_F(TreeCommandTest, check_that_only_looks_at_names_is_fit) {
  EXPECT_FALSE(run("test -e a").unfit);
}

TEST_F(TreeCommandTest, check_that_answers_differently_is_undecided) {
  const std::string counter = (sandbox_.folder() / "counter").string();
  // Bad at the first look at an empty file only.
  const Outcome outcome =
      run("cat a; test -s a || test -e " + counter + " || { touch " + counter + "; exit 1; }");
  ASSERT_FALSE(outcome.unfit);
  ASSERT_EQ(outcome.undecided.size(), 1U);
  EXPECT_EQ(outcome.undecided.front().reason, Reason::flaky_check);
  EXPECT_TRUE(outcome.judgement.failures.empty());
  EXPECT_FALSE(outcome.judgement.engines.at(0).exhaustive);
}

TEST_F(TreeCommandTest, check_that_hangs_on_a_state_fails_it) {
  const Outcome outcome = run("test -s a || sleep 1000", std::chrono::milliseconds(300));
  ASSERT_EQ(outcome.judgement.failures.size(), 1U);
  EXPECT_THAT(outcome.judgement.failures.front().simplest.output,
              HasSubstr("did not end in 0.3 s"));
}

TEST_F(TreeCommandTest, acknowledged_output_can_be_read) {
  // Once "saved a" was printed, the new content must be there: it always is after a kill.
  const Outcome outcome =
      run("test \"$UNTORN_STATE\" = \"$(pwd -P)\" || exit 9; "
          "if grep -q saved \"$UNTORN_ACKED\"; then grep -q new a; else grep -q '' a || true; fi");
  ASSERT_FALSE(outcome.unfit) << outcome.unfit->detail;
  EXPECT_TRUE(outcome.judgement.failures.empty());
}

}  // namespace
}  // namespace untorn::prove
