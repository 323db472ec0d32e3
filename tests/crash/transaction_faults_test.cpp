// SPDX-License-Identifier: Apache-2.0
//
// Every call of a commit and of a recovery fails once, with every errno that it may give, or from
// there on. What is returned must be true, and a recovery afterwards gives all or none.
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "crash/crash_test_on.h"
#include "filesystem/fault_file_system.h"
#include "tests/crash/transaction_test_support.h"
#include "tests/support/files.h"

namespace untorn {
namespace {

using testing::Example;
using testing::make_tree;
using testing::recover_and_judge;
using testing::run_example;
using testing::Snapshot;
using testing::snapshot;
using testing::staged_files;
using testing::Storage;
using testing::tree_root;
using testing::Versions;
using testing::versions_of;

constexpr std::array errors = {EIO,    ENOSPC, EINTR, EDQUOT, EACCES, EPERM,  ENOENT,
                               EINVAL, EBUSY,  EROFS, ENOSYS, EMFILE, EEXIST, ENOTDIR};

// Every example on every storage: the protocols make different calls.
struct Case {
  Example example;
  Storage storage;
  Versions versions;

  [[nodiscard]] std::unique_ptr<InMemoryFileSystem> tree() const {
    return make_tree(example, storage);
  }
  [[nodiscard]] std::string name() const { return example.name + " on " + storage.name; }
  // Calls at which the longer tests do not cut: what differs between the storages is in few of
  // them.
  [[nodiscard]] std::uint64_t stride() const { return storage.name == "classic" ? 1 : 3; }
  // The calls of a commit that meets no fault.
  [[nodiscard]] std::vector<CallSite> sites() const {
    const auto below = tree();
    FaultFileSystem counted(*below);
    EXPECT_TRUE(run_example(counted, example)) << name();
    return counted.sites();
  }
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const char* storage : {"classic", "ext4", "btrfs"}) {
    for (const Example& example : testing::transaction_examples()) {
      all.push_back({example, testing::storage_named(storage), versions_of(example)});
    }
  }
  return all;
}

// The sentence of error.h, and X1 to X3.
void expect_truthful(InMemoryFileSystem& fs, const Result<TransactionReceipt>& receipt,
                     const Versions& versions, const std::string& where, bool unlinks_work) {
  EXPECT_EQ(fs.open_handles(), 0U) << where;
  const Snapshot now = snapshot(fs, tree_root);
  if (receipt && !receipt->changed.empty()) return;  // told, and as if another program did it
  if (receipt) {
    EXPECT_EQ(now, versions.after) << where;
  } else if (receipt.error().outcome() == Outcome::not_applied) {
    EXPECT_EQ(now, versions.before) << where << ": " << receipt.error();
    if (unlinks_work) {
      EXPECT_TRUE(staged_files(fs, tree_root).empty()) << where;
    }
  } else if (receipt.error().outcome() == Outcome::applied) {
    EXPECT_EQ(now, versions.after) << where << ": " << receipt.error();
  }
  const bool applied = receipt || receipt.error().outcome() == Outcome::applied;
  EXPECT_EQ(recover_and_judge(fs, versions, applied), "") << where;
  EXPECT_TRUE(staged_files(fs, tree_root).empty()) << where;
}

TEST(TransactionFaults, every_failing_call_is_told_truly_and_recovered_from) {
  std::size_t trials = 0;
  for (const Case& tried : cases()) {
    const std::vector<CallSite> sites = tried.sites();
    for (std::uint64_t n = 0; n < sites.size(); ++n) {
      for (const int os_errno : errors) {
        const auto below = tried.tree();
        FaultFileSystem fs(*below, Fault{.at = n, .error = Errno{os_errno}});
        const auto receipt = run_example(fs, tried.example);
        ++trials;
        // A look that answers "not there", and lies, is no failing call.
        const bool lies = os_errno == ENOENT || os_errno == ENOTDIR;
        if (lies && sites[n].call == Call::status_at && receipt) continue;
        expect_truthful(
            *below, receipt, tried.versions,
            tried.name() + ", " + to_string(sites[n]) + ", errno " + std::to_string(os_errno),
            true);
      }
    }
  }
  RecordProperty("trials", std::to_string(trials));
  EXPECT_GT(trials, 5000U);
}

TEST(TransactionFaults, from_any_call_on_everything_fails_and_a_later_recovery_gives_all_or_none) {
  for (const Case& tried : cases()) {
    const std::vector<CallSite> sites = tried.sites();
    for (std::uint64_t n = 0; n < sites.size(); ++n) {
      const auto below = tried.tree();
      FaultFileSystem fs(*below, Fault{.at = n, .error = Errno{EIO}, .persistent = true});
      const auto receipt = run_example(fs, tried.example);
      expect_truthful(*below, receipt, tried.versions,
                      tried.name() + " from call " + std::to_string(n), false);
    }
  }
}

TEST(TransactionFaults, a_call_that_was_done_and_failed_leaves_no_mixture) {
  for (const Case& tried : cases()) {
    const std::vector<CallSite> sites = tried.sites();
    for (std::uint64_t n = 0; n < sites.size(); ++n) {
      const auto below = tried.tree();
      FaultFileSystem fs(
          *below, Fault{.at = n, .error = Errno{EIO}, .effect = Fault::Effect::done_but_failed});
      const auto receipt = run_example(fs, tried.example);
      EXPECT_EQ(recover_and_judge(*below, tried.versions, receipt.has_value()), "")
          << tried.name() << ", " << to_string(sites[n]);
    }
  }
}

TEST(TransactionFaults, short_writes_give_the_whole_content_and_a_whole_intent) {
  for (const Case& tried : cases()) {
    for (const std::size_t bytes : {std::size_t{1}, std::size_t{100}}) {
      const auto below = tried.tree();
      FaultFileSystem fs(*below, Fault{.at = 2,  // the first one makes .gitignore
                                       .call = Call::write,
                                       .persistent = true,
                                       .effect = Fault::Effect::short_write,
                                       .bytes = bytes});
      const auto receipt = run_example(fs, tried.example);
      ASSERT_TRUE(receipt) << receipt.error();
      EXPECT_EQ(snapshot(*below, tree_root), tried.versions.after) << tried.name();
    }
  }
}

// The process is "killed" by everything failing from call `n` on; the recovery then meets faults.
TEST(TransactionFaults, every_failing_call_of_a_recovery_is_recovered_from) {
  std::size_t trials = 0;
  for (const Case& tried : cases()) {
    const std::size_t calls = tried.sites().size();
    const auto interrupted = [&](std::uint64_t n) {
      auto below = tried.tree();
      FaultFileSystem fs(*below, Fault{.at = n, .error = Errno{EIO}, .persistent = true});
      (void)run_example(fs, tried.example);
      return below;
    };
    // Cut at most calls nothing new is left to recover: a third of them is enough.
    for (std::uint64_t n = trials % 3; n < calls; n += 3 * tried.stride()) {
      auto first = interrupted(n);
      FaultFileSystem recovering(*first);
      ASSERT_TRUE(recover_transactions(recovering, tree_root));
      const bool applied = snapshot(*first, tree_root) == tried.versions.after;
      for (std::uint64_t call = 0; call < recovering.sites().size(); ++call) {
        for (const bool persistent : {false, true}) {
          auto below = interrupted(n);
          FaultFileSystem fs(*below,
                             Fault{.at = call, .error = Errno{EIO}, .persistent = persistent});
          (void)recover_transactions(fs, tree_root);
          EXPECT_EQ(recover_and_judge(*below, tried.versions, applied), "")
              << tried.name() << " cut at " << n
              << ", recovery: " << to_string(recovering.sites()[call]);
          ++trials;
        }
      }
    }
  }
  RecordProperty("trials", std::to_string(trials));
  EXPECT_GT(trials, 5000U);
}

// V2: a killed process had not synced what it did; another recovers, and then the power goes.
TEST(TransactionFaults, a_power_cut_after_the_recovery_from_a_kill_takes_nothing_back) {
  std::uint64_t states = 0;
  for (const Case& tried : cases()) {
    const std::size_t calls = tried.sites().size();
    for (std::uint64_t n = 0; n < calls; n += tried.stride()) {
      const auto memory = tried.tree();
      CrashTestOptions options;
      options.models = {tried.storage.power};
      const CrashTestReport report = crash::crash_test_on(
          *memory,
          [&](FileSystem& fs, CrashLog& log) {
            FaultFileSystem killed(fs, Fault{.at = n, .error = Errno{EIO}, .persistent = true});
            (void)run_example(killed, tried.example);
            const auto recovery = recover_transactions(fs, tree_root);
            ASSERT_TRUE(recovery) << recovery.error();
            if (recovery->kind == TransactionRecovery::Kind::rolled_forward) log.acknowledge("new");
          },
          [&](FileSystem& fs, const CrashPoint& at) {
            return recover_and_judge(fs, tried.versions, at.acknowledged("new"));
          },
          options);
      EXPECT_TRUE(report.ok()) << tried.name() << " killed at call " << n << ": "
                               << report.summary();
      EXPECT_TRUE(report.exhaustive);
      states += report.states_checked;
    }
  }
  RecordProperty("states", std::to_string(states));
  EXPECT_GT(states, 10'000U);
}

}  // namespace
}  // namespace untorn
