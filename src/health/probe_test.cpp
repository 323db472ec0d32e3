// SPDX-License-Identifier: Apache-2.0
#include "health/probe.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <string>

#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "filesystem/test_directory.h"
#include "health/device.h"

namespace untorn::health {
namespace {

bool go_on() {
  return true;
}

class Probing : public testing::Test {
 protected:
  InMemoryFileSystem fs{{.path = "data/state", .content = Bytes("old")}};
  OwnedHandle folder{fs,
                     *fs.open(Handle::working_directory, "data", {.access = Access::directory})};
};

TEST_F(Probing, measures_every_level_and_leaves_nothing_behind) {
  const auto measures = probe(fs, folder.get(), "data", go_on);
  ASSERT_TRUE(measures.has_value() && measures->has_value());
  EXPECT_GE((*measures)->tries, 3U);
  EXPECT_GT((*measures)->file_sync_us, 0);
  EXPECT_GT((*measures)->folder_sync_us, 0);
  EXPECT_GT((*measures)->rename_us, 0);
  ASSERT_EQ((*measures)->levels.size(), 3U);
  unsigned syncs = 0;
  for (const LevelCost& level : (*measures)->levels) {
    EXPECT_EQ(level.achieved, level.requested);
    EXPECT_EQ(level.syncs, syncs++);
    EXPECT_GT(level.replace_us, 0);
  }
  EXPECT_EQ(fs.tree().size(), 2U);
  folder.reset();
  EXPECT_EQ(fs.open_handles(), 0U);
}

TEST_F(Probing, stops_when_it_is_told_to_and_leaves_nothing_behind) {
  for (int allowed = 0; allowed < 60; allowed += 7) {
    int asked = 0;
    const auto measures = probe(fs, folder.get(), "data", [&] { return asked++ < allowed; });
    ASSERT_TRUE(measures.has_value());
    EXPECT_FALSE(measures->has_value());
    EXPECT_EQ(asked, allowed + 1);
    EXPECT_EQ(fs.tree().size(), 2U);
  }
}

TEST_F(Probing, an_error_is_reported_and_leaves_nothing_behind) {
  for (const Call call : {Call::open, Call::write_at, Call::sync, Call::rename, Call::write}) {
    FaultFileSystem failing(fs, {.at = 1, .call = call, .error = Errno{EIO}});
    const auto measures = probe(failing, folder.get(), "data", go_on);
    EXPECT_TRUE(failing.fired());
    EXPECT_FALSE(measures.has_value()) << to_string(call);
    EXPECT_EQ(fs.tree().size(), 2U) << to_string(call);
  }
}

TEST(Describe, names_the_protocol_of_a_durable_replacement) {
  InMemoryFileSystem plain;
  EXPECT_EQ(describe(plain, Handle::working_directory).protocol, Protocol::classic);
  InMemoryFileSystem ordered({.kind = {.name = "ext4", .range_sync = RangeSync::before_names}});
  EXPECT_EQ(describe(ordered, Handle::working_directory).protocol, Protocol::one_commit);
}

TEST(Describe, says_what_the_kind_of_file_system_keeps) {
  InMemoryFileSystem good;
  EXPECT_EQ(describe(good, Handle::working_directory).achievable, Durability::durable);
  EXPECT_FALSE(sync_problem(describe(good, Handle::working_directory), ".").has_value());
  InMemoryFileSystem forgetful({.kind = {"tmpfs", true, false, true}});
  const FileSystemReport report = describe(forgetful, Handle::working_directory);
  EXPECT_EQ(report.achievable, Durability::process);
  const auto problem = sync_problem(report, "here");
  ASSERT_TRUE(problem.has_value());
  EXPECT_EQ(problem->kind, Kind::unreliable_sync);
  EXPECT_EQ(problem->severity, Severity::warning);
  EXPECT_EQ(problem->path, "here");
  EXPECT_NE(problem->detail.find("tmpfs"), std::string::npos);
}

FileSystemReport measured(double file_sync_us, Durability achieved = Durability::durable) {
  FileSystemReport report;
  report.measures = Measures{.tries = 25,
                             .file_sync_us = file_sync_us,
                             .folder_sync_us = 1000,
                             .rename_us = 10,
                             .levels = {{.requested = Durability::durable,
                                         .achieved = achieved,
                                         .why_lower = "the folder cannot be synced"}}};
  return report;
}

TEST(SyncProblem, a_level_that_was_not_achieved_is_a_warning) {
  const auto problem = sync_problem(measured(1000, Durability::ordered), ".");
  ASSERT_TRUE(problem.has_value());
  EXPECT_EQ(problem->severity, Severity::warning);
  EXPECT_EQ(problem->detail, "the folder cannot be synced");
}

TEST(SyncProblem, a_sync_that_no_device_can_answer_is_only_a_note) {
  EXPECT_FALSE(sync_problem(measured(50), ".").has_value());
  const auto problem = sync_problem(measured(2), ".");
  ASSERT_TRUE(problem.has_value());
  EXPECT_EQ(problem->severity, Severity::info);
}

TEST(SyncProblem, barriers_off_are_a_warning_unless_the_device_has_no_cache_to_lose) {
  FileSystemReport report = measured(1000);
  report.flushes = false;
  EXPECT_TRUE(sync_problem(report, ".").has_value());
  report.device_cache = "write back";
  EXPECT_TRUE(sync_problem(report, ".").has_value());
  report.device_cache = "write through";
  EXPECT_FALSE(sync_problem(report, ".").has_value());
}

std::uint64_t device_of(std::uint64_t major_number, std::uint64_t minor_number) {
  return (major_number << 32U) | minor_number;
}

TEST(Device, the_cache_of_a_disk_and_of_a_partition_are_found) {
  InMemoryFileSystem fs(
      {{.path = "sys/dev/block/8:0/queue/write_cache", .content = Bytes("write back\n")},
       {.path = "sys/devices/sdb/queue/write_cache", .content = Bytes("write through\n")},
       {.path = "sys/devices/sdb/sdb1", .type = FileType::directory},
       {.path = "sys/dev/block/8:17",
        .type = FileType::symlink,
        .content = Bytes("/sys/devices/sdb/sdb1")},
       {.path = "sys/dev/block/8:32/queue/write_cache", .content = Bytes("odd\n")}});
  EXPECT_EQ(device_cache(fs, device_of(8, 0)), "write back");
  EXPECT_EQ(device_cache(fs, device_of(8, 17)), "write through");
  EXPECT_EQ(device_cache(fs, device_of(8, 32)), std::nullopt);
  EXPECT_EQ(device_cache(fs, device_of(0, 44)), std::nullopt);
}

TEST(Device, barriers_are_read_from_the_line_of_the_same_device) {
  InMemoryFileSystem fs(
      {{.path = "proc/self/mountinfo",
        .content = Bytes("21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
                         "22 1 8:10 / /a rw - ext4 /dev/sdb rw,nobarrier\n"
                         "23 1 8:2 / /b\\0408:3 rw - xfs /dev/sdc rw,barrier=0,x\n")}});
  EXPECT_EQ(device_flushes(fs, device_of(8, 1), "ext4"), true);
  EXPECT_EQ(device_flushes(fs, device_of(8, 10), "ext4"), false);
  EXPECT_EQ(device_flushes(fs, device_of(8, 2), "xfs"), false);
  EXPECT_EQ(device_flushes(fs, device_of(8, 3), "xfs"), std::nullopt);
  EXPECT_EQ(device_flushes(fs, device_of(8, 1), "nfs"), std::nullopt);
  InMemoryFileSystem bare;
  EXPECT_EQ(device_flushes(bare, device_of(8, 1), "ext4"), std::nullopt);
}

TEST(Device, the_number_in_a_status_is_the_one_of_the_mount_table) {
  FileSystem& fs = posix_file_system();
  const auto opened = fs.open(Handle::working_directory, "/", {.access = Access::directory});
  ASSERT_TRUE(opened.has_value());
  const OwnedHandle root(fs, *opened);
  if (fs.kind(*opened).name == "btrfs") GTEST_SKIP() << "btrfs has a number for each subvolume";
  const auto status = fs.status(*opened);
  ASSERT_TRUE(status.has_value());
  const std::string table = test::read_path(fs, "/proc/self/mountinfo");
  const std::string line_start = " " + std::to_string(status->device >> 32U) + ":" +
                                 std::to_string(status->device & 0xFFFFFFFFU) + " / / ";
  if (table.find(" / / ") == std::string::npos) GTEST_SKIP() << "the mount table has no root";
  EXPECT_NE(table.find(line_start), std::string::npos) << line_start << "\n" << table;
}

TEST(ProbePosix, the_machine_itself_is_measured) {
  const test::TestDirectory directory;
  FileSystem& fs = posix_file_system();
  const std::string path = directory.path().string();
  const OwnedHandle folder(
      fs, *fs.open(Handle::working_directory, path, {.access = Access::directory}));
  EXPECT_FALSE(describe(fs, folder.get()).kind.name.empty());
  const auto measures = probe(fs, folder.get(), path, go_on);
  ASSERT_TRUE(measures.has_value()) << measures.error().message();
  ASSERT_TRUE(measures->has_value());
  EXPECT_EQ((*measures)->levels.size(), 3U);
  EXPECT_TRUE(fs.list(folder.get())->empty());
}

}  // namespace
}  // namespace untorn::health
