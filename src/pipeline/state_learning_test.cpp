// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"
#include "untorn/pipeline/state_manager.h"

namespace untorn::pipeline {
namespace {

using testing::names_in;
using testing::read_file;
using testing::write_file;

InMemoryFileSystem project() {
  return InMemoryFileSystem({{.path = "p", .type = FileType::directory, .mode = 0755}});
}

StateManager open_manager(FileSystem& fs, const ProjectOptions& options = {}) {
  auto manager = StateManager::open(fs, "p", options);
  EXPECT_TRUE(manager.has_value()) << manager.error();
  return std::move(*manager);
}

JsonValue json(const std::string& text) {
  auto parsed = JsonDocument::parse(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed ? parsed->root : JsonValue();
}

TEST(StateLearning, no_update_counts_count_in_a_row_and_begin_anew) {
  InMemoryFileSystem fs = project();
  StateManager manager = open_manager(fs);
  EXPECT_EQ(*manager.get_no_update_count("docs"), 0);
  EXPECT_EQ(*manager.increment_no_update_count("docs"), 1);
  EXPECT_EQ(*open_manager(fs).increment_no_update_count("docs"), 2) << "it is in the file";
  EXPECT_EQ(*manager.increment_no_update_count("qa"), 1);
  ASSERT_TRUE(manager.reset_no_update_count("docs"));
  ASSERT_TRUE(manager.reset_no_update_count("never seen"));
  EXPECT_EQ(*manager.get_no_update_count("docs"), 0);
  EXPECT_EQ(*manager.get_no_update_count("qa"), 1);
}

TEST(StateLearning, metrics_and_patterns_keep_their_last_values) {
  PipelineState state;
  for (int i = 0; i < 130; ++i) state.add_performance_metric("speed", i);
  state.add_performance_metric("speed", 0.5, json(R"({"phase": "qa"})"));
  const auto& values = state.performance_metrics.find("speed")->items();
  ASSERT_EQ(values.size(), PipelineState::values_max);
  EXPECT_EQ(values.front().find("value")->as_real(), 31);
  EXPECT_EQ(values.back().find("context")->find("phase")->as_string(), "qa");
  EXPECT_EQ(values.front().find("context"), nullptr);
  EXPECT_NE(values.back().find("timestamp"), nullptr);
  state.learn_pattern("retry", json(R"({"after": 2, "timestamp": "mine"})"));
  state.learn_pattern("retry", JsonValue::integer(3));
  const auto& patterns = state.learned_patterns.find("retry")->items();
  EXPECT_EQ(patterns.at(0).find("timestamp")->as_string(), "mine");
  EXPECT_EQ(patterns.at(1).find("pattern")->as_integer(), 3);
}

TEST(StateLearning, what_an_older_program_kept_under_a_name_is_not_lost) {
  PipelineState state;
  state.performance_metrics.set("total", JsonValue::integer(7));
  state.add_performance_metric("total", 8);
  const auto& values = state.performance_metrics.find("total")->items();
  ASSERT_EQ(values.size(), 2U);
  EXPECT_EQ(values.front().as_integer(), 7);
}

TEST(StateLearning, fixes_tell_how_often_they_worked) {
  InMemoryFileSystem fs = project();
  StateManager manager = open_manager(fs);
  EXPECT_EQ(manager.get_fix_effectiveness()->success_rate(), 0);
  for (const char* fix :
       {R"({"type": "indent", "success": true})", R"({"type": "indent", "success": false})",
        R"({"type": "import", "success": true, "file": "a.py"})", R"({"success": true})",
        R"({"type": "import"})"}) {
    ASSERT_TRUE(manager.add_fix(json(fix)));
  }
  const auto effectiveness = manager.get_fix_effectiveness();
  ASSERT_TRUE(effectiveness) << effectiveness.error();
  EXPECT_EQ(effectiveness->total, 4U);
  EXPECT_EQ(effectiveness->successful, 3U);
  EXPECT_EQ(effectiveness->unknown, 1U);
  EXPECT_DOUBLE_EQ(effectiveness->success_rate(), 0.75);
  ASSERT_EQ(effectiveness->by_type.size(), 3U);
  EXPECT_EQ(effectiveness->by_type.front().type, "indent");
  EXPECT_DOUBLE_EQ(effectiveness->by_type.front().success_rate(), 0.5);
  EXPECT_EQ(effectiveness->to_json().find("by_type")->items().size(), 3U);
  EXPECT_EQ(manager.load()->fix_history.at(2).find("file")->as_string(), "a.py");
}

TEST(StateLearning, only_objects_are_recorded) {
  InMemoryFileSystem fs = project();
  StateManager manager = open_manager(fs);
  for (const char* text : {"1", "[]", "\"x\"", "null"}) {
    EXPECT_EQ(manager.add_fix(json(text)).error().code(), Code::invalid_argument) << text;
    EXPECT_EQ(manager.add_correlation(json(text)).error().code(), Code::invalid_argument);
    EXPECT_EQ(manager.add_troubleshooting_result(json(text)).error().code(),
              Code::invalid_argument);
  }
  EXPECT_FALSE(read_file(fs, "p/.pipeline/state.json"));
  ASSERT_TRUE(manager.add_correlation(json(R"({"a": "coding", "b": "qa", "strength": 0.5})")));
  ASSERT_TRUE(manager.add_troubleshooting_result(json(R"({"symptom": "slow"})")));
  ASSERT_TRUE(manager.add_performance_metric("speed", 1.5));
  ASSERT_TRUE(manager.learn_pattern("retry", json("[1]")));
  const auto state = manager.load();
  EXPECT_EQ(state->correlations.at(0).find("strength")->as_real(), 0.5);
  EXPECT_EQ(state->troubleshooting_results.at(0).find("symptom")->as_string(), "slow");
  EXPECT_EQ(state->performance_metrics.find("speed")->items().size(), 1U);
  EXPECT_EQ(state->learned_patterns.find("retry")->items().size(), 1U);
}

TEST(StateLearning, lists_that_would_grow_keep_their_last_entries) {
  PipelineState state;
  for (int i = 0; i < 1010; ++i) {
    JsonValue entry = JsonValue::object();
    entry.set("number", JsonValue::integer(i));
    EXPECT_TRUE(state.add_fix(entry));
    EXPECT_TRUE(state.add_correlation(entry));
    EXPECT_TRUE(state.add_troubleshooting_result(entry));
  }
  for (const auto* list :
       {&state.fix_history, &state.correlations, &state.troubleshooting_results}) {
    EXPECT_EQ(list->size(), PipelineState::learned_max);
    EXPECT_EQ(list->back().find("number")->as_integer(), 1009);
  }
}

TEST(StateManagerPhases, each_phase_keeps_a_state_of_its_own) {
  InMemoryFileSystem fs = project();
  StateManager manager = open_manager(fs);
  EXPECT_TRUE(manager.phases_with_state()->empty());
  EXPECT_EQ(*manager.load_phase_state("qa"), std::nullopt);
  EXPECT_EQ(names_in(fs, "p/.pipeline"), std::vector<std::string>{}) << "looking makes nothing";
  ASSERT_TRUE(manager.save_phase_state("qa", json(R"({"checked": ["a.py"]})")));
  ASSERT_TRUE(manager.save_phase_state("coding", json("[1, 2]")));
  ASSERT_TRUE(manager.save_phase_state("qa", json(R"({"checked": ["a.py", "b.py"]})")));
  StateManager other = open_manager(fs);
  EXPECT_EQ(**other.load_phase_state("qa"), json(R"({"checked": ["a.py", "b.py"]})"));
  EXPECT_EQ(**other.load_phase_state("coding"), json("[1, 2]"));
  EXPECT_EQ(*other.phases_with_state(), (std::vector<std::string>{"coding", "qa"}));
  EXPECT_FALSE(read_file(fs, "p/.pipeline/state.json"));
}

TEST(StateManagerPhases, a_damaged_phase_state_comes_back) {
  InMemoryFileSystem fs = project();
  StateManager manager = open_manager(fs);
  ASSERT_TRUE(manager.save_phase_state("qa", json("[1]")));
  write_file(fs, "p/.pipeline/phases/qa.json", "");
  EXPECT_EQ(**manager.load_phase_state("qa"), json("[1]"));
  EXPECT_TRUE(manager.last_recovery());
}

TEST(StateManagerPhases, names_that_are_none_are_refused) {
  InMemoryFileSystem fs = project();
  StateManager manager = open_manager(fs);
  for (const std::string& name :
       {std::string(), std::string("../state"), std::string("a/b"), std::string(".hidden"),
        std::string("-x"), std::string("a b"), std::string("a\nb"), std::string("q\0a", 3),
        std::string("\xD1\x81oding"), std::string(101, 'x')}) {
    EXPECT_EQ(manager.save_phase_state(name, json("1")).error().code(), Code::invalid_argument);
    EXPECT_EQ(manager.load_phase_state(name).error().code(), Code::invalid_argument);
  }
  EXPECT_EQ(names_in(fs, "p/.pipeline"), std::vector<std::string>{});
  EXPECT_TRUE(manager.save_phase_state(std::string(100, 'x'), json("1")));
}

TEST(StateManagerLog, says_what_the_seed_says) {
  InMemoryFileSystem fs = project();
  std::vector<std::string> lines;
  StateManager manager =
      open_manager(fs, {.log = [&](LogLevel level, const std::string& line) {
                     lines.push_back(std::string(to_string(level)) + ": " + line);
                   }});
  PipelineState state = *manager.load();
  ASSERT_TRUE(manager.save(state));
  EXPECT_EQ(lines, std::vector<std::string>{"debug: Saved state to p/.pipeline/state.json"});
  lines.clear();
  write_file(fs, "p/.pipeline/state.json", "");
  ASSERT_TRUE(manager.load());
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].starts_with("warning: Recovered state: the file was damaged")) << lines[0];
  lines.clear();
  StateManager other = open_manager(fs);
  (void)other.update([](PipelineState& now) -> Result<void> {
    (void)now.add_task("theirs", "t.py");
    return {};
  });
  EXPECT_EQ(manager.save(state).error().code(), Code::conflict);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].starts_with("error: Failed to save state: ")) << lines[0];
}

