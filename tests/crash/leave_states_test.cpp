// SPDX-License-Identifier: Apache-2.0
//
// Goal: leaving Untorn, cut short at any instant or by any failing call, leaves every file of the
// project as it was, and the next attempt finishes it (E3, E4 of pipeline/leave.h).
// Method: every crash state of leave() on a project with documents, a torn log, a registry entry
// and a damaged state; every errno at every call; in each, leave() once more.
#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "pipeline/leave.h"
#include "tests/support/files.h"
#include "untorn/crash.h"
#include "untorn/line_log.h"
#include "untorn/pipeline/pattern_store.h"
#include "untorn/pipeline/role_registry.h"
#include "untorn/pipeline/state_manager.h"

namespace untorn::pipeline {
namespace {

using testing::read_file;
using testing::write_file;
using Files = std::vector<std::pair<std::string, std::string>>;

const ProjectOptions options = {.count = false};

void make_project(FileSystem& fs) {
  ASSERT_TRUE(fs.make_directory(Handle::working_directory, "p", 0755));
  auto manager = StateManager::open(fs, "p", options);
  ASSERT_TRUE(manager) << manager.error();
  for (const char* name : {"one", "two"}) {
    ASSERT_TRUE(manager->update([name](PipelineState& state) -> Result<void> {
      (void)state.add_task(name, "a.py");
      return {};
    }));
  }
  auto store = PatternStore::open(fs, "p", options);
  ASSERT_TRUE(store->record_execution("1", {.phase = "coding", .tool = "edit", .success = true}));
  auto roles = RoleRegistry::open(manager->project());
  ASSERT_TRUE(roles) << roles.error();
  const auto added = roles->register_role(
      R"({"name": "writer", "description": "Writes.", "capabilities": ["python"]})", "Write.\n");
  ASSERT_TRUE(added) << added.error();
  auto log = LineLog::open(fs, "p/run.log", {.tree = "p"});
  ASSERT_TRUE(log) << log.error();
  ASSERT_TRUE(log->append("begun"));
  write_file(fs, "p/mine.txt", "mine");
}

// What a crash of another program did to it.
void damage_project(FileSystem& fs) {
  write_file(fs, "p/.pipeline/state.json", "{\"version\": 2, ");
  write_file(fs, "p/run.log", *read_file(fs, "p/run.log") + "half a li");
}

bool is_kept(const std::string& path) {
  return path.starts_with("p/.untorn");
}

std::map<std::string, std::string> files_of(const InMemoryFileSystem& fs) {
  std::map<std::string, std::string> files;
  for (const TreeEntry& entry : fs.tree()) {
    if (entry.type == FileType::regular) files[entry.path] = entry.content.text();
  }
  return files;
}

// The project's own files as they are when everything is recovered.
const std::map<std::string, std::string>& expected_files() {
  static const std::map<std::string, std::string> expected = [] {
    InMemoryFileSystem fs;
    make_project(fs);
    std::map<std::string, std::string> files = files_of(fs);
    std::erase_if(files, [](const auto& file) { return is_kept(file.first); });
    return files;
  }();
  return expected;
}

Files damaged_files() {
  InMemoryFileSystem fs;
  make_project(fs);
  damage_project(fs);
  Files files;
  for (const auto& [path, content] : files_of(fs)) files.emplace_back(path, content);
  return files;
}

// "" if the second attempt ends with the project's files current and nothing of ours.
std::string judge_again(FileSystem& fs) {
  const auto left = leave(fs, "p");
  if (!left) return "it cannot be finished: " + left.error().message();
  if (fs.status_at(Handle::working_directory, "p/.untorn")) return ".untorn is still there";
  for (const auto& [path, content] : expected_files()) {
    const auto now = read_file(fs, path);
    if (!now) return path + " is gone";
    // Ids and times differ from project to project.
    const bool is_own_text = path == "p/.pipeline/state.json" || path.ends_with("patterns.json");
    if (is_own_text ? !JsonDocument::parse(*now).has_value() : *now != content) {
      return path + " is not current";
    }
  }
  auto manager = StateManager::open(fs, "p", {.read_only = true});
  const auto state = manager ? manager->load() : std::unexpected(manager.error());
  if (!state) return state.error().message();
  return state->tasks.size() == 2 ? "" : "tasks are lost";
}

class LeaveStates : public ::testing::TestWithParam<CrashModel> {};

TEST_P(LeaveStates, whatever_a_crash_leaves_the_next_attempt_finishes_it) {
  CrashTestOptions crash_options;
  crash_options.models = {GetParam()};
  crash_options.initial_files = damaged_files();
  const CrashTestReport report = crash_test(
      [](FileSystem& fs, CrashLog&) {
        const auto left = leave(fs, "p");
        ASSERT_TRUE(left) << left.error();
        EXPECT_EQ(left->recovered.size(), 2U);
      },
      [](FileSystem& fs, const CrashPoint&) { return judge_again(fs); }, crash_options);
  EXPECT_GE(report.states_distinct, 20U) << report.summary();
  EXPECT_TRUE(report.ok()) << report.summary();
}

INSTANTIATE_TEST_SUITE_P(, LeaveStates, ::testing::Values(CrashModel::kill, CrashModel::portable),
                         [](const auto& instance) {
                           return std::string(instance.param == CrashModel::kill ? "kill"
                                                                                 : "power");
                         });

TEST(LeaveFaults, whichever_call_fails_the_next_attempt_finishes_it) {
  const auto prepare = [](InMemoryFileSystem& fs) {
    make_project(fs);
    damage_project(fs);
  };
  InMemoryFileSystem quiet;
  prepare(quiet);
  FaultFileSystem counting(quiet);
  ASSERT_TRUE(leave(counting, "p"));
  const std::size_t count = counting.sites().size();
  ASSERT_GT(count, 100U);
  for (const int error : {EIO, ENOSPC, EACCES}) {
    for (std::size_t n = 0; n < count; ++n) {
      InMemoryFileSystem below;
      prepare(below);
      FaultFileSystem fs(below, Fault{.at = n, .error = Errno{error}});
      (void)leave(fs, "p");
      EXPECT_EQ(judge_again(below), "") << "call " << n << ", errno " << error << " "
                                        << (fs.fired() ? to_string(fs.sites()[n]) : "");
      EXPECT_EQ(below.open_handles(), 0U) << n;
    }
  }
}

}  // namespace
}  // namespace untorn::pipeline
