// SPDX-License-Identifier: Apache-2.0
//
// What an append costs, counted: the numbers of line_log.h.
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>

#include "filesystem/memory_file_system.h"
#include "filesystem/recording_file_system.h"
#include "tests/support/files.h"
#include "untorn/line_log.h"

namespace untorn {
namespace {

using testing::write_file;
using Counts = std::map<std::string, std::uint64_t>;

class LineLogCalls : public ::testing::Test {
 protected:
  LineLogCalls() {
    // The tree has its `.untorn` already.
    const auto other = LineLog::open(memory, "other.log");
    EXPECT_TRUE(other) << other.error();
  }

  LineLog open(const LineLogOptions& options = {}) {
    auto log = LineLog::open(fs, "a.log", options);
    EXPECT_TRUE(log) << log.error();
    return std::move(log).value();
  }

  Counts counts() {
    Counts found;
    for (std::size_t index = 0; index < call_count; ++index) {
      const Call call{static_cast<std::uint8_t>(index)};
      if (fs.calls(call) != 0) found[std::string(to_string(call))] = fs.calls(call);
    }
    return found;
  }

  // The calls since `before`.
  Counts since(const Counts& before) {
    Counts found = counts();
    for (const auto& [name, count] : before) {
      found[name] -= count;
      if (found[name] == 0) found.erase(name);
    }
    return found;
  }

  InMemoryFileSystem memory;
  RecordingFileSystem fs{memory};
};

TEST_F(LineLogCalls, an_append_costs_seven_calls_with_one_sync_and_five_without) {
  for (const LineSync sync : {LineSync::each, LineSync::never}) {
    LineLog log = open({.sync = sync});
    ASSERT_TRUE(log.append("one"));
    const Counts before = counts();
    const auto receipt = log.append("two");
    ASSERT_TRUE(receipt);
    Counts expected = {{"lock", 1}, {"status_at", 1}, {"read_at", 1}, {"write", 1}, {"unlock", 1}};
    if (sync == LineSync::each) {
      expected["sync_data"] = 1;
      expected["write_at"] = 1;
    }
    EXPECT_EQ(since(before), expected);
    EXPECT_EQ(receipt->syncs, sync == LineSync::each ? 1U : 0U);
  }
}

TEST_F(LineLogCalls, many_lines_of_one_call_cost_one_write_and_one_sync) {
  LineLog log = open();
  const Counts before = counts();
  ASSERT_TRUE(log.append(std::vector<std::string>(1000, std::string(100, 'x'))));
  const Counts made = since(before);
  EXPECT_EQ(made.at("write"), 1U);
  EXPECT_EQ(made.at("sync_data"), 1U);
}

TEST_F(LineLogCalls, a_new_file_costs_a_sync_of_its_directory_and_a_known_one_none) {
  {
    const LineLog log = open();
  }
  EXPECT_EQ(counts().at("sync"), 1U);
  EXPECT_EQ(counts().count("sync_data"), 0U);
  const Counts before = counts();
  {
    const LineLog log = open();
  }
  EXPECT_EQ(since(before).count("sync"), 0U);
  EXPECT_EQ(since(before).count("sync_data"), 0U);
}

TEST_F(LineLogCalls, a_file_that_somebody_else_made_costs_one_of_each_once) {
  write_file(fs, "a.log", "by another program\n");
  const Counts before = counts();
  {
    const LineLog log = open();
  }
  EXPECT_EQ(since(before).at("sync"), 1U);
  EXPECT_EQ(since(before).at("sync_data"), 1U);
  const Counts later = counts();
  {
    const LineLog log = open();
  }
  EXPECT_EQ(since(later).count("sync"), 0U);
}

TEST_F(LineLogCalls, without_syncs_none_is_made_but_by_a_rotation) {
  LineLog log = open({.sync = LineSync::never, .rotate_bytes = 6});
  ASSERT_TRUE(log.append("one"));
  EXPECT_EQ(counts().count("sync"), 0U);
  EXPECT_EQ(counts().count("sync_data"), 0U);
  const auto rotated = log.append("two");
  ASSERT_TRUE(rotated && rotated->rotated);
  EXPECT_EQ(rotated->syncs, 1U);
  EXPECT_EQ(counts().at("sync_data"), 1U);
  EXPECT_EQ(counts().count("sync"), 0U);
}

TEST_F(LineLogCalls, without_syncs_an_open_that_looked_at_much_syncs_once_for_all) {
  {
    LineLog log = open({.sync = LineSync::never});
    for (int piece = 0; piece < 5; ++piece) {
      ASSERT_TRUE(log.append(std::string(std::size_t{1} << 20U, 'x')));
    }
  }
  const Counts before = counts();
  {
    const LineLog log = open({.sync = LineSync::never});
  }
  const Counts first = since(before);
  EXPECT_EQ(first.at("sync_data"), 1U);
  EXPECT_GT(first.at("read_at"), 20U);
  const Counts later = counts();
  {
    const LineLog log = open({.sync = LineSync::never});
  }
  const Counts second = since(later);
  EXPECT_EQ(second.count("sync_data"), 0U);
  EXPECT_LT(second.at("read_at"), 10U);
}

TEST_F(LineLogCalls, a_rotation_costs_a_sync_of_the_directory_more) {
  LineLog log = open({.rotate_bytes = 6});
  ASSERT_TRUE(log.append("one"));
  const auto rotated = log.append("two");
  ASSERT_TRUE(rotated && rotated->rotated);
  EXPECT_EQ(rotated->syncs, 2U) << "the old file is synced already";
}

TEST_F(LineLogCalls, a_repair_costs_three_syncs) {
  write_file(fs, "a.log", "one\ntorn");
  const Counts before = counts();
  {
    const LineLog log = open({.sync = LineSync::never});
  }
  EXPECT_EQ(since(before).at("sync") + since(before)["sync_data"], 3U);
}

TEST_F(LineLogCalls, a_batch_that_is_destroyed_is_synced) {
  {
    LineLog log = open({.sync = LineSync::batched});
    ASSERT_TRUE(log.append("one"));
    EXPECT_EQ(counts().count("sync_data"), 0U);
  }
  EXPECT_EQ(counts().at("sync_data"), 1U);
}

}  // namespace
}  // namespace untorn
