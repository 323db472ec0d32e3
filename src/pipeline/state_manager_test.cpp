// SPDX-License-Identifier: Apache-2.0
#include "untorn/pipeline/state_manager.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"

namespace untorn::pipeline {
namespace {

using testing::names_in;
using testing::read_file;
using testing::write_file;

const std::string state_path = "p/.pipeline/state.json";

// A state as the programs that this one replaces write it: no fields of later versions, a few that
// nobody here knows, at every level.
const std::string foreign_state = R"({
  "version": 2,
  "updated": "2024-05-17T09:30:00.123456",
  "pipeline_run_id": "run_20240517_093000",
  "tasks": {
    "a1": {
      "task_id": "a1",
      "description": "caf\u00e9",
      "target_file": "a.py",
      "priority": 3,
      "status": "needs_fixes",
      "attempts": 2,
      "errors": [
        {
          "attempt": 1,
          "error_type": "SyntaxError",
          "message": "bad",
          "timestamp": "t",
          "line_number": null,
          "code_snippet": "x = (",
          "phase": "coding",
          "seen_by": ["qa"]
        }
      ],
      "confidence": 0.30000000000000004
    }
  },
  "files": {
    "a.py": {
      "filepath": "a.py",
      "hash": "00ff",
      "created": "t",
      "last_modified": "t",
      "last_qa": null,
      "qa_status": "PENDING",
      "size": 12,
      "issues": [],
      "mtime_ns": 123456789012345678901234567890
    }
  },
  "phases": {
    "qa": {
      "last_run": null,
      "runs": 1,
      "successes": 0,
      "failures": 1,
      "run_history": [
        {
          "timestamp": "t",
          "success": false,
          "score": NaN
        }
      ]
    }
  },
  "queue": [
    {
      "task_id": "a1",
      "priority": 2,
      "boost": 1e3
    }
  ],
  "learned_patterns": {},
  "future_field": [1, 2.50]
})";

InMemoryFileSystem project() {
  return InMemoryFileSystem({{.path = "p", .type = FileType::directory, .mode = 0755}});
}

StateManager open_manager(FileSystem& fs, const ProjectOptions& options = {}) {
  auto manager = StateManager::open(fs, "p", options);
  EXPECT_TRUE(manager.has_value()) << manager.error();
  return std::move(*manager);
}

void save_foreign(FileSystem& fs) {
  (void)open_manager(fs);
  write_file(fs, state_path, foreign_state);
}

// `text` with `from` replaced by `to`.
std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(StateManager, a_new_project_has_a_new_state_and_no_file) {
  InMemoryFileSystem fs = project();
  StateManager manager = open_manager(fs);
  const auto state = manager.load();
  ASSERT_TRUE(state) << state.error();
  EXPECT_EQ(state->version, state_version);
  EXPECT_TRUE(state->pipeline_run_id.starts_with("run_"));
  EXPECT_TRUE(state->tasks.empty());
  EXPECT_FALSE(manager.last_recovery());
  EXPECT_FALSE(read_file(fs, state_path));
}

TEST(StateManager, what_is_saved_is_loaded_equal) {
  InMemoryFileSystem fs = project();
  StateManager manager = open_manager(fs);
  PipelineState state = *manager.load();
  const std::string first = state.add_task("one", "one.py", 2).task_id;
  (void)state.add_task("two", "two.py", 1, {first});
  EXPECT_TRUE(state.add_task_error(first, "SyntaxError", "bad \xED\xA0\x80"));
  state.update_file("one.py", "abc", 10);
  (void)state.record_run("coding", true, first);
  (void)state.increment_no_update_count("docs");
  state.learned_patterns.set("p", JsonValue::array({JsonValue::real(0.1)}));
  ASSERT_TRUE(manager.save(state));
  StateManager other = open_manager(fs);
  const auto loaded = other.load();
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_TRUE(*loaded == state);
  EXPECT_EQ(loaded->tasks.find(first)->errors.at(0).message, "bad \xED\xA0\x80");
  PipelineState changed = *loaded;
  changed.tasks.find(first)->priority = 4;
  EXPECT_FALSE(changed == state);
}

