// SPDX-License-Identifier: Apache-2.0
//
// B1 to B3 of batch.h: every state that a crash may leave of a batch, and of two threads that share
// the commit of their replacements.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "crash/crash_test_on.h"
#include "filesystem/memory_file_system.h"
#include "tests/crash/transaction_test_support.h"
#include "tests/support/files.h"
#include "tests/support/shared_syncs.h"
#include "untorn/batch.h"
#include "untorn/crash.h"
#include "write/shared_commit.h"

namespace untorn {
namespace {

using testing::pattern;
using testing::read_file;
using testing::Storage;
using testing::storage_named;

// What the files held and hold; "" is a file that was not there. One is longer than a page.
struct Content {
  std::string path;
  std::string before;
  std::string after;
};
std::vector<Content> contents() {
  return {{"a/1", "old 1", "new content of 1"},
          {"a/2", "", pattern(5000, 2)},
          {"b/3", pattern(4500, 3), "new 3"},
          {"b/4", "", "new 4"}};
}

std::unique_ptr<InMemoryFileSystem> tree_on(const Storage& storage) {
  std::vector<TreeEntry> tree;
  for (const Content& file : contents()) {
    if (!file.before.empty()) {
      tree.push_back({.path = file.path, .content = Bytes(std::string_view(file.before))});
    }
  }
  MemoryOptions options;
  options.kind = storage.kind;
  return std::make_unique<InMemoryFileSystem>(tree, options);
}

void commit_and_tell(FileSystem& fs, CrashLog& log, Durability level) {
  Batch batch(fs, {.durability = level});
  for (const Content& file : contents()) ASSERT_TRUE(batch.put(file.path, file.after));
  const auto receipt = std::move(batch).commit();
  ASSERT_TRUE(receipt);
  ASSERT_EQ(receipt->failed, 0U);
  log.acknowledge("done");
}

std::string judge(FileSystem& fs, bool must_be_new) {
  for (const Content& file : contents()) {
    const auto now = read_file(fs, file.path);
    if (now == file.after) continue;
    if (must_be_new) return file.path + " is not the new one";
    if (now.value_or("") != file.before || now.has_value() == file.before.empty()) {
      return file.path + " is torn: " + now.value_or("<none>").substr(0, 40);
    }
  }
  return "";
}

CrashTestReport states_of(const Storage& storage, CrashModel model, Durability level) {
  const auto memory = tree_on(storage);
  CrashTestOptions options;
  options.models = {model};
  const bool keeps = model == CrashModel::kill || level == Durability::durable;
  return crash::crash_test_on(
      *memory, [&](FileSystem& fs, CrashLog& log) { commit_and_tell(fs, log, level); },
      [&](FileSystem& fs, const CrashPoint& at) {
        return judge(fs, keeps && at.acknowledged("done"));
      },
      options);
}

class BatchStates : public ::testing::TestWithParam<std::tuple<std::string, Durability>> {};

TEST_P(BatchStates, every_file_is_old_or_new_and_after_success_new) {
  const auto& [name, level] = GetParam();
  const Storage storage = storage_named(name);
  for (const CrashModel model : {CrashModel::kill, storage.power}) {
    const CrashTestReport report = states_of(storage, model, level);
    EXPECT_TRUE(report.ok()) << report.summary();
    EXPECT_TRUE(report.exhaustive);
    EXPECT_GT(report.states_distinct, 4U);
  }
}

INSTANTIATE_TEST_SUITE_P(
    , BatchStates,
    ::testing::Combine(::testing::Values("classic", "ext4", "ext4_fast_commit", "xfs", "btrfs"),
                       ::testing::Values(Durability::ordered, Durability::durable)),
    [](const auto& instance) {
      return std::get<0>(instance.param) + "_" +
             std::string(to_string(std::get<1>(instance.param)));
    });

TEST(BatchStatesControl, without_syncs_a_power_cut_is_seen_to_tear) {
  for (const Storage& storage : testing::storages()) {
    EXPECT_FALSE(states_of(storage, storage.power, Durability::process).ok()) << storage.name;
  }
}

TEST(BatchStatesControl, the_protocol_of_one_commit_is_caught_where_ranges_promise_nothing) {
  for (const CrashModel model : {CrashModel::portable, CrashModel::btrfs}) {
    EXPECT_FALSE(states_of(storage_named("ext4"), model, Durability::durable).ok());
  }
}

// ------------------------------------------------------------------ shared commits

// One replacement as replace_file makes it with one_commit, up to the syncs that end it.
struct Half {
  Half(FileSystem& fs, const std::string& directory, const std::string& content) {
    folder = fs.open(Handle::working_directory, directory, {.access = Access::directory}).value();
    file = fs.open(folder, "temporary", {.access = Access::write, .create = true}).value();
    EXPECT_TRUE(fs.write(file, std::as_bytes(std::span(content))));
    EXPECT_TRUE(fs.sync_range(file));
    EXPECT_TRUE(fs.rename(folder, "temporary", folder, "f", RenameMode::replace));
  }
  Handle folder = Handle::none;
  Handle file = Handle::none;
};

// While one thread syncs, two others end theirs together.
void replace_in_threads(FileSystem& below, CrashLog& log) {
  FileSystem& fs = below;
  testing::FakeClock clock;
  write::SharedCommits commits(clock);
  testing::SlowSyncs slow(fs, clock);
  const auto settle = [&](const std::string& directory) {
    const Half half(fs, directory, "new content in " + directory);
    const auto made =
        commits.settle(slow.fs(), {.mount = 1, .file = half.file, .directory = half.folder});
    EXPECT_TRUE(made.file && made.directory);
    log.acknowledge(directory);
    return made.shared;
  };
  EXPECT_FALSE(settle("a"));
  slow.hold_until_waiting(2);
  std::thread first([&] { EXPECT_FALSE(settle("b")); });
  slow.wait_until_held();
  std::thread second([&] { EXPECT_TRUE(settle("c")); });
  std::thread third([&] { EXPECT_TRUE(settle("d")); });
  first.join();
  second.join();
  third.join();
}

TEST(SharedCommitStates, what_was_acknowledged_to_a_thread_survives) {
  constexpr std::array directories = {"a", "b", "c", "d"};
  for (const char* name : {"ext4", "xfs"}) {
    const Storage storage = storage_named(name);
    MemoryOptions kind;
    kind.kind = storage.kind;
    std::vector<TreeEntry> tree;
    for (const std::string directory : directories) {
      tree.push_back({.path = directory + "/f", .content = Bytes("old")});
    }
    InMemoryFileSystem memory(tree, kind);
    CrashTestOptions options;
    options.models = {storage.power};
    const CrashTestReport report = crash::crash_test_on(
        memory, replace_in_threads,
        [&](FileSystem& fs, const CrashPoint& at) -> std::string {
          for (const std::string directory : directories) {
            const auto now = read_file(fs, directory + "/f");
            if (now == "new content in " + directory) continue;
            if (at.acknowledged(directory)) return directory + " is lost";
            if (now != "old") return directory + " is torn";
          }
          return "";
        },
        options);
    EXPECT_TRUE(report.ok()) << report.summary();
    EXPECT_TRUE(report.exhaustive);
    EXPECT_GT(report.states_checked, 10U);
  }
}

}  // namespace
}  // namespace untorn
