// SPDX-License-Identifier: Apache-2.0
//
// X2 and X3 of transaction.h: every state that a crash may leave, recovered; every state that a
// crash during that recovery may leave, recovered; and once more.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <tuple>
#include <vector>

#include "crash/crash_test_on.h"
#include "tests/crash/transaction_test_support.h"
#include "tests/support/files.h"
#include "transaction/inspect.h"
#include "untorn/crash.h"
#include "untorn/transaction.h"

namespace untorn {
namespace {

using testing::Example;
using testing::example_named;
using testing::make_tree;
using testing::recover_and_judge;
using testing::Storage;
using testing::storage_named;
using testing::tree_root;
using testing::Versions;

void commit_and_tell(FileSystem& fs, CrashLog& log, const Example& example) {
  const auto receipt = run_example(fs, example);
  ASSERT_TRUE(receipt) << receipt.error();
  log.acknowledge("done");
}

CrashTestOptions options_of(CrashModel model) {
  CrashTestOptions options;
  options.models = {model};
  return options;
}

bool needs_recovery(FileSystem& fs) {
  const auto found = transaction::inspect_transaction(fs, tree_root);
  return !found || found->state != transaction::InspectedState::none;
}

// Example, storage, and whether the power goes or the process is killed.
class TransactionStates
    : public ::testing::TestWithParam<std::tuple<std::string, std::string, bool>> {
 protected:
  [[nodiscard]] static Example example() { return example_named(std::get<0>(GetParam())); }
  [[nodiscard]] static Storage storage() { return storage_named(std::get<1>(GetParam())); }
  [[nodiscard]] static CrashModel model() {
    return std::get<2>(GetParam()) ? storage().power : CrashModel::kill;
  }
};

TEST_P(TransactionStates, every_state_is_all_or_none_once_recovered) {
  const Example example = TransactionStates::example();
  const auto memory = make_tree(example, storage());
  const Versions versions = versions_of(example);
  std::uint64_t forward = 0;
  std::uint64_t back = 0;
  const CrashTestReport report = crash::crash_test_on(
      *memory, [&](FileSystem& fs, CrashLog& log) { commit_and_tell(fs, log, example); },
      [&](FileSystem& fs, const CrashPoint& at) {
        if (at.acknowledged("done") && needs_recovery(fs)) return std::string("X3: not retired");
        std::string wrong = recover_and_judge(fs, versions, at.acknowledged("done"));
        if (wrong.empty()) ++(testing::snapshot(fs, tree_root) == versions.after ? forward : back);
        return wrong;
      },
      options_of(model()));
  EXPECT_TRUE(report.ok()) << report.summary();
  EXPECT_TRUE(report.exhaustive) << report.summary();
  EXPECT_GT(forward, 1U);
  EXPECT_GT(back, 1U);
  RecordProperty("states", std::to_string(report.states_checked));
}

// The recovery of one state is cut at every instant, and so on `deeper` times.
std::string judge_with_crashes(FileSystem& fs, const Versions& versions, bool must_be_applied,
                               CrashModel power, int deeper, std::uint64_t& states) {
  ++states;
  if (deeper == 0) return recover_and_judge(fs, versions, must_be_applied);
  auto& memory = dynamic_cast<InMemoryFileSystem&>(fs);
  CrashTestOptions options;
  options.failures_max = 1;
  options.models = {CrashModel::kill, power};
  const CrashTestReport report = crash::crash_test_on(
      memory,
      [&](FileSystem& recovering, CrashLog& log) {
        const auto recovery = recover_transactions(recovering, tree_root);
        ASSERT_TRUE(recovery) << recovery.error();
        if (recovery->kind == TransactionRecovery::Kind::rolled_forward) log.acknowledge("done");
      },
      [&](FileSystem& state, const CrashPoint& at) {
        return judge_with_crashes(state, versions, must_be_applied || at.acknowledged("done"),
                                  power, deeper - 1, states);
      },
      options);
  return report.ok() ? "" : "in the recovery: " + report.summary();
}

std::uint64_t states_with_crashes(const Example& example, const Storage& storage, CrashModel model,
                                  int deeper) {
  const Versions versions = versions_of(example);
  const auto memory = make_tree(example, storage);
  std::uint64_t states = 0;
  const CrashTestReport report = crash::crash_test_on(
      *memory, [&](FileSystem& fs, CrashLog& log) { commit_and_tell(fs, log, example); },
      [&](FileSystem& fs, const CrashPoint& at) {
        return judge_with_crashes(fs, versions, at.acknowledged("done"), storage.power, deeper,
                                  states);
      },
      options_of(model));
  EXPECT_TRUE(report.ok()) << report.summary();
  EXPECT_TRUE(report.exhaustive) << report.summary();
  return states;
}

TEST_P(TransactionStates, a_crash_in_the_recovery_changes_nothing) {
  const std::uint64_t states = states_with_crashes(example(), storage(), model(), 1);
  RecordProperty("states", std::to_string(states));
  EXPECT_GT(states, 100U);
}

// As `untorn prove` shows a state to a check: other inodes, and UNTORN_STATE says where it is.
TEST_P(TransactionStates, a_state_that_was_rebuilt_file_by_file_is_recovered_by_content) {
  const Example example = TransactionStates::example();
  const auto memory = make_tree(example, storage());
  const Versions versions = versions_of(example);
  const CrashTestReport report = crash::crash_test_on(
      *memory, [&](FileSystem& fs, CrashLog& log) { commit_and_tell(fs, log, example); },
      [&](FileSystem& fs, const CrashPoint& at) {
        std::vector<TreeEntry> entries = dynamic_cast<InMemoryFileSystem&>(fs).tree();
        std::uint64_t number = 1000;
        for (TreeEntry& entry : entries) entry.number = number++;
        MemoryOptions after;
        after.seed = 2;
        after.kind = storage().kind;
        InMemoryFileSystem rebuilt(entries, after);
        setenv("UNTORN_STATE", "/", 1);
        std::string wrong = recover_and_judge(rebuilt, versions, at.acknowledged("done"));
        unsetenv("UNTORN_STATE");
        return wrong;
      },
      options_of(model()));
  EXPECT_TRUE(report.ok()) << report.summary();
  EXPECT_TRUE(report.exhaustive);
}

INSTANTIATE_TEST_SUITE_P(
    , TransactionStates,
    ::testing::Combine(::testing::Values("plain", "all_operations", "old_name_again",
                                         "renamed_and_changed", "directories", "into_made"),
                       ::testing::Values("classic", "ext4", "ext4_fast_commit", "xfs", "btrfs"),
                       ::testing::Bool()),
    [](const auto& instance) {
      return std::get<0>(instance.param) + "_" + std::get<1>(instance.param) +
             (std::get<2>(instance.param) ? "_power" : "_kill");
    });

// C2: the hash of a pre-image is that of bytes which a power cut does not take back.
TEST(TransactionStatesOld, content_that_nobody_synced_is_made_durable_before_it_is_replaced) {
  const Example example = example_named("plain");
  const Versions versions = versions_of(example);
  for (const Storage& storage : testing::storages()) {
    const auto memory = make_tree(example, storage);
    std::uint64_t forward = 0;
    const CrashTestReport report = crash::crash_test_on(
        *memory,
        [&](FileSystem& fs, CrashLog& log) {
          testing::write_file(fs, "t/a", "written in place, never synced");
          commit_and_tell(fs, log, example);
        },
        [&](FileSystem& fs, const CrashPoint&) -> std::string {
          const auto recovery = recover_transactions(fs, tree_root);
          if (!recovery) return recovery.error().message();
          if (recovery->kind != TransactionRecovery::Kind::rolled_forward) return "";
          ++forward;
          if (!recovery->changed.empty() || !recovery->kept.empty()) return recovery->message();
          return testing::snapshot(fs, tree_root) == versions.after ? "" : "a mixture";
        },
        options_of(storage.power));
    EXPECT_TRUE(report.ok()) << storage.name << ": " << report.summary();
    EXPECT_TRUE(report.exhaustive);
    EXPECT_GT(forward, 1U);
  }
}

// The order that one_commit relies on is not everybody's: where it does not hold, this is seen.
TEST(TransactionStatesOrder, without_an_order_of_names_the_protocol_of_one_commit_is_caught) {
  const Example example = example_named("all_operations");
  const Versions versions = versions_of(example);
  for (const CrashModel model : {CrashModel::portable, CrashModel::btrfs}) {
    const auto memory = make_tree(example, storage_named("ext4"));
    const CrashTestReport report = crash::crash_test_on(
        *memory, [&](FileSystem& fs, CrashLog& log) { commit_and_tell(fs, log, example); },
        [&](FileSystem& fs, const CrashPoint& at) {
          return recover_and_judge(fs, versions, at.acknowledged("done"));
        },
        options_of(model));
    EXPECT_FALSE(report.ok());
  }
}

TEST(TransactionStatesDeep, a_crash_in_the_recovery_of_a_crashed_recovery_changes_nothing) {
  for (const char* name : {"classic", "ext4"}) {
    const Storage storage = storage_named(name);
    for (const CrashModel model : {CrashModel::kill, storage.power}) {
      const std::uint64_t states = states_with_crashes(example_named("plain"), storage, model, 2);
      RecordProperty("states", std::to_string(states));
      EXPECT_GT(states, 100U);
    }
  }
}

}  // namespace
}  // namespace untorn
