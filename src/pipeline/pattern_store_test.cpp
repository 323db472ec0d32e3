// SPDX-License-Identifier: Apache-2.0
#include "untorn/pipeline/pattern_store.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "filesystem/fault_file_system.h"
#include "pipeline/pattern_test_support.h"
#include "tests/support/files.h"

namespace untorn::pipeline {
namespace {

using testing::read_file;
using testing::write_file;

const std::string patterns_path = "p/.pipeline/patterns.json";

TEST(PatternStore, a_new_project_has_no_patterns_and_no_file) {
  InMemoryFileSystem fs = project();
  PatternStore store = open_store(fs);
  EXPECT_EQ(store.statistics()->executions, 0U);
  EXPECT_TRUE(store.tool_patterns()->empty());
  EXPECT_TRUE(store.recommendations({.phase = "coding"})->empty());
  EXPECT_FALSE(read_file(fs, patterns_path));
}

TEST(PatternStore, counts_an_operation_once_however_often_it_is_recorded) {
  InMemoryFileSystem fs = project();
  PatternStore store = open_store(fs);
  EXPECT_FALSE(store.record_execution("one", success("coding", "edit"))->already);
  const auto before = read_file(fs, patterns_path);
  PatternStore other = open_store(fs);
  const auto again = other.record_execution("one", success("coding", "edit"));
  ASSERT_TRUE(again) << again.error();
  EXPECT_TRUE(again->already);
  EXPECT_EQ(again->executions, 1U);
  EXPECT_EQ(read_file(fs, patterns_path), before) << "nothing was written";
  EXPECT_EQ(store.record_execution("two", success("coding", "edit"))->executions, 2U);
}

TEST(PatternStore, what_was_recorded_is_there_for_the_next_one_who_opens_it) {
  InMemoryFileSystem fs = project();
  {
    PatternStore store = open_store(fs);
    Recorder record(store);
    record(success("coding", "edit"), 3);
    record(failure("coding", "edit", "line 12: bad"), 1);
    record({.phase = "qa", .tool = "test", .success = true, .duration_s = 2.5}, 1);
  }
  PatternStore store = open_store(fs);
  const auto statistics = store.statistics();
  ASSERT_TRUE(statistics) << statistics.error();
  EXPECT_EQ(statistics->executions, 5U);
  EXPECT_EQ(statistics->successes, 4U);
  EXPECT_EQ(statistics->failures, 1U);
  EXPECT_DOUBLE_EQ(statistics->success_rate, 0.8);
  EXPECT_DOUBLE_EQ(statistics->duration_s, 4.0);
  EXPECT_EQ(statistics->remembered, 5U);
  ASSERT_EQ(statistics->tools.size(), 2U);
  EXPECT_EQ(statistics->tools.front().name, "edit");
  EXPECT_EQ(statistics->tools.front().uses, 4U);
  EXPECT_EQ(statistics->phases.back().name, "qa");
  EXPECT_EQ(statistics->to_json().find("failures")->as_integer(), 1);
}

TEST(PatternStore, the_least_frequent_pattern_goes_first_and_totals_stay) {
  InMemoryFileSystem fs = project();
  PatternStore store = open_store(fs);
  std::string tools;
  for (int i = 0; i < 1000; ++i) {
    tools += std::string(i == 0 ? "" : ", ") + "{\"phase\": \"coding\", \"tool\": \"tool " +
             std::to_string(i) + "\", \"uses\": " + (i == 0 ? "2" : "1") +
             ", \"last_used\": \"2024-01-" + (i == 500 ? "01" : "02") + "\"}";
  }
  write_file(fs, patterns_path, "{\"executions\": 1001, \"tools\": [" + tools + "]}");
  ASSERT_TRUE(store.record_execution("one", success("coding", "new")));
  const auto statistics = store.statistics();
  ASSERT_TRUE(statistics) << statistics.error();
  EXPECT_EQ(statistics->executions, 1002U);
  EXPECT_EQ(statistics->tool_patterns, PatternStore::patterns_max);
  EXPECT_EQ(statistics->tools.front().name, "tool 0");
  const auto patterns = store.tool_patterns();
  EXPECT_EQ(std::ranges::count(*patterns, "tool 500", &ToolPattern::tool), 0) << "the oldest";
  EXPECT_EQ(std::ranges::count(*patterns, "new", &ToolPattern::tool), 1);
}

// N3, with a store that has forgotten already.
TEST(PatternStore, refuses_what_happened_before_the_last_id_that_was_forgotten) {
  InMemoryFileSystem fs = project();
  PatternStore store = open_store(fs);
  Execution old = success("coding", "edit");
  old.happened_ns = 1000;
  ASSERT_TRUE(store.record_execution("old", old));
  std::string text = *read_file(fs, patterns_path);
  // Eleven full blocks: the first one goes with the next execution.
  const std::size_t begin = text.find("\"operations\": [");
  const std::size_t end = text.find(']', begin);
  ASSERT_NE(end, std::string::npos);
  std::string blocks = "\"operations\": [";
  for (int block = 1; block <= 11; ++block) {
    std::string ids;
    for (int i = 0; i < 1000; ++i) {
      const std::string number = std::to_string(block * 1000 + i);
      ids += std::string(16 - number.size(), '0') + number;
    }
    blocks += std::string(block == 1 ? "" : ", ") +
              "{\"latest_ns\": " + std::to_string(block * 5000) + ", \"ids\": \"" + ids + "\"}";
  }
  write_file(fs, patterns_path, text.replace(begin, end - begin, blocks));
  EXPECT_EQ(store.statistics()->remembered, 11'000U);
  ASSERT_TRUE(store.record_execution("next", success("coding", "edit")));
  EXPECT_EQ(store.statistics()->remembered, 10'001U);
  Execution late = success("coding", "edit");
  late.happened_ns = 5000;
  const auto refused = store.record_execution("late", late);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::conflict);
  EXPECT_NE(refused.error().message().find("forgotten"), std::string::npos);
  late.happened_ns = 5001;
  EXPECT_TRUE(store.record_execution("late", late)) << "after it everything is remembered";
  EXPECT_TRUE(store.record_execution("next", success("coding", "edit"))->already);
  EXPECT_EQ(store.statistics()->executions, 3U);
}

TEST(PatternStore, refuses_names_and_numbers_that_are_none) {
  InMemoryFileSystem fs = project();
  PatternStore store = open_store(fs);
  const Execution good = success("coding", "edit");
  const auto refusal = [&](std::string_view id, Execution execution) {
    const auto refused = store.record_execution(id, execution);
    return refused ? std::string("none") : std::string(to_string(refused.error().code()));
  };
  Execution bad = good;
  for (const std::string& name : {std::string(), std::string(201, 'x'), std::string("a\0b", 3)}) {
    EXPECT_EQ(refusal(name, good), "invalid_argument");
    bad.phase = name;
    EXPECT_EQ(refusal("id", bad), "invalid_argument");
    bad = good;
    bad.tool = name;
    EXPECT_EQ(refusal("id", bad), "invalid_argument");
    bad = good;
  }
  for (const double duration : {-0.1, std::nan(""), std::numeric_limits<double>::infinity()}) {
    bad.duration_s = duration;
    EXPECT_EQ(refusal("id", bad), "invalid_argument");
  }
  EXPECT_FALSE(read_file(fs, patterns_path));
  EXPECT_EQ(refusal("../..\n\xFF", {.phase = "\xFF\n", .tool = "../x", .success = true}), "none")
      << "names are no paths; any bytes are kept";
  EXPECT_EQ(store.tool_patterns()->front().tool, "../x");
}

TEST(PatternStore, a_newer_format_is_refused_and_left_alone) {
  InMemoryFileSystem fs = project();
  PatternStore store = open_store(fs);
  ASSERT_TRUE(store.record_execution("one", success("coding", "edit")));
  std::string text = *read_file(fs, patterns_path);
  const std::string from = "\"oldest_reader\": 1";
  text.replace(text.find(from), from.size(), "\"oldest_reader\": 2");
  write_file(fs, patterns_path, text);
  EXPECT_EQ(store.statistics().error().code(), Code::unsupported);
  EXPECT_EQ(store.record_execution("two", success("coding", "edit")).error().code(),
            Code::unsupported);
  EXPECT_EQ(read_file(fs, patterns_path), text);
}

TEST(PatternStore, members_of_an_older_program_stay_and_the_format_comes_first) {
  InMemoryFileSystem fs = project();
  PatternStore store = open_store(fs);
  write_file(fs, patterns_path, R"({"sequences": ["a > b"], "errors": {"bad": 3.50}})");
  ASSERT_TRUE(store.record_execution("one", success("coding", "edit")));
  const std::string text = *read_file(fs, patterns_path);
  EXPECT_TRUE(text.starts_with(
      R"({"untorn": {"format": "pattern-store", "version": 1, "oldest_reader": 1}, "sequences")"))
      << text;
  EXPECT_NE(text.find(R"("errors": {"bad": 3.50})"), std::string::npos) << text;
  EXPECT_EQ(store.statistics()->executions, 1U);
}

TEST(PatternStore, a_wrong_type_is_named_and_left_alone) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"untorn": {"format": "registry", "oldest_reader": 1}})", "it is a registry"},
      {R"({"untorn": 1})", "\"format\" and \"oldest_reader\" were expected"},
      {R"({"executions": "5"})", "executions: an integer was expected, found a string \"5\""},
      {R"({"executions": 1, "successes": 2})", "successes: not within executions"},
      {R"({"tools": [{"uses": 1, "successes": -1}]})", "successes are not within uses"},
      {R"({"failures": [{"count": -1}]})", "a count is negative"},
      {R"({"operations": [{"ids": "abc"}]})", "ids of 16 digits"},
      {R"({"executions": 123456789012345678901234567890})", "executions: an integer"},
      {"[]", "an object was expected"}};
  for (const auto& [text, message] : cases) {
    InMemoryFileSystem fs = project();
    PatternStore store = open_store(fs);
    write_file(fs, patterns_path, text);
    const auto refused = store.record_execution("one", success("coding", "edit"));
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code(), Code::invalid_argument) << refused.error();
    EXPECT_NE(refused.error().message().find(message), std::string::npos) << refused.error();
    EXPECT_EQ(read_file(fs, patterns_path), text);
    EXPECT_FALSE(store.statistics());
  }
}

