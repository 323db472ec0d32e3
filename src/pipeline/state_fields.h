// SPDX-License-Identifier: Apache-2.0
//
// The members of the state by the names that they have in the file, in the order of a new file.
#pragma once
#include "untorn/pipeline/pipeline_state.h"

namespace untorn::pipeline {

template <class Self, class Visit>
void for_each_field(const TaskError*, Self& self, Visit visit) {
  visit("attempt", self.attempt);
  visit("error_type", self.error_type);
  visit("message", self.message);
  visit("timestamp", self.timestamp);
  visit("line_number", self.line_number);
  visit("code_snippet", self.code_snippet);
  visit("phase", self.phase);
}

template <class Self, class Visit>
void for_each_field(const Task*, Self& self, Visit visit) {
  visit("task_id", self.task_id);
  visit("description", self.description);
  visit("target_file", self.target_file);
  visit("priority", self.priority);
  visit("status", self.status);
  visit("attempts", self.attempts);
  visit("created", self.created);
  visit("completed", self.completed);
  visit("dependencies", self.dependencies);
  visit("errors", self.errors);
  visit("issues", self.issues);
  visit("created_at", self.created_at);
  visit("updated_at", self.updated_at);
}

template <class Self, class Visit>
void for_each_field(const FileState*, Self& self, Visit visit) {
  visit("filepath", self.filepath);
  visit("hash", self.hash);
  visit("created", self.created);
  visit("last_modified", self.last_modified);
  visit("last_qa", self.last_qa);
  visit("qa_status", self.qa_status);
  visit("size", self.size);
  visit("issues", self.issues);
}

template <class Self, class Visit>
void for_each_field(const PhaseRun*, Self& self, Visit visit) {
  visit("timestamp", self.timestamp);
  visit("success", self.success);
  visit("task_id", self.task_id);
}

template <class Self, class Visit>
void for_each_field(const PhaseState*, Self& self, Visit visit) {
  visit("last_run", self.last_run);
  visit("runs", self.runs);
  visit("successes", self.successes);
  visit("failures", self.failures);
  visit("run_history", self.run_history);
}

template <class Self, class Visit>
void for_each_field(const QueueEntry*, Self& self, Visit visit) {
  visit("task_id", self.task_id);
  visit("priority", self.priority);
}

template <class Self, class Visit>
void for_each_field(const PipelineState*, Self& self, Visit visit) {
  visit("version", self.version);
  visit("updated", self.updated);
  visit("pipeline_run_id", self.pipeline_run_id);
  visit("tasks", self.tasks);
  visit("files", self.files);
  visit("phases", self.phases);
  visit("queue", self.queue);
  visit("expansion_count", self.expansion_count);
  visit("last_doc_update_count", self.last_doc_update_count);
  visit("project_maturity", self.project_maturity);
  visit("last_planning_iteration", self.last_planning_iteration);
  visit("performance_metrics", self.performance_metrics);
  visit("learned_patterns", self.learned_patterns);
  visit("fix_history", self.fix_history);
  visit("troubleshooting_results", self.troubleshooting_results);
  visit("correlations", self.correlations);
  visit("no_update_counts", self.no_update_counts);
  visit("phase_history", self.phase_history);
}

}  // namespace untorn::pipeline
