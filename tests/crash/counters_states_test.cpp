// SPDX-License-Identifier: Apache-2.0
//
// Folding counters, cut off by a kill or from power: nothing is counted twice, and what was there
// when it began is not lost to a kill. C1 to C5 of src/counters/counter_folder.h.
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "counters/counter_folder.h"
#include "filesystem/memory_file_system.h"
#include "untorn/counters.h"
#include "untorn/crash.h"

namespace untorn {
namespace {

using counters::CounterFolder;

// A process that counted and ended: opening would fold the ones before it.
void count_and_end(FileSystem& fs, std::uint64_t count) {
  const auto folder = CounterFolder::make(fs, ".");
  ASSERT_TRUE(folder) << folder.error();
  const auto file = counters::begin_file(fs, folder->handle(), ".");
  ASSERT_TRUE(file) << file.error();
  // By a call: what is stored through a mapping is in no crash state.
  const auto written = fs.write_at(file->handle.get(),
                                   counters::header_bytes + counters::slot::swept * sizeof(count),
                                   std::as_bytes(std::span(&count, 1)));
  ASSERT_TRUE(written.has_value());
}

// Whether a total of 1, 10 and 100 counts anything twice, or any digit that should be there is not.
std::string problem_of(std::uint64_t swept, std::uint64_t at_least) {
  const std::string digits = std::to_string(swept);
  const bool twice = digits.find_first_not_of("01") != std::string::npos || swept > 111;
  if (twice) return "counted twice: " + digits;
  return swept < at_least ? "lost: " + digits : "";
}

void fold_three(FileSystem& fs, CrashLog& log) {
  count_and_end(fs, 1);
  count_and_end(fs, 10);
  log.acknowledge("counted two");
  ASSERT_TRUE(read_counters(fs, "."));
  count_and_end(fs, 100);
  log.acknowledge("counted three");
  ASSERT_TRUE(read_counters(fs, "."));
}

TEST(CountersStates, a_kill_loses_nothing_and_counts_nothing_twice) {
  CrashTestOptions options;
  options.models = {CrashModel::kill};
  const auto report = crash_test(
      fold_three,
      [](FileSystem& fs, const CrashPoint& at) {
        const auto totals = read_counters(fs, ".");
        const std::uint64_t at_least = at.acknowledged("counted three") ? 111
                                       : at.acknowledged("counted two") ? 11
                                                                        : 0;
        return problem_of(totals ? totals->swept : 0, at_least);
      },
      options);
  EXPECT_TRUE(report.ok()) << report.summary();
  EXPECT_TRUE(report.exhaustive);
}

// Nothing is synced, so much may be lost; but nothing may come back.
TEST(CountersStates, a_power_cut_counts_nothing_twice) {
  CrashTestOptions options;
  options.models = {CrashModel::portable};
  options.states_max = 20'000;
  const auto report = crash_test(
      fold_three,
      [](FileSystem& fs, const CrashPoint&) {
        const auto totals = read_counters(fs, ".");
        if (totals) return problem_of(totals->swept, 0);
        return totals.error().code() == Code::not_found ? "" : totals.error().message();
      },
      options);
  EXPECT_TRUE(report.ok()) << report.summary();
  EXPECT_GT(report.states_distinct, 100U);
}

}  // namespace
}  // namespace untorn
