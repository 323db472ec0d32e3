// SPDX-License-Identifier: Apache-2.0
#include "untorn/counters.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "filesystem/recording_file_system.h"
#include "filesystem/test_directory.h"

namespace untorn {
namespace {

using std::chrono::nanoseconds;

CounterTotals read(FileSystem& fs, const std::filesystem::path& tree) {
  const auto totals = read_counters(fs, tree);
  EXPECT_TRUE(totals) << totals.error();
  return totals ? *totals : CounterTotals{};
}

std::uint64_t commits_of(const CounterTotals& totals, Durability level, Outcome outcome) {
  return totals.commits.at(static_cast<std::size_t>(level) - 1)
      .at(static_cast<std::size_t>(outcome));
}

TEST(Counters, everything_that_is_counted_is_read_back) {
  InMemoryFileSystem fs({{.path = "tree", .type = FileType::directory}});
  const auto counters = Counters::open(fs, "tree");
  ASSERT_TRUE(counters) << counters.error();
  (*counters)->count_commit(Durability::durable, Outcome::applied, 100, nanoseconds(2'000'000));
  (*counters)->count_commit(Durability::process, Outcome::not_applied, 7, nanoseconds(10));
  (*counters)->count_sync(nanoseconds(600'000));
  (*counters)->count_recovery(RecoveryResult::rolled_forward);
  (*counters)->count_set_aside(2);
  (*counters)->count_torn_lines(3);
  (*counters)->count_swept(4);
  const CounterTotals totals = read(fs, "tree");
  EXPECT_EQ(commits_of(totals, Durability::durable, Outcome::applied), 1U);
  EXPECT_EQ(commits_of(totals, Durability::process, Outcome::not_applied), 1U);
  EXPECT_EQ(totals.commit_durations.count(), 2U);
  EXPECT_EQ(totals.commit_durations.sum_ns, 2'000'010U);
  EXPECT_EQ(totals.sync_durations.count(), 1U);
  EXPECT_EQ(totals.bytes, 100U) << "what was not applied is no new content";
  EXPECT_EQ(totals.recoveries, (std::array<std::uint64_t, 4>{0, 1, 0, 0}));
  EXPECT_EQ(totals.set_aside, 2U);
  EXPECT_EQ(totals.torn_lines, 3U);
  EXPECT_EQ(totals.swept, 4U);
  EXPECT_EQ(totals.processes, 1U);
}

TEST(Counters, a_duration_falls_into_the_first_bucket_that_it_does_not_exceed) {
  InMemoryFileSystem fs;
  const auto counters = Counters::open(fs, ".");
  ASSERT_TRUE(counters) << counters.error();
  for (const std::uint64_t bound : DurationCounts::bounds_ns) {
    (*counters)->count_sync(nanoseconds(bound));
    (*counters)->count_sync(nanoseconds(bound + 1));
  }
  (*counters)->count_sync(nanoseconds(-5));  // a clock that was set back
  const DurationCounts syncs = read(fs, ".").sync_durations;
  EXPECT_EQ(syncs.buckets.front(), 2U);
  for (std::size_t index = 1; index < DurationCounts::bounds_ns.size(); ++index) {
    EXPECT_EQ(syncs.buckets.at(index), 2U) << index;
  }
  EXPECT_EQ(syncs.buckets.back(), 1U);
}

TEST(Counters, an_event_costs_no_system_call) {
  InMemoryFileSystem memory;
  RecordingFileSystem fs(memory);
  const auto counters = Counters::open(fs, ".");
  ASSERT_TRUE(counters) << counters.error();
  const std::uint64_t before = fs.calls_total();
  (*counters)->count_commit(Durability::durable, Outcome::applied, 1, nanoseconds(1));
  (*counters)->count_sync(nanoseconds(1));
  (*counters)->count_recovery(RecoveryResult::failed);
  EXPECT_EQ(fs.calls_total(), before);
}

TEST(Counters, opening_in_a_tree_that_is_known_syncs_nothing) {
  InMemoryFileSystem memory;
  ASSERT_TRUE(Counters::open(memory, "."));
  RecordingFileSystem fs(memory);
  ASSERT_TRUE(Counters::open(fs, "."));
  ASSERT_TRUE(read_counters(fs, "."));
  EXPECT_EQ(fs.calls(Call::sync) + fs.calls(Call::sync_data), 0U);
}

TEST(Counters, users_of_one_tree_in_one_process_share_a_file) {
  InMemoryFileSystem fs(
      {{.path = "a", .type = FileType::directory}, {.path = "b", .type = FileType::directory}});
  const auto first = Counters::open(fs, "a");
  const auto second = Counters::open(fs, "a/../a");
  const auto other = Counters::open(fs, "b");
  ASSERT_TRUE(first && second && other);
  EXPECT_EQ(*first, *second);
  EXPECT_NE(*first, *other);
  EXPECT_EQ(read(fs, "a").processes, 1U);
}

TEST(Counters, a_folder_that_was_removed_and_made_again_gets_a_new_file) {
  const test::TestDirectory directory(test::fast_folder());
  FileSystem& fs = posix_file_system();
  const auto first = Counters::open(directory.path());
  ASSERT_TRUE(first) << first.error();
  std::filesystem::remove_all(directory.path() / ".untorn");
  (*first)->count_swept(1);  // goes where nobody reads it, and does no harm
  const auto second = Counters::open(directory.path());
  ASSERT_TRUE(second) << second.error();
  (*second)->count_swept(5);
  EXPECT_EQ(read(fs, directory.path()).swept, 5U);
}

TEST(Counters, threads_lose_no_event) {
  const test::TestDirectory directory(test::fast_folder());
  constexpr int threads = 4;
  constexpr int events = 20'000;
  {
    const auto counters = Counters::open(directory.path());
    ASSERT_TRUE(counters) << counters.error();
    std::vector<std::jthread> workers;
    for (int index = 0; index < threads; ++index) {
      workers.emplace_back([&counters] {
        for (int event = 0; event < events; ++event) (*counters)->count_sync(nanoseconds(event));
      });
    }
  }
  const CounterTotals totals = read(posix_file_system(), directory.path());
  EXPECT_EQ(totals.sync_durations.count(), std::uint64_t{threads} * events);
}

TEST(Counters, files_are_private_and_kept_out_of_repositories) {
  const test::TestDirectory directory(test::fast_folder());
  FileSystem& fs = posix_file_system();
  const auto counters = Counters::open(directory.path());
  ASSERT_TRUE(counters) << counters.error();
  const auto kept = directory.path() / ".untorn";
  EXPECT_EQ(test::read_path(fs, (kept / ".gitignore").string()), "*\n");
  for (const auto& entry : std::filesystem::directory_iterator(kept / "counters")) {
    const auto permissions = static_cast<unsigned>(entry.status().permissions());
    EXPECT_EQ(permissions & 077U, 0U) << entry.path();
  }
}

TEST(Counters, nothing_is_made_where_a_mapping_is_not_safe) {
  for (const FileSystemKind& kind :
       {FileSystemKind{.name = "btrfs"}, FileSystemKind{.name = "nfs", .network = true},
        FileSystemKind{.name = "unknown"}}) {
    InMemoryFileSystem fs({{.path = "tree", .type = FileType::directory}}, {.kind = kind});
    const auto counters = Counters::open(fs, "tree");
    ASSERT_FALSE(counters) << kind.name;
    EXPECT_EQ(counters.error().code(), Code::unsupported);
    EXPECT_EQ(fs.tree().size(), 1U) << "nothing was made";
    EXPECT_EQ(fs.open_handles(), 0U);
  }
}

TEST(Counters, a_tree_that_may_not_be_written_is_an_error) {
  InMemoryFileSystem fs({{.path = "tree", .type = FileType::directory, .mode = 0555}},
                        {.user = 1000, .group = 1000});
  const auto counters = Counters::open(fs, "tree");
  ASSERT_FALSE(counters);
  EXPECT_EQ(counters.error().code(), Code::permission_denied);
  EXPECT_EQ(Counters::open(fs, "missing").error().code(), Code::not_found);
}

TEST(Counters, a_tree_without_counters_is_not_found) {
  InMemoryFileSystem fs({{.path = "tree/.untorn", .type = FileType::directory}});
  const auto totals = read_counters(fs, "tree");
  ASSERT_FALSE(totals);
  EXPECT_EQ(totals.error().code(), Code::not_found);
  EXPECT_EQ(fs.tree().size(), 2U) << "reading makes nothing";
}

TEST(Counters, inspecting_gives_the_same_numbers_and_changes_nothing) {
  InMemoryFileSystem fs({{.path = "tree", .type = FileType::directory}});
  {
    const auto counters = Counters::open(fs, "tree");
    ASSERT_TRUE(counters) << counters.error();
    (*counters)->count_swept(11);
  }
  const std::size_t before = fs.tree().size();
  RecordingFileSystem recorded(fs);
  EXPECT_EQ(inspect_counters(recorded, "tree")->swept, 11U);
  EXPECT_TRUE(recorded.log().operations.empty());
  EXPECT_EQ(fs.tree().size(), before);
  EXPECT_EQ(read(fs, "tree").swept, 11U);
}

TEST(Counters, sums_of_trees_add_up_in_every_number) {
  InMemoryFileSystem fs;
  const auto counters = Counters::open(fs, ".");
  ASSERT_TRUE(counters) << counters.error();
  (*counters)->count_commit(Durability::ordered, Outcome::unknown, 3, nanoseconds(9));
  (*counters)->count_sync(nanoseconds(70'000));
  (*counters)->count_recovery(RecoveryResult::discarded);
  (*counters)->count_set_aside(1);
  (*counters)->count_torn_lines(2);
  (*counters)->count_swept(4);
  CounterTotals sum = read(fs, ".");
  sum += read(fs, ".");
  EXPECT_EQ(commits_of(sum, Durability::ordered, Outcome::unknown), 2U);
  EXPECT_EQ(sum.commit_durations.count(), 2U);
  EXPECT_EQ(sum.commit_durations.sum_ns, 18U);
  EXPECT_EQ(sum.sync_durations.buckets[2], 2U);
  EXPECT_EQ(sum.bytes, 6U);
  EXPECT_EQ(sum.recoveries[2], 2U);
  EXPECT_EQ(sum.set_aside, 2U);
  EXPECT_EQ(sum.torn_lines, 4U);
  EXPECT_EQ(sum.swept, 8U);
  EXPECT_EQ(sum.processes, 2U);
}

TEST(Counters, who_may_only_read_reads_without_folding) {
  InMemoryFileSystem fs({{.path = "tree", .type = FileType::directory}});
  {
    const auto counters = Counters::open(fs, "tree");
    ASSERT_TRUE(counters) << counters.error();
    (*counters)->count_swept(11);
  }
  std::vector<TreeEntry> entries = fs.tree();
  for (TreeEntry& entry : entries) {
    entry.mode = entry.type == FileType::directory ? 0555 : 0444;
  }
  InMemoryFileSystem frozen(entries, {.user = 1000, .group = 1000});
  EXPECT_EQ(read(frozen, "tree").swept, 11U);
  EXPECT_EQ(frozen.tree().size(), entries.size());
}

}  // namespace
}  // namespace untorn
