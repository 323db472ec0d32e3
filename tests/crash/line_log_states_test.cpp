// SPDX-License-Identifier: Apache-2.0
//
// Goal: after any kill and any power cut a log holds every line that was promised, in order, and
// nothing but whole lines (L2, L3), also when the crash meets a rotation (L4) or the moving of a
// torn end; and nothing that was in the file is gone.
// Method: every crash state of appending, rotating and repairing; each state is opened, which
// repairs it.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"
#include "untorn/crash.h"
#include "untorn/line_log.h"

namespace untorn {
namespace {

using testing::names_in;
using testing::read_file;
using Files = std::vector<std::pair<std::string, std::string>>;
using Lines = std::vector<std::string>;

// Longer than a page, so that a write touches several blocks and can be cut.
std::string long_line(char letter) {
  return std::string(5000, letter);
}

void append(FileSystem& fs, CrashLog& log, const Lines& lines, const LineLogOptions& options = {}) {
  auto opened = LineLog::open(fs, "a.log", options);
  ASSERT_TRUE(opened) << opened.error();
  for (const std::string& line : lines) {
    const auto receipt = opened->append(line);
    ASSERT_TRUE(receipt) << receipt.error();
    if (receipt->synced) log.acknowledge(line);
  }
}

// The durable files that such appends leave.
Files prepared(const Lines& lines) {
  InMemoryFileSystem fs;
  auto log = LineLog::open(fs, "a.log");
  for (const std::string& line : lines) {
    if (!log || !log->append(line)) ADD_FAILURE() << "cannot prepare";
  }
  Files files;
  for (const TreeEntry& entry : fs.tree()) {
    if (entry.type == FileType::regular) {
      files.emplace_back(entry.path, std::string(entry.content.text()));
    }
  }
  return files;
}

CrashTestOptions options_of(CrashModel model, Files files = {}) {
  CrashTestOptions options;
  options.models = {model};
  options.initial_files = std::move(files);
  return options;
}

std::string joined(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

// Old files first.
std::string all_of(FileSystem& fs) {
  std::string text;
  for (const char* name : {"a.log.3", "a.log.2", "a.log.1", "a.log"}) {
    text += read_file(fs, name).value_or("");
  }
  return text;
}

// What is wrong with a log that was opened after a crash: it must hold a beginning of all lines,
// and those that were promised.
std::string problem_of(FileSystem& fs, const CrashPoint& at, const Lines& lines) {
  const std::string text = all_of(fs);
  std::string expected;
  bool found = text.empty();
  for (const std::string& line : lines) {
    if (at.acknowledged(line) && text.size() <= expected.size())
      return "lost: " + line.substr(0, 9);
    expected += line + "\n";
    found |= text == expected;
  }
  return found ? "" : "no beginning of the lines: " + std::to_string(text.size()) + " bytes";
}

// Opening again, and going on.
std::string open_again(FileSystem& fs, TornLines* torn = nullptr) {
  auto log = LineLog::open(fs, "a.log");
  if (!log) return log.error().message();
  if (torn != nullptr) *torn = log->torn();
  return "";
}

std::string go_on(FileSystem& fs) {
  const std::string before = read_file(fs, "a.log").value_or("");
  auto log = LineLog::open(fs, "a.log");
  if (!log) return log.error().message();
  if (log->torn().happened) return "a repaired log is torn";
  if (const auto receipt = log->append("next"); !receipt) return receipt.error().message();
  return read_file(fs, "a.log") == before + "next\n" ? "" : "glued";
}

class LineLogStates : public ::testing::TestWithParam<CrashModel> {
 protected:
  static void expect_good(const CrashTestReport& report, std::uint64_t states_min) {
    EXPECT_GE(report.states_distinct, states_min) << report.summary();
    EXPECT_TRUE(report.exhaustive) << report.summary();
    EXPECT_TRUE(report.ok()) << report.summary();
  }
};

TEST_P(LineLogStates, synced_lines_survive_and_the_log_goes_on) {
  const Lines lines = {"one", "two", "three"};
  for (const Files& files : {Files(), prepared({})}) {
    const CrashTestReport report =
        crash_test([&](FileSystem& fs, CrashLog& log) { append(fs, log, lines); },
                   [&](FileSystem& fs, const CrashPoint& at) {
                     std::string problem = open_again(fs);
                     if (problem.empty()) problem = problem_of(fs, at, lines);
                     return problem.empty() ? go_on(fs) : problem;
                   },
                   options_of(GetParam(), files));
    expect_good(report, 4);
  }
}

TEST_P(LineLogStates, of_long_lines_every_whole_beginning_stays_and_the_rest_is_moved_away) {
  const Lines lines = {long_line('a'), long_line('b')};
  const std::string before = "a line that is durable\n";
  const CrashTestReport report = crash_test(
      [&](FileSystem& fs, CrashLog& log) { append(fs, log, lines, {.sync = LineSync::never}); },
      [&](FileSystem& fs, const CrashPoint&) -> std::string {
        const std::string raw = read_file(fs, "a.log").value_or("");
        TornLines torn;
        if (std::string problem = open_again(fs, &torn); !problem.empty()) return problem;
        const std::string text = read_file(fs, "a.log").value_or("");
        const std::string all = before + joined(lines);
        if (!all.starts_with(text) || !(text.empty() || text.ends_with('\n'))) {
          return "not whole lines: " + std::to_string(text.size());
        }
        if (!text.starts_with(before)) return "the durable line is gone";
        const std::string moved = torn.happened ? read_file(fs, torn.moved_to).value_or("") : "";
        if (text + moved != raw) return "bytes of the file are gone";
        return go_on(fs);
      },
      options_of(GetParam(), {{"a.log", before}}));
  expect_good(report, 3);
}

TEST_P(LineLogStates, a_batch_is_promised_by_sync_alone) {
  const Lines lines = {"one", "two", "three"};
  const CrashTestReport report = crash_test(
      [&](FileSystem& fs, CrashLog& log) {
        auto opened = LineLog::open(fs, "a.log", {.sync = LineSync::batched});
        ASSERT_TRUE(opened && opened->append("one") && opened->append("two"));
        ASSERT_TRUE(opened->sync());
        log.acknowledge("two");
        ASSERT_TRUE(opened->append("three"));
      },
      [&](FileSystem& fs, const CrashPoint& at) {
        std::string problem = open_again(fs);
        if (problem.empty()) problem = problem_of(fs, at, lines);
        return problem.empty() ? go_on(fs) : problem;
      },
      options_of(GetParam()));
  expect_good(report, 3);
}

TEST_P(LineLogStates, a_rotation_loses_no_line) {
  const Lines lines = {"line 1", "line 2", "line 3", "line 4"};
  for (const LineSync sync : {LineSync::each, LineSync::never}) {
    const CrashTestReport report = crash_test(
        [&](FileSystem& fs, CrashLog& log) {
          append(fs, log, lines, {.sync = sync, .rotate_bytes = 7, .keep = 3});
        },
        [&](FileSystem& fs, const CrashPoint& at) {
          const std::string raw = all_of(fs);
          TornLines torn;
          std::string problem = open_again(fs, &torn);
          if (problem.empty()) problem = problem_of(fs, at, lines);
          if (problem.empty() && all_of(fs).size() + torn.bytes != raw.size())
            problem = "bytes lost";
          return problem.empty() ? go_on(fs) : problem;
        },
        options_of(GetParam()));
    expect_good(report, 5);
  }
}

TEST_P(LineLogStates, a_repair_loses_neither_the_sound_lines_nor_the_torn_bytes) {
  const std::string torn_end = "torn" + std::string(3, '\0') + "\nwhole, but after it\nto";
  Files files = prepared({"one", "two"});
  for (auto& [path, content] : files) {
    if (path == "a.log") content += torn_end;
  }
  for (const LineSync sync : {LineSync::each, LineSync::never}) {
    const CrashTestReport report = crash_test(
        [&](FileSystem& fs, CrashLog& log) {
          auto opened = LineLog::open(fs, "a.log", {.sync = sync});
          ASSERT_TRUE(opened && opened->torn().happened);
          log.acknowledge("repaired");
        },
        [&](FileSystem& fs, const CrashPoint& at) -> std::string {
          const bool was_mended = read_file(fs, "a.log") == "one\ntwo\n";
          if (at.acknowledged("repaired") && !was_mended) return "the repair did not last";
          if (std::string problem = open_again(fs); !problem.empty()) return problem;
          if (read_file(fs, "a.log") != "one\ntwo\n") return "the sound lines are gone";
          bool found = false;
          for (const std::string& name : names_in(fs, ".")) {
            if (name.starts_with("a.log.torn-")) found |= read_file(fs, name) == torn_end;
          }
          return found ? go_on(fs) : "the torn bytes are gone";
        },
        options_of(GetParam(), files));
    expect_good(report, 3);
  }
}

INSTANTIATE_TEST_SUITE_P(, LineLogStates, ::testing::Values(CrashModel::kill, CrashModel::portable),
                         [](const auto& instance) {
                           return instance.param == CrashModel::kill ? "kill" : "power";
                         });

// Without syncs nothing is promised: some state shows it, or the model would be too kind and the
// tests above prove nothing.
TEST(LineLogStatesPower, lines_that_were_not_synced_may_be_lost_and_become_nul_bytes) {
  bool lost = false;
  bool nul = false;
  const CrashTestReport report = crash_test(
      [](FileSystem& fs, CrashLog& log) {
        append(fs, log, {long_line('a')}, {.sync = LineSync::never});
        log.acknowledge("appended");
      },
      [&](FileSystem& fs, const CrashPoint& at) {
        const std::string raw = read_file(fs, "a.log").value_or("");
        lost |= at.acknowledged("appended") && raw.empty();
        nul |= raw.find('\0') != std::string::npos;
        return open_again(fs);
      },
      options_of(CrashModel::portable, {{"a.log", ""}}));
  EXPECT_TRUE(lost) << report.summary();
  EXPECT_TRUE(nul) << report.summary();
  EXPECT_TRUE(report.ok()) << report.summary();
}

// A crash in the repair of every crash state of a repair, at every call of it (kill).
TEST(LineLogStatesNested, a_repair_that_is_killed_again_and_again_ends_well) {
  const std::string torn_end = "torn" + std::string(2, '\0');
  std::vector<Files> states = {{{"a.log", "one\n" + torn_end}}};
  std::size_t checked = 0;
  for (int depth = 0; depth < 3; ++depth) {
    std::vector<Files> next;
    for (const Files& files : states) {
      const CrashTestReport report =
          crash_test([](FileSystem& fs, CrashLog&) { (void)open_again(fs); },
                     [&](FileSystem& fs, const CrashPoint&) -> std::string {
                       Files left;
                       for (const std::string& name : names_in(fs, ".")) {
                         if (name.starts_with("a.log"))
                           left.emplace_back(name, *read_file(fs, name));
                       }
                       if (std::ranges::find(next, left) == next.end()) next.push_back(left);
                       ++checked;
                       if (std::string problem = open_again(fs); !problem.empty()) return problem;
                       if (read_file(fs, "a.log") != "one\n") return "the sound line is gone";
                       return go_on(fs);
                     },
                     options_of(CrashModel::kill, files));
      EXPECT_TRUE(report.ok() && report.exhaustive) << report.summary();
    }
    states = std::move(next);
  }
  EXPECT_GT(checked, 50U);
}

}  // namespace
}  // namespace untorn
