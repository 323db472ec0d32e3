// SPDX-License-Identifier: Apache-2.0
//
// What a transaction costs, counted: the sentence of transaction.h.
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/try.h"
#include "filesystem/memory_file_system.h"
#include "filesystem/recording_file_system.h"
#include "untorn/transaction.h"

namespace untorn {
namespace {

using Counts = std::map<std::string, std::uint64_t>;
using Collect = std::function<Result<void>(Transaction&)>;

struct Cost {
  std::uint64_t syncs = 0;
  Counts calls;
};

// Of a transaction in a tree that had one before.
Cost cost_of(const Collect& collect) {
  std::vector<TreeEntry> tree = {{.path = "t/a", .content = Bytes("old")},
                                 {.path = "t/d/b", .content = Bytes("old")},
                                 {.path = "t/e/c", .content = Bytes("old")}};
  InMemoryFileSystem memory(tree);
  EXPECT_TRUE(Transaction::begin(memory, "t"));
  RecordingFileSystem fs(memory);
  auto change = Transaction::begin(fs, "t");
  EXPECT_TRUE(change && collect(*change));
  const auto receipt = std::move(*change).commit();
  EXPECT_TRUE(receipt) << receipt.error();
  Cost cost;
  for (std::size_t index = 0; index < call_count; ++index) {
    const Call call{static_cast<std::uint8_t>(index)};
    if (fs.calls(call) != 0) cost.calls[std::string(to_string(call))] = fs.calls(call);
  }
  cost.syncs = fs.calls(Call::sync);
  EXPECT_EQ(receipt->syncs, cost.syncs) << "begin() syncs nothing";
  return cost;
}

// One for each file put, one for each old file whose content it reads, one for each directory with
// temporaries (the root always), one for each directory that operations touch, three for the
// intent.
TEST(TransactionCalls, syncs_are_those_that_the_header_states) {
  EXPECT_EQ(cost_of([](Transaction& change) { return change.put("new", "x"); }).syncs,
            1U + 0U + 1U + 1U + 3U);
  EXPECT_EQ(cost_of([](Transaction& change) { return change.put("a", "x"); }).syncs,
            1U + 1U + 1U + 1U + 3U);
  EXPECT_EQ(cost_of([](Transaction& change) -> Result<void> {
              UNTORN_CHECK(change.put("a", "x"));
              UNTORN_CHECK(change.put("d/b", "x"));
              return change.put("d/new", "x");
            }).syncs,
            3U + 2U + 2U + 2U + 3U);
  EXPECT_EQ(cost_of([](Transaction& change) { return change.remove("d/b"); }).syncs,
            0U + 1U + 1U + 1U + 3U);
  EXPECT_EQ(cost_of([](Transaction& change) { return change.rename("d/b", "e/b"); }).syncs,
            0U + 0U + 1U + 2U + 3U);
  EXPECT_EQ(cost_of([](Transaction& change) { return change.make_directory("x"); }).syncs,
            0U + 0U + 1U + 1U + 3U);
}

// Before content moves into a directory that was just made, that one's name is synced.
TEST(TransactionCalls, content_in_a_new_directory_costs_one_sync_more) {
  EXPECT_EQ(cost_of([](Transaction& change) -> Result<void> {
              UNTORN_CHECK(change.make_directory("x/y"));
              UNTORN_CHECK(change.put("x/y/1", "x"));
              return change.put("x/y/2", "x");
            }).syncs,
            2U + 0U + 1U + 2U + 3U + 2U);
}

TEST(TransactionCalls, many_files_in_one_directory_cost_one_sync_each) {
  const auto put = [](int files) {
    return [files](Transaction& change) -> Result<void> {
      for (int number = 0; number < files; ++number) {
        UNTORN_CHECK(change.put("d/" + std::to_string(number), "x"));
      }
      return {};
    };
  };
  EXPECT_EQ(cost_of(put(100)).syncs - cost_of(put(10)).syncs, 90U);
}

TEST(TransactionCalls, one_file_makes_these_calls_and_no_other) {
  const Cost cost = cost_of([](Transaction& change) { return change.put("a", "new"); });
  const Counts expected = {{"close", 7},  {"list_attributes", 2}, {"lock", 1},   {"may_write", 2},
                           {"open", 9},   {"read_at", 2},         {"rename", 2}, {"set_mode", 1},
                           {"status", 9}, {"status_at", 8},       {"sync", 7},   {"unlink", 2},
                           {"write", 3}};
  EXPECT_EQ(cost.calls, expected);
}

TEST(TransactionCalls, a_shared_lock_syncs_and_writes_nothing) {
  InMemoryFileSystem memory;
  ASSERT_TRUE(memory.make_directory(Handle::working_directory, "t", 0755));
  ASSERT_TRUE(Transaction::begin(memory, "t"));
  RecordingFileSystem fs(memory);
  ASSERT_TRUE(TreeLock::shared(fs, "t"));
  for (const Call call : {Call::sync, Call::write, Call::rename, Call::unlink}) {
    EXPECT_EQ(fs.calls(call), 0U);
  }
}

}  // namespace
}  // namespace untorn
