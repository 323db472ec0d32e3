// SPDX-License-Identifier: Apache-2.0
//
// Native stacks of small programs that are built beside this test. Their lines are found in their
// sources by the comments "line of …".
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "prove/stack/stack.h"
#include "prove/stack/stack_test_support.h"

namespace untorn::prove {
namespace {

using test::describe;
using test::run_traced;
using test::TracedRun;

constexpr const char* c_program = UNTORN_STACK_TEST_C_PROGRAM;
constexpr const char* stripped_program = UNTORN_STACK_TEST_STRIPPED_PROGRAM;
constexpr const char* cpp_program = UNTORN_STACK_TEST_CPP_PROGRAM;
constexpr const char* impostor = UNTORN_STACK_TEST_IMPOSTOR;
constexpr const char* plugin = UNTORN_STACK_TEST_PLUGIN;

using Named = std::pair<std::string, std::uint32_t>;

std::uint32_t line_of(const std::string& source, const std::string& function) {
  std::ifstream stream(source);
  std::uint32_t number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    if (line.ends_with("// line of " + function)) return number;
  }
  ADD_FAILURE() << "no line of " << function << " in " << source;
  return 0;
}

std::vector<Frame> own_frames(const Stack& stack) {
  std::vector<Frame> own;
  for (const Frame& frame : stack) {
    if (!frame.runtime) own.push_back(frame);
  }
  return own;
}

// The innermost frames of the program itself are these functions, each at its marked line.
void expect_own(const Stack& stack, const std::string& file,
                const std::vector<std::string>& functions) {
  SCOPED_TRACE(describe(stack));
  const std::vector<Frame> own = own_frames(stack);
  ASSERT_GE(own.size(), functions.size());
  for (std::size_t i = 0; i < functions.size(); ++i) {
    EXPECT_EQ(own[i].function, functions[i]);
    EXPECT_TRUE(own[i].path.starts_with('/') && own[i].path.ends_with("/" + file)) << own[i].path;
    EXPECT_EQ(own[i].line, line_of(own[i].path, functions[i]));
  }
}

TEST(NativeStacks, show_the_lines_of_an_optimised_c_program) {
  StackCollector stacks;
  const TracedRun run = run_traced({.command = {c_program, "update"}}, stacks);
  ASSERT_EQ(run.exit_code, 0);
  ASSERT_EQ(run.stacks.size(), 1U);
  const Stack& stack = stacks.resolve(run.stacks[0]);
  expect_own(stack, "stack_test_program.c", {"save", "update", "main"});
  ASSERT_NE(source_frame(stack), nullptr);
  EXPECT_EQ(source_frame(stack)->function, "save");
  EXPECT_TRUE(stack.front().runtime) << "the innermost frame is write() of the C library";
}

TEST(NativeStacks, are_found_in_a_thread) {
  StackCollector stacks;
  const TracedRun run = run_traced({.command = {c_program, "thread"}}, stacks);
  ASSERT_EQ(run.stacks.size(), 1U);
  expect_own(stacks.resolve(run.stacks[0]), "stack_test_program.c", {"save", "update", "work"});
}

TEST(NativeStacks, of_a_deep_recursion_show_its_inner_end) {
  StackCollector stacks;
  const TracedRun run = run_traced({.command = {c_program, "recurse"}}, stacks);
  ASSERT_EQ(run.stacks.size(), 1U);
  const Stack& stack = stacks.resolve(run.stacks[0]);
  expect_own(stack, "stack_test_program.c", {"save", "update"});
  EXPECT_GT(own_frames(stack).size(), 10U);
}

TEST(NativeStacks, share_a_number_when_only_data_differs) {
  StackCollector stacks;
  const TracedRun run = run_traced({.command = {c_program, "loop", "1000"}}, stacks);
  ASSERT_EQ(run.stacks.size(), 1000U);
  const std::set<std::uint32_t> numbers(run.stacks.begin(), run.stacks.end());
  EXPECT_LE(numbers.size(), 4U);
  for (const std::uint32_t number : numbers) {
    expect_own(stacks.resolve(number), "stack_test_program.c", {"save", "update", "loop"});
  }
  std::cout << "native capture: " << run.capture_us_median << " us (median of 1000)\n";
}

TEST(NativeStacks, of_a_stripped_program_have_neither_names_nor_lines) {
  StackCollector stacks;
  const TracedRun run = run_traced({.command = {stripped_program, "update"}}, stacks);
  ASSERT_EQ(run.exit_code, 0);
  ASSERT_EQ(run.stacks.size(), 1U);
  const Stack& stack = stacks.resolve(run.stacks[0]);
  SCOPED_TRACE(describe(stack));
  ASSERT_GE(own_frames(stack).size(), 3U) << "the unwinding tables are still there";
  for (const Frame& frame : own_frames(stack)) EXPECT_EQ(frame.line, 0U);
}

TEST(NativeStacks, see_a_library_that_was_loaded_after_the_first_capture) {
  StackCollector stacks;
  const TracedRun run = run_traced({.command = {c_program, "plugin", plugin}}, stacks);
  ASSERT_EQ(run.exit_code, 0);
  ASSERT_EQ(run.stacks.size(), 2U);
  expect_own(stacks.resolve(run.stacks[1]), "stack_test_plugin.c", {"save_from_plugin"});
}

TEST(NativeStacks, follow_the_process_into_another_program) {
  StackCollector stacks;
  const TracedRun run = run_traced({.command = {c_program, "execute", cpp_program}}, stacks);
  ASSERT_EQ(run.exit_code, 0);
  ASSERT_EQ(run.stacks.size(), 3U);
  expect_own(stacks.resolve(run.stacks[0]), "stack_test_program.c", {"save", "update"});
  expect_own(stacks.resolve(run.stacks[1]), "stack_test_program.cpp", {"storage::Store::put_raw"});
}

TEST(NativeStacks, show_inlined_functions_and_skip_the_standard_library) {
  StackCollector stacks;
  const TracedRun run = run_traced({.command = {cpp_program}}, stacks);
  ASSERT_EQ(run.exit_code, 0);
  ASSERT_EQ(run.stacks.size(), 2U);
  expect_own(stacks.resolve(run.stacks[0]), "stack_test_program.cpp",
             {"storage::Store::put_raw", "storage::Store::put", "storage::Store::save"});
  const Frame lambda = own_frames(stacks.resolve(run.stacks[0])).at(3);
  EXPECT_TRUE(lambda.function.ends_with("operator()")) << lambda.function;
  EXPECT_EQ(lambda.line, line_of(lambda.path, "the lambda"));
  expect_own(stacks.resolve(run.stacks[1]), "stack_test_program.cpp", {"storage::Store::stream"});
}

TEST(StackCollector, is_not_caught_in_the_cycles_of_a_false_interpreter) {
  StackCollector stacks;
  const TracedRun lost = run_traced({.command = {impostor}}, stacks);
  ASSERT_EQ(lost.stacks.size(), 1U);
  EXPECT_FALSE(stacks.resolve(lost.stacks[0]).empty()) << "the native stack is there";
  const TracedRun found = run_traced({.command = {impostor, "found"}}, stacks);
  ASSERT_EQ(found.stacks.size(), 1U);
  EXPECT_LE(stacks.resolve(found.stacks[0]).size(), 256U);
}

TEST(NativeStacks, of_a_shell_have_no_line) {
  StackCollector stacks;
  const TracedRun run = run_traced({.command = {"/bin/sh", "-c", "echo MARK"}}, stacks);
  ASSERT_EQ(run.stacks.size(), 1U);
  const Stack& stack = stacks.resolve(run.stacks[0]);
  const Frame* frame = source_frame(stack);
  EXPECT_TRUE(frame == nullptr || frame->line == 0) << describe(stack);
}

TEST(StackCollector, answers_an_empty_stack_for_a_process_that_is_gone) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  StackCollector stacks;
  user_regs_struct registers{};
  registers.rip = 0x1000;
  registers.rsp = ~std::uint64_t{0} - 64;
  EXPECT_TRUE(stacks.resolve(stacks.capture(child, child, registers)).empty());
}

TEST(SourceFrame, prefers_a_line_of_the_program_then_a_name_then_any_line) {
  const Frame library{.path = "/l.c", .line = 1, .function = "write", .runtime = true};
  const Frame named{.path = "", .line = 0, .function = "save", .runtime = false};
  const Frame lined{.path = "/a.c", .line = 2, .function = "main", .runtime = false};
  const Frame unknown{};
  const Stack whole{library, unknown, named, lined};
  EXPECT_EQ(source_frame(whole), &whole[3]);
  const Stack without_line{library, unknown, named};
  EXPECT_EQ(source_frame(without_line), &without_line[2]);
  const Stack only_library{unknown, library};
  EXPECT_EQ(source_frame(only_library), &only_library[1]);
  EXPECT_EQ(source_frame({}), nullptr);
}

}  // namespace
}  // namespace untorn::prove
