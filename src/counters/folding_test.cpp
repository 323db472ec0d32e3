// SPDX-License-Identifier: Apache-2.0
//
// The invariants C1 to C6 of counter_folder.h, tried.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "base/hash.h"
#include "counters/counter_folder.h"
#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "filesystem/test_directory.h"
#include "untorn/counters.h"

namespace untorn::counters {
namespace {

const std::string folder_path = "tree/.untorn/counters/";

// A tree in which `processes` processes counted and ended; process i counted 10^i.
std::vector<TreeEntry> tree_of(int processes) {
  InMemoryFileSystem fs({{.path = "tree", .type = FileType::directory}});
  std::uint64_t count = 1;
  for (int index = 0; index < processes; ++index, count *= 10) {
    // begin_file, not open: opening would fold the ones before.
    const auto folder = CounterFolder::make(fs, "tree");
    EXPECT_TRUE(folder) << folder.error();
    auto file = begin_file(fs, folder->handle(), "tree");
    EXPECT_TRUE(file) << file.error();
    std::memcpy(file->mapping.bytes.data() + header_bytes + slot::swept * sizeof(count), &count,
                sizeof(count));
  }
  return fs.tree();
}

std::uint64_t swept_in(FileSystem& fs) {
  const auto totals = read_counters(fs, "tree");
  EXPECT_TRUE(totals) << totals.error();
  return totals ? totals->swept : 0;
}

std::size_t process_files(InMemoryFileSystem& fs) {
  const std::vector<TreeEntry> tree = fs.tree();
  return static_cast<std::size_t>(std::ranges::count_if(tree, [](const TreeEntry& entry) {
    return is_process_file_name(std::filesystem::path(entry.path).filename().string());
  }));
}

std::optional<TreeEntry> find(InMemoryFileSystem& fs, const std::string& name) {
  for (const TreeEntry& entry : fs.tree()) {
    if (entry.path == folder_path + name) return entry;
  }
  return std::nullopt;
}

std::string first_process_file(InMemoryFileSystem& fs) {
  for (const TreeEntry& entry : fs.tree()) {
    const std::string name = std::filesystem::path(entry.path).filename().string();
    if (is_process_file_name(name)) return name;
  }
  return {};
}

TEST(Folding, ended_processes_go_into_the_total_once) {
  InMemoryFileSystem fs(tree_of(3));
  EXPECT_EQ(process_files(fs), 3U);
  for (int reading = 0; reading < 3; ++reading) {
    EXPECT_EQ(swept_in(fs), 111U);
    EXPECT_EQ(process_files(fs), 0U);
  }
  EXPECT_EQ(read_counters(fs, "tree")->processes, 3U);
  EXPECT_EQ(fs.open_handles(), 0U);
}

TEST(Folding, a_living_process_stays_and_is_read_all_the_same) {
  InMemoryFileSystem fs(tree_of(2));
  const auto counters = Counters::open(fs, "tree");
  ASSERT_TRUE(counters) << counters.error();
  (*counters)->count_swept(500);
  EXPECT_EQ(swept_in(fs), 511U);
  EXPECT_EQ(process_files(fs), 1U);
  (*counters)->count_swept(500);
  EXPECT_EQ(swept_in(fs), 1011U);
}

// The folder dies before any one of its calls (from then on all fail), or after it took effect.
TEST(Folding, nothing_is_lost_or_counted_twice_wherever_a_folder_dies) {
  const std::vector<TreeEntry> tree = tree_of(3);
  for (const auto effect : {Fault::Effect::refused, Fault::Effect::done_but_failed}) {
    for (std::uint64_t at = 0;; ++at) {
      InMemoryFileSystem below(tree);
      FaultFileSystem fs(
          below, Fault{.at = at, .error = Errno{EIO}, .persistent = false, .effect = effect});
      FaultFileSystem dead(fs, Fault{.at = at + 1, .error = Errno{EIO}, .persistent = true});
      (void)read_counters(dead, "tree");
      EXPECT_EQ(below.open_handles(), 0U);
      EXPECT_EQ(swept_in(below), 111U) << "call " << at;
      EXPECT_EQ(read_counters(below, "tree")->processes, 3U) << "call " << at;
      EXPECT_EQ(process_files(below), 0U);
      if (!fs.fired()) break;
      ASSERT_LT(at, 500U);
    }
  }
}

TEST(Folding, an_error_of_any_single_call_is_an_error_or_the_right_sum) {
  const std::vector<TreeEntry> tree = tree_of(2);
  for (std::uint64_t at = 0;; ++at) {
    InMemoryFileSystem below(tree);
    FaultFileSystem fs(below, Fault{.at = at, .error = Errno{ENOSPC}});
    const auto totals = read_counters(fs, "tree");
    if (totals) {
      EXPECT_LE(totals->swept, 11U) << "call " << at;
    }
    EXPECT_EQ(swept_in(below), 11U) << "call " << at;
    if (!fs.fired()) break;
    ASSERT_LT(at, 500U);
  }
}

TEST(Folding, opening_survives_an_error_of_any_call_and_leaves_nothing_half_made) {
  for (std::uint64_t at = 0;; ++at) {
    InMemoryFileSystem below(tree_of(1));
    FaultFileSystem fs(below, Fault{.at = at, .error = Errno{ENOSPC}});
    {
      const auto counters = Counters::open(fs, "tree");
      if (counters) (*counters)->count_swept(20);
      EXPECT_EQ(swept_in(below), counters ? 21U : 1U) << "call " << at;
    }
    EXPECT_EQ(below.open_handles(), 0U) << "call " << at;
    EXPECT_TRUE(read_counters(below, "tree"));
    for (const TreeEntry& entry : below.tree()) {
      EXPECT_EQ(entry.path.find("/new-"), std::string::npos) << "call " << at;
    }
    if (!fs.fired()) break;
    ASSERT_LT(at, 500U);
  }
}

TEST(Folding, a_damaged_file_is_set_aside_with_its_bytes_and_left_out) {
  std::vector<TreeEntry> tree = tree_of(2);
  std::string damaged;
  for (TreeEntry& entry : tree) {
    const std::string name = std::filesystem::path(entry.path).filename().string();
    if (!is_process_file_name(name) || !damaged.empty()) continue;
    damaged = name;
    entry.content = Bytes("half a header");
  }
  InMemoryFileSystem fs(tree);
  EXPECT_EQ(swept_in(fs), 10U);
  const auto aside = find(fs, "damaged-" + damaged);
  ASSERT_TRUE(aside);
  EXPECT_EQ(aside->content.text(), "half a header");
}

TEST(Folding, what_a_power_cut_left_of_a_file_is_removed) {
  for (const std::size_t size : {0U, 100U, 512U}) {
    InMemoryFileSystem fs(tree_of(1));
    const std::string path = folder_path + "1-2-9f3a";
    test::write_path(fs, path, std::string(size, '\0'));
    EXPECT_EQ(swept_in(fs), 1U);
    EXPECT_FALSE(find(fs, "1-2-9f3a"));
  }
}

TEST(Folding, a_damaged_total_is_set_aside_and_counting_goes_on) {
  InMemoryFileSystem fs(tree_of(1));
  test::write_path(fs, folder_path + "total", "untorn total, but not really");
  EXPECT_EQ(swept_in(fs), 1U);
  std::size_t aside = 0;
  for (const TreeEntry& entry : fs.tree()) {
    if (entry.path.starts_with(folder_path + "damaged-total-")) ++aside;
  }
  EXPECT_EQ(aside, 1U);
}

TEST(Folding, a_total_of_a_newer_format_is_refused_and_left_alone) {
  InMemoryFileSystem fs(tree_of(1));
  std::vector<std::byte> bytes = make_total_file({});
  bytes.at(20) = std::byte{2};
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  test::write_path(fs, folder_path + "total", text);
  const auto totals = read_counters(fs, "tree");
  ASSERT_FALSE(totals);
  EXPECT_EQ(totals.error().code(), Code::unsupported);
  EXPECT_EQ(find(fs, "total")->content.text(), text);
  EXPECT_EQ(process_files(fs), 1U) << "who can read the total will fold it";
  const auto counters = Counters::open(fs, "tree");
  EXPECT_TRUE(counters) << "counting goes on: " << counters.error();
}

TEST(Folding, a_file_of_a_newer_format_that_may_be_read_is_read_and_never_folded) {
  InMemoryFileSystem fs(tree_of(1));
  const std::string name = first_process_file(fs);
  std::string text(find(fs, name)->content.text());
  text.at(16) = 2;  // version, while the oldest reader stays 1
  const Hash128 checksum = hash128(std::string_view(text).substr(0, 104));
  std::memcpy(text.data() + 104, &checksum, sizeof(checksum));
  test::write_path(fs, folder_path + name, text);
  EXPECT_EQ(swept_in(fs), 1U);
  EXPECT_EQ(swept_in(fs), 1U);
  EXPECT_EQ(find(fs, name)->content.text(), text);
}

TEST(Folding, names_leave_the_total_after_a_sync_and_do_not_pile_up) {
  InMemoryFileSystem fs({{.path = "tree", .type = FileType::directory}});
  for (int process = 0; process < 600; ++process) {
    const auto counters = Counters::open(fs, "tree");
    ASSERT_TRUE(counters) << counters.error();
    (*counters)->count_swept(1);
  }
  EXPECT_EQ(swept_in(fs), 600U);
  EXPECT_EQ(read_counters(fs, "tree")->processes, 600U);
  EXPECT_LT(find(fs, "total")->content.size(), 16'000U);
}

TEST(Folding, opening_folds_only_when_there_are_many_files) {
  InMemoryFileSystem fs({{.path = "tree", .type = FileType::directory}});
  std::size_t most = 0;
  for (int process = 0; process < 100; ++process) {
    const auto counters = Counters::open(fs, "tree");
    ASSERT_TRUE(counters) << counters.error();
    (*counters)->count_swept(1);
    most = std::max(most, process_files(fs));
    EXPECT_TRUE(find(fs, "total") || process < 20);
  }
  EXPECT_GT(most, 4U);
  EXPECT_LE(most, 16U);
  EXPECT_EQ(swept_in(fs), 100U);
}

TEST(Folding, what_is_no_file_of_ours_is_left_alone) {
  InMemoryFileSystem fs(tree_of(1));
  test::write_path(fs, folder_path + "notes.txt", "of a person");
  ASSERT_TRUE(fs.make_symlink("/etc/passwd", Handle::working_directory, folder_path + "1-2-abcd"));
  ASSERT_TRUE(fs.make_directory(Handle::working_directory, folder_path + "1-2-abce", 0700));
  EXPECT_EQ(swept_in(fs), 1U);
  EXPECT_TRUE(find(fs, "notes.txt") && find(fs, "1-2-abcd") && find(fs, "1-2-abce"));
}

}  // namespace
}  // namespace untorn::counters
