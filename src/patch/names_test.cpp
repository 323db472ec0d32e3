// SPDX-License-Identifier: Apache-2.0
#include "patch/names.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace untorn::patch {
namespace {

TEST(PatchNames, lose_their_leading_components) {
  EXPECT_EQ(read_name("a/x/y.py", 1, NameEnd::at_tab), "x/y.py");
  EXPECT_EQ(read_name("a/x/y.py", 0, NameEnd::at_tab), "a/x/y.py");
  EXPECT_EQ(read_name("a/x/y.py", 2, NameEnd::at_tab), "y.py");
  EXPECT_EQ(read_name("a/x/y.py", 3, NameEnd::at_tab), std::nullopt);
  EXPECT_EQ(read_name("a/", 1, NameEnd::at_tab), std::nullopt);
  EXPECT_EQ(read_name("a///x//y", 1, NameEnd::at_tab), "/x/y") << "absolute: refused later";
}

TEST(PatchNames, may_be_quoted) {
  EXPECT_EQ(read_name(R"("a/t\tb\303\274\"\\")", 1, NameEnd::at_tab), "t\tb\xC3\xBC\"\\");
  EXPECT_EQ(read_name(R"("a/nul\000x")", 1, NameEnd::at_tab), std::string("nul\0x", 5));
  EXPECT_EQ(read_name(R"("a/x)", 1, NameEnd::at_tab), "x") << "an open quotation is a plain name";
  EXPECT_EQ(read_name(R"("a/\9")", 1, NameEnd::at_tab), "\\9\"") << "as git takes it";
}

TEST(PatchNames, end_at_a_tab_only_where_a_time_may_follow) {
  EXPECT_EQ(read_name("a/x y\tjunk", 1, NameEnd::at_tab), "x y");
  EXPECT_EQ(read_name("x y\tz", 0, NameEnd::at_line), "x y\tz");
}

TEST(PatchNames, of_plain_diffs_lose_the_time) {
  for (const char* time :
       {"\t2010-07-05 19:41:17.620000023 -0500", "\t2010-07-05 19:41:17 -0500",
        "\t2010-07-05 19:41:17", "   2010-07-05 19:41:17.620000023 +05:00", "\tany words"}) {
    EXPECT_EQ(read_plain_name(std::string("a/my file.c") + time, 1), "my file.c") << time;
  }
  EXPECT_EQ(read_plain_name("a/my file 2010-07-05.c", 1), "my file 2010-07-05.c");
  EXPECT_EQ(read_plain_name("2010-07-05 19:41:17", 0), "2010-07-05 19:41:17") << "no name before";
}

TEST(PatchNames, on_both_sides_of_a_git_header_are_found_in_spite_of_blanks) {
  EXPECT_EQ(common_name("a/x b/x", 1), "x");
  EXPECT_EQ(common_name("a/x b/x b/x b/x", 1), "x b/x");
  EXPECT_EQ(common_name("x y x y", 0), "x y");
  EXPECT_EQ(common_name("a/x b/y", 1), std::nullopt);
  EXPECT_EQ(common_name(R"("a/q\"q" "b/q\"q")", 1), "q\"q");
  EXPECT_EQ(common_name(R"("a/x" b/x)", 1), "x");
  EXPECT_EQ(common_name(R"(a/x "b/x")", 1), "x");
  EXPECT_EQ(common_name(R"(a/x "b/y")", 1), std::nullopt);
  EXPECT_EQ(common_name("a/d/x b/d/x", 2), "x");
  EXPECT_EQ(common_name("x x", 1), std::nullopt) << "nothing to strip";
  EXPECT_EQ(common_name("", 1), std::nullopt);
  EXPECT_EQ(common_name(std::string(header_bytes_max + 1, ' '), 0), std::nullopt);
}

TEST(PatchNames, know_the_null_device_and_the_beginning_of_time) {
  EXPECT_TRUE(is_null_name("/dev/null"));
  EXPECT_TRUE(is_null_name("/dev/null\t1970"));
  EXPECT_FALSE(is_null_name("/dev/nullx"));
  EXPECT_FALSE(is_null_name("a/dev/null"));
  EXPECT_TRUE(has_epoch_time("x\t1970-01-01 00:00:00.000000000 +0000"));
  EXPECT_TRUE(has_epoch_time("x\t1970-01-01 01:00:00 +0100"));
  EXPECT_TRUE(has_epoch_time("x\t1969-12-31 19:00:00.0 -05:00"));
  EXPECT_FALSE(has_epoch_time("x\t1970-01-01 00:00:00.000000001 +0000"));
  EXPECT_FALSE(has_epoch_time("x\t1970-01-01 00:00:01 +0000"));
  EXPECT_FALSE(has_epoch_time("x\t1970-01-01 00:00:00")) << "the zone is not known";
  EXPECT_FALSE(has_epoch_time("x\t2010-01-01 00:00:00 +0000"));
}

}  // namespace
}  // namespace untorn::patch
