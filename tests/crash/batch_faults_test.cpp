// SPDX-License-Identifier: Apache-2.0
//
// B4 of batch.h: every call of a batch fails once, with every errno that it may give. What each
// result says must be true, the other files unharmed, and nothing left behind.
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "tests/crash/transaction_test_support.h"
#include "tests/support/files.h"
#include "untorn/batch.h"

namespace untorn {
namespace {

using testing::names_in;
using testing::read_file;
using testing::Storage;

constexpr std::array errors = {EIO,    ENOSPC, EINTR, EDQUOT, EACCES, EPERM,  ENOENT,
                               EINVAL, EBUSY,  EROFS, ENOSYS, EMFILE, EEXIST, ENOTDIR};
constexpr std::array paths = {"a/1", "a/2", "b/3", "b/new"};

std::unique_ptr<InMemoryFileSystem> tree_on(const Storage& storage) {
  MemoryOptions options;
  options.kind = storage.kind;
  return std::make_unique<InMemoryFileSystem>(
      std::initializer_list<TreeEntry>{{.path = "a/1", .content = Bytes("old a/1")},
                                       {.path = "a/2", .content = Bytes("old a/2")},
                                       {.path = "b/3", .content = Bytes("old b/3")}},
      options);
}

struct BatchRun {
  std::vector<std::string> refused;  // by put()
  BatchReceipt receipt;
};

BatchRun run_on(FileSystem& fs) {
  Batch batch(fs, {});
  BatchRun run;
  for (const char* path : paths) {
    if (!batch.put(path, std::string("new ") + path)) run.refused.emplace_back(path);
  }
  run.receipt = std::move(batch).commit().value();
  return run;
}

bool holds(FileSystem& fs, const std::string& path, bool is_new) {
  const auto content = read_file(fs, path);
  if (is_new) return content == "new " + path;
  return path == "b/new" ? !content : content == "old " + path;
}

void expect_truthful(InMemoryFileSystem& fs, const BatchRun& run, const std::string& where) {
  EXPECT_EQ(fs.open_handles(), 0U) << where;
  for (const std::string& path : run.refused) EXPECT_TRUE(holds(fs, path, false)) << where << path;
  EXPECT_EQ(run.refused.size() + run.receipt.files.size(), paths.size()) << where;
  std::size_t failed = 0;
  for (const BatchFile& file : run.receipt.files) {
    if (file.result) {
      EXPECT_TRUE(holds(fs, file.path, true)) << where << file.path;
      continue;
    }
    ++failed;
    const Outcome outcome = file.result.error().outcome();
    ASSERT_NE(outcome, Outcome::unknown) << where << file.path;
    EXPECT_TRUE(holds(fs, file.path, outcome != Outcome::not_applied)) << where << file.path;
    EXPECT_EQ(file.result.error().path(), file.path) << where;
  }
  EXPECT_EQ(run.receipt.failed, failed) << where;
}

void expect_no_temporaries(InMemoryFileSystem& fs, const std::string& where) {
  for (const char* directory : {".", "a", "b"}) {
    for (const std::string& name : names_in(fs, directory)) {
      EXPECT_FALSE(name.starts_with(".untorn-")) << where << name;
    }
  }
}

// One file at most is harmed, but for the syncs that all of them, or those of a directory, share.
std::size_t harmed_max(const CallSite& site) {
  if (site.call == Call::sync_everything) return paths.size();
  return site.call == Call::sync || (site.call == Call::open && site.name.size() == 1) ? 2 : 1;
}

TEST(BatchFaults, every_failing_call_harms_its_file_alone_and_is_told_truly) {
  std::size_t trials = 0;
  for (const Storage& storage : testing::storages()) {
    auto counted_below = tree_on(storage);
    FaultFileSystem counted(*counted_below);
    ASSERT_EQ(run_on(counted).receipt.failed, 0U);
    const std::vector<CallSite> sites = counted.sites();
    for (std::uint64_t n = 0; n < sites.size(); ++n) {
      for (const int os_errno : errors) {
        auto below = tree_on(storage);
        FaultFileSystem fs(*below, Fault{.at = n, .error = Errno{os_errno}});
        const BatchRun run = run_on(fs);
        const std::string where = storage.name + ", " + to_string(sites[n]) + ", errno " +
                                  std::to_string(os_errno) + ": ";
        // A look that answers "not there", and lies, is no failing call.
        const bool lies = os_errno == ENOENT || os_errno == ENOTDIR;
        if (lies && sites[n].call == Call::status_at) continue;
        expect_truthful(*below, run, where);
        expect_no_temporaries(*below, where);
        EXPECT_LE(run.refused.size() + run.receipt.failed, harmed_max(sites[n])) << where;
        ++trials;
      }
    }
  }
  RecordProperty("trials", std::to_string(trials));
  EXPECT_GT(trials, 3000U);
}

TEST(BatchFaults, from_any_call_on_everything_fails_and_what_is_told_is_true) {
  for (const Storage& storage : testing::storages()) {
    auto counted_below = tree_on(storage);
    FaultFileSystem counted(*counted_below);
    ASSERT_EQ(run_on(counted).receipt.failed, 0U);
    for (std::uint64_t n = 0; n < counted.sites().size(); ++n) {
      auto below = tree_on(storage);
      FaultFileSystem fs(*below, Fault{.at = n, .error = Errno{EIO}, .persistent = true});
      expect_truthful(*below, run_on(fs), storage.name + " from call " + std::to_string(n) + ": ");
    }
  }
}

TEST(BatchFaults, short_writes_give_the_whole_content) {
  for (const Storage& storage : testing::storages()) {
    auto below = tree_on(storage);
    FaultFileSystem fs(*below, Fault{.at = 0,
                                     .call = Call::write,
                                     .persistent = true,
                                     .effect = Fault::Effect::short_write,
                                     .bytes = 1});
    EXPECT_EQ(run_on(fs).receipt.failed, 0U);
    for (const char* path : paths) EXPECT_TRUE(holds(*below, path, true)) << path;
  }
}

}  // namespace
}  // namespace untorn