TEST(PatternStore, damage_is_answered_by_the_last_generation_and_told) {
  InMemoryFileSystem fs = project();
  std::vector<std::string> lines;
  PatternStore store = open_store(fs, {.log = [&lines](LogLevel level, const std::string& line) {
                                    lines.push_back(std::string(to_string(level)) + " " + line);
                                  }});
  Recorder record(store);
  record(success("coding", "edit"), 3);
  write_file(fs, patterns_path, "{\"untorn\": {");
  lines.clear();
  EXPECT_EQ(store.statistics()->executions, 3U);
  ASSERT_TRUE(store.last_recovery());
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines.front().starts_with("warning Recovered patterns: ")) << lines.front();
  EXPECT_EQ(store.statistics()->executions, 3U);
  EXPECT_FALSE(store.last_recovery());
}

TEST(PatternStore, whichever_call_fails_a_retry_counts_once) {
  const auto prepare = [](InMemoryFileSystem& fs) {
    PatternStore store = open_store(fs);
    Recorder record(store);
    record(success("coding", "edit"), 2);
  };
  InMemoryFileSystem quiet = project();
  prepare(quiet);
  FaultFileSystem counting(quiet);
  ASSERT_TRUE(open_store(counting).record_execution("new", success("coding", "edit")));
  const std::size_t count = counting.sites().size();
  ASSERT_GT(count, 50U);
  for (const int error : {EIO, ENOSPC, EACCES}) {
    for (std::size_t n = 0; n < count; ++n) {
      InMemoryFileSystem below = project();
      prepare(below);
      FaultFileSystem fs(below, Fault{.at = n, .error = Errno{error}});
      auto failing = PatternStore::open(fs, "p");
      const auto recorded = failing ? failing->record_execution("new", success("coding", "edit"))
                                    : std::unexpected(failing.error());
      PatternStore store = open_store(below);
      const auto again = store.record_execution("new", success("coding", "edit"));
      ASSERT_TRUE(again) << "call " << n << ": " << again.error();
      EXPECT_EQ(again->executions, 3U) << "call " << n << ", errno " << error;
      EXPECT_TRUE(again->already || !recorded) << n;
    }
  }
}

