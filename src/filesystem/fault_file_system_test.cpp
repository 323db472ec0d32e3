// SPDX-License-Identifier: Apache-2.0
#include "filesystem/fault_file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "filesystem/test_directory.h"

namespace untorn {
namespace {

using test::as_bytes;
using test::read_path;
using testing::ElementsAre;

constexpr Handle here = Handle::working_directory;
const auto io_error = std::unexpected(Errno{EIO});

std::vector<std::string> sites_of(const FaultFileSystem& fs) {
  std::vector<std::string> result;
  for (const CallSite& site : fs.sites()) result.push_back(to_string(site));
  return result;
}

// Creates, writes twice, syncs, closes, renames; stops at the first failure.
SystemResult<void> save(FileSystem& fs) {
  const auto opened = fs.open(here, "tmp", {.access = Access::write, .create = true});
  if (!opened) return std::unexpected(opened.error());
  OwnedHandle file(fs, *opened);
  for (const std::string_view part : {"first", "second"}) {
    const auto written = fs.write(file.get(), as_bytes(part));
    if (!written) return std::unexpected(written.error());
  }
  if (auto synced = fs.sync(file.get()); !synced) return synced;
  if (auto closed = fs.close(file.release()); !closed) return closed;
  return fs.rename(here, "tmp", here, "a", RenameMode::replace);
}

TEST(fault, lists_the_calls_that_were_made) {
  InMemoryFileSystem memory;
  FaultFileSystem fs(memory);
  ASSERT_TRUE(save(fs));
  EXPECT_THAT(sites_of(fs),
              ElementsAre("open 0 tmp", "write 0", "write 1", "sync 0", "close 0", "rename 0 tmp"));
  EXPECT_FALSE(fs.fired());
}

TEST(fault, every_call_can_be_made_to_fail) {
  for (std::uint64_t n = 0; n < 6; ++n) {
    InMemoryFileSystem memory;
    FaultFileSystem fs(memory, {.at = n, .error = Errno{EIO}});
    EXPECT_EQ(save(fs), io_error) << n;
    EXPECT_TRUE(fs.fired());
    EXPECT_TRUE(fs.sites().at(n).failed);
    EXPECT_FALSE(memory.status_at(here, "a")) << "a refused call has done nothing";
    EXPECT_EQ(memory.open_handles(), 0U) << "no handle leaks, whatever fails";
  }
}

TEST(fault, a_fault_beyond_the_last_call_never_fires) {
  InMemoryFileSystem memory;
  FaultFileSystem fs(memory, {.at = 6, .error = Errno{EIO}});
  EXPECT_TRUE(save(fs));
  EXPECT_FALSE(fs.fired());
}

TEST(fault, a_site_is_a_call_and_its_occurrence) {
  InMemoryFileSystem memory;
  FaultFileSystem fs(memory, {.at = 1, .call = Call::write, .error = Errno{ENOSPC}});
  EXPECT_EQ(save(fs), std::unexpected(Errno{ENOSPC}));
  EXPECT_EQ(read_path(memory, "tmp"), "first");
}

TEST(fault, strikes_once_or_for_ever) {
  for (const bool persistent : {false, true}) {
    InMemoryFileSystem memory;
    FaultFileSystem fs(
        memory, {.at = 1, .call = Call::status, .error = Errno{EIO}, .persistent = persistent});
    EXPECT_TRUE(fs.status(here));
    EXPECT_FALSE(fs.status(here));
    EXPECT_EQ(fs.status(here).has_value(), !persistent);
    EXPECT_TRUE(fs.list(here)) << "other calls are not concerned";
  }
}

TEST(fault, a_short_write_takes_what_it_is_told_to) {
  InMemoryFileSystem memory;
  FaultFileSystem fs(
      memory, {.at = 1, .call = Call::write, .effect = Fault::Effect::short_write, .bytes = 2});
  EXPECT_TRUE(save(fs)) << "this writer does not look at the count";
  EXPECT_EQ(read_path(memory, "a"), "firstse");
  EXPECT_TRUE(fs.fired());
}

TEST(fault, a_call_may_take_effect_and_fail_all_the_same) {
  InMemoryFileSystem memory;
  FaultFileSystem fs(memory, {.at = 0,
                              .call = Call::rename,
                              .error = Errno{EIO},
                              .effect = Fault::Effect::done_but_failed});
  EXPECT_EQ(save(fs), io_error);
  EXPECT_EQ(read_path(memory, "a"), "firstsecond");
}

TEST(fault, an_open_that_fails_after_its_effect_leaks_no_handle) {
  InMemoryFileSystem memory;
  FaultFileSystem fs(memory,
                     {.at = 0, .error = Errno{EINTR}, .effect = Fault::Effect::done_but_failed});
  EXPECT_FALSE(save(fs));
  EXPECT_TRUE(memory.status_at(here, "tmp"));
  EXPECT_EQ(memory.open_handles(), 0U);
}

TEST(fault, a_failed_close_has_closed) {
  InMemoryFileSystem memory;
  FaultFileSystem fs(memory, {.at = 0, .call = Call::close, .error = Errno{EIO}});
  EXPECT_EQ(save(fs), io_error);
  EXPECT_EQ(memory.open_handles(), 0U);
}

TEST(fault, every_kind_of_sync_fails_alone) {
  InMemoryFileSystem memory{{.path = "a"}};
  for (const Call call : {Call::sync_range, Call::start_writeback, Call::sync_everything}) {
    FaultFileSystem fs(memory, {.at = 0, .call = call, .error = Errno{EIO}});
    const OwnedHandle file(fs, fs.open(here, "a", {}).value());
    EXPECT_EQ(fs.sync_range(file.get()).has_value(), call != Call::sync_range);
    EXPECT_EQ(fs.start_writeback(file.get()).has_value(), call != Call::start_writeback);
    EXPECT_EQ(fs.sync_everything(file.get()).has_value(), call != Call::sync_everything);
    EXPECT_TRUE(fs.sync(file.get()));
    EXPECT_TRUE(fs.sync_range(file.get())) << "a fault strikes once";
  }
}

TEST(fault, a_list_of_attributes_by_name_can_fail) {
  InMemoryFileSystem memory{{.path = "a"}};
  FaultFileSystem fs(memory, {.at = 0, .call = Call::list_attributes_at, .error = Errno{EACCES}});
  EXPECT_EQ(fs.list_attributes_at(here, "a"), std::unexpected(Errno{EACCES}));
  EXPECT_TRUE(fs.list_attributes_at(here, "a"));
}

TEST(fault, the_kind_of_file_system_is_that_below) {
  InMemoryFileSystem memory(
      MemoryOptions{.kind = {.name = "memory", .range_sync = RangeSync::before_names}});
  FaultFileSystem fs(memory);
  EXPECT_EQ(fs.kind(here).range_sync, RangeSync::before_names);
  EXPECT_EQ(fs.remembered_kind(here, {}).range_sync, RangeSync::before_names);
}

TEST(fault, several_faults_strike_in_one_run) {
  InMemoryFileSystem memory;
  FaultFileSystem fs(memory, std::vector<Fault>{
                                 {.at = 0, .call = Call::sync, .error = Errno{EIO}},
                                 {.at = 0, .call = Call::unlink, .error = Errno{EROFS}},
                             });
  EXPECT_EQ(save(fs), io_error);
  EXPECT_EQ(fs.unlink(here, "tmp"), std::unexpected(Errno{EROFS}));
}

}  // namespace
}  // namespace untorn