TEST(StateManager, a_foreign_file_is_saved_with_nothing_but_the_time_changed) {
  InMemoryFileSystem fs = project();
  save_foreign(fs);
  StateManager manager = open_manager(fs);
  auto state = manager.load();
  ASSERT_TRUE(state) << state.error();
  EXPECT_EQ(state->tasks.find("a1")->status, TaskStatus::needs_fixes);
  EXPECT_EQ(state->tasks.find("a1")->description, "café");
  EXPECT_EQ(state->tasks.find("a1")->errors.at(0).line_number, std::nullopt);
  EXPECT_EQ(state->phases.find("qa")->run_history.at(0).success, false);
  ASSERT_TRUE(manager.save(*state));
  EXPECT_EQ(*read_file(fs, state_path),
            with(foreign_state, "2024-05-17T09:30:00.123456", state->updated));
}

TEST(StateManager, a_change_changes_its_place_alone) {
  InMemoryFileSystem fs = project();
  save_foreign(fs);
  StateManager manager = open_manager(fs);
  const auto state = manager.update([](PipelineState& now) -> Result<void> {
    now.tasks.find("a1")->attempts = 3;
    now.files.find("a.py")->size = 13;
    return {};
  });
  ASSERT_TRUE(state) << state.error();
  std::string expected = with(foreign_state, "2024-05-17T09:30:00.123456", state->updated);
  expected = with(expected, "\"attempts\": 2", "\"attempts\": 3");
  expected = with(expected, "\"size\": 12", "\"size\": 13");
  EXPECT_EQ(*read_file(fs, state_path), expected);
}

TEST(StateManager, a_damaged_state_is_never_answered_by_a_new_one) {
  for (const std::string& damage :
       {std::string(), std::string(5000, '\0'), foreign_state.substr(0, 700), std::string("{")}) {
    InMemoryFileSystem fs = project();
    save_foreign(fs);
    StateManager manager = open_manager(fs);
    PipelineState state = *manager.load();
    ASSERT_TRUE(manager.save(state));
    write_file(fs, state_path, damage);
    const auto loaded = manager.load();
    ASSERT_TRUE(loaded) << loaded.error();
    EXPECT_TRUE(*loaded == state);
    ASSERT_TRUE(manager.last_recovery());
    EXPECT_EQ(read_file(fs, "p/.pipeline/" + manager.last_recovery()->set_aside), damage);
    ASSERT_TRUE(manager.load());
    EXPECT_FALSE(manager.last_recovery());
  }
}

TEST(StateManager, a_damaged_state_that_was_never_saved_here_is_an_error_and_stays) {
  InMemoryFileSystem fs = project();
  save_foreign(fs);
  write_file(fs, state_path, foreign_state.substr(0, 700));
  StateManager manager = open_manager(fs);
  const auto loaded = manager.load();
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), Code::corrupt);
  const auto updated = manager.update([](PipelineState&) -> Result<void> { return {}; });
  EXPECT_EQ(updated.error().code(), Code::corrupt);
  EXPECT_EQ(read_file(fs, state_path), foreign_state.substr(0, 700));
  PipelineState fresh = PipelineState::make();
  ASSERT_TRUE(manager.save(fresh)) << "someone decided to start anew";
  EXPECT_EQ(read_file(fs, state_path + ".damaged-1"), foreign_state.substr(0, 700));
}

