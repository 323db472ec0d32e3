// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "line_log/line_log_test_support.h"
#include "tests/support/files.h"
#include "untorn/line_log.h"

namespace untorn {
namespace {

using testing::status_of;
using testing::write_file;

TEST_F(LineLogInMemory, rotation_by_size_keeps_so_many_old_files_and_loses_no_line_of_them) {
  LineLog log = open({.rotate_bytes = 8, .keep = 3});
  for (int number = 100; number < 112; ++number) {
    const auto receipt = log.append(std::to_string(number));
    ASSERT_TRUE(receipt) << receipt.error();
    EXPECT_EQ(receipt->rotated, number != 100 && number % 2 == 0) << number;
  }
  EXPECT_EQ(names(), (std::vector<std::string>{"a.log", "a.log.1", "a.log.2", "a.log.3"}));
  EXPECT_EQ(content("a.log.3") + content("a.log.2") + content("a.log.1") + content(),
            "104\n105\n106\n107\n108\n109\n110\n111\n");
}

TEST_F(LineLogInMemory, lines_longer_than_the_limit_get_a_file_of_their_own) {
  LineLog log = open({.rotate_bytes = 4, .keep = 1});
  const auto first = log.append("longer than four");
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->rotated) << "an empty file is not rotated";
  ASSERT_TRUE(log.append("x"));
  EXPECT_EQ(content("a.log.1"), "longer than four\n");
  EXPECT_EQ(content(), "x\n");
}

TEST_F(LineLogInMemory, rotation_fills_a_gap_and_drops_nothing_then) {
  write_file(fs, "a.log", "now\n");
  write_file(fs, "a.log.1", "one\n");
  write_file(fs, "a.log.3", "three\n");
  LineLog log = open({.rotate_bytes = 5, .keep = 3});
  ASSERT_TRUE(log.append("next"));
  EXPECT_EQ(content("a.log.1"), "now\n");
  EXPECT_EQ(content("a.log.2"), "one\n");
  EXPECT_EQ(content("a.log.3"), "three\n");
}

TEST_F(LineLogInMemory, the_new_file_of_a_rotation_has_owner_and_mode_of_the_old_one) {
  write_file(fs, "a.log", "old\n");
  {
    const OwnedHandle file(
        fs, fs.open(Handle::working_directory, "a.log", {.access = Access::write}).value());
    ASSERT_TRUE(fs.set_owner(file.get(), 33, 44));
    ASSERT_TRUE(fs.set_mode(file.get(), 0660));
  }
  LineLog log = open({.rotate_bytes = 1, .mode = 0600});
  ASSERT_TRUE(log.append("new"));
  const Status status = status_of(fs, "a.log");
  EXPECT_EQ(status.mode, 0660U);
  EXPECT_EQ(status.user, 33U);
  EXPECT_EQ(status.group, 44U);
}

TEST_F(LineLogInMemory, after_a_crash_between_two_names_the_new_file_is_no_more_open_than_the_old) {
  write_file(fs, "a.log.1", "old\n");
  {
    const OwnedHandle file(
        fs, fs.open(Handle::working_directory, "a.log.1", {.access = Access::write}).value());
    ASSERT_TRUE(fs.set_mode(file.get(), 0600));
  }
  {
    const LineLog log = open({.rotate_bytes = 100});
  }
  EXPECT_EQ(status_of(fs, "a.log").mode, 0600U);
}

TEST_F(LineLogInMemory, another_log_follows_a_rotation) {
  LineLog rotating = open({.rotate_bytes = 8});
  LineLog other = open();
  ASSERT_TRUE(other.append("one"));
  ASSERT_TRUE(rotating.append("two"));
  ASSERT_TRUE(rotating.append("three"));
  ASSERT_TRUE(other.append("four"));
  EXPECT_EQ(content("a.log.1"), "one\ntwo\n");
  EXPECT_EQ(content(), "three\nfour\n");
}

TEST_F(LineLogInMemory, what_is_in_the_way_of_a_rotation_is_an_error_and_nothing_is_lost) {
  ASSERT_TRUE(fs.make_directory(Handle::working_directory, "a.log.1", 0755));
  write_file(fs, "a.log", "old\n");
  LineLog log = open({.rotate_bytes = 1, .keep = 1});
  const auto refused = log.append("new");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().step(), Step::rename);
  EXPECT_EQ(refused.error().outcome(), Outcome::not_applied);
  EXPECT_EQ(content(), "old\n");
  ASSERT_TRUE(fs.remove_directory(Handle::working_directory, "a.log.1"));
  EXPECT_TRUE(log.append("new"));
  EXPECT_EQ(content("a.log.1") + content(), "old\nnew\n");
}

}  // namespace
}  // namespace untorn
