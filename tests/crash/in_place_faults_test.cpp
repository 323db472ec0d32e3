// SPDX-License-Identifier: Apache-2.0
//
// Every call of an overwriting in place, and of its recovery, fails once with every errno that it
// may give. Whatever is returned then must be true, and a recovery brings one whole content.
#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"
#include "untorn/in_place.h"
#include "untorn/replace.h"

namespace untorn {
namespace {

using testing::names_in;
using testing::pattern;
using testing::read_file;

const std::string folder = "sidecars";
const std::vector<int> numbers = {EIO,    ENOSPC, EINTR, EDQUOT, EACCES, EPERM,
                                  ENOENT, EINVAL, EBUSY, EROFS,  ENOSYS, EMFILE};

struct Example {
  std::string old;
  std::string fresh;
};

std::vector<Example> examples() {
  return {{.old = pattern(5000, 1), .fresh = pattern(9000, 2)},
          {.old = pattern(9000, 1), .fresh = pattern(5000, 2)},
          {.old = pattern(5000, 1), .fresh = ""},
          {.old = "", .fresh = pattern(5000, 2)}};
}

std::unique_ptr<InMemoryFileSystem> make_tree(const Example& example) {
  constexpr std::uint64_t number = 7;
  auto fs = std::make_unique<InMemoryFileSystem>(std::initializer_list<TreeEntry>{
      {.path = "d/a", .content = Bytes(example.old), .inode = number},
      {.path = "d/b", .content = Bytes(example.old), .inode = number},
      {.path = folder, .type = FileType::directory, .mode = 0700}});
  return fs;
}

Result<Receipt> replace(FileSystem& fs, const Example& example) {
  ReplaceOptions options;
  options.hard_links = HardLinkPolicy::in_place;
  options.sidecar = folder;
  options.mode = 0600;
  return replace_file(fs, "d/a", std::as_bytes(std::span(example.fresh)), options);
}

// What remains in the folder, without the lock file.
std::vector<std::string> left_in_folder(FileSystem& fs) {
  std::vector<std::string> names = names_in(fs, folder);
  std::erase(names, ".untorn-in-place-lock");
  return names;
}

// The outcome says what the file holds, and recovery ends in one of the two contents.
void expect_truthful(InMemoryFileSystem& below, const Example& example,
                     const Result<Receipt>& result, const std::string& where) {
  const auto now = read_file(below, "d/a");
  ASSERT_TRUE(now) << where;
  EXPECT_EQ(below.open_handles(), 0U) << where;
  const bool told_old = !result && result.error().outcome() == Outcome::not_applied;
  const bool told_new = result || result.error().outcome() == Outcome::applied_unsynced;
  if (told_old) {
    EXPECT_EQ(*now, example.old) << where << ": " << result.error();
    EXPECT_TRUE(left_in_folder(below).empty()) << where << ": " << result.error();
  }
  if (told_new) {
    EXPECT_EQ(*now, example.fresh) << where;
  }
  const auto recovered = recover_in_place(below, folder);
  ASSERT_TRUE(recovered) << where << ": " << recovered.error();
  EXPECT_TRUE(recovered->kept.empty() && recovered->damaged.empty()) << where;
  const auto after = read_file(below, "d/a");
  ASSERT_TRUE(after) << where;
  EXPECT_TRUE(*after == example.old || *after == example.fresh) << where;
  // A target that is said to be gone is made anew, under one name.
  if (where != "status_at 0 a, errno " + std::to_string(ENOENT)) {
    EXPECT_EQ(after, read_file(below, "d/b")) << where;
  }
  if (told_old) {
    EXPECT_EQ(*after, example.old) << where << ": recovery changed what was told";
  }
  if (told_new) {
    EXPECT_EQ(*after, example.fresh) << where << ": recovery changed what was told";
  }
  EXPECT_TRUE(left_in_folder(below).empty()) << where;
}

TEST(InPlaceFaults, every_failing_call_is_told_truly_and_recovered_from) {
  std::size_t trials = 0;
  std::size_t unknown = 0;
  for (const Example& example : examples()) {
    auto counted_below = make_tree(example);
    FaultFileSystem counted(*counted_below);
    ASSERT_TRUE(replace(counted, example));
    const std::vector<CallSite> sites = counted.sites();
    for (std::uint64_t n = 0; n < sites.size(); ++n) {
      for (const int os_errno : numbers) {
        auto below = make_tree(example);
        FaultFileSystem fs(*below, Fault{.at = n, .error = Errno{os_errno}});
        const auto result = replace(fs, example);
        EXPECT_TRUE(fs.fired());
        if (!result && result.error().outcome() == Outcome::unknown) ++unknown;
        expect_truthful(*below, example, result,
                        to_string(sites[n]) + ", errno " + std::to_string(os_errno));
        ++trials;
      }
    }
  }
  EXPECT_GT(trials, 1500U);
  EXPECT_GT(unknown, 0U);
  EXPECT_LT(unknown, trials / 3) << "most failures leave the old content, and say so";
}

TEST(InPlaceFaults, from_any_call_on_everything_fails_and_recovery_finds_a_whole_content) {
  for (const Example& example : examples()) {
    auto counted_below = make_tree(example);
    FaultFileSystem counted(*counted_below);
    ASSERT_TRUE(replace(counted, example));
    for (std::uint64_t n = 0; n < counted.sites().size(); ++n) {
      auto below = make_tree(example);
      FaultFileSystem fs(*below, Fault{.at = n, .error = Errno{EIO}, .persistent = true});
      const auto result = replace(fs, example);
      const bool told_old = !result && result.error().outcome() == Outcome::not_applied;
      if (told_old) {
        EXPECT_EQ(read_file(*below, "d/a"), example.old) << n;
      }
      const auto recovered = recover_in_place(*below, folder);
      ASSERT_TRUE(recovered) << n << ": " << recovered.error();
      const auto after = read_file(*below, "d/a");
      EXPECT_TRUE(after == example.old || after == example.fresh) << "from call " << n;
    }
  }
}

TEST(InPlaceFaults, a_disk_without_space_for_the_growth_keeps_the_old_content) {
  const Example example{.old = pattern(5000, 1), .fresh = pattern(90'000, 2)};
  auto below = make_tree(example);
  FaultFileSystem fs(
      *below, Fault{.at = 0, .call = Call::write_at, .error = Errno{ENOSPC}, .persistent = true});
  const auto result = replace(fs, example);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Code::no_space);
  EXPECT_EQ(result.error().outcome(), Outcome::not_applied);
  expect_truthful(*below, example, result, "no space");
  EXPECT_EQ(read_file(*below, "d/a"), example.old);
}

TEST(InPlaceFaults, short_writes_give_the_whole_content) {
  for (const Example& example : examples()) {
    for (const Call call : {Call::write, Call::write_at}) {
      auto below = make_tree(example);
      FaultFileSystem fs(*below, Fault{.at = 0,
                                       .call = call,
                                       .persistent = true,
                                       .effect = Fault::Effect::short_write,
                                       .bytes = 511});
      const auto result = replace(fs, example);
      ASSERT_TRUE(result) << result.error();
      EXPECT_EQ(read_file(*below, "d/b"), example.fresh);
    }
  }
}

// A replacement that was cut off after its sidecar was safe: the target is a mixture.
std::unique_ptr<InMemoryFileSystem> interrupted(const Example& example) {
  auto below = make_tree(example);
  FaultFileSystem fs(
      *below,
      Fault{.at = 0, .call = Call::write_at, .effect = Fault::Effect::short_write, .bytes = 100});
  FaultFileSystem cut(
      fs, Fault{.at = 1, .call = Call::write_at, .error = Errno{EIO}, .persistent = true});
  const auto result = replace(cut, example);
  EXPECT_FALSE(result);
  EXPECT_EQ(result.error().outcome(), Outcome::unknown);
  EXPECT_NE(read_file(*below, "d/a"), example.old);
  EXPECT_EQ(left_in_folder(*below).size(), 1U);
  return below;
}

TEST(InPlaceFaults, a_recovery_that_fails_says_so_and_a_later_one_finishes) {
  const Example example{.old = pattern(9000, 1), .fresh = pattern(8000, 2)};
  auto counted_below = interrupted(example);
  FaultFileSystem counted(*counted_below);
  const auto whole = recover_in_place(counted, folder);
  ASSERT_TRUE(whole) << whole.error();
  EXPECT_EQ(whole->finished.size(), 1U);
  for (std::uint64_t n = 0; n < counted.sites().size(); ++n) {
    for (const int os_errno : numbers) {
      auto below = interrupted(example);
      FaultFileSystem fs(*below, Fault{.at = n, .error = Errno{os_errno}});
      const auto told = recover_in_place(fs, folder);
      const std::string where =
          to_string(counted.sites()[n]) + ", errno " + std::to_string(os_errno);
      EXPECT_EQ(below->open_handles(), 0U) << where;
      // What is said to be gone is nobody's to finish.
      if (told && told->kept.empty() && os_errno != ENOENT) {
        EXPECT_EQ(read_file(*below, "d/a"), example.fresh) << where;
      }
      ASSERT_TRUE(recover_in_place(*below, folder)) << where;
      EXPECT_EQ(read_file(*below, "d/a"), example.fresh) << where;
      EXPECT_TRUE(left_in_folder(*below).empty()) << where;
    }
  }
}

TEST(InPlaceFaults, the_next_replacement_finishes_what_an_earlier_one_left) {
  const Example example{.old = pattern(9000, 1), .fresh = pattern(8000, 2)};
  auto below = interrupted(example);
  const Example next{.old = example.fresh, .fresh = pattern(3000, 3)};
  const auto receipt = replace(*below, next);
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(read_file(*below, "d/a"), next.fresh);
  EXPECT_TRUE(left_in_folder(*below).empty());
}

}  // namespace
}  // namespace untorn
