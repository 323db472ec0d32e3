// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/simple_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace untorn::prove {
namespace {

using testing::ElementsAre;
using testing::Optional;

TEST(SimpleWords, plain_and_quoted_words_need_no_shell) {
  EXPECT_THAT(simple_words("python3  -I check.py"),
              Optional(ElementsAre("python3", "-I", "check.py")));
  EXPECT_THAT(simple_words("./check 'a b' \"c d\"x"),
              Optional(ElementsAre("./check", "a b", "c dx")));
  EXPECT_THAT(simple_words("grep '$HOME' ''"), Optional(ElementsAre("grep", "$HOME", "")));
}

TEST(SimpleWords, what_a_shell_would_change_is_left_to_it) {
  for (const char* line :
       {"a | b", "a; b", "a && b", "a > f", "a $x", "a \"$x\"", "a `b`", "a *",   "a ?", "a [x]",
        "~/a",   "a #b", "a \\b",  "(a)",   "a\nb", "{ a }",    "a 'b",  "x=1 a", "! a", ""}) {
    EXPECT_EQ(simple_words(line), std::nullopt) << line;
  }
}

TEST(SimpleWords, what_a_shell_does_itself_is_left_to_it) {
  for (const char* line : {"test -e a", "[ -e a ]", "true", "cd d", "exit 3", ". ./a", "exec a"}) {
    EXPECT_EQ(simple_words(line), std::nullopt) << line;
  }
}

}  // namespace
}  // namespace untorn::prove
