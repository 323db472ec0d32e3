// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "untorn/pipeline/pipeline_state.h"

namespace untorn::pipeline {
namespace {

std::string next_description(const PipelineState& state) {
  const Task* task = state.get_next_task();
  return task == nullptr ? "" : task->description;
}

std::vector<std::string> queue_descriptions(const PipelineState& state) {
  std::vector<std::string> names;
  for (const QueueEntry& entry : state.queue) {
    names.push_back(state.tasks.find(entry.task_id)->description);
  }
  return names;
}

TEST(PipelineState, gives_the_most_urgent_task_first_and_the_oldest_of_equals) {
  PipelineState state;
  for (const auto& [name, priority] : {std::pair("later", 5), {"first", 1}, {"second", 1}}) {
    (void)state.add_task(name, std::string(name) + ".py", priority);
  }
  EXPECT_EQ(queue_descriptions(state), (std::vector<std::string>{"first", "second", "later"}));
  EXPECT_EQ(next_description(state), "first");
}

TEST(PipelineState, gives_no_task_before_what_it_depends_on) {
  PipelineState state;
  const std::string base = state.add_task("base", "base.py", 9).task_id;
  (void)state.add_task("by id", "b.py", 1, {base});
  (void)state.add_task("by file", "c.py", 2, {"base.py", "c.py", "no task.py"});
  EXPECT_EQ(next_description(state), "base");
  EXPECT_TRUE(state.update_task_status(base, TaskStatus::failed));
  EXPECT_EQ(next_description(state), "") << "what failed settles nothing";
  EXPECT_TRUE(state.update_task_status(base, TaskStatus::skipped));
  EXPECT_EQ(next_description(state), "by id");
  EXPECT_TRUE(state.update_task_status(state.get_next_task()->task_id, TaskStatus::completed));
  EXPECT_EQ(next_description(state), "by file");
}

TEST(PipelineState, a_circle_of_dependencies_gives_nothing) {
  PipelineState state;
  (void)state.add_task("a", "a.py", 1, {"b.py"});
  (void)state.add_task("b", "b.py", 1, {"a.py"});
  EXPECT_EQ(state.get_next_task(), nullptr);
}

TEST(PipelineState, what_failed_qa_goes_before_new_work) {
  PipelineState state;
  (void)state.add_task("new", "n.py", 3);
  const std::string id = state.add_task("failed qa", "f.py", 8).task_id;
  EXPECT_TRUE(state.update_task_status(id, TaskStatus::qa_failed));
  EXPECT_EQ(next_description(state), "failed qa");
  EXPECT_EQ(state.queue.front().priority, 2);
  EXPECT_EQ(state.tasks.find(id)->priority, 8) << "its own stays";
  EXPECT_TRUE(state.update_task_status(id, TaskStatus::qa_pending));
  EXPECT_EQ(queue_descriptions(state), std::vector<std::string>{"new"});
}

TEST(PipelineState, finds_tasks_that_a_queue_lacks) {
  PipelineState state;
  (void)state.add_task("a", "a.py", 5);
  (void)state.add_task("b", "b.py", 4);
  state.queue.clear();
  EXPECT_EQ(next_description(state), "b");
  state.queue.emplace_back().task_id = "gone";
  EXPECT_EQ(next_description(state), "b");
}

TEST(PipelineState, keeps_a_queue_of_ids_alone_as_one) {
  auto state = PipelineState::from_json(
      JsonDocument::parse(R"({"tasks": {"x": {"task_id": "x"}}, "queue": ["x"]})")->root);
  ASSERT_TRUE(state) << state.error();
  (void)state->add_task("new", "n.py", 1);
  const JsonValue json = state->to_json();
  ASSERT_EQ(json.find("queue")->items().size(), 2U);
  for (const JsonValue& entry : json.find("queue")->items()) {
    EXPECT_EQ(entry.kind(), JsonKind::string);
  }
  EXPECT_EQ(json.find("queue")->items()[1].as_string(), "x");
}

TEST(PipelineState, ids_are_unique_and_unknown_ones_are_refused) {
  PipelineState state;
  std::set<std::string> ids;
  for (int i = 0; i < 300; ++i) ids.insert(state.add_task("same", "same.py").task_id);
  EXPECT_EQ(ids.size(), 300U);
  for (const std::string& id : ids) EXPECT_EQ(id.size(), 12U);
  EXPECT_FALSE(state.update_task_status("none", TaskStatus::failed));
  EXPECT_FALSE(state.add_task_error("none", "x", "y"));
  EXPECT_FALSE(state.mark_file_reviewed("none", true));
}

TEST(PipelineState, a_completed_task_and_an_error_have_their_times) {
  PipelineState state;
  const std::string id = state.add_task("a", "a.py").task_id;
  EXPECT_TRUE(state.add_task_error(id, "ImportError", "no module"));
  EXPECT_TRUE(state.update_task_status(id, TaskStatus::completed));
  const Task& task = *state.tasks.find(id);
  EXPECT_EQ(task.attempts, 1);
  EXPECT_EQ(task.errors.at(0).attempt, 1);
  EXPECT_EQ(task.errors.at(0).phase, "coding");
  EXPECT_EQ(task.completed, task.updated_at);
  EXPECT_EQ(task.updated_at.size(), std::string("2024-05-17T09:30:00.123456").size());
}

TEST(PipelineState, a_changed_file_needs_qa_again) {
  PipelineState state;
  state.update_file("a.py", "1", 10);
  EXPECT_TRUE(state.mark_file_reviewed("a.py", true));
  EXPECT_TRUE(state.files_needing_qa().empty());
  state.update_file("a.py", "1", 10);
  EXPECT_TRUE(state.files_needing_qa().empty()) << "the same content";
  state.update_file("a.py", "2", 11);
  EXPECT_EQ(state.files_needing_qa(), std::vector<std::string>{"a.py"});
  EXPECT_TRUE(state.mark_file_reviewed("a.py", false, {JsonValue::string("bad")}));
  EXPECT_EQ(state.files.find("a.py")->qa_status, FileStatus::rejected);
  EXPECT_EQ(state.files.find("a.py")->issues.size(), 1U);
}

PhaseState phase_of(const std::string& runs) {
  PipelineState state;
  for (const char run : runs) (void)state.record_run("p", run == '+');
  return *state.phases.find("p");
}

TEST(PhaseState, rates_and_trends_follow_from_the_runs) {
  EXPECT_DOUBLE_EQ(phase_of("++-+").success_rate(), 0.75);
  EXPECT_DOUBLE_EQ(PhaseState().success_rate(), 0);
  EXPECT_DOUBLE_EQ(phase_of("+++++-----").recent_success_rate(), 0);
  EXPECT_DOUBLE_EQ(phase_of("+++++-----").recent_success_rate(100), 0.5);
  EXPECT_EQ(phase_of("+--").consecutive_failures(), 2U);
  EXPECT_EQ(phase_of("--").consecutive_failures(), 2U);
  EXPECT_TRUE(phase_of("-----+++++").is_improving());
  EXPECT_FALSE(phase_of("-----+++++").is_degrading());
  EXPECT_TRUE(phase_of("+++++-----").is_degrading());
  EXPECT_FALSE(phase_of("---++").is_improving()) << "too few to tell";
  EXPECT_FALSE(phase_of("++++-+++++").is_improving()) << "one more is no trend";
  EXPECT_TRUE(phase_of("+-+-+-").is_oscillating());
  EXPECT_FALSE(phase_of("+++---").is_oscillating());
  EXPECT_FALSE(phase_of("+-+-").is_oscillating()) << "too few to tell";
}

TEST(PhaseState, histories_are_bounded_and_counts_are_not) {
  PipelineState state;
  for (std::size_t i = 0; i < PipelineState::phase_history_max + 50; ++i) {
    (void)state.record_run("p", i % 2 == 0, "task");
  }
  const PhaseState& phase = *state.phases.find("p");
  EXPECT_EQ(phase.runs, static_cast<std::int64_t>(PipelineState::phase_history_max + 50));
  EXPECT_EQ(phase.runs, phase.successes + phase.failures);
  EXPECT_EQ(phase.run_history.size(), PhaseState::run_history_max);
  EXPECT_EQ(phase.run_history.back().task_id, "task");
  EXPECT_EQ(state.phase_history.size(), PipelineState::phase_history_max);
}

TEST(PipelineState, counts_what_found_nothing_to_do) {
  PipelineState state;
  state.reset_no_update_count("docs");
  EXPECT_TRUE(state.no_update_counts.empty());
  EXPECT_EQ(state.increment_no_update_count("docs"), 1);
  EXPECT_EQ(state.increment_no_update_count("docs"), 2);
  state.reset_no_update_count("docs");
  EXPECT_EQ(*state.no_update_counts.find("docs"), 0);
}

TEST(PipelineState, is_summarized) {
  PipelineState state;
  EXPECT_EQ(state.summary().text(), "0 tasks; 0 files, 0 need QA; 0 runs");
  const std::string id = state.add_task("a", "a.py").task_id;
  const std::string other = state.add_task("b", "b.py").task_id;
  EXPECT_TRUE(state.update_task_status(id, TaskStatus::completed));
  state.update_file("a.py", "1", 1);
  for (const bool success : {true, true, false}) (void)state.record_run("coding", success);
  const StateSummary summary = state.summary();
  EXPECT_DOUBLE_EQ(summary.completed_share, 0.5);
  EXPECT_EQ(summary.next_task_id, other);
  EXPECT_EQ(
      summary.text(),
      "2 tasks: 1 NEW, 1 COMPLETED; 1 file, 1 needs QA; 3 runs, 67 % succeeded; next: " + other);
}

TEST(PipelineState, a_new_one_has_every_field) {
  const JsonValue json = PipelineState().to_json();
  for (const char* name :
       {"version", "updated", "pipeline_run_id", "tasks", "files", "phases", "queue",
        "expansion_count", "last_doc_update_count", "project_maturity", "last_planning_iteration",
        "performance_metrics", "learned_patterns", "fix_history", "troubleshooting_results",
        "correlations", "no_update_counts", "phase_history"}) {
    EXPECT_NE(json.find(name), nullptr) << name;
  }
}

TEST(Table, keeps_the_order_and_finds_by_name) {
  Table<int> table;
  for (const char* name : {"b", "a", "c"}) table[name] = static_cast<int>(table.size());
  EXPECT_TRUE(table.erase("a"));
  EXPECT_FALSE(table.erase("a"));
  EXPECT_EQ(*table.find("c"), 2);
  EXPECT_EQ(table.begin()->first, "b");
  EXPECT_EQ(table.find("a"), nullptr);
  table["d"] = 9;
  EXPECT_EQ(*table.find("d"), 9);
  EXPECT_EQ(table.size(), 3U);
}

}  // namespace
}  // namespace untorn::pipeline
