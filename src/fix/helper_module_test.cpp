// SPDX-License-Identifier: Apache-2.0
#include "fix/helper_module.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace untorn::fix {
namespace {

std::string changed(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(HelperModule, text_is_the_source_with_one_comment_and_no_more_lines) {
  const std::string text = helper_text("1.2.3");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'),
            std::count(helper_source().begin(), helper_source().end(), '\n'));
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 200);
  EXPECT_NE(text.find("\n# Written by untorn fix 1.2.3, check "), std::string::npos);
  EXPECT_NE(text.find("def atomic_write_text("), std::string::npos);
  EXPECT_NE(text.find("def atomic_write_bytes("), std::string::npos);
  EXPECT_NE(text.find("def atomic_open("), std::string::npos);
}

TEST(HelperModule, own_text_and_a_copy_of_the_source_are_current) {
  EXPECT_EQ(judge_helper(helper_text("1.2.3"), "1.2.3"), HelperState::current);
  EXPECT_EQ(judge_helper(helper_source(), "1.2.3"), HelperState::current);
}

TEST(HelperModule, untouched_text_of_another_version_is_older_or_newer) {
  EXPECT_EQ(judge_helper(helper_text("1.2.3"), "1.2.4"), HelperState::older);
  EXPECT_EQ(judge_helper(helper_text("1.9.0"), "1.10.0"), HelperState::older);
  EXPECT_EQ(judge_helper(helper_text("2.0.0"), "1.10.0"), HelperState::newer);
}

TEST(HelperModule, an_edit_anywhere_is_noticed) {
  const std::string text = helper_text("1.2.3");
  EXPECT_EQ(judge_helper(changed(text, "import os\n", "import os \n"), "1.2.4"),
            HelperState::edited);
  EXPECT_EQ(judge_helper(changed(text, "SPDX", "spdx"), "1.2.4"), HelperState::edited);
  EXPECT_EQ(judge_helper(text + "\n", "1.2.4"), HelperState::edited);
}

TEST(HelperModule, any_other_file_is_foreign) {
  const std::string text = helper_text("1.2.3");
  for (const std::string& other :
       {std::string(), std::string("x = 1\n"), changed(text, "# Written by", "# written by"),
        changed(text, "unless it was edited.", "if you like."), std::string("\0\xFF", 2),
        std::string("# Written by untorn fix 1.0.0, check "), text.substr(0, text.find("check"))}) {
    EXPECT_EQ(judge_helper(other, "1.2.3"), HelperState::foreign) << other.substr(0, 40);
  }
}

}  // namespace
}  // namespace untorn::fix
