// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "untorn/crash.h"

namespace untorn {
namespace {

using testing::HasSubstr;

constexpr Handle here = Handle::working_directory;

void write_file(FileSystem& fs, std::string_view name, std::string_view content, bool sync) {
  const OwnedHandle file(
      fs, fs.open(here, name, {.access = Access::write, .create = true, .truncate = true}).value());
  const auto bytes = std::as_bytes(std::span(content.data(), content.size()));
  ASSERT_EQ(fs.write(file.get(), bytes), content.size());
  if (sync) {
    ASSERT_TRUE(fs.sync(file.get()));
  }
}

void sync_root(FileSystem& fs) {
  const OwnedHandle root(fs, fs.open(here, "/", {.access = Access::directory}).value());
  ASSERT_TRUE(fs.sync(root.get()));
}

std::string read_file(FileSystem& fs, std::string_view name) {
  const auto handle = fs.open(here, name, {});
  if (!handle) return "absent";
  const OwnedHandle file(fs, *handle);
  std::string content(fs.status(file.get())->size, '\0');
  const auto bytes = std::as_writable_bytes(std::span(content.data(), content.size()));
  EXPECT_EQ(fs.read_at(file.get(), 0, bytes), content.size());
  return content;
}

struct Steps {
  bool sync_file = true;
  bool rename = true;
  bool sync_directory = true;
};

// Saves "new" over "old" with the steps that are asked for, and says so.
CrashTestReport save(const Steps& steps, const CrashTestOptions& changes = {}) {
  CrashTestOptions options = changes;
  options.initial_files = {{"a", "old"}};
  return crash_test(
      [&](FileSystem& fs, CrashLog& log) {
        write_file(fs, steps.rename ? "t" : "a", "new", steps.sync_file);
        if (steps.rename) {
          ASSERT_TRUE(fs.rename(here, "t", here, "a", RenameMode::replace));
        }
        if (steps.sync_directory) sync_root(fs);
        log.acknowledge("saved");
      },
      [](FileSystem& fs, const CrashPoint& at) -> std::string {
        const std::string content = read_file(fs, "a");
        if (content == "new" || (content == "old" && !at.acknowledged("saved"))) return {};
        return "a is " + (content.empty() ? "empty" : content);
      },
      options);
}

bool fails_in(const CrashTestReport& report, CrashModel model) {
  return std::ranges::any_of(report.failures,
                             [&](const CrashFailure& failure) { return failure.model == model; });
}

TEST(CrashTest, looks_at_the_models_that_it_is_given) {
  // Without the sync of the directory the rename may be lost where a sync commits one file alone.
  const Steps without_directory = {.sync_directory = false};
  const Steps without_file = {.sync_file = false};
  for (const CrashModel model : {CrashModel::kill, CrashModel::portable, CrashModel::ext4,
                                 CrashModel::xfs, CrashModel::btrfs, CrashModel::posix}) {
    CrashTestOptions options;
    options.models = {model};
    EXPECT_EQ(save({}, options).ok(), model != CrashModel::posix);
    EXPECT_EQ(save(without_directory, options).ok(), model == CrashModel::kill);
    EXPECT_EQ(save(without_file, options).ok(), model == CrashModel::kill);
  }
}

TEST(CrashTest, accepts_a_replacement_with_both_syncs) {
  const CrashTestReport report = save({});
  EXPECT_TRUE(report.ok()) << report.summary();
  EXPECT_TRUE(report.exhaustive);
  EXPECT_EQ(report.states_checked, report.states_total);
  EXPECT_GT(report.states_total, report.states_distinct);
  EXPECT_THAT(report.summary(), HasSubstr("no bad state"));
}

TEST(CrashTest, finds_that_a_file_was_not_synced_before_its_rename) {
  const CrashTestReport report = save({.sync_file = false});
  EXPECT_TRUE(fails_in(report, CrashModel::portable));
  EXPECT_FALSE(fails_in(report, CrashModel::kill));
  EXPECT_THAT(report.summary(), HasSubstr("a is empty"));
  EXPECT_THAT(report.summary(), HasSubstr("lost: write t 0+3"));
  EXPECT_THAT(report.summary(), HasSubstr("a, 0 bytes"));
}

TEST(CrashTest, finds_that_a_directory_was_not_synced_before_the_acknowledgement) {
  const CrashTestReport report = save({.sync_directory = false});
  EXPECT_TRUE(fails_in(report, CrashModel::portable));
  EXPECT_FALSE(fails_in(report, CrashModel::kill));
  EXPECT_THAT(report.summary(), HasSubstr("a is old"));
}

TEST(CrashTest, finds_a_truncation_in_place_in_both_models) {
  CrashTestOptions options;
  options.failures_max = 1000;
  const CrashTestReport report = save({.rename = false}, options);
  EXPECT_TRUE(fails_in(report, CrashModel::kill));
  EXPECT_TRUE(fails_in(report, CrashModel::portable));
}

TEST(CrashTest, stops_after_enough_failures) {
  CrashTestOptions options;
  options.failures_max = 1;
  const CrashTestReport report = save({.sync_file = false, .rename = false}, options);
  EXPECT_EQ(report.failures.size(), 1U);
  EXPECT_FALSE(report.exhaustive);
}

TEST(CrashTest, runs_only_the_models_that_are_asked_for) {
  CrashTestOptions options;
  options.models = {CrashModel::kill};
  EXPECT_TRUE(save({.sync_file = false, .sync_directory = false}, options).ok());
}

TEST(CrashTest, lets_a_check_run_recovery) {
  // A check may write: its changes are not in the next state.
  const CrashTestReport report =
      crash_test([](FileSystem& fs, CrashLog&) { write_file(fs, "a", "new", true); },
                 [](FileSystem& fs, const CrashPoint&) -> std::string {
                   if (read_file(fs, "recovered") != "absent")
                     return "left over from another state";
                   write_file(fs, "recovered", "yes", true);
                   return read_file(fs, "recovered") == "yes" ? "" : "the check cannot write";
                 });
  EXPECT_TRUE(report.ok()) << report.summary();
  EXPECT_GT(report.states_distinct, 2U);
}

TEST(CrashTest, keeps_hard_links_and_directories) {
  CrashTestOptions options;
  options.initial_files = {{"d/a", "content"}};
  const CrashTestReport report = crash_test(
      [](FileSystem& fs, CrashLog& log) {
        ASSERT_TRUE(fs.link(here, "d/a", here, "b"));
        sync_root(fs);
        log.acknowledge("linked");
      },
      [](FileSystem& fs, const CrashPoint& at) -> std::string {
        const auto a = fs.status_at(here, "d/a");
        const auto b = fs.status_at(here, "b");
        if (!a) return "d/a is gone";
        if (!b) return at.acknowledged("linked") ? "b is gone" : "";
        return a->inode == b->inode && a->links == 2 ? "" : "not linked";
      },
      options);
  EXPECT_TRUE(report.ok()) << report.summary();
}

TEST(CrashTest, varies_only_the_paths_that_the_check_reads) {
  CrashTestOptions options;
  options.initial_files = {{"a", "old"}};
  const auto states = [&](const std::vector<std::string>& paths) {
    options.paths = paths;
    const CrashTestReport report = crash_test(
        [](FileSystem& fs, CrashLog&) {
          write_file(fs, "other", std::string(9000, 'x'), false);
          write_file(fs, "a", "new", false);
        },
        [&](FileSystem& fs, const CrashPoint&) -> std::string {
          const bool alone = read_file(fs, "other") == "absent";
          return paths.empty() || alone ? "" : "the check sees what it did not ask for";
        },
        options);
    EXPECT_TRUE(report.ok()) << report.summary();
    EXPECT_TRUE(report.exhaustive);
    return report.states_total;
  };
  EXPECT_LT(states({"a"}) * 10, states({}));
}

TEST(CrashTest, judges_many_states_of_small_files) {
  const CrashTestReport report = crash_test(
      [](FileSystem& fs, CrashLog&) {
        for (const char* name : {"a", "b", "c"}) {
          write_file(fs, name, std::string(4096, name[0]), false);
        }
      },
      [](FileSystem& fs, const CrashPoint&) -> std::string {
        return read_file(fs, "a").size() > 4096 ? "too long" : "";
      });
  EXPECT_TRUE(report.ok());
  EXPECT_TRUE(report.exhaustive);
  RecordProperty("states_per_second", std::to_string(report.states_per_second));
  RecordProperty("states_distinct", std::to_string(report.states_distinct));
}

}  // namespace
}  // namespace untorn