TEST(StateManager, a_later_version_is_refused_and_left_alone) {
  InMemoryFileSystem fs = project();
  save_foreign(fs);
  const std::string later = with(foreign_state, "\"version\": 2", "\"version\": 3");
  write_file(fs, state_path, later);
  StateManager manager = open_manager(fs);
  const auto loaded = manager.load();
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), Code::unsupported);
  EXPECT_NE(loaded.error().message().find("version is 3"), std::string::npos);
  PipelineState fresh = PipelineState::make();
  EXPECT_EQ(manager.save(fresh).error().code(), Code::unsupported);
  const auto updated = manager.update([](PipelineState&) -> Result<void> { return {}; });
  EXPECT_EQ(updated.error().code(), Code::unsupported);
  const auto rolled_back = manager.rollback(0);
  ASSERT_FALSE(rolled_back);
  EXPECT_EQ(rolled_back.error().code(), Code::unsupported);
  EXPECT_EQ(read_file(fs, state_path), later);
}

TEST(StateManager, a_wrong_type_is_named_with_its_path_and_left_alone) {
  const std::vector<std::array<std::string, 3>> cases = {
      {"\"priority\": 3", "\"priority\": \"3\"",
       "tasks.a1.priority: an integer was expected, found a string \"3\""},
      {"\"line_number\": null", "\"line_number\": 1.5",
       "tasks.a1.errors.0.line_number: an integer was expected, found a number 1.5"},
      {"\"needs_fixes\"", "\"DONE\"", "tasks.a1.status: one of NEW, IN_PROGRESS,"},
      {"\"issues\": []", "\"issues\": {}",
       "files.a.py.issues: a list was expected, found an object"},
      {"\"success\": false", "\"success\": 0", "phases.qa.run_history.0.success: true or false"},
      {"\"learned_patterns\": {}", "\"learned_patterns\": null",
       "learned_patterns: an object was expected, found null"},
      {"\"version\": 2", "\"version\": \"2\"", "version: an integer was expected"}};
  for (const auto& [from, to, message] : cases) {
    InMemoryFileSystem fs = project();
    save_foreign(fs);
    const std::string wrong = with(foreign_state, from, to);
    write_file(fs, state_path, wrong);
    StateManager manager = open_manager(fs);
    const auto loaded = manager.load();
    ASSERT_FALSE(loaded) << to;
    EXPECT_EQ(loaded.error().code(), Code::invalid_argument);
    EXPECT_NE(loaded.error().message().find(message), std::string::npos) << loaded.error();
    EXPECT_EQ(read_file(fs, state_path), wrong);
  }
  for (const char* root : {"[]", "7", "null", "\"x\""}) {
    EXPECT_EQ(PipelineState::from_json(JsonDocument::parse(root)->root).error().code(),
              Code::invalid_argument);
  }
}

TEST(StateManager, save_does_not_overwrite_what_another_manager_saved) {
  InMemoryFileSystem fs = project();
  StateManager mine = open_manager(fs);
  StateManager other = open_manager(fs);
  PipelineState my_state = *mine.load();
  PipelineState other_state = *other.load();
  (void)other_state.add_task("theirs", "t.py");
  ASSERT_TRUE(other.save(other_state));
  const auto refused = mine.save(my_state);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::conflict);
  PipelineState seen = *mine.load();
  EXPECT_EQ(seen.tasks.size(), 1U);
  EXPECT_EQ(mine.save(my_state).error().code(), Code::conflict) << "it still is the older one";
  ASSERT_TRUE(mine.save(seen));
  ASSERT_TRUE(mine.save(seen)) << "what was saved may be saved again";
}

TEST(StateManager, save_does_not_take_back_what_this_manager_updated_meanwhile) {
  InMemoryFileSystem fs = project();
  StateManager manager = open_manager(fs);
  PipelineState state = *manager.load();
  ASSERT_TRUE(manager.save(state));
  const auto updated = manager.update([](PipelineState& now) -> Result<void> {
    (void)now.add_task("meanwhile", "m.py");
    return {};
  });
  ASSERT_TRUE(updated) << updated.error();
  EXPECT_EQ(manager.save(state).error().code(), Code::conflict);
  PipelineState latest = *updated;
  ASSERT_TRUE(manager.save(latest));
  EXPECT_EQ(manager.load()->tasks.size(), 1U);
  PipelineState made = PipelineState::make();
  EXPECT_TRUE(manager.save(made)) << "someone decided to start anew";
}