TEST(StateManagerLog, a_change_that_gives_up_is_no_failure_to_save) {
  InMemoryFileSystem fs = project();
  std::vector<std::string> lines;
  StateManager manager = open_manager(
      fs, {.log = [&lines](LogLevel, const std::string& line) { lines.push_back(line); }});
  const auto given_up = manager.update([](PipelineState&) -> Result<void> {
    return std::unexpected(Error(Code::timed_out, Step::check, Outcome::not_applied, 0, "x"));
  });
  EXPECT_EQ(given_up.error().code(), Code::timed_out);
  EXPECT_TRUE(lines.empty());
}

TEST(StateManagerTree, everything_is_kept_in_the_folder_of_the_project) {
  InMemoryFileSystem fs = project();
  StateManager manager = open_manager(fs);
  PipelineState state = *manager.load();
  ASSERT_TRUE(manager.save(state));
  ASSERT_TRUE(manager.save_phase_state("qa", json("1")));
  ASSERT_TRUE(manager.backup_state());
  EXPECT_EQ(names_in(fs, "p/.untorn/documents/.pipeline"),
            (std::vector<std::string>{"phases", "state.json"}));
  EXPECT_EQ(names_in(fs, "p/.pipeline"),
            (std::vector<std::string>{"backups", "phases", "state.json"}));
}

