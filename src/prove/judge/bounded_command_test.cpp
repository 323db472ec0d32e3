// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/bounded_command.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

namespace untorn::prove {
namespace {

BoundedCommand shell(const std::string& script) {
  BoundedCommand command;
  command.arguments = {"sh", "-c", script};
  command.working_directory = "/";
  return command;
}

TEST(run_bounded, gives_exit_code_and_output) {
  const auto result = run_bounded(shell("echo out; echo err >&2; exit 3"));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->exit_code, 3);
  EXPECT_FALSE(result->good());
  EXPECT_EQ(result->output, "out\nerr\n");
}

TEST(run_bounded, passes_environment_and_folder) {
  BoundedCommand command = shell("test \"$UNTORN_STATE\" = here && test \"$(pwd)\" = /proc");
  command.environment = {{"UNTORN_STATE", "here"}};
  command.working_directory = "/proc";
  EXPECT_TRUE(run_bounded(command)->good());
}

TEST(run_bounded, ends_a_command_that_hangs) {
  BoundedCommand command = shell("echo before; sleep 1000");
  command.time_max = std::chrono::milliseconds(200);
  const auto result = run_bounded(command);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->timed_out);
  EXPECT_EQ(result->output, "before\n");
}

TEST(run_bounded, what_is_left_in_the_background_ends_with_the_command) {
  const auto result = run_bounded(shell("sleep 1000 & echo $!"));
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->good());
  const pid_t left = std::stoi(result->output);
  // Killed, and then reaped by whoever inherited it.
  for (int i = 0; i < 500 && ::kill(left, 0) == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_NE(::kill(left, 0), 0);
}

TEST(run_bounded, signal_counts_as_failure) {
  EXPECT_EQ(run_bounded(shell("kill -9 $$"))->exit_code, 128 + 9);
}

TEST(run_bounded, command_that_does_not_exist_gives_127) {
  BoundedCommand command;
  command.arguments = {"untorn-no-such-command"};
  command.working_directory = "/";
  EXPECT_EQ(run_bounded(command)->exit_code, 127);
}

TEST(run_bounded, endless_output_is_cut_and_does_not_block) {
  BoundedCommand command = shell("head -c 10000000 /dev/zero");
  const auto result = run_bounded(command);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->good());
  EXPECT_EQ(result->output.size(), CommandResult::output_bytes_max);
}

TEST(run_bounded, broken_pipes_end_programs_as_they_are_used_to) {
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  EXPECT_EQ(run_bounded(shell("kill -PIPE $$"))->exit_code, 128 + SIGPIPE);
  ::signal(SIGPIPE, before);
}

}  // namespace
}  // namespace untorn::prove
