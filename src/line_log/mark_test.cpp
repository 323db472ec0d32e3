// SPDX-License-Identifier: Apache-2.0
#include "line_log/mark.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"

namespace untorn::line_log {
namespace {

constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

Mark sample() {
  return {.device = 2049,
          .inode = 131,
          .begun_ns = 1'700'000'000'000'000'000,
          .named = true,
          .failed = true,
          .synced = 345,
          .tail = {1, most}};
}

TEST(LogMark, is_read_back_as_it_was_written) {
  for (const char* path : {"a.log", "x/y z%/\n\x01=hash=", "\xC3\xA4.log"}) {
    const ReadMark read = read_mark(mark_line(sample(), path));
    ASSERT_TRUE(read.mark) << path;
    EXPECT_EQ(read.path, path);
    EXPECT_EQ(read.mark->device, 2049U);
    EXPECT_EQ(read.mark->inode, 131U);
    EXPECT_EQ(read.mark->begun_ns, 1'700'000'000'000'000'000);
    EXPECT_TRUE(read.mark->named);
    EXPECT_TRUE(read.mark->failed);
    EXPECT_EQ(read.mark->synced, 345U);
    EXPECT_EQ(read.mark->tail, (Hash128{1, most}));
  }
}

TEST(LogMark, keeps_its_length_whatever_it_says) {
  Mark large = sample();
  large.device = large.inode = large.synced = most;
  large.named = large.failed = false;
  EXPECT_EQ(mark_line(large, "a").size(), mark_line({}, "a").size());
  EXPECT_EQ(read_mark(mark_line(large, "a")).mark->synced, most);
}

// M2.
TEST(LogMark, with_any_byte_changed_or_missing_is_no_mark) {
  const std::string line = mark_line(sample(), "a.log");
  for (std::size_t at = 0; at < line.size(); ++at) {
    EXPECT_FALSE(read_mark(line.substr(0, at)).mark) << at;
    for (const char other : {'\0', '0', 'x', '\n'}) {
      if (line[at] == other) continue;
      std::string changed = line;
      changed[at] = other;
      const ReadMark read = read_mark(changed);
      EXPECT_FALSE(read.mark) << at << " " << changed;
    }
  }
}

// M3.
TEST(LogMark, of_a_newer_format_is_told_from_a_damaged_one) {
  EXPECT_TRUE(read_mark("untorn-log-mark 2 2 whatever\n").newer_format);
  EXPECT_FALSE(read_mark("untorn-log-mark 1 1 whatever\n").newer_format);
  EXPECT_FALSE(read_mark("untorn-log-mark x 2 whatever\n").newer_format);
  EXPECT_FALSE(read_mark("something else 2 2\n").newer_format);
  EXPECT_FALSE(read_mark("").newer_format);
}

TEST(LogMark, of_another_file_or_a_shorter_one_is_not_of_this_log) {
  Status log{.device = 2049, .inode = 131, .size = 345};
  EXPECT_TRUE(sample().is_of(log));
  log.size = 344;
  EXPECT_FALSE(sample().is_of(log));
  log.size = 400;
  log.inode = 132;
  EXPECT_FALSE(sample().is_of(log));
  log.inode = 131;
  log.device = 1;
  EXPECT_FALSE(sample().is_of(log));
  log.device = 2049;
  log.born_ns = sample().begun_ns;
  EXPECT_TRUE(sample().is_of(log));
  log.born_ns += 1;
  EXPECT_FALSE(sample().is_of(log)) << "a later file got the number of the inode";
}

TEST(LogMark, has_a_name_that_no_other_log_has) {
  EXPECT_EQ(mark_name("a.log"), "a.log");
  EXPECT_EQ(mark_name("d/a.log"), "d%2Fa.log");
  EXPECT_NE(mark_name("d%2Fa.log"), mark_name("d/a.log"));
  EXPECT_EQ(log_path(mark_name("d/50%/a b.log")), "d/50%/a b.log");
  const std::string longest(255, 'x');
  EXPECT_LE(mark_name(longest).size(), 200U);
  EXPECT_NE(mark_name(longest), mark_name(longest + "/y"));
  EXPECT_EQ(log_path(mark_name(longest)), "");
}

TEST(LogMark, hashes_the_last_bytes_alone) {
  InMemoryFileSystem fs;
  testing::write_file(fs, "a", std::string(100, 'a') + std::string(64, 'b') + "rest");
  testing::write_file(fs, "b", std::string(64, 'b'));
  const OwnedHandle a(fs, fs.open(Handle::working_directory, "a", {}).value());
  const OwnedHandle b(fs, fs.open(Handle::working_directory, "b", {}).value());
  EXPECT_EQ(tail_hash(fs, a.get(), 164), tail_hash(fs, b.get(), 64));
  EXPECT_NE(tail_hash(fs, a.get(), 163), tail_hash(fs, b.get(), 64));
  EXPECT_EQ(tail_hash(fs, a.get(), 0), hash128(std::string_view()));
}

}  // namespace
}  // namespace untorn::line_log
