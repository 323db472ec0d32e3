// SPDX-License-Identifier: Apache-2.0
//
// What the threads of one process share without a word: the commits that end their replacements,
// what is remembered of a mount, the locks of a file in place, and a batch that is filled for them.
// The thread sanitizer runs these as well.
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/files.h"
#include "tests/support/shared_syncs.h"
#include "tests/support/versions.h"
#include "untorn/batch.h"
#include "untorn/replace.h"
#include "untorn/sweep.h"
#include "write/shared_commit.h"

namespace untorn {
namespace {

using testing::names_in;
using testing::number_of;
using testing::read_file;
using testing::ScratchDirectory;
using testing::version;
using testing::write_file;

void in_threads(std::size_t count, const std::function<void(std::size_t)>& run) {
  std::vector<std::jthread> threads;
  threads.reserve(count);
  for (std::size_t thread = 0; thread < count; ++thread) {
    threads.emplace_back([&run, thread] { run(thread); });
  }
}

TEST(WriteThreads, share_the_commits_of_slow_syncs) {
  constexpr std::size_t threads = 8;
  constexpr std::size_t rounds = 25;
  const ScratchDirectory scratch;
  FileSystem& fs = posix_file_system();
  testing::FakeClock clock;
  write::SharedCommits commits(clock);
  testing::SlowSyncs slow(fs, clock);
  std::atomic<unsigned> led = 0;
  std::atomic<unsigned> followed = 0;
  in_threads(threads, [&](std::size_t thread) {
    const std::string name = "f" + std::to_string(thread);
    write_file(fs, scratch / name, "content");
    const Handle folder =
        fs.open(Handle::working_directory, scratch.path(), {.access = Access::directory}).value();
    const Handle file = fs.open(folder, name, {.access = Access::write}).value();
    for (std::size_t round = 0; round < rounds; ++round) {
      const auto made = commits.settle(slow.fs(), {.mount = 1, .file = file, .directory = folder});
      EXPECT_TRUE(made.file && made.directory);
      EXPECT_EQ(made.commits == 0, made.syncs == 0);
      ++(made.syncs == 0 ? followed : led);
    }
    EXPECT_TRUE(fs.close(file));
    EXPECT_TRUE(fs.close(folder));
  });
  EXPECT_EQ(led + followed, threads * rounds);
  EXPECT_GT(followed, 0U);
}

TEST(WriteThreads, replace_files_of_their_own_while_others_sweep) {
  const ScratchDirectory scratch;
  std::atomic<bool> done = false;
  std::jthread sweeper([&] {
    while (!done) {
      EXPECT_TRUE(sweep(scratch.path(), {.remove = true, .older_than = std::chrono::seconds(0)}));
    }
  });
  in_threads(8, [&](std::size_t thread) {
    const std::string path = scratch / ("f" + std::to_string(thread));
    for (unsigned round = 0; round < 40; ++round) {
      const auto receipt = replace_file(path, version(round));
      EXPECT_TRUE(receipt) << receipt.error().message();
    }
    EXPECT_EQ(number_of(read_file(posix_file_system(), path).value_or("")), 39U);
  });
  done = true;
  sweeper.join();
  EXPECT_EQ(names_in(posix_file_system(), scratch.path()).size(), 8U);
}

TEST(WriteThreads, overwrite_one_file_in_place_one_after_the_other) {
  const ScratchDirectory scratch;
  const std::string path = scratch / "state";
  write_file(posix_file_system(), path, version(0));
  ASSERT_TRUE(posix_file_system().link(Handle::working_directory, path, Handle::working_directory,
                                       scratch / "other name"));
  ReplaceOptions options;
  options.durability = Durability::process;
  options.hard_links = HardLinkPolicy::in_place;
  options.sidecar = scratch.path();
  in_threads(8, [&](std::size_t thread) {
    for (unsigned round = 0; round < 10; ++round) {
      const auto number = static_cast<unsigned>(thread * 10 + round);
      const auto receipt = replace_file(path, version(number), options);
      EXPECT_TRUE(receipt) << receipt.error().message();
    }
  });
  EXPECT_TRUE(number_of(read_file(posix_file_system(), path).value_or("")));
  EXPECT_EQ(read_file(posix_file_system(), path),
            read_file(posix_file_system(), scratch / "other name"));
}

TEST(WriteThreads, create_files_with_their_parents) {
  const ScratchDirectory scratch;
  in_threads(8, [&](std::size_t thread) {
    for (unsigned round = 0; round < 10; ++round) {
      const std::string path =
          scratch / ("new" + std::to_string(round) + "/below/f" + std::to_string(thread));
      const auto receipt = replace_file(path, version(round), {.create_parents = true});
      EXPECT_TRUE(receipt) << receipt.error().message();
    }
  });
  for (unsigned round = 0; round < 10; ++round) {
    const std::string folder = scratch / ("new" + std::to_string(round) + "/below");
    EXPECT_EQ(names_in(posix_file_system(), folder).size(), 8U);
  }
}

TEST(WriteThreads, fill_the_writers_of_one_batch) {
  constexpr std::size_t threads = 8;
  const ScratchDirectory scratch;
  std::vector<std::optional<FileReplacer>> writers(threads);
  in_threads(threads, [&](std::size_t thread) {
    auto writer = FileReplacer::open(scratch / ("f" + std::to_string(thread)), {});
    ASSERT_TRUE(writer) << writer.error().message();
    EXPECT_TRUE(writer->write(version(static_cast<unsigned>(thread))));
    writers[thread] = std::move(*writer);
  });
  Batch batch;
  for (auto& writer : writers) ASSERT_TRUE(batch.add(std::move(writer).value()));
  const auto receipt = std::move(batch).commit();
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->failed, 0U);
  for (std::size_t thread = 0; thread < threads; ++thread) {
    EXPECT_EQ(read_file(posix_file_system(), scratch / ("f" + std::to_string(thread))),
              version(static_cast<unsigned>(thread)));
  }
}

TEST(WriteThreads, commit_batches_of_their_own_side_by_side) {
  const ScratchDirectory scratch;
  in_threads(6, [&](std::size_t thread) {
    for (unsigned round = 0; round < 8; ++round) {
      Batch batch;
      for (unsigned file = 0; file < 5; ++file) {
        const std::string name = "f" + std::to_string(thread) + "." + std::to_string(file);
        EXPECT_TRUE(batch.put(scratch / name, std::string_view(version(round))));
      }
      const auto receipt = std::move(batch).commit();
      ASSERT_TRUE(receipt);
      EXPECT_EQ(receipt->failed, 0U);
    }
  });
  EXPECT_EQ(names_in(posix_file_system(), scratch.path()).size(), 30U);
}

}  // namespace
}  // namespace untorn
