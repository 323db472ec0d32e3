// SPDX-License-Identifier: Apache-2.0
//
// What a replacement counts, and that counting costs no call.
#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <string>
#include <vector>

#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "filesystem/recording_file_system.h"
#include "filesystem/test_directory.h"
#include "untorn/counters.h"
#include "untorn/replace.h"

namespace untorn {
namespace {

using test::as_bytes;

class ReplaceCounters : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = Counters::open(memory_, "tree");
    ASSERT_TRUE(opened) << opened.error();
    counters_ = *opened;
  }
  [[nodiscard]] CounterTotals totals() {
    const auto read = read_counters(memory_, "tree");
    EXPECT_TRUE(read) << read.error();
    return read ? *read : CounterTotals{};
  }
  [[nodiscard]] std::uint64_t commits(Durability level, Outcome outcome) {
    return totals()
        .commits.at(static_cast<std::size_t>(level) - 1)
        .at(static_cast<std::size_t>(outcome));
  }
  [[nodiscard]] ReplaceOptions options(Durability level = Durability::durable) const {
    return {.durability = level, .counters = counters_};
  }

  InMemoryFileSystem memory_{{.path = "tree/a", .content = Bytes("old")}};
  std::shared_ptr<Counters> counters_;
};

TEST_F(ReplaceCounters, each_level_counts_its_commits_bytes_and_syncs) {
  for (const Durability level : {Durability::process, Durability::ordered, Durability::durable}) {
    ASSERT_TRUE(replace_file(memory_, "tree/a", as_bytes("twelve bytes"), options(level)));
    EXPECT_EQ(commits(level, Outcome::applied), 1U);
  }
  EXPECT_EQ(totals().bytes, 36U);
  EXPECT_EQ(totals().commit_durations.count(), 3U);
  EXPECT_EQ(totals().sync_durations.count(), 3U) << "none, one and two";
}

TEST_F(ReplaceCounters, counting_makes_no_call_more) {
  std::vector<std::uint64_t> calls;
  for (const bool counted : {false, true}) {
    RecordingFileSystem fs(memory_);
    ReplaceOptions wanted = options();
    if (!counted) wanted.counters = nullptr;
    ASSERT_TRUE(replace_file(fs, "tree/a", as_bytes("new"), wanted));
    calls.push_back(fs.calls_total());
  }
  EXPECT_EQ(calls.at(0), calls.at(1));
}

TEST_F(ReplaceCounters, the_achieved_level_is_counted_not_the_one_that_was_asked_for) {
  InMemoryFileSystem tmpfs({{.path = "a", .content = Bytes("old")}},
                           {.kind = {.name = "tmpfs", .volatile_storage = true}});
  ASSERT_TRUE(replace_file(tmpfs, "a", as_bytes("new"), options(Durability::durable)));
  EXPECT_EQ(commits(Durability::process, Outcome::applied), 1U);
  EXPECT_EQ(commits(Durability::durable, Outcome::applied), 0U);
}

TEST_F(ReplaceCounters, the_same_content_is_no_commit_but_its_syncs_are_counted) {
  ReplaceOptions wanted = options();
  wanted.skip_if_same = true;
  ASSERT_TRUE(replace_file(memory_, "tree/a", as_bytes("old"), wanted));
  EXPECT_EQ(totals().commit_durations.count(), 0U);
  EXPECT_EQ(totals().sync_durations.count(), 2U);
  EXPECT_EQ(totals().bytes, 0U);
}

TEST_F(ReplaceCounters, an_error_of_any_call_counts_once_with_its_outcome) {
  for (std::uint64_t at = 0;; ++at) {
    FaultFileSystem fs(memory_, Fault{.at = at, .error = Errno{EIO}});
    const CounterTotals before = totals();
    const auto receipt = replace_file(fs, "tree/a", as_bytes("new"), options());
    const Outcome outcome = receipt ? receipt->outcome : receipt.error().outcome();
    const CounterTotals after = totals();
    EXPECT_EQ(after.commit_durations.count(), before.commit_durations.count() + 1) << at;
    std::uint64_t counted_before = 0;
    std::uint64_t counted_after = 0;
    for (std::size_t level = 0; level < 3; ++level) {
      counted_before += before.commits.at(level).at(static_cast<std::size_t>(outcome));
      counted_after += after.commits.at(level).at(static_cast<std::size_t>(outcome));
    }
    EXPECT_EQ(counted_after, counted_before + 1) << "call " << at;
    if (!fs.fired()) break;
    ASSERT_LT(at, 200U);
  }
}

TEST_F(ReplaceCounters, what_is_discarded_is_not_counted_and_what_fails_is_counted_once) {
  {
    auto replacer = FileReplacer::open(memory_, "tree/a", options());
    ASSERT_TRUE(replacer);
    ASSERT_TRUE(replacer->write("never"));
  }
  EXPECT_EQ(totals().commit_durations.count(), 0U);
  FaultFileSystem fs(memory_, Fault{.at = 0, .call = Call::write, .error = Errno{ENOSPC}});
  auto replacer = FileReplacer::open(fs, "tree/a", options());
  ASSERT_TRUE(replacer);
  EXPECT_FALSE(replacer->write("x"));
  EXPECT_FALSE(replacer->write("y"));
  EXPECT_FALSE(std::move(*replacer).commit());
  EXPECT_EQ(commits(Durability::durable, Outcome::not_applied), 1U);
}

}  // namespace
}  // namespace untorn
