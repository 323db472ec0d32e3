// SPDX-License-Identifier: Apache-2.0
//
// Goal: after any kill and any power cut an improvement and its record are both there or neither
// (F3), what was promised stays, and a retry does it once (F4).
// Method: every crash state of an improvement, of a result, and of a rollback.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"
#include "untorn/crash.h"
#include "untorn/pipeline/phase_files.h"

namespace untorn::pipeline {
namespace {

using testing::read_file;
using Files = std::vector<std::pair<std::string, std::string>>;

const std::string file = "p/prompts/planner.md";
const ImprovementRequest request{.name = "planner", .text = "new", .id = "task-1"};

Result<PhaseFiles> open(FileSystem& fs) {
  return PhaseFiles::open(fs, "p", {.count = false});
}

// Old prompt, and with `improved` the improvement, durable.
Files prepared(bool improved) {
  InMemoryFileSystem fs({{.path = file, .content = Bytes(std::string_view("old"))}});
  auto files = open(fs);
  if (!files || (improved && !files->improve(request))) ADD_FAILURE() << "cannot prepare";
  Files result;
  for (const TreeEntry& entry : fs.tree()) {
    if (entry.type == FileType::regular) {
      result.emplace_back(entry.path, std::string(entry.content.text()));
    }
  }
  return result;
}

void expect_good(const CrashTestReport& report) {
  EXPECT_GE(report.states_distinct, 3U) << report.summary();
  EXPECT_TRUE(report.ok()) << report.summary();
}

class PhaseFilesStates : public ::testing::TestWithParam<CrashModel> {
 protected:
  static CrashTestOptions options_of(Files files) {
    CrashTestOptions options;
    options.models = {GetParam()};
    options.initial_files = std::move(files);
    options.states_max = 20'000;
    return options;
  }
};

TEST_P(PhaseFilesStates, an_improvement_and_its_record_go_together_and_a_retry_does_it_once) {
  expect_good(crash_test(
      [](FileSystem& fs, CrashLog& log) {
        auto files = open(fs);
        ASSERT_TRUE(files && files->improve(request));
        log.acknowledge("improved");
      },
      [](FileSystem& fs, const CrashPoint& at) -> std::string {
        auto files = open(fs);
        if (!files) return files.error().message();
        const auto list = files->list();  // recovers
        if (!list) return list.error().message();
        if (!list->unreadable.empty()) return "unreadable: " + list->unreadable[0].second;
        const bool recorded = list->improvements.size() == 1;
        if (read_file(fs, file) != (recorded ? "new" : "old")) return "file and record differ";
        if (recorded && list->improvements[0].old_text != "old") return "the old text is lost";
        if (at.acknowledged("improved") && !recorded) return "it is lost";
        const auto again = files->improve(request);
        if (!again) return again.error().message();
        return again->already == recorded ? "" : "it was done twice";
      },
      options_of(prepared(false))));
}

TEST_P(PhaseFilesStates, a_rollback_and_its_record_go_together) {
  expect_good(crash_test(
      [](FileSystem& fs, CrashLog& log) {
        auto files = open(fs);
        ASSERT_TRUE(files && files->rollback("task-1"));
        log.acknowledge("rolled back");
      },
      [](FileSystem& fs, const CrashPoint& at) -> std::string {
        auto files = open(fs);
        if (!files) return files.error().message();
        const auto info = files->info("task-1");
        if (!info) return info.error().message();
        const bool done = info->status == ImprovementStatus::rolled_back;
        if (read_file(fs, file) != (done ? "old" : "new")) return "file and record differ";
        if (at.acknowledged("rolled back") && !done) return "it is lost";
        const auto again = files->rollback("task-1");
        return again && again->already == done && read_file(fs, file) == "old" ? "" : "no retry";
      },
      options_of(prepared(true))));
}

TEST_P(PhaseFilesStates, a_result_is_there_or_not_and_then_for_good) {
  expect_good(crash_test(
      [](FileSystem& fs, CrashLog& log) {
        auto files = open(fs);
        ASSERT_TRUE(files && files->record_result("task-1", {.accepted = true, .score = 0.5}));
        log.acknowledge("judged");
      },
      [](FileSystem& fs, const CrashPoint& at) -> std::string {
        auto files = open(fs);
        if (!files) return files.error().message();
        const auto info = files->info("task-1");
        if (!info) return info.error().message();
        const bool judged = info->status == ImprovementStatus::accepted;
        if (judged != (info->score == 0.5)) return "half a result";
        return at.acknowledged("judged") && !judged ? "it is lost" : "";
      },
      options_of(prepared(true))));
}

INSTANTIATE_TEST_SUITE_P(, PhaseFilesStates,
                         ::testing::Values(CrashModel::kill, CrashModel::portable),
                         [](const auto& instance) {
                           return instance.param == CrashModel::kill ? "kill" : "power";
                         });

}  // namespace
}  // namespace untorn::pipeline
