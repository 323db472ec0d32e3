// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/uio.h>

#include <array>
#include <string>

#include "c_api/c_test_support.h"

namespace untorn {
namespace {

using test::CTest;
using test::empty_info;
using test::Out;

class CLog : public CTest {
 protected:
  int open(untorn_log** log, const untorn_options* options = nullptr) {
    return untorn_log_open(path("log").c_str(), options, log, failure_.into());
  }
  static untorn_entry torn(const untorn_log* log) {
    untorn_entry entry = {};
    entry.size = sizeof(entry);
    EXPECT_EQ(untorn_log_torn(log, &entry), UNTORN_OK);
    return entry;
  }
};

TEST_F(CLog, lines_are_appended_whole) {
  Out<untorn_log> log;
  ASSERT_EQ(open(log.into()), UNTORN_OK) << failure_.message();
  untorn_info info = empty_info();
  ASSERT_EQ(untorn_log_append(log.get(), "one", 3, &info, nullptr), UNTORN_OK);
  EXPECT_EQ(info.count, 1U);
  EXPECT_EQ(info.bytes, 4U);
  EXPECT_NE(info.flags & UNTORN_SYNCED, 0U);
  std::string two = "two";
  const std::array<iovec, 2> lines = {iovec{two.data(), two.size()}, iovec{nullptr, 0}};
  ASSERT_EQ(untorn_log_append_lines(log.get(), lines.data(), lines.size(), &info, nullptr),
            UNTORN_OK);
  EXPECT_EQ(info.count, 2U);
  EXPECT_EQ(content("log"), "one\ntwo\n\n");
  EXPECT_EQ(untorn_log_sync(log.get(), nullptr), UNTORN_OK);
  EXPECT_EQ(torn(log.get()).finding, 0);
}

TEST_F(CLog, a_torn_end_is_moved_away_and_told) {
  put("log", "whole\ntor");
  Out<untorn_log> log;
  ASSERT_EQ(open(log.into()), UNTORN_OK) << failure_.message();
  const untorn_entry entry = torn(log.get());
  EXPECT_EQ(entry.finding, UNTORN_TORN_LINES);
  EXPECT_EQ(entry.bytes, 3U);
  EXPECT_EQ(content(entry.path), "tor");
  EXPECT_STRNE(entry.why, "");
  EXPECT_EQ(content("log"), "whole\n");
}

TEST_F(CLog, options_take_effect) {
  ASSERT_EQ(untorn_options_set(options_.get(), UNTORN_OPTION_LINE_SYNC, UNTORN_SYNC_NEVER),
            UNTORN_OK);
  ASSERT_EQ(untorn_options_set(options_.get(), UNTORN_OPTION_ROTATE_BYTES, 8), UNTORN_OK);
  Out<untorn_log> log;
  ASSERT_EQ(open(log.into(), options_.get()), UNTORN_OK);
  untorn_info info = empty_info();
  ASSERT_EQ(untorn_log_append(log.get(), "first", 5, &info, nullptr), UNTORN_OK);
  EXPECT_EQ(info.flags & UNTORN_SYNCED, 0U);
  ASSERT_EQ(untorn_log_append(log.get(), "second", 6, &info, nullptr), UNTORN_OK);
  EXPECT_NE(info.flags & UNTORN_ROTATED, 0U);
  EXPECT_EQ(content("log") + content("log.1"), "second\nfirst\n");
}

TEST_F(CLog, wrong_calls_are_refused) {
  Out<untorn_log> log;
  EXPECT_EQ(untorn_log_open(nullptr, nullptr, log.into(), nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_log_open(path("log").c_str(), nullptr, nullptr, nullptr),
            UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_log_open(path(".").c_str(), nullptr, log.into(), nullptr),
            UNTORN_NOT_REGULAR_FILE);
  ASSERT_EQ(open(log.into()), UNTORN_OK);
  EXPECT_EQ(untorn_log_append(log.get(), "two\nlines", 9, nullptr, nullptr),
            UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_log_append(log.get(), nullptr, 1, nullptr, nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_log_append(nullptr, "x", 1, nullptr, nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_log_append_lines(log.get(), nullptr, 1, nullptr, nullptr),
            UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_log_sync(nullptr, nullptr), UNTORN_INVALID_ARGUMENT);
  untorn_entry entry = {};
  EXPECT_EQ(untorn_log_torn(log.get(), &entry), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_log_torn(nullptr, &entry), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(content("log"), "");
  untorn_log_close(nullptr);
}

}  // namespace
}  // namespace untorn
