// SPDX-License-Identifier: Apache-2.0
//
// A small agent pipeline that may be killed at any instant and started again: no task is lost, and
// none is done twice.
//
// Why that is so. A task is taken from the state and stays open until its work is in place. All its
// work is repeatable: what changes files carries the task's id as the name of the operation, and
// each of the classes does an operation once. So a run that begins after a crash repeats the task
// that was being worked on; what was done already answers `already`, and the rest is done.
#pragma once
#include <cstdint>
#include <string>

#include "untorn/error.h"
#include "untorn/pipeline/code_files.h"
#include "untorn/pipeline/line_fixer.h"
#include "untorn/pipeline/patch_manager.h"
#include "untorn/pipeline/pattern_store.h"
#include "untorn/pipeline/state_manager.h"

namespace example {

class Pipeline {
 public:
  [[nodiscard]] static untorn::Result<Pipeline> open(const std::string& project);

  // Plans rounds of tasks, up to `rounds` in all, and works until none is open.
  [[nodiscard]] untorn::Result<void> run(std::int64_t rounds);
  // One task; false if there was nothing to do.
  [[nodiscard]] untorn::Result<bool> step(std::int64_t rounds);

 private:
  using Task = untorn::pipeline::Task;

  Pipeline(untorn::pipeline::StateManager states, untorn::pipeline::CodeFiles files,
           untorn::pipeline::PatchManager patches, untorn::pipeline::LineFixer fixer,
           untorn::pipeline::PatternStore patterns)
      : states_(std::move(states)),
        files_(std::move(files)),
        patches_(std::move(patches)),
        fixer_(std::move(fixer)),
        patterns_(std::move(patterns)) {}

  [[nodiscard]] untorn::Result<Task> next_task(std::int64_t rounds);
  [[nodiscard]] untorn::Result<void> work_on(const Task& task, const std::string& phase);
  [[nodiscard]] untorn::Result<void> code(const Task& task);
  [[nodiscard]] untorn::Result<void> patch(const Task& task);
  [[nodiscard]] untorn::Result<void> document(const Task& task);
  [[nodiscard]] untorn::Result<void> close(const Task& task, const std::string& phase);

  untorn::pipeline::StateManager states_;
  untorn::pipeline::CodeFiles files_;
  untorn::pipeline::PatchManager patches_;
  untorn::pipeline::LineFixer fixer_;
  untorn::pipeline::PatternStore patterns_;
};

}  // namespace example
