// SPDX-License-Identifier: Apache-2.0
//
// The sentences of batch.h that need no crash.
#include "untorn/batch.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "filesystem/test_directory.h"
#include "tests/support/files.h"

namespace untorn {
namespace {

using test::as_bytes;
using test::fast_folder;
using test::TestDirectory;
using testing::names_in;
using testing::pattern;
using testing::read_file;

class BatchTest : public ::testing::Test {
 protected:
  BatchTest()
      : fs_({{.path = "a/1", .content = Bytes("old 1")},
             {.path = "a/2", .mode = 0600, .content = Bytes("old 2")},
             {.path = "b/3", .content = Bytes("old 3")},
             {.path = "b/link", .type = FileType::symlink, .content = Bytes("../a/1")}}) {}

  [[nodiscard]] std::string content(const std::string& path) {
    return read_file(fs_, path).value_or("<none>");
  }
  [[nodiscard]] bool has_temporaries() {
    for (const char* directory : {"a", "b", "."}) {
      for (const std::string& name : names_in(fs_, directory)) {
        if (name.starts_with(".untorn-")) return true;
      }
    }
    return false;
  }

  InMemoryFileSystem fs_;
  Batch batch_{fs_, {}};
};

TEST_F(BatchTest, every_file_is_replaced_and_has_its_receipt) {
  ASSERT_TRUE(batch_.put("a/1", "new 1"));
  ASSERT_TRUE(batch_.put("a/2", "new 22"));
  ASSERT_TRUE(batch_.put("b/new", ""));
  EXPECT_EQ(batch_.size(), 3U);
  EXPECT_EQ(content("a/1"), "old 1") << "nothing is published before commit()";
  const auto receipt = std::move(batch_).commit();
  ASSERT_TRUE(receipt);
  ASSERT_EQ(receipt->files.size(), 3U);
  EXPECT_EQ(receipt->failed, 0U);
  EXPECT_EQ(receipt->bytes, 11U);
  EXPECT_EQ(receipt->protocol, Protocol::classic);
  EXPECT_EQ(receipt->achieved, Durability::durable);
  EXPECT_EQ(receipt->syncs, 5U) << "three files, two directories";
  EXPECT_EQ(receipt->commits, 5U);
  EXPECT_EQ(receipt->files[1].path, "a/2");
  const Receipt& second = receipt->files[1].result.value();
  EXPECT_TRUE(second.existed);
  EXPECT_EQ(second.bytes, 6U);
  EXPECT_EQ(second.syncs, 0U);
  EXPECT_EQ(second.commits, 0U);
  EXPECT_FALSE(second.etag.empty());
  EXPECT_FALSE(receipt->files[2].result->existed);
  EXPECT_EQ(content("a/1"), "new 1");
  EXPECT_EQ(content("a/2"), "new 22");
  EXPECT_EQ(content("b/new"), "");
  EXPECT_EQ(testing::status_of(fs_, "a/2").mode, 0600U);
  EXPECT_FALSE(has_temporaries());
  EXPECT_EQ(fs_.open_handles(), 0U);
}

TEST_F(BatchTest, the_etags_are_those_of_the_files_that_are_there) {
  ASSERT_TRUE(batch_.put("a/1", "new 1"));
  ASSERT_TRUE(batch_.put("a/2", "new 2"));
  const auto receipt = std::move(batch_).commit();
  ASSERT_TRUE(receipt);
  for (const BatchFile& file : receipt->files) {
    EXPECT_TRUE(replace_file(fs_, file.path, as_bytes("later"), {.if_match = file.result->etag}));
  }
}

TEST_F(BatchTest, what_is_refused_is_refused_at_put_and_the_others_go_on) {
  const auto directory = batch_.put("a", "x");
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().code(), Code::not_regular_file);
  const auto nowhere = batch_.put("none/x", "x");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code(), Code::not_found);
  EXPECT_EQ(nowhere.error().path(), "none/x");
  for (const char* path : {"", "a/", "a/.", "a/.."}) EXPECT_FALSE(batch_.put(path, "x")) << path;
  const auto strange = batch_.put("a/1", as_bytes("x"), {.existence = Existence::must_not_exist});
  ASSERT_FALSE(strange);
  EXPECT_EQ(strange.error().code(), Code::already_exists);
  EXPECT_EQ(strange.error().path(), "a/1");
  ASSERT_TRUE(batch_.put("a/1", "new 1")) << "a refusal does not take the name";
  const auto receipt = std::move(batch_).commit();
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->files.size(), 1U);
  EXPECT_EQ(content("a/1"), "new 1");
}

