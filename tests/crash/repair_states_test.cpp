// SPDX-License-Identifier: Apache-2.0
//
// `untorn doctor --repair` on a tree in which everything is broken that can be repaired: killed at
// every call, met by an error at every call, and cut off from power. H1 to H3 of health/doctor.h.
#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "crash/crash_test_on.h"
#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "health/doctor.h"
#include "tests/crash/broken_tree.h"

namespace untorn {
namespace {

const std::string root = "/srv";

CrashTestOptions crash_options(CrashModel model) {
  CrashTestOptions options;
  options.models = {model};
  return options;
}

class Repair : public testing::Test {
 protected:
  void SetUp() override {
    test::make_whole_tree(fs_, root);
    test::break_tree(fs_, root);
    if (HasFatalFailure()) GTEST_SKIP();
  }
  InMemoryFileSystem fs_;
};

TEST_F(Repair, finds_each_kind_and_changes_nothing_when_it_is_not_asked) {
  const test::Texts before = test::texts_of(fs_, root);
  const std::size_t names = fs_.tree().size();
  const health::Report report = health::examine(fs_, test::doctor_options(root, false));
  EXPECT_EQ(test::lines_of(report),
            (std::vector<std::string>{
                std::string(test::broken_temporary_name) + " stale-temporary",
                ".untorn/transaction interrupted-transaction",
                "activity.log torn-log",
                "state.json corrupt-document",
            }));
  EXPECT_EQ(test::texts_of(fs_, root), before);
  EXPECT_EQ(fs_.tree().size(), names);
}

TEST_F(Repair, brings_everything_into_order_and_loses_nothing) {
  const health::Report report = health::examine(fs_, test::doctor_options(root, true));
  EXPECT_FALSE(report.has_problems()) << test::joined(test::lines_of(report));
  std::vector<std::string> paths;
  for (const health::Problem& problem : report.problems) {
    paths.push_back(problem.path);
    EXPECT_TRUE(problem.repaired || problem.kind == health::Kind::set_aside) << problem.path;
  }
  EXPECT_EQ(paths, (std::vector<std::string>{std::string(test::broken_temporary_name),
                                             ".untorn/transaction", "activity.log", "kit/greet.py",
                                             "kit/greet.py.damaged-1", "state.json"}));
  EXPECT_EQ(test::texts_of(fs_, root), test::repaired_texts());
  ASSERT_TRUE(report.counters);
  EXPECT_EQ(report.counters->swept, 1U);
  EXPECT_EQ(fs_.open_handles(), 0U);
}

// The process ends at that call: nothing after it happens.
TEST_F(Repair, killed_at_any_call_it_leaves_what_a_further_repair_finishes) {
  const auto report = crash::crash_test_on(
      fs_,
      [](FileSystem& fs, CrashLog&) {
        (void)health::examine(fs, test::doctor_options(root, true));
      },
      [](FileSystem& fs, const CrashPoint&) { return test::finish_repair(fs, root); },
      crash_options(CrashModel::kill));
  EXPECT_TRUE(report.ok()) << report.summary();
  EXPECT_TRUE(report.exhaustive);
  EXPECT_GT(report.states_distinct, 20U);
}

TEST_F(Repair, loses_nothing_in_a_power_cut) {
  const auto report = crash::crash_test_on(
      fs_,
      [](FileSystem& fs, CrashLog&) {
        (void)health::examine(fs, test::doctor_options(root, true));
      },
      [](FileSystem& fs, const CrashPoint&) { return test::finish_repair(fs, root); },
      crash_options(CrashModel::portable));
  EXPECT_TRUE(report.ok()) << report.summary();
  EXPECT_TRUE(report.exhaustive);
}

TEST(RepairFaults, an_error_of_any_call_is_told_or_harmless_and_a_further_repair_finishes) {
  for (const int os_errno : {EIO, ENOSPC}) {
    for (std::uint64_t at = 0;; ++at) {
      InMemoryFileSystem below;
      test::make_whole_tree(below, root);
      test::break_tree(below, root);
      FaultFileSystem fs(below, Fault{.at = at, .error = Errno{os_errno}});
      const health::Report report = health::examine(fs, test::doctor_options(root, true));
      if (!fs.fired()) break;
      if (!report.has_problems() && report.is_complete()) {
        const health::Report after = health::examine(below, test::doctor_options(root, false));
        EXPECT_FALSE(after.has_problems()) << "call " << at << ": it said that all is well\n"
                                           << test::joined(test::lines_of(after));
      }
      EXPECT_EQ(test::finish_repair(below, root), "") << "call " << at << ":\n"
                                                      << test::joined(test::lines_of(report));
      EXPECT_EQ(below.open_handles(), 0U) << "call " << at;
      ASSERT_LT(at, 5000U);
    }
  }
}

}  // namespace
}  // namespace untorn
