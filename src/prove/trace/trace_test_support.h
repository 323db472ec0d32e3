// SPDX-License-Identifier: Apache-2.0
//
// Running something in a sandbox from a test. A sandbox cannot be left, so that each run happens in
// a forked child, which sends what it saw as text.
#pragma once
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "prove/sandbox/sandbox.h"
#include "prove/trace/trace.h"

namespace untorn::prove::testing {

// A fresh folder under /tmp, removed at the end.
class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  void write(const std::string& name, const std::string& content) const;
  [[nodiscard]] std::string read(const std::string& name) const;
  [[nodiscard]] bool has(const std::string& name) const;

 private:
  std::string path_;
};

struct TracedRun {
  std::string error;  // of trace_command or of Sandbox::enter
  // "create a", "write a 0 'text'", "rename a b", … in order; paths are those of the first name
  // that an inode had.
  std::vector<std::string> operations;
  std::vector<std::string> lines;    // "rename save.py:7", of the operations that have one
  std::vector<std::string> initial;  // "a 'old content'"
  std::string end;                   // "exited 0", "signalled 9", "too_much", …
  std::vector<std::string> notes;
  std::vector<std::string> unexplained;
  std::string output;
  std::string why;
  std::uint64_t calls_changing = 0;
  double elapsed_s = 0;
  bool copy = false;

  // Without begin_writing, end_writing and acknowledge.
  [[nodiscard]] std::vector<std::string> changes() const;
};

struct RunPlan {
  SandboxOptions sandbox;
  TraceOptions trace;
  bool as_nobody = false;
  std::optional<std::chrono::milliseconds> kill_tracer_after;  // SIGKILL to the tracing process
};

// `command` in `root`, in a child.
[[nodiscard]] TracedRun run_traced(const std::string& root, std::vector<std::string> command,
                                   const std::function<void(RunPlan&)>& adapt = {});

// Calls `work` in a forked child that stays what it was before, and returns what it printed by
// returning; "died" in front of the wait status if it did not come back.
[[nodiscard]] std::string in_child(const std::function<std::string()>& work);

// Gives up root for nobody's ids; false if this process may not.
[[nodiscard]] bool become_nobody();

// Why tracing in namespaces cannot be tested here; "" if it can.
[[nodiscard]] const std::string& why_no_tracing();

}  // namespace untorn::prove::testing

// Skips, or fails where UNTORN_REQUIRE names the tier "prove".
#define UNTORN_NEEDS_TRACING()                                                             \
  do {                                                                                     \
    const std::string& why = ::untorn::prove::testing::why_no_tracing();                   \
    if (!why.empty()) {                                                                    \
      const char* required = std::getenv("UNTORN_REQUIRE");                                \
      if (required != nullptr && std::string(required).find("prove") != std::string::npos) \
        FAIL() << why;                                                                     \
      GTEST_SKIP() << why;                                                                 \
    }                                                                                      \
  } while (false)