// B7.
TEST_F(BatchTest, a_file_is_in_a_batch_once_however_it_is_spelled) {
  ASSERT_TRUE(batch_.put("a/1", "first"));
  for (const char* path : {"a/1", "./a/1", "a//1", "b/../a/1", "b/link"}) {
    const auto again = batch_.put(path, "second");
    ASSERT_FALSE(again) << path;
    EXPECT_EQ(again.error().code(), Code::already_exists);
  }
  auto writer = FileReplacer::open(fs_, "b/link", {});
  ASSERT_TRUE(writer && writer->write("third"));
  EXPECT_FALSE(batch_.add(std::move(*writer)));
  ASSERT_TRUE(std::move(batch_).commit());
  EXPECT_EQ(content("a/1"), "first");
  EXPECT_FALSE(has_temporaries());
}

TEST_F(BatchTest, a_link_is_followed_and_its_directory_is_the_one_that_is_synced) {
  ASSERT_TRUE(batch_.put("b/link", "through"));
  ASSERT_TRUE(batch_.put("a/2", "beside"));
  const auto receipt = std::move(batch_).commit();
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->syncs, 3U) << "two files, one directory by two handles";
  EXPECT_EQ(content("a/1"), "through");
  EXPECT_EQ(fs_.open_handles(), 0U);
}

TEST_F(BatchTest, discarded_or_destroyed_it_leaves_nothing) {
  ASSERT_TRUE(batch_.put("a/1", "x"));
  batch_.discard();
  batch_.discard();
  EXPECT_FALSE(has_temporaries());
  EXPECT_FALSE(batch_.put("a/1", "x"));
  EXPECT_FALSE(std::move(batch_).commit());
  {
    Batch other(fs_, {});
    ASSERT_TRUE(other.put("a/1", "x"));
    ASSERT_TRUE(other.put("b/3", "x"));
    EXPECT_TRUE(has_temporaries());
  }
  EXPECT_FALSE(has_temporaries());
  EXPECT_EQ(fs_.open_handles(), 0U);
  EXPECT_EQ(content("a/1"), "old 1");
}

TEST_F(BatchTest, an_empty_batch_does_nothing) {
  const auto receipt = std::move(batch_).commit();
  ASSERT_TRUE(receipt);
  EXPECT_TRUE(receipt->files.empty());
  EXPECT_EQ(receipt->syncs, 0U);
  EXPECT_EQ(receipt->protocol, Protocol::none);
}

TEST_F(BatchTest, options_of_one_file_are_its_own_but_for_the_level) {
  ASSERT_TRUE(
      batch_.put("b/new", as_bytes("x"), {.durability = Durability::process, .mode = 0640}));
  const auto receipt = std::move(batch_).commit();
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->files[0].result->achieved, Durability::durable);
  EXPECT_EQ(testing::status_of(fs_, "b/new").mode, 0640U);
}

