// SPDX-License-Identifier: Apache-2.0
//
// Goal: what many files cost a device does not grow with their number, where the headers say so.
// Method: as flushes_test.cpp, over several groups one after the other.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/crash/blockdev/counted_place.h"
#include "tests/crash/blockdev/hooked_file_system.h"
#include "tests/crash/blockdev/lab.h"
#include "tests/crash/blockdev/setups.h"
#include "tests/crash/blockdev/workload.h"
#include "tests/support/files.h"
#include "tests/support/require.h"
#include "untorn/batch.h"
#include "untorn/transaction.h"

namespace untorn::lab {
namespace {

constexpr unsigned repetitions = 7;

// A group of so many files, the same names each time.
using Group = std::function<void(FileSystem&, const CountedPlace&, unsigned files)>;

// Flushes of one group: the fewest of several, since the file system flushes for itself now and
// then, in whichever group it likes (xfs pushes its log, btrfs makes room), and that only adds.
// What grows with the files does so in every round.
unsigned long flushes_of(const CountedPlace& place, FileSystem& fs, const Group& group,
                         unsigned files) {
  group(fs, place, files);
  place.settle();
  std::vector<unsigned long> counted;
  for (unsigned round = 0; round < repetitions; ++round) {
    const unsigned long before = place.count().flushes;
    group(fs, place, files);
    counted.push_back(place.count().flushes - before);
  }
  const auto [fewest, most] = std::ranges::minmax(counted);
  std::printf("  %u files: %lu to %lu flushes\n", files, fewest, most);
  std::fflush(stdout);
  return fewest;
}

void put_batch(FileSystem& fs, const CountedPlace& place, unsigned files) {
  const std::string content = testing::pattern(4096, files);
  Batch batch(fs, {});
  for (unsigned file = 0; file < files; ++file) {
    const auto put = batch.put(place / ("batch-" + std::to_string(file)), content);
    demand(put.has_value(), put ? "" : put.error().message());
  }
  const auto receipt = std::move(batch).commit();
  demand(receipt.has_value(), receipt ? "" : receipt.error().message());
  demand(receipt->failed == 0, std::to_string(receipt->failed) + " files of a batch failed");
  demand(receipt->achieved == Durability::durable, "a batch is not durable");
}

void put_transaction(FileSystem& fs, const CountedPlace& place, unsigned files) {
  const std::string content = testing::pattern(4096, files);
  auto change = Transaction::begin(fs, place / "");
  demand(change.has_value(), change ? "" : change.error().message());
  for (unsigned file = 0; file < files; ++file) {
    const auto put = change->put("part-" + std::to_string(file), content);
    demand(put.has_value(), put ? "" : put.error().message());
  }
  const auto receipt = std::move(*change).commit();
  demand(receipt.has_value(), receipt ? "" : receipt.error().message());
}

class GroupFlushes : public ::testing::TestWithParam<std::string> {
 protected:
  // "" or the sizes of the group that cost more than `most` flushes.
  static std::string over(const Group& group, const std::vector<unsigned>& sizes,
                          unsigned long most) {
    const LabFileSystem& setup = setup_named(GetParam());
    return in_lab_world([&](const std::string& folder) {
      const CountedPlace place(setup, folder);
      FileSystemKind kind = kind_with_ranges(setup.type, setup.fast_commit);
      if (!setup.ranges) kind.range_sync = RangeSync::nothing;
      HookedFileSystem fs(posix_file_system(), [](Handle) {}, kind);
      std::string wrong;
      for (const unsigned files : sizes) {
        const unsigned long counted = flushes_of(place, fs, group, files);
        if (counted <= most) continue;
        wrong += std::to_string(files) + " files: " + std::to_string(counted) + " flushes; ";
      }
      return wrong;
    });
  }
  static std::string why_not_here() {
    const std::string no_lab = why_no_lab();
    return no_lab.empty() ? why_not(setup_named(GetParam())) : no_lab;
  }
};

// The log of xfs is written in pieces: what fills more than one has a flush more.
unsigned long most_of_a_batch(const std::string& setup) {
  if (setup == "btrfs") return 5;
  return setup == "xfs" ? 3 : 2;
}
// Two commits; with fast_commit each sync of the intent is one of its own.
unsigned long most_of_a_transaction(const std::string& setup) {
  if (setup == "ext4") return 4;
  return setup == "xfs" ? 6 : 8;
}

TEST_P(GroupFlushes, of_a_batch_do_not_grow_with_its_files) {
  const std::string problem = why_not_here();
  UNTORN_NEED(problem.empty(), "root", problem);
  EXPECT_EQ(over(put_batch, {10, 1000}, most_of_a_batch(GetParam())), "");
}

TEST_P(GroupFlushes, of_a_transaction_do_not_grow_with_its_files) {
  const std::string problem = why_not_here();
  UNTORN_NEED(problem.empty(), "root", problem);
  EXPECT_EQ(over(put_transaction, {5, 100, 400}, most_of_a_transaction(GetParam())), "");
}

INSTANTIATE_TEST_SUITE_P(, GroupFlushes,
                         ::testing::Values("ext4", "ext4-fast_commit", "xfs", "btrfs"),
                         [](const ::testing::TestParamInfo<std::string>& instance) {
                           std::string name = instance.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace untorn::lab