TEST(StateManager, two_processes_lose_no_update) {
  const testing::ScratchDirectory directory;
  constexpr int processes = 3;
  constexpr int updates = 20;
  std::array<pid_t, processes> children{};
  for (pid_t& child : children) {
    child = fork();
    ASSERT_GE(child, 0);
    if (child != 0) continue;
    auto manager = StateManager::open(directory.path(), {.durability = Durability::process});
    bool good = manager.has_value();
    for (int i = 0; good && i < updates; ++i) {
      good = manager
                 ->update([i](PipelineState& state) -> Result<void> {
                   (void)state.add_task("task of " + std::to_string(getpid()),
                                        std::to_string(i) + ".py");
                   return {};
                 })
                 .has_value();
    }
    _exit(good ? 0 : 1);
  }
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  auto manager = StateManager::open(directory.path());
  EXPECT_EQ(manager->load()->tasks.size(), std::size_t{processes} * updates);
}

TEST(StateManager, rolls_back_to_what_history_shows) {
  InMemoryFileSystem fs = project();
  StateManager manager = open_manager(fs);
  PipelineState state = *manager.load();
  for (const char* name : {"one", "two", "three"}) {
    (void)state.add_task(name, std::string(name) + ".py");
    ASSERT_TRUE(manager.save(state));
  }
  EXPECT_EQ(manager.history()->size(), 3U);
  const auto before = manager.rollback(1);
  ASSERT_TRUE(before) << before.error();
  EXPECT_EQ(before->tasks.size(), 2U);
  EXPECT_EQ(manager.load()->tasks.size(), 2U);
  EXPECT_EQ(manager.rollback(1)->tasks.size(), 3U) << "what was rolled back is kept, too";
  EXPECT_EQ(manager.rollback(99).error().code(), Code::not_found);
}

TEST(StateManager, backs_the_state_up_under_names_of_their_own) {
  InMemoryFileSystem fs = project();
  StateManager manager = open_manager(fs);
  EXPECT_EQ(manager.backup_state().error().code(), Code::not_found);
  PipelineState state = *manager.load();
  ASSERT_TRUE(manager.save(state));
  const auto first = manager.backup_state();
  const auto second = manager.backup_state();
  ASSERT_TRUE(first && second);
  EXPECT_NE(*first, *second);
  EXPECT_EQ(read_file(fs, first->native()), read_file(fs, state_path));
  EXPECT_EQ(names_in(fs, "p/.pipeline/backups").size(), 2U);
}

TEST(StateManager, refuses_a_directory_in_the_way_and_a_project_that_is_not_there) {
  InMemoryFileSystem fs = project();
  EXPECT_EQ(StateManager::open(fs, "q").error().code(), Code::not_found);
  (void)open_manager(fs);
  ASSERT_TRUE(fs.make_directory(Handle::working_directory, state_path, 0755));
  StateManager manager = open_manager(fs);
  EXPECT_EQ(manager.load().error().code(), Code::not_regular_file);
  PipelineState state = PipelineState::make();
  EXPECT_EQ(manager.save(state).error().code(), Code::not_regular_file);
  InMemoryFileSystem blocked({{.path = "p/.pipeline", .content = Bytes(std::string_view("x"))}});
  EXPECT_FALSE(StateManager::open(blocked, "p").has_value());
}

TEST(StateManager, an_observer_makes_nothing) {
  InMemoryFileSystem fs = project();
  EXPECT_EQ(StateManager::open(fs, "p", {.read_only = true}).error().code(), Code::not_found);
  save_foreign(fs);
  const std::size_t names = fs.tree().size();
  StateManager manager = open_manager(fs, {.read_only = true});
  PipelineState state = *manager.load();
  EXPECT_EQ(manager.save(state).error().code(), Code::permission_denied);
  EXPECT_EQ(fs.tree().size(), names);
}

}  // namespace
}  // namespace untorn::pipeline