TEST_F(BatchTest, content_that_is_there_already_is_not_written) {
  Batch batch(fs_, {.skip_if_same = true});
  const std::uint64_t inode = testing::status_of(fs_, "a/1").inode;
  ASSERT_TRUE(batch.put("a/1", "old 1"));
  auto stream = FileReplacer::open(fs_, "b/3", {.skip_if_same = true});
  ASSERT_TRUE(stream && stream->write("old 3"));
  ASSERT_TRUE(batch.add(std::move(*stream)));
  ASSERT_TRUE(batch.put("a/2", "new 2"));
  const auto receipt = std::move(batch).commit();
  ASSERT_TRUE(receipt);
  EXPECT_TRUE(receipt->files[0].result->unchanged);
  EXPECT_TRUE(receipt->files[1].result->unchanged);
  EXPECT_FALSE(receipt->files[2].result->unchanged);
  EXPECT_EQ(receipt->syncs, 4U + 2U) << "each unchanged file and its directory, too";
  EXPECT_EQ(testing::status_of(fs_, "a/1").inode, inode);
  EXPECT_FALSE(has_temporaries());
}

TEST_F(BatchTest, writers_of_other_threads_join) {
  std::vector<FileReplacer> writers;
  for (const char* path : {"a/1", "a/2", "b/3", "b/4"}) {
    writers.push_back(FileReplacer::open(fs_, path, {.durability = Durability::process}).value());
  }
  std::vector<std::thread> threads;
  for (FileReplacer& writer : writers) {
    threads.emplace_back([&writer] {
      for (unsigned piece = 0; piece < 50; ++piece) EXPECT_TRUE(writer.write(pattern(100, piece)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (FileReplacer& writer : writers) ASSERT_TRUE(batch_.add(std::move(writer)));
  const auto receipt = std::move(batch_).commit();
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->failed, 0U);
  EXPECT_EQ(receipt->bytes, 4U * 5000U);
  EXPECT_EQ(receipt->syncs, 6U) << "durable, as the batch";
  std::string expected;
  for (unsigned piece = 0; piece < 50; ++piece) expected += pattern(100, piece);
  for (const char* path : {"a/1", "a/2", "b/3", "b/4"}) EXPECT_EQ(content(path), expected);
  EXPECT_EQ(fs_.open_handles(), 0U);
}

TEST_F(BatchTest, a_spent_writer_cannot_join) {
  auto writer = FileReplacer::open(fs_, "a/1", {});
  ASSERT_TRUE(writer);
  writer->discard();
  const auto added = batch_.add(std::move(*writer));
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code(), Code::invalid_argument);
}

TEST_F(BatchTest, a_forked_child_neither_commits_nor_removes) {
  const TestDirectory scratch;
  const std::string path = (scratch.path() / "f").string();
  Batch batch;
  ASSERT_TRUE(batch.put(path, "new"));
  const pid_t child = fork();
  if (child == 0) {
    const bool refused = !batch.put(path + "2", "x") && !std::move(batch).commit();
    _exit(refused ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  const auto receipt = std::move(batch).commit();
  ASSERT_TRUE(receipt);
  EXPECT_TRUE(receipt->files[0].result) << receipt->files[0].result.error();
  EXPECT_EQ(read_file(posix_file_system(), path), "new");
}

// Each file system has its own syncs.
TEST_F(BatchTest, files_of_two_file_systems_go_together) {
  const TestDirectory here;
  const TestDirectory there(fast_folder());
  FileSystem& fs = posix_file_system();
  const auto device = [&](const TestDirectory& at) {
    return testing::status_of(fs, at.path().string()).device;
  };
  if (device(here) == device(there)) GTEST_SKIP() << "only one file system to write to";
  Batch batch;
  std::vector<std::string> paths;
  for (const TestDirectory* at : {&here, &there, &here}) {
    paths.push_back((at->path() / ("f" + std::to_string(paths.size()))).string());
    ASSERT_TRUE(batch.put(paths.back(), "content of " + paths.back()));
  }
  const auto receipt = std::move(batch).commit();
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->failed, 0U);
  for (const std::string& path : paths) EXPECT_EQ(read_file(fs, path), "content of " + path);
  EXPECT_EQ(receipt->achieved, receipt->files[1].result->achieved) << "the lowest";
}

}  // namespace
}  // namespace untorn
