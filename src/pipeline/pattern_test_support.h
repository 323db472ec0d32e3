// SPDX-License-Identifier: Apache-2.0
//
// For tests only: a pattern store on a file system in memory, and executions.
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "filesystem/memory_file_system.h"
#include "untorn/pipeline/pattern_store.h"

namespace untorn::pipeline {

inline InMemoryFileSystem project() {
  return InMemoryFileSystem({{.path = "p", .type = FileType::directory, .mode = 0755}});
}

inline PatternStore open_store(FileSystem& fs, const ProjectOptions& options = {}) {
  auto store = PatternStore::open(fs, "p", options);
  EXPECT_TRUE(store.has_value()) << store.error();
  return std::move(*store);
}

// Records executions under ids of their own.
class Recorder {
 public:
  explicit Recorder(PatternStore& store) : store_(store) {}
  void operator()(const Execution& execution, int times = 1) {
    for (int i = 0; i < times; ++i) {
      const auto recorded =
          store_.record_execution("operation " + std::to_string(++last_), execution);
      ASSERT_TRUE(recorded) << recorded.error();
      EXPECT_FALSE(recorded->already);
    }
  }

 private:
  PatternStore& store_;
  int last_ = 0;
};

inline Execution success(const std::string& phase, const std::string& tool,
                         const std::string& task = "") {
  return {.phase = phase, .tool = tool, .success = true, .duration_s = 0.5, .task = task};
}

inline Execution failure(const std::string& phase, const std::string& tool,
                         const std::string& error, const std::string& task = "") {
  return {.phase = phase, .tool = tool, .success = false, .task = task, .error = error};
}

}  // namespace untorn::pipeline
