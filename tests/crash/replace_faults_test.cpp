// SPDX-License-Identifier: Apache-2.0
//
// Every call of a replacement fails once, with every errno that it may give. Whatever the call
// returns then must be true of the file (R1, R4, R6, R8, R10 of src/write/replace.cpp).
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"
#include "untorn/etag.h"
#include "untorn/replace.h"

namespace untorn {
namespace {

using testing::names_in;
using testing::pattern;
using testing::read_file;

struct Case {
  std::string name;
  std::vector<TreeEntry> tree;
  std::string path;
  ReplaceOptions options;
  std::string content;
  bool one_commit = false;
  bool if_match = false;  // with the etag of what is there
};

TreeEntry file(std::string path, const std::string& content) {
  return {.path = std::move(path), .content = Bytes(content)};
}

Case make_case(std::string name, std::vector<TreeEntry> tree, std::string path,
               ReplaceOptions options, std::string content) {
  Case made;
  made.name = std::move(name);
  made.tree = std::move(tree);
  made.path = std::move(path);
  made.options = std::move(options);
  made.content = std::move(content);
  return made;
}

std::vector<Case> cases() {
  const TreeEntry folder{.path = "d", .type = FileType::directory, .mode = 0755};
  const TreeEntry link{.path = "s", .type = FileType::symlink, .content = Bytes("d/../d/a")};
  const std::string old = pattern(10240, 1);
  const std::string fresh = pattern(9000, 2);
  std::vector<Case> all;
  for (const Durability level : {Durability::process, Durability::ordered, Durability::durable}) {
    const std::string name(to_string(level));
    const ReplaceOptions options{.durability = level};
    all.push_back(make_case("existing_" + name, {file("d/a", old)}, "d/a", options, fresh));
    all.push_back(make_case("new_" + name, {folder}, "d/a", options, fresh));
    all.push_back(make_case("link_" + name, {file("d/a", old), link}, "s", options, fresh));
    all.push_back(make_case("empty_" + name, {file("d/a", old)}, "d/a", options, ""));
  }
  all.push_back(make_case("must_not_exist", {folder}, "d/a",
                          {.existence = Existence::must_not_exist}, fresh));
  all.push_back(make_case("strict", {file("d/a", old)}, "d/a", {.strict = true}, fresh));
  all.push_back(make_case("mode", {file("d/a", old)}, "d/a", {.mode = 0600}, fresh));
  all.push_back(make_case("same", {file("d/a", fresh)}, "d/a", {.skip_if_same = true}, fresh));
  all.push_back(make_case("not_same", {file("d/a", old)}, "d/a", {.skip_if_same = true}, fresh));
  for (const Durability level : {Durability::ordered, Durability::durable}) {
    const std::string name = "one_commit_" + std::string(to_string(level));
    all.push_back(
        make_case(name + "_existing", {file("d/a", old)}, "d/a", {.durability = level}, fresh));
    all.back().one_commit = true;
    all.push_back(make_case(name + "_new", {folder}, "d/a", {.durability = level}, fresh));
    all.back().one_commit = true;
  }
  for (const Match match : {Match::cooperative, Match::detect}) {
    const std::string name = match == Match::detect ? "detect" : "cooperative";
    all.push_back(make_case(name, {file("d/a", old)}, "d/a", {.match = match}, fresh));
    all.back().if_match = true;
  }
  return all;
}

std::unique_ptr<InMemoryFileSystem> make_tree(const Case& example) {
  MemoryOptions options;
  if (example.one_commit) {
    options.kind.name = "ext4";
    options.kind.range_sync = RangeSync::before_names;
  }
  auto fs = std::make_unique<InMemoryFileSystem>(example.tree, options);
  if (read_file(*fs, "d/a")) {  // something for the metadata step to do
    const OwnedHandle handle(
        *fs, fs->open(Handle::working_directory, "d/a", {.access = Access::write}).value());
    EXPECT_TRUE(fs->set_owner(handle.get(), 7, 8));
    EXPECT_TRUE(fs->set_attribute(handle.get(), "user.origin", "here"));
    EXPECT_TRUE(fs->set_mode(handle.get(), 0640));
  }
  return fs;
}

// As a whole, or streamed in pieces of odd length. `below` is not made to fail.
Result<Receipt> replace(FileSystem& below, FileSystem& fs, const Case& example, bool streamed) {
  const auto content = std::as_bytes(std::span(example.content));
  ReplaceOptions options = example.options;
  if (example.if_match) options.if_match = read_etag(below, example.path).value_or("");
  if (!streamed) return replace_file(fs, example.path, content, options);
  auto replacer = FileReplacer::open(fs, example.path, options);
  if (!replacer) return std::unexpected(replacer.error());
  constexpr std::size_t piece_bytes = 4099;
  for (std::size_t offset = 0; offset < content.size(); offset += piece_bytes) {
    const auto piece = content.subspan(offset, std::min(piece_bytes, content.size() - offset));
    if (auto written = replacer->write(piece); !written) return std::unexpected(written.error());
  }
  return std::move(*replacer).commit();
}

// What was in the tree before and after, and what the call said about it.
struct Trial {
  std::vector<std::string> names_before;
  std::vector<std::string> names_after;
  std::optional<std::string> old_content;
  std::optional<std::string> now;
  Result<Receipt> result;
};

Trial attempt(InMemoryFileSystem& below, FileSystem& fs, const Case& example, bool streamed) {
  std::vector<std::string> before = names_in(below, "d");
  auto old_content = read_file(below, example.path);
  Result<Receipt> result = replace(below, fs, example, streamed);
  EXPECT_EQ(below.open_handles(), 0U) << example.name;
  return {std::move(before), names_in(below, "d"), std::move(old_content),
          read_file(below, example.path), std::move(result)};
}

// The sentence of R10, and of error.h: the outcome says what the name holds.
void expect_truthful(const Trial& trial, const Case& example, const std::string& where) {
  std::vector<std::string> names_new = trial.names_before;
  if (!trial.old_content) names_new = {"a"};
  const bool visible = trial.now == example.content;
  if (trial.result) {
    EXPECT_TRUE(visible) << where;
    EXPECT_EQ(trial.names_after, names_new) << where;
    return;
  }
  switch (trial.result.error().outcome()) {
    case Outcome::not_applied:
      EXPECT_EQ(trial.now, trial.old_content) << where << ": " << trial.result.error();
      EXPECT_EQ(trial.names_after, trial.names_before) << where << ": " << trial.result.error();
      return;
    case Outcome::applied_unsynced:
    case Outcome::applied:
      EXPECT_TRUE(visible) << where << ": " << trial.result.error();
      EXPECT_EQ(trial.names_after, names_new) << where << ": " << trial.result.error();
      return;
    case Outcome::unknown:
      EXPECT_TRUE(visible || trial.now == trial.old_content) << where;
      return;
  }
}

class ReplaceFaults : public ::testing::TestWithParam<bool> {};

TEST_P(ReplaceFaults, every_failing_call_leaves_the_old_content_or_says_that_the_new_is_visible) {
  std::size_t trials = 0;
  for (const Case& example : cases()) {
    auto counted_below = make_tree(example);
    FaultFileSystem counted(*counted_below);
    ASSERT_TRUE(replace(*counted_below, counted, example, GetParam())) << example.name;
    const std::vector<CallSite> sites = counted.sites();
    for (std::uint64_t n = 0; n < sites.size(); ++n) {
      for (const int os_errno : {EIO, ENOSPC, EINTR, EDQUOT, EACCES, EPERM, ENOENT, EINVAL, EBUSY,
                                 EROFS, ENOSYS, EMFILE}) {
        auto below = make_tree(example);
        FaultFileSystem fs(*below, Fault{.at = n, .error = Errno{os_errno}});
        const Trial trial = attempt(*below, fs, example, GetParam());
        EXPECT_TRUE(fs.fired());
        expect_truthful(
            trial, example,
            example.name + ", " + to_string(sites[n]) + ", errno " + std::to_string(os_errno));
        ++trials;
      }
    }
  }
  RecordProperty("trials", std::to_string(trials));
  EXPECT_GT(trials, 3000U);
}

TEST_P(ReplaceFaults, from_any_call_on_everything_fails_and_nothing_is_torn) {
  for (const Case& example : cases()) {
    auto counted_below = make_tree(example);
    FaultFileSystem counted(*counted_below);
    ASSERT_TRUE(replace(*counted_below, counted, example, GetParam()));
    for (std::uint64_t n = 0; n < counted.sites().size(); ++n) {
      auto below = make_tree(example);
      FaultFileSystem fs(*below, Fault{.at = n, .error = Errno{EIO}, .persistent = true});
      const Trial trial = attempt(*below, fs, example, GetParam());
      const bool whole = trial.now == trial.old_content || trial.now == example.content;
      EXPECT_TRUE(whole) << example.name << " from call " << n;
      if (trial.result) continue;  // only clean-up and look-ups after the fact were left
      if (trial.result.error().outcome() == Outcome::not_applied) {
        EXPECT_EQ(trial.now, trial.old_content) << example.name << " from call " << n;
      }
      // The temporary could not be removed either: then the message names it.
      for (const std::string& name : trial.names_after) {
        if (!name.starts_with(".untorn-tmp-")) continue;
        EXPECT_NE(trial.result.error().message().find(name), std::string::npos)
            << trial.result.error();
      }
    }
  }
}

TEST_P(ReplaceFaults, short_writes_at_every_length_give_the_whole_content) {
  for (const Case& example : cases()) {
    for (const std::size_t bytes : {std::size_t{1}, std::size_t{511}, std::size_t{4096}}) {
      auto below = make_tree(example);
      FaultFileSystem fs(*below, Fault{.at = 0,
                                       .call = Call::write,
                                       .persistent = true,
                                       .effect = Fault::Effect::short_write,
                                       .bytes = bytes});
      const Trial trial = attempt(*below, fs, example, GetParam());
      ASSERT_TRUE(trial.result) << trial.result.error();
      EXPECT_EQ(trial.now, example.content) << example.name;
    }
  }
}

// The call happened although it failed: a lost answer. What is on the disk decides.
TEST_P(ReplaceFaults, a_call_that_was_done_and_failed_leaves_no_mixture) {
  for (const Case& example : cases()) {
    auto counted_below = make_tree(example);
    FaultFileSystem counted(*counted_below);
    ASSERT_TRUE(replace(*counted_below, counted, example, GetParam()));
    for (std::uint64_t n = 0; n < counted.sites().size(); ++n) {
      auto below = make_tree(example);
      FaultFileSystem fs(
          *below, Fault{.at = n, .error = Errno{EIO}, .effect = Fault::Effect::done_but_failed});
      const Trial trial = attempt(*below, fs, example, GetParam());
      EXPECT_TRUE(trial.now == trial.old_content || trial.now == example.content)
          << example.name << ", " << to_string(counted.sites()[n]);
      if (trial.result) {
        EXPECT_EQ(trial.now, example.content);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, ReplaceFaults, ::testing::Bool(), [](const auto& instance) {
  return std::string(instance.param ? "streamed" : "whole");
});

}  // namespace
}  // namespace untorn
