// SPDX-License-Identifier: Apache-2.0
//
// What is judged about the old file, and when: its names, also those of our own backups, and what
// happens to it while a stream is written.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"
#include "untorn/etag.h"
#include "untorn/replace.h"
#include "write/replace_test_support.h"

namespace untorn {
namespace {

using testing::file;
using testing::names_in;
using testing::read_file;
using testing::replace;
using testing::write_file;

constexpr Handle root = Handle::working_directory;
const std::string temporary = ".untorn-tmp-0123456789abcdef0123456789abcdef";

// What a kill leaves before the rename, and before the newest backup has its name.
class OwnNames : public ::testing::TestWithParam<std::string> {
 protected:
  OwnNames() : fs({file("a", "old")}) {
    EXPECT_TRUE(fs.link(root, "a", root, GetParam()));
    const OwnedHandle opened(fs, fs.open(root, "a", {.access = Access::read_write}).value());
    EXPECT_TRUE(fs.set_attribute(opened.get(), "user.x", "1"));
  }

  InMemoryFileSystem fs;
  ReplaceOptions options{.hard_links = HardLinkPolicy::refuse, .backups = 3};
};

TEST_P(OwnNames, are_no_hard_links_for_one_call) {
  for (const bool skip_if_same : {false, true}) {
    options.skip_if_same = skip_if_same;
    const auto receipt = replace(fs, "a", skip_if_same ? "newer" : "new", options);
    ASSERT_TRUE(receipt) << receipt.error();
    EXPECT_FALSE(receipt->hard_links_split);
  }
}

TEST_P(OwnNames, are_no_hard_links_for_a_stream) {
  auto writer = FileReplacer::open(fs, "a", options);
  ASSERT_TRUE(writer) << writer.error();
  ASSERT_TRUE(writer->write("new"));
  const auto receipt = std::move(*writer).commit();
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_FALSE(receipt->hard_links_split);
}

TEST_P(OwnNames, do_not_hide_one_of_somebodys) {
  ASSERT_TRUE(fs.link(root, "a", root, "other"));
  EXPECT_FAILS(replace(fs, "a", "new", options), has_hard_links, inspect, not_applied);
  options.hard_links = HardLinkPolicy::split;
  const auto receipt = replace(fs, "a", "new", options);
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_TRUE(receipt->hard_links_split);
}

INSTANTIATE_TEST_SUITE_P(, OwnNames, ::testing::Values("a.~1~", "a.~2~", temporary),
                         [](const auto& instance) {
                           return instance.index < 2
                                      ? "backup_" + std::to_string(instance.index + 1)
                                      : std::string("temporary");
                         });

class StreamJudges : public ::testing::Test {
 protected:
  StreamJudges() : fs({file("a", "old")}) {}

  void open(const ReplaceOptions& options) {
    auto opened = FileReplacer::open(fs, "a", options);
    ASSERT_TRUE(opened) << opened.error();
    writer.emplace(std::move(*opened));
    ASSERT_TRUE(writer->write("new"));
  }
  [[nodiscard]] bool left_temporaries() {
    for (const std::string& name : names_in(fs, ".")) {
      if (name.starts_with(".untorn-tmp-")) return true;
    }
    return false;
  }

  InMemoryFileSystem fs;
  std::optional<FileReplacer> writer;
};

TEST_F(StreamJudges, hard_links_that_came_meanwhile_by_the_policy) {
  open({.hard_links = HardLinkPolicy::refuse});
  ASSERT_TRUE(fs.link(root, "a", root, "b"));
  EXPECT_FAILS(std::move(*writer).commit(), has_hard_links, inspect, not_applied);
  EXPECT_EQ(read_file(fs, "a"), "old");
  EXPECT_FALSE(left_temporaries());
}

TEST_F(StreamJudges, a_file_that_now_would_be_overwritten_in_place) {
  ASSERT_TRUE(fs.make_directory(root, "s", 0700));
  open({.hard_links = HardLinkPolicy::in_place, .sidecar = "s"});
  ASSERT_TRUE(fs.link(root, "a", root, "b"));
  EXPECT_FAILS(std::move(*writer).commit(), has_hard_links, inspect, not_applied);
  EXPECT_EQ(read_file(fs, "b"), "old");
}

TEST_F(StreamJudges, a_symbolic_link_that_took_the_name_stays) {
  open({});
  ASSERT_TRUE(fs.unlink(root, "a"));
  ASSERT_TRUE(fs.make_symlink("elsewhere", root, "a"));
  EXPECT_FAILS(std::move(*writer).commit(), not_regular_file, inspect, not_applied);
  EXPECT_EQ(fs.read_link(root, "a").value(), "elsewhere");
  EXPECT_FALSE(left_temporaries());
}

TEST_F(StreamJudges, a_file_that_must_exist_and_is_gone) {
  open({.existence = Existence::must_exist});
  ASSERT_TRUE(fs.unlink(root, "a"));
  EXPECT_FAILS(std::move(*writer).commit(), not_found, inspect, not_applied);
  EXPECT_TRUE(names_in(fs, ".").empty());
}

// Somebody moves the temporary away and puts a file of his own under its name.
TEST_F(StreamJudges, a_file_under_the_name_of_its_temporary_is_not_published_nor_removed) {
  open({});
  std::string name;
  for (const std::string& each : names_in(fs, ".")) {
    if (each.starts_with(".untorn-tmp-")) name = each;
  }
  ASSERT_TRUE(fs.rename(root, name, root, "stolen", RenameMode::replace));
  write_file(fs, name, "foreign");
  EXPECT_FAILS(std::move(*writer).commit(), busy, check, not_applied);
  EXPECT_EQ(read_file(fs, "a"), "old");
  EXPECT_EQ(read_file(fs, name), "foreign");
}

TEST(SkipIfSame, tells_the_commits_that_its_syncs_cost) {
  FileSystemKind kind;
  kind.name = "ext4";
  for (const bool ranges : {false, true}) {
    kind.range_sync = ranges ? RangeSync::before_names : RangeSync::nothing;
    InMemoryFileSystem fs({file("a", "same")}, MemoryOptions{.kind = kind});
    const auto commits = [&fs](Durability level) {
      return replace(fs, "a", "same", {.durability = level, .skip_if_same = true})->commits;
    };
    EXPECT_EQ(commits(Durability::durable), ranges ? 1U : 2U);
    EXPECT_EQ(commits(Durability::ordered), 1U);
    EXPECT_EQ(commits(Durability::process), 0U);
  }
}

TEST(LockWait, for_ever_is_longer_than_a_moment) {
  InMemoryFileSystem fs({file("a", "x")});
  const auto other = fs.open(root, ".", {.access = Access::directory});
  ASSERT_TRUE(other && fs.lock(*other, LockMode::exclusive));
  const std::string etag = read_etag(fs, "a").value_or("");
  Result<Receipt> result = Receipt{};
  std::atomic<bool> done = false;
  std::thread waiting([&] {
    result =
        replace(fs, "a", "y", {.if_match = etag, .lock_wait = std::chrono::milliseconds::max()});
    done = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(done);
  EXPECT_TRUE(fs.unlock(*other));
  waiting.join();
  EXPECT_TRUE(result) << result.error();
}

}  // namespace
}  // namespace untorn
