// SPDX-License-Identifier: Apache-2.0
//
// What a batch costs, counted, and how many files it holds open.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "filesystem/recording_file_system.h"
#include "tests/crash/transaction_test_support.h"
#include "tests/support/files.h"
#include "untorn/batch.h"

namespace untorn {
namespace {

using testing::names_in;
using testing::read_file;
using testing::Storage;
using testing::storage_named;

using Counts = std::map<std::string, std::uint64_t>;

struct Cost {
  Counts calls;
  BatchReceipt receipt;
};

std::string path_of(int number, int directories) {
  return "d" + std::to_string(number % directories) + "/f" + std::to_string(number);
}

// Every second file is there already.
Cost cost_of(const std::string& storage, int files, int directories,
             Durability level = Durability::durable) {
  std::vector<TreeEntry> tree;
  for (int number = 0; number < directories; ++number) {
    tree.push_back(
        {.path = "d" + std::to_string(number), .type = FileType::directory, .mode = 0755});
  }
  for (int number = 0; number < files; number += 2) {
    tree.push_back({.path = path_of(number, directories), .content = Bytes("old")});
  }
  MemoryOptions options;
  options.kind = storage_named(storage).kind;
  InMemoryFileSystem memory(tree, options);
  RecordingFileSystem fs(memory);
  Batch batch(fs, {.durability = level});
  for (int number = 0; number < files; ++number) {
    EXPECT_TRUE(batch.put(path_of(number, directories), "new " + std::to_string(number)));
  }
  Cost cost;
  cost.receipt = std::move(batch).commit().value();
  EXPECT_EQ(cost.receipt.failed, 0U);
  for (int number = 0; number < files; ++number) {
    EXPECT_EQ(read_file(memory, path_of(number, directories)), "new " + std::to_string(number));
  }
  for (std::size_t index = 0; index < call_count; ++index) {
    const Call call{static_cast<std::uint8_t>(index)};
    if (fs.calls(call) != 0) cost.calls[std::string(to_string(call))] = fs.calls(call);
  }
  const std::uint64_t syncs = fs.calls(Call::sync) + fs.calls(Call::sync_everything);
  EXPECT_EQ(cost.receipt.syncs, syncs);
  return cost;
}

TEST(BatchCalls, with_one_commit_each_directory_is_synced_once_and_no_file) {
  for (const char* storage : {"ext4", "xfs", "ext4_fast_commit"}) {
    for (const int files : {1, 10, 1000}) {
      const int directories = std::min(files, 10);
      const Cost cost = cost_of(storage, files, directories);
      EXPECT_EQ(cost.calls.at("sync"), static_cast<std::uint64_t>(directories));
      EXPECT_EQ(cost.calls.at("sync_range"), static_cast<std::uint64_t>(files));
      EXPECT_EQ(cost.receipt.commits, 1U) << storage << ", " << files;
      EXPECT_EQ(cost.receipt.protocol, Protocol::one_commit);
    }
    const Cost ordered = cost_of(storage, 100, 5, Durability::ordered);
    EXPECT_EQ(ordered.receipt.syncs, 0U);
    EXPECT_EQ(ordered.receipt.commits, 0U);
  }
}

TEST(BatchCalls, on_btrfs_everything_is_synced_twice_from_three_files_on) {
  for (const int files : {3, 10, 1000}) {
    const Cost cost = cost_of("btrfs", files, 3);
    EXPECT_EQ(cost.calls.at("sync_everything"), 2U);
    EXPECT_EQ(cost.calls.count("sync"), 0U);
    EXPECT_EQ(cost.receipt.commits, 2U);
  }
  EXPECT_EQ(cost_of("btrfs", 2, 1).calls.count("sync_everything"), 0U);
  EXPECT_EQ(cost_of("btrfs", 2, 1).receipt.syncs, 3U);
  EXPECT_EQ(cost_of("btrfs", 100, 3, Durability::ordered).receipt.syncs, 1U);
}

TEST(BatchCalls, elsewhere_each_file_and_each_directory_is_synced_once) {
  EXPECT_EQ(cost_of("classic", 100, 10).receipt.syncs, 110U);
  EXPECT_EQ(cost_of("classic", 100, 10).receipt.commits, 110U);
  EXPECT_EQ(cost_of("classic", 100, 10, Durability::ordered).receipt.syncs, 100U);
}

TEST(BatchCalls, at_process_nothing_is_synced_and_no_write_back_started) {
  for (const Storage& storage : testing::storages()) {
    const Cost cost = cost_of(storage.name, 10, 2, Durability::process);
    for (const char* call : {"sync", "sync_everything", "sync_range", "start_writeback"}) {
      EXPECT_EQ(cost.calls.count(call), 0U) << storage.name << ", " << call;
    }
  }
}

// A directory is opened once, whatever the number of its files.
TEST(BatchCalls, one_more_file_makes_these_calls_and_no_other) {
  const Counts few = cost_of("ext4", 10, 2).calls;
  const Counts more = cost_of("ext4", 12, 2).calls;
  Counts difference;
  for (const auto& [call, count] : more) {
    if (count != few.at(call)) difference[call] = count - few.at(call);
  }
  // Of one file that was there, and one that was not.
  EXPECT_EQ(difference.at("open"), 2U) << "the temporaries alone";
  EXPECT_EQ(difference.at("close"), 2U);
  EXPECT_EQ(difference.at("rename"), 2U);
  EXPECT_EQ(difference.at("sync_range"), 2U);
  EXPECT_EQ(difference.at("start_writeback"), 2U);
  EXPECT_EQ(difference.count("sync"), 0U);
}

// ------------------------------------------------------------------ descriptors

class FewDescriptors {
 public:
  explicit FewDescriptors(rlim_t limit) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit few{.rlim_cur = limit, .rlim_max = before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;
  ~FewDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

void expect_all_replaced(int files, int directories, Durability level) {
  const testing::ScratchDirectory scratch;
  FileSystem& fs = posix_file_system();
  for (int number = 0; number < directories; ++number) {
    ASSERT_TRUE(fs.make_directory(Handle::working_directory,
                                  scratch / ("d" + std::to_string(number)), 0755));
  }
  Batch batch({.durability = level});
  for (int number = 0; number < files; ++number) {
    const auto put =
        batch.put(scratch / path_of(number, directories), "content " + std::to_string(number));
    ASSERT_TRUE(put) << put.error();
  }
  const auto receipt = std::move(batch).commit();
  ASSERT_TRUE(receipt);
  for (const BatchFile& file : receipt->files) {
    ASSERT_TRUE(file.result) << file.result.error();
    ASSERT_FALSE(file.result->etag.empty()) << file.path;
  }
  for (int number = 0; number < files; ++number) {
    ASSERT_EQ(read_file(fs, scratch / path_of(number, directories)),
              "content " + std::to_string(number));
  }
  const auto left = names_in(fs, scratch / "d0");
  EXPECT_EQ(left.size(), static_cast<std::size_t>((files + directories - 1) / directories));
}

// Ten thousand in the tier `lab`.
TEST(BatchDescriptors, thousands_of_files_need_no_thousands_of_descriptors) {
  const FewDescriptors few(256);
  const bool lab = std::getenv("UNTORN_LAB") != nullptr;
  expect_all_replaced(lab ? 10'000 : 1'500, 4, Durability::process);
}

TEST(BatchDescriptors, nor_do_more_directories_than_may_be_open) {
  const FewDescriptors few(256);
  expect_all_replaced(300, 300, Durability::durable);
}

// Each file in a directory of its own that create_parents makes, or by a stream.
void expect_few_descriptors(bool streams, rlim_t limit) {
  const FewDescriptors few(limit);
  const testing::ScratchDirectory scratch;
  FileSystem& fs = posix_file_system();
  constexpr int files = 200;
  const ReplaceOptions options{.durability = Durability::process, .create_parents = true};
  Batch batch(options);
  for (int number = 0; number < files; ++number) {
    const std::string path = scratch / path_of(number, files);
    if (streams) {
      auto writer = FileReplacer::open(path, options);
      ASSERT_TRUE(writer) << writer.error();
      ASSERT_TRUE(writer->write("new"));
      ASSERT_TRUE(batch.add(std::move(*writer)));
    } else {
      const auto put = batch.put(path, "new");
      ASSERT_TRUE(put) << put.error();
    }
  }
  const auto receipt = std::move(batch).commit();
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->failed, 0U);
  for (int number = 0; number < files; ++number) {
    ASSERT_EQ(read_file(fs, scratch / path_of(number, files)), "new");
  }
}

TEST(BatchDescriptors, nor_do_directories_that_are_made_for_them) {
  expect_few_descriptors(false, 64);
}

TEST(BatchDescriptors, nor_do_streams) {
  expect_few_descriptors(true, 64);
}

TEST(BatchDescriptors, a_process_that_may_open_twenty_files_can_replace_hundreds) {
  expect_few_descriptors(false, 20);
}

// The lock of a closed temporary is gone: what a cleaner took away is not published.
TEST(BatchDescriptors, a_closed_temporary_that_somebody_removed_is_an_error_of_its_file_alone) {
  const FewDescriptors few(64);
  const testing::ScratchDirectory scratch;
  FileSystem& fs = posix_file_system();
  testing::write_file(fs, scratch / "first", "old");
  Batch batch({.durability = Durability::ordered});
  ASSERT_TRUE(batch.put(scratch / "first", "new"));
  const auto before = names_in(fs, scratch.path());
  const auto temporary = std::ranges::find_if(
      before, [](const std::string& name) { return name.starts_with(".untorn-tmp-"); });
  ASSERT_NE(temporary, before.end());
  for (int number = 0; number < 100; ++number) {
    ASSERT_TRUE(batch.put(scratch / ("f" + std::to_string(number)), "new"));
  }
  ASSERT_TRUE(fs.unlink(Handle::working_directory, scratch / *temporary));
  const auto receipt = std::move(batch).commit();
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->failed, 1U);
  ASSERT_FALSE(receipt->files[0].result);
  EXPECT_EQ(receipt->files[0].result.error().outcome(), Outcome::not_applied);
  EXPECT_EQ(read_file(fs, scratch / "first"), "old");
  EXPECT_EQ(read_file(fs, scratch / "f99"), "new");
  EXPECT_EQ(names_in(fs, scratch.path()).size(), 101U);
}

// A directory that was closed meanwhile is opened again by its path, which must lead there still.
TEST(BatchDescriptors, a_directory_that_was_exchanged_meanwhile_gets_nothing) {
  const FewDescriptors few(64);
  const testing::ScratchDirectory scratch;
  FileSystem& fs = posix_file_system();
  const auto make = [&](const std::string& name) {
    return fs.make_directory(Handle::working_directory, scratch / name, 0755).has_value();
  };
  Batch batch({.durability = Durability::process});
  for (int number = 0; number < 100; ++number) {
    const std::string name = "d" + std::to_string(number);
    ASSERT_TRUE(make(name) && batch.put(scratch / (name + "/f"), "new"));
  }
  ASSERT_TRUE(fs.rename(Handle::working_directory, scratch / "d1", Handle::working_directory,
                        scratch / "moved", RenameMode::replace));
  ASSERT_TRUE(make("d1"));
  const auto receipt = std::move(batch).commit();
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->failed, 1U);
  ASSERT_FALSE(receipt->files[1].result);
  EXPECT_EQ(receipt->files[1].result.error().outcome(), Outcome::not_applied);
  EXPECT_TRUE(names_in(fs, scratch / "d1").empty());
  EXPECT_EQ(read_file(fs, scratch / "d99/f"), "new");
}

}  // namespace
}  // namespace untorn