TEST(PatternStore, two_processes_lose_no_count_and_double_none) {
  const testing::ScratchDirectory directory;
  constexpr int processes = 3;
  constexpr int operations = 25;
  std::array<pid_t, processes> children{};
  for (int process = 0; process < processes; ++process) {
    pid_t& child = children.at(static_cast<std::size_t>(process));
    child = fork();
    ASSERT_GE(child, 0);
    if (child != 0) continue;
    auto store = PatternStore::open(directory.path(), {.durability = Durability::process});
    bool good = store.has_value();
    for (int i = 0; good && i < operations; ++i) {
      // Every second one is recorded by all of them.
      const std::string id = i % 2 == 0 ? "all " + std::to_string(i)
                                        : std::to_string(process) + " " + std::to_string(i);
      good = store->record_execution(id, success("coding", "edit")).has_value();
    }
    _exit(good ? 0 : 1);
  }
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  auto store = PatternStore::open(directory.path());
  EXPECT_EQ(store->statistics()->executions, 13U + 3 * 12U);
}

TEST(PatternStore, an_observer_writes_nothing) {
  InMemoryFileSystem fs = project();
  EXPECT_EQ(PatternStore::open(fs, "p", {.read_only = true}).error().code(), Code::not_found);
  (void)open_store(fs);
  const std::size_t names = fs.tree().size();
  PatternStore store = open_store(fs, {.read_only = true});
  EXPECT_EQ(store.statistics()->executions, 0U);
  EXPECT_EQ(store.record_execution("one", success("coding", "edit")).error().code(),
            Code::permission_denied);
  EXPECT_EQ(fs.tree().size(), names);
}

}  // namespace
}  // namespace untorn::pipeline