TEST(StateManagerTree, a_project_of_an_earlier_version_keeps_its_generations) {
  InMemoryFileSystem fs = project();
  ASSERT_TRUE(fs.make_directory(Handle::working_directory, "p/.pipeline", 0755));
  {
    auto before = Document::open(fs, "p/.pipeline/state.json");
    for (const char* text :
         {R"({"version": 2, "expansion_count": 1})", R"({"version": 2, "expansion_count": 2})"}) {
      ASSERT_TRUE(before->replace(*JsonDocument::parse(text)));
    }
  }
  write_file(fs, "p/.pipeline/state.json", "{\"version\": 2, ");
  StateManager manager = open_manager(fs);
  EXPECT_EQ(manager.load()->expansion_count, 2);
  EXPECT_EQ(manager.history()->size(), 2U);
  EXPECT_EQ(manager.rollback(1)->expansion_count, 1);
  EXPECT_EQ(names_in(fs, "p/.pipeline"),
            (std::vector<std::string>{"state.json", "state.json.damaged-1"}));
}

TEST(StateSummary, tells_the_same_as_json) {
  PipelineState state;
  (void)state.add_task("one", "one.py");
  (void)state.record_run("coding", true);
  const JsonValue summary = state.summary().to_json();
  EXPECT_EQ(summary.find("tasks")->as_integer(), 1);
  EXPECT_EQ(summary.find("by_status")->find("NEW")->as_integer(), 1);
  EXPECT_EQ(summary.find("success_rate")->as_real(), 1);
  EXPECT_EQ(summary.find("next_task_id")->as_string(), state.get_next_task()->task_id);
  EXPECT_TRUE(PipelineState().summary().to_json().find("next_task_id")->is_null());
}

}  // namespace
}  // namespace untorn::pipeline
