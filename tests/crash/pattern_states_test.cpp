// SPDX-License-Identifier: Apache-2.0
//
// Goal: an execution that was recorded is counted once after any crash, however often the pipeline
// that was killed records it again; and no other count is lost.
// Method: every crash state of recording, at each level; in each state the interrupted recording is
// done again, as a pipeline does that cannot know how far it came.
#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"
#include "untorn/crash.h"
#include "untorn/pipeline/pattern_store.h"

namespace untorn {
namespace {

using pipeline::Execution;
using pipeline::PatternStore;
using Files = std::vector<std::pair<std::string, std::string>>;

const Execution execution = {
    .phase = "coding", .tool = "edit", .success = true, .duration_s = 0.25, .task = "the parser"};

Result<PatternStore> open_store(FileSystem& fs, Durability level) {
  return PatternStore::open(fs, "p", {.durability = level, .count = false});
}

void record(FileSystem& fs, const std::string& id, Durability level) {
  auto store = open_store(fs, level);
  ASSERT_TRUE(store) << store.error();
  const auto recorded = store->record_execution(id, execution);
  ASSERT_TRUE(recorded) << recorded.error();
}

// A project in which these were recorded, durably.
Files prepared(const std::vector<std::string>& ids) {
  InMemoryFileSystem fs({{.path = "p", .type = FileType::directory, .mode = 0755}});
  testing::write_file(fs, "p/readme", "a project");
  for (const std::string& id : ids) record(fs, id, Durability::durable);
  Files files;
  for (const TreeEntry& entry : fs.tree()) {
    if (entry.type == FileType::regular) {
      files.emplace_back(entry.path, std::string(entry.content.text()));
    }
  }
  return files;
}

// "" if `expected` executions are counted after `id` was recorded once more.
std::string judge_retry(FileSystem& fs, const std::string& id, bool must_be_known,
                        std::uint64_t expected) {
  auto store = open_store(fs, Durability::process);
  if (!store) return store.error().message();
  const auto recorded = store->record_execution(id, execution);
  if (!recorded) return recorded.error().message();
  if (must_be_known && !recorded->already) return "what was recorded is not known";
  const auto statistics = store->statistics();
  if (!statistics) return statistics.error().message();
  if (statistics->executions == expected && statistics->successes == expected) return "";
  return std::to_string(statistics->executions) + " are counted instead of " +
         std::to_string(expected);
}

class PatternStates : public ::testing::TestWithParam<std::tuple<Durability, CrashModel>> {
 protected:
  [[nodiscard]] static Durability level() { return std::get<0>(GetParam()); }
  [[nodiscard]] static CrashModel model() { return std::get<1>(GetParam()); }

  static void expect_each_once(const std::vector<std::string>& before) {
    CrashTestOptions options;
    options.models = {model()};
    options.initial_files = prepared(before);
    const CrashTestReport report = crash_test(
        [](FileSystem& fs, CrashLog& log) {
          record(fs, "interrupted", level());
          log.acknowledge("recorded");
        },
        [&before](FileSystem& fs, const CrashPoint& at) -> std::string {
          const bool survives = at.model() == CrashModel::kill || level() == Durability::durable;
          return judge_retry(fs, "interrupted", survives && at.acknowledged("recorded"),
                             before.size() + 1);
        },
        options);
    EXPECT_GE(report.states_distinct, 2U) << report.summary();
    EXPECT_TRUE(report.exhaustive) << report.summary();
    EXPECT_TRUE(report.ok()) << report.summary();
  }
};

TEST_P(PatternStates, the_first_execution_is_counted_once) {
  expect_each_once({});
}

TEST_P(PatternStates, a_later_execution_is_counted_once_and_takes_none_away) {
  expect_each_once({"one", "two"});
}

std::string case_name(const ::testing::TestParamInfo<PatternStates::ParamType>& instance) {
  const auto& [level, model] = instance.param;
  return std::string(to_string(level)) + (model == CrashModel::kill ? "_kill" : "_power");
}

INSTANTIATE_TEST_SUITE_P(, PatternStates,
                         ::testing::Values(std::tuple(Durability::process, CrashModel::kill),
                                           std::tuple(Durability::ordered, CrashModel::kill),
                                           std::tuple(Durability::ordered, CrashModel::portable),
                                           std::tuple(Durability::durable, CrashModel::kill),
                                           std::tuple(Durability::durable, CrashModel::portable)),
                         case_name);

}  // namespace
}  // namespace untorn
