// SPDX-License-Identifier: Apache-2.0
#include "prove/stack/node_script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filesystem/operation_log.h"

namespace untorn::prove {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

static_assert(no_stack == no_index, "the log and the collector say `none` by one number");

TEST(ToldStack, is_read_with_its_keys_and_frames) {
  const ToldStack told = parse_told_stack("later\n#7/state.json\n12\tsave\t/app/a b.js\n3\t\t/x\n");
  EXPECT_EQ(told.kind, ToldStack::Kind::later);
  EXPECT_THAT(told.keys, ElementsAre("#7", "state.json"));
  ASSERT_EQ(told.stack.size(), 2U);
  EXPECT_EQ(told.stack[0].path, "/app/a b.js");
  EXPECT_EQ(told.stack[0].line, 12U);
  EXPECT_EQ(told.stack[0].function, "save");
  EXPECT_FALSE(told.stack[0].runtime);
  EXPECT_EQ(told.stack[1].function, "");
}

TEST(ToldStack, of_senseless_text_is_an_end_without_frames) {
  for (const char* text : {"", "\n", "?\n\n", "begi", "later\n", "\n\n\n\n", "end\n\nx\ty"}) {
    const ToldStack told = parse_told_stack(text);
    EXPECT_THAT(told.stack, IsEmpty()) << text;
    EXPECT_THAT(told.keys, IsEmpty()) << text;
  }
}

TEST(StackCollector, finds_what_a_thread_told_until_it_says_that_it_is_over) {
  StackCollector stacks;
  EXPECT_FALSE(stacks.has_told(10));
  EXPECT_EQ(stacks.capture_told(10, 10, {}), no_stack);
  stacks.tell(10, 10, "begin\n\n5\tf\t/a.js\n");
  const std::uint32_t number = stacks.capture_told(10, 10, {"other"});
  ASSERT_EQ(stacks.resolve(number).size(), 1U);
  EXPECT_EQ(stacks.resolve(number)[0].line, 5U);
  EXPECT_EQ(stacks.capture_told(10, 11, {}), no_stack) << "another thread";
  stacks.tell(10, 10, "end\n\n");
  EXPECT_EQ(stacks.capture_told(10, 10, {}), no_stack);
}

TEST(StackCollector, finds_what_was_told_for_later_by_the_first_key_that_fits) {
  StackCollector stacks;
  stacks.tell(10, 10, "later\na\n1\t\t/a.js\n");
  stacks.tell(10, 10, "later\nb/#4\n2\t\t/a.js\n");
  EXPECT_EQ(stacks.resolve(stacks.capture_told(10, 12, {"#4", "a"}))[0].line, 2U);
  EXPECT_EQ(stacks.resolve(stacks.capture_told(10, 12, {"#5", "a", "b"}))[0].line, 1U);
  EXPECT_EQ(stacks.capture_told(10, 12, {"c"}), no_stack);
  stacks.forget_told(10, "#4");
  EXPECT_EQ(stacks.capture_told(10, 12, {"#4"}), no_stack);
  stacks.forget(10);
  EXPECT_FALSE(stacks.has_told(10));
}

}  // namespace
}  // namespace untorn::prove
