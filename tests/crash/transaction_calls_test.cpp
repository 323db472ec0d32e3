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
#include "tests/crash/transaction_test_support.h"
#include "untorn/transaction.h"

namespace untorn {
namespace {

using testing::Storage;
using testing::storage_named;

using Counts = std::map<std::string, std::uint64_t>;
using Collect = std::function<Result<void>(Transaction&)>;

struct Cost {
  std::uint64_t syncs = 0;
  Counts calls;
};

// Of a transaction in a tree that had one before.
Cost cost_of(const Collect& collect, const Storage& storage = storage_named("classic")) {
  std::vector<TreeEntry> tree = {{.path = "t/a", .content = Bytes("old")},
                                 {.path = "t/d/b", .content = Bytes("old")},
                                 {.path = "t/e/c", .content = Bytes("old")}};
  MemoryOptions options;
  options.kind = storage.kind;
  InMemoryFileSystem memory(tree, options);
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
  cost.syncs = fs.calls(Call::sync) + fs.calls(Call::sync_everything);
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

// New ones, and in the same directory.
Collect put(int files) {
  return [files](Transaction& change) -> Result<void> {
    for (int number = 0; number < files; ++number) {
      UNTORN_CHECK(change.put("d/" + std::to_string(number), "x"));
    }
    return {};
  };
}

// Half of them are there already, in five directories.
Collect put_and_remove(int files) {
  return [files](Transaction& change) -> Result<void> {
    for (int number = 0; number < files; ++number) {
      const std::string directory = "x" + std::to_string(number % 5);
      UNTORN_CHECK(change.make_directory(directory));
      UNTORN_CHECK(change.put(directory + "/" + std::to_string(number), "x"));
    }
    UNTORN_CHECK(change.put("a", "new"));
    return change.remove("d/b");
  };
}

TEST(TransactionCalls, many_files_in_one_directory_cost_one_sync_each) {
  EXPECT_EQ(cost_of(put(100)).syncs - cost_of(put(10)).syncs, 90U);
}

// One for the intent, with all that it relies on; one for its end, with all that it says.
TEST(TransactionCalls, with_one_commit_any_number_of_files_costs_two_syncs) {
  for (const char* name : {"ext4", "xfs"}) {
    const Storage storage = storage_named(name);
    for (const int files : {1, 10, 1000}) {
      const Cost cost = cost_of(put(files), storage);
      EXPECT_EQ(cost.syncs, 2U) << name << ", " << files;
      EXPECT_EQ(cost.calls.at("sync_range"), static_cast<std::uint64_t>(files) + 1) << "the intent";
      EXPECT_EQ(cost_of(put_and_remove(files), storage).syncs, 2U) << name << ", " << files;
    }
  }
}

// Before the intent's name one of everything, and one after the operations if they touch more than
// two directories.
TEST(TransactionCalls, on_btrfs_the_number_of_files_does_not_count_from_three_on) {
  const Storage btrfs = storage_named("btrfs");
  for (const int files : {3, 10, 1000}) {
    const Cost cost = cost_of(put(files), btrfs);
    EXPECT_EQ(cost.syncs, 4U) << files;
    EXPECT_EQ(cost.calls.at("sync_everything"), 1U) << files;
  }
  const Cost many = cost_of(put_and_remove(100), btrfs);
  const Cost more = cost_of(put_and_remove(1000), btrfs);
  EXPECT_EQ(many.syncs, more.syncs);
  // One or two files do not write back what strangers have changed.
  EXPECT_EQ(cost_of(put(2), btrfs).calls.count("sync_everything"), 0U);
  EXPECT_EQ(cost_of(put(2), btrfs).syncs, cost_of(put(2)).syncs);
}

// A sync of the directories stays between the steps, whose order a fast commit need not keep.
TEST(TransactionCalls, with_fast_commits_directories_are_synced_and_files_are_not) {
  const Storage storage = storage_named("ext4_fast_commit");
  EXPECT_EQ(cost_of(put(10), storage).syncs, 2U + 1U + 1U + 1U);
  EXPECT_EQ(cost_of(put(1000), storage).syncs, 2U + 1U + 1U + 1U);
}

TEST(TransactionCalls, the_receipt_tells_the_protocol) {
  for (const Storage& storage : testing::storages()) {
    const testing::Example example = testing::example_named("plain");
    const auto memory = make_tree(example, storage);
    const auto receipt = run_example(*memory, example);
    ASSERT_TRUE(receipt) << receipt.error();
    const bool journal = storage.kind.range_sync == RangeSync::before_names;
    EXPECT_EQ(receipt->protocol, journal ? Protocol::one_commit : Protocol::classic);
  }
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
