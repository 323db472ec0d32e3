// SPDX-License-Identifier: Apache-2.0
//
// Runs a program under plain ptrace and captures its stack whenever it writes a marked text.
#pragma once
#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "prove/stack/stack.h"

namespace untorn::prove::test {

struct TracedRun {
  std::string output;                 // what it wrote to standard output
  std::vector<std::uint32_t> stacks;  // one for each marked write, in order
  std::vector<pid_t> processes;       // that made those writes
  int exit_code = -1;
  double capture_us_median = 0;  // of captures after the first ten
};

struct TracedOptions {
  std::vector<std::string> command = {};
  std::string working_directory = "/";
  std::vector<std::string> environment = {};  // NAME=value, on top of ours
  std::string_view mark = "MARK";             // a write that starts so is marked
};

[[nodiscard]] TracedRun run_traced(const TracedOptions& options, StackCollector& stacks);

// A directory that is gone afterwards.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();

  [[nodiscard]] const std::string& path() const { return path_; }
  // Answers the path of the new file.
  std::string write(const std::string& name, std::string_view content) const;

 private:
  std::string path_;
};

// All interpreters of Python 3.`minor` on this machine, each a real file.
[[nodiscard]] std::vector<std::string> python_interpreters(int minor);

// Does UNTORN_REQUIRE, a list with commas, name this tier? Then a test may not skip.
[[nodiscard]] bool is_required(std::string_view tier);

[[nodiscard]] std::string describe(const Stack& stack);

}  // namespace untorn::prove::test
