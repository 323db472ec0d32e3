// SPDX-License-Identifier: Apache-2.0
//
// Goal: a change of several source files happens whole and once (C1, C5 of code_files.h), whatever
// crash comes when, and also if the program simply repeats it afterwards.
// Method: every crash state of a change with a named operation; in each state the change is done
// again, as a program does that was started again.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "tests/support/files.h"
#include "untorn/crash.h"
#include "untorn/pipeline/code_files.h"
#include "untorn/pipeline/line_fixer.h"

namespace untorn::pipeline {
namespace {

using testing::read_file;

const ProjectOptions options{.count = false};

// Adds a line to two files; the error if there is one.
std::string add_line(FileSystem& fs) {
  auto files = CodeFiles::open(fs, "p", options);
  if (!files) return files.error().message();
  auto change = files->change("task-1");
  if (!change) return change.error().message();
  for (const std::string path : {"a.py", "b.py"}) {
    if (const auto ok = change->append(path, "new\n"); !ok) return ok.error().message();
  }
  const auto done = std::move(*change).commit();
  return done ? "" : done.error().message();
}

// What is wrong with the files after recovery: not both old or both new, or new twice.
std::string judge(FileSystem& fs, bool must_be_new) {
  const auto recovered = recover_transactions(fs, "p");
  if (!recovered) return recovered.error().message();
  const auto first = read_file(fs, "p/a.py");
  const auto second = read_file(fs, "p/b.py");
  if (first != second) return "one file is old and one is new";
  const bool is_new = first == "old\nnew\n";
  if (!is_new && first != "old\n") return "a file is torn: " + first.value_or("(none)");
  return must_be_new && !is_new ? "the change is lost" : "";
}

class CodeFilesStates : public ::testing::TestWithParam<CrashModel> {};

TEST_P(CodeFilesStates, a_change_is_whole_and_done_once) {
  CrashTestOptions test;
  test.models = {GetParam()};
  test.initial_files = {{"p/a.py", "old\n"}, {"p/b.py", "old\n"}};
  const CrashTestReport report = crash_test(
      [](FileSystem& fs, CrashLog& log) {
        ASSERT_EQ(add_line(fs), "");
        log.acknowledge("changed");
      },
      [](FileSystem& fs, const CrashPoint& at) -> std::string {
        if (std::string wrong = judge(fs, at.acknowledged("changed")); !wrong.empty()) return wrong;
        if (std::string wrong = add_line(fs); !wrong.empty()) return "again: " + wrong;
        return judge(fs, true);
      },
      test);
  EXPECT_TRUE(report.ok()) << report.summary();
  EXPECT_GE(report.states_distinct, 10U) << report.summary();
}

TEST_P(CodeFilesStates, an_edited_line_is_there_or_not) {
  CrashTestOptions test;
  test.models = {GetParam()};
  test.initial_files = {{"p/a.py", "one\r\ntwo"}};
  const CrashTestReport report = crash_test(
      [](FileSystem& fs, CrashLog& log) {
        auto fixer = LineFixer::open(fs, "p", options);
        ASSERT_TRUE(fixer && fixer->replace_line("a.py", 2, "TWO", "two"));
        log.acknowledge("edited");
      },
      [](FileSystem& fs, const CrashPoint& at) -> std::string {
        if (auto recovered = recover_transactions(fs, "p"); !recovered) {
          return recovered.error().message();
        }
        const auto text = read_file(fs, "p/a.py");
        if (text == "one\r\nTWO") return "";
        return text == "one\r\ntwo" && !at.acknowledged("edited") ? "" : text.value_or("(none)");
      },
      test);
  EXPECT_TRUE(report.ok()) << report.summary();
}

INSTANTIATE_TEST_SUITE_P(models, CodeFilesStates,
                         ::testing::Values(CrashModel::kill, CrashModel::portable),
                         [](const auto& each) {
                           return each.param == CrashModel::kill ? "kill" : "portable";
                         });

}  // namespace
}  // namespace untorn::pipeline
