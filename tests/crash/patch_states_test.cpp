// SPDX-License-Identifier: Apache-2.0
//
// Q1 and Q2 of patch_manager.h in every state that a kill or a power cut may leave of creating,
// applying and reverting a patch; and work goes on in each of them.
#include <gtest/gtest.h>

#include <string>

#include "tests/crash/patch_project.h"
#include "untorn/crash.h"

namespace untorn {
namespace {

using pipeline::PatchManager;
using pipeline::PatchStatus;
using testing::create_example;
using testing::judge_patch;
using testing::patch_options;
using testing::targets_state;

class PatchStates : public ::testing::TestWithParam<CrashModel> {
 protected:
  static CrashTestOptions options_of(std::vector<std::pair<std::string, std::string>> files) {
    CrashTestOptions options;
    options.models = {GetParam()};
    options.initial_files = std::move(files);
    return options;
  }
  static void expect_good(const CrashTestReport& report) {
    EXPECT_TRUE(report.ok()) << report.summary();
    EXPECT_TRUE(report.exhaustive) << report.summary();
    EXPECT_GT(report.states_distinct, 5U) << report.summary();
  }
};

// `backwards`: from applied to reverted.
CrashTestReport change_states(const CrashTestOptions& options, bool backwards, unsigned& changed,
                              unsigned& unchanged) {
  return crash_test(
      [&](FileSystem& fs, CrashLog& log) {
        auto patches = PatchManager::open(fs, "p", patch_options());
        ASSERT_TRUE(patches) << patches.error();
        const auto done = backwards ? patches->revert(1) : patches->apply(1);
        ASSERT_TRUE(done) << done.error();
        log.acknowledge("done");
      },
      [&](FileSystem& fs, const CrashPoint& at) -> std::string {
        std::string wrong = judge_patch(fs, "p");
        if (!wrong.empty()) return wrong;
        const bool is_done = targets_state(fs, "p") == (backwards ? "before" : "after");
        ++(is_done ? changed : unchanged);
        if (at.acknowledged("done") && !is_done) return "what was told is undone";
        auto patches = PatchManager::open(fs, "p", patch_options());
        const auto again = backwards ? patches->revert(1) : patches->apply(1);
        if (!again) return "work does not go on: " + again.error().message();
        if (again->already != is_done) return "it does not know what was done";
        return judge_patch(fs, "p");
      },
      options);
}

TEST_P(PatchStates, applying_changes_all_files_and_the_record_or_none) {
  unsigned changed = 0;
  unsigned unchanged = 0;
  expect_good(
      change_states(options_of(testing::patch_project_files(false)), false, changed, unchanged));
  EXPECT_GT(changed, 1U);
  EXPECT_GT(unchanged, 1U);
}

TEST_P(PatchStates, so_does_reverting) {
  unsigned changed = 0;
  unsigned unchanged = 0;
  expect_good(
      change_states(options_of(testing::patch_project_files(true)), true, changed, unchanged));
  EXPECT_GT(changed, 1U);
  EXPECT_GT(unchanged, 1U);
}

TEST_P(PatchStates, creating_gives_a_number_with_patch_and_record_or_none) {
  const CrashTestReport report = crash_test(
      [](FileSystem& fs, CrashLog& log) {
        auto patches = PatchManager::open(fs, "p", patch_options());
        ASSERT_TRUE(patches) << patches.error();
        const auto made = patches->create("Second", {{.path = "c", .content = "c\n"}});
        ASSERT_TRUE(made) << made.error();
        log.acknowledge("done");
      },
      [](FileSystem& fs, const CrashPoint& at) -> std::string {
        auto patches = PatchManager::open(fs, "p", patch_options());
        if (!patches) return "not opened: " + patches.error().message();
        const auto list = patches->list();
        if (!list) return "not listed: " + list.error().message();
        if (list->size() != 1 && list->size() != 2) return "there are odd patches";
        if (at.acknowledged("done") && list->size() == 1) return "the patch is lost";
        if (list->back().status != PatchStatus::created) return "damaged: " + list->back().damage;
        const auto next = patches->create("Third", {{.path = "d", .content = "d\n"}});
        if (!next) return "work does not go on: " + next.error().message();
        return next->number == list->back().number + 1 ? "" : "a number was lost or given twice";
      },
      options_of(testing::patch_project_files(false)));
  expect_good(report);
}

INSTANTIATE_TEST_SUITE_P(, PatchStates, ::testing::Values(CrashModel::kill, CrashModel::portable),
                         [](const auto& instance) {
                           return instance.param == CrashModel::kill ? "kill" : "power";
                         });

}  // namespace
}  // namespace untorn
