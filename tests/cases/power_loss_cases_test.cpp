// SPDX-License-Identifier: Apache-2.0
//
// A. Power loss.
#include <sys/mount.h>
#include <sys/stat.h>

#include <cstring>

#include "tests/cases/cases.h"

namespace untorn {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the words of all these tests

const std::string old_content = pattern(5000, 1);
const std::string new_content = pattern(9000, 2);

// What a program without a library does: new content beside, renamed, `synced` or not.
void rename_by_hand(FileSystem& fs, bool sync_file, bool sync_directory) {
  const Handle here = Handle::working_directory;
  const OwnedHandle temporary(
      fs, fs.open(here, "d/tmp", {.access = Access::write, .create = true}).value());
  ASSERT_TRUE(fs.write(temporary.get(), std::as_bytes(std::span(new_content))));
  if (sync_file) {
    ASSERT_TRUE(fs.sync(temporary.get()));
  }
  ASSERT_TRUE(fs.rename(here, "d/tmp", here, "d/a", RenameMode::replace));
  const OwnedHandle directory(fs, fs.open(here, "d", {.access = Access::directory}).value());
  if (sync_directory) {
    ASSERT_TRUE(fs.sync(directory.get()));
  }
}

std::string whole(FileSystem& fs) {
  const auto now = read_file(fs, "d/a");
  if (!now) return "missing";
  return *now == old_content || *now == new_content
             ? ""
             : "torn: " + std::to_string(now->size()) + " bytes";
}

TEST(HardCases, case_01_data_is_on_the_device_before_the_rename) {
  for (const Durability level : {Durability::ordered, Durability::durable}) {
    expect_good(cut_power(
        {file("d/a", old_content)},
        [&](FileSystem& fs, CrashLog&) {
          ASSERT_TRUE(replace(fs, "d/a", new_content, {.durability = level}));
        },
        [](FileSystem& fs, const CrashPoint&) { return whole(fs); }));
  }
  // The control: without the sync the same states hold torn files.
  const CrashTestReport control = cut_power(
      {file("d/a", old_content)},
      [](FileSystem& fs, CrashLog&) { rename_by_hand(fs, false, true); },
      [](FileSystem& fs, const CrashPoint&) { return whole(fs); });
  EXPECT_FALSE(control.ok());
}

TEST(HardCases, case_02_auto_da_alloc_is_never_relied_on) {
  InMemoryFileSystem below({file("d/a", old_content)},
                           {.kind = {.name = "ext4"}});  // range_sync: nothing
  FaultFileSystem fs(below);
  ASSERT_TRUE(replace(fs, "d/a", new_content, {.durability = Durability::ordered}));
  const Calls calls(fs);
  EXPECT_EQ(calls.count(Call::sync), 1U);
  EXPECT_LT(calls.first(Call::sync), calls.first(Call::rename));
}

TEST(HardCases, case_03_the_target_is_never_unlinked_first) {
  InMemoryFileSystem below({file("d/a", old_content)});
  FaultFileSystem fs(below);
  ASSERT_TRUE(replace(fs, "d/a", new_content));
  const Calls calls(fs);
  for (const CallSite& site : calls.all()) {
    EXPECT_FALSE(site.call == Call::unlink || site.call == Call::truncate) << to_string(site);
  }
  for (const CrashModel model : {CrashModel::kill, CrashModel::portable}) {
    const auto report = cut_power(
        {file("d/a", old_content)},
        [](FileSystem& state, CrashLog&) { ASSERT_TRUE(replace(state, "d/a", new_content)); },
        [](FileSystem& state, const CrashPoint&) {
          return read_file(state, "d/a") ? std::string() : std::string("missing");
        },
        {model});
    expect_good(report);
  }
}

TEST(HardCases, case_04_in_place_only_behind_a_durable_copy) {
  InMemoryFileSystem below({{.path = "d/a", .content = Bytes(old_content), .inode = 7},
                            {.path = "d/b", .content = Bytes(old_content), .inode = 7},
                            {.path = "s", .type = FileType::directory, .mode = 0700}});
  FaultFileSystem fs(below);
  ReplaceOptions options;
  options.hard_links = HardLinkPolicy::in_place;
  ASSERT_FALSE(replace(fs, "d/a", new_content, options));
  EXPECT_EQ(read_file(below, "d/b"), old_content);
  options.sidecar = "s";
  ASSERT_TRUE(replace(fs, "d/a", new_content, options));
  const Calls calls(fs);
  const auto& all = calls.all();
  const auto overwritten = calls.first(Call::write_at);
  const auto synced_before =
      std::count_if(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(overwritten),
                    [](const CallSite& site) { return site.call == Call::sync; });
  EXPECT_EQ(synced_before, 2) << "the copy and its name";
}

TEST(HardCases, case_05_directory_sync_is_part_of_durable) {
  const auto acknowledged_is_new = [](FileSystem& fs, const CrashPoint& at) -> std::string {
    const bool stale = at.acknowledged("saved") && read_file(fs, "d/a") != new_content;
    return stale ? "the old content is back" : whole(fs);
  };
  expect_good(cut_power(
      {file("d/a", old_content)},
      [](FileSystem& fs, CrashLog& log) {
        const auto receipt = replace(fs, "d/a", new_content);
        ASSERT_TRUE(receipt);
        EXPECT_EQ(receipt->achieved, Durability::durable);
        log.acknowledge("saved");
      },
      acknowledged_is_new));
  const CrashTestReport control = cut_power(
      {file("d/a", old_content)},
      [](FileSystem& fs, CrashLog& log) {
        rename_by_hand(fs, true, false);
        log.acknowledge("saved");
      },
      acknowledged_is_new);
  EXPECT_FALSE(control.ok());
}

TEST(HardCases, case_06_the_directory_behind_the_link_is_the_one_that_is_synced) {
  const TreeEntry link{.path = "s", .type = FileType::symlink, .content = Bytes("d/a")};
  expect_good(cut_power(
      {file("d/a", old_content), link},
      [](FileSystem& fs, CrashLog& log) {
        ASSERT_TRUE(replace(fs, "s", new_content));
        log.acknowledge("saved");
      },
      [](FileSystem& fs, const CrashPoint& at) -> std::string {
        const bool stale = at.acknowledged("saved") && read_file(fs, "d/a") != new_content;
        return stale ? "the old content is back" : whole(fs);
      }));
}

TEST(HardCases, case_07_every_new_parent_is_found_again) {
  expect_good(cut_power(
      {file("other", "")},
      [](FileSystem& fs, CrashLog& log) {
        const auto receipt = replace(fs, "x/y/z/a", new_content, {.create_parents = true});
        ASSERT_TRUE(receipt) << receipt.error();
        log.acknowledge("saved");
      },
      [](FileSystem& fs, const CrashPoint& at) -> std::string {
        const auto now = read_file(fs, "x/y/z/a");
        if (at.acknowledged("saved") && now != new_content) return "it cannot be found";
        return !now || *now == new_content ? "" : "torn";
      }));
}

TEST(HardCases, case_08_a_directory_sync_that_is_refused_lowers_the_level_and_a_failed_one_fails) {
  const auto attempt = [](int os_errno) {
    InMemoryFileSystem below({file("d/a", old_content)});
    FaultFileSystem fs(below, {.at = 1, .call = Call::sync, .error = Errno{os_errno}});
    auto result = replace(fs, "d/a", new_content);
    EXPECT_TRUE(fs.fired());
    EXPECT_EQ(read_file(below, "d/a"), new_content);
    return result;
  };
  for (const int os_errno : {EINVAL, ENOTSUP, ENOSYS}) {
    const auto receipt = attempt(os_errno);
    ASSERT_TRUE(receipt) << receipt.error();
    EXPECT_EQ(receipt->achieved, Durability::ordered);
    EXPECT_NE(receipt->why_lower, "");
  }
  for (const int os_errno : {EIO, ENOSPC, EDQUOT}) {
    const auto receipt = attempt(os_errno);
    ASSERT_FALSE(receipt);
    EXPECT_EQ(receipt.error().step(), Step::sync_directory);
    EXPECT_EQ(receipt.error().outcome(), Outcome::applied_unsynced);
  }
}

TEST(HardCases, case_09_a_failed_sync_is_final) {
  InMemoryFileSystem below({file("d/a", old_content)});
  FaultFileSystem fs(below, {.at = 0, .call = Call::sync, .error = Errno{EIO}});
  auto replacer = FileReplacer::open(fs, "d/a");
  ASSERT_TRUE(replacer && replacer->write(new_content));
  const auto receipt = std::move(*replacer).commit();
  ASSERT_FALSE(receipt);
  EXPECT_EQ(receipt.error().advice(), Advice::stop);
  EXPECT_EQ(Calls(fs).count(Call::sync), 1U) << "not asked again";
  EXPECT_EQ(read_file(below, "d/a"), old_content);
  EXPECT_EQ(names_in(below, "d"), std::vector<std::string>{"a"});
}

TEST(HardCases, case_10_a_sync_error_is_never_swallowed) {
  for (const int os_errno : {EIO, ENOSPC, EDQUOT, EINTR, EINVAL, ENOTSUP}) {
    InMemoryFileSystem below({file("d/a", old_content)});
    FaultFileSystem fs(below, {.at = 0, .call = Call::sync, .error = Errno{os_errno}});
    const auto receipt = replace(fs, "d/a", new_content);
    ASSERT_FALSE(receipt) << os_errno;
    EXPECT_EQ(receipt.error().step(), Step::sync_file);
    EXPECT_EQ(receipt.error().outcome(), Outcome::not_applied);
    EXPECT_EQ(read_file(below, "d/a"), old_content);
  }
}

TEST(HardCases, case_11_a_failure_after_the_rename_is_a_state_of_its_own) {
  InMemoryFileSystem below({file("d/a", old_content)});
  FaultFileSystem fs(below, {.at = 1, .call = Call::sync, .error = Errno{EIO}});
  const auto receipt = replace(fs, "d/a", new_content);
  ASSERT_FALSE(receipt);
  EXPECT_EQ(receipt.error().outcome(), Outcome::applied_unsynced);
  EXPECT_EQ(read_file(below, "d/a"), new_content) << "nothing is rolled back";
  EXPECT_EQ(Calls(fs).count(Call::unlink), 0U);
}

TEST(HardCases, case_12_an_overlay_that_keeps_nothing_is_seen_through) {
  NEED_PRIVATE_WORLD();
  const ScratchDirectory scratch;
  const std::string problem = in_private_world([&scratch]() -> std::string {
    DEMAND(mount("tmpfs", scratch.path().c_str(), "tmpfs", 0, "size=4m") == 0);
    for (const char* name : {"lower", "upper", "work", "merged"}) {
      DEMAND(mkdir((scratch / name).c_str(), 0755) == 0);
    }
    write_file(posix_file_system(), scratch / "lower/a", "old");
    const std::string options = "lowerdir=" + scratch / "lower" + ",upperdir=" + scratch / "upper" +
                                ",workdir=" + scratch / "work" + ",volatile";
    if (mount("overlay", (scratch / "merged").c_str(), "overlay", 0, options.c_str()) != 0) {
      return std::string("no volatile overlay here: ") + std::strerror(errno);
    }
    const auto receipt = replace_file(scratch / "merged/a", "new");
    DEMAND(receipt.has_value() && receipt->achieved == Durability::process);
    DEMAND(receipt->why_lower.find("volatile") != std::string::npos);
    const auto strict = replace_file(scratch / "merged/a", "newer", {.strict = true});
    DEMAND(!strict && strict.error().code() == Code::unsupported);
    DEMAND(read_file(posix_file_system(), scratch / "merged/a") == "new");
    return "";
  });
  UNTORN_NEED(!problem.starts_with("no volatile overlay"), "namespaces", problem);
  EXPECT_EQ(problem, "");
}

TEST(HardCases, case_13_sync_file_range_is_used_only_by_the_allow_list) {
  for (const char* name : {"zfs", "overlay", "btrfs", "ext4", "xfs", "unknown", "nfs", "ext2"}) {
    InMemoryFileSystem below({file("d/a", old_content)}, {.kind = {.name = name}});
    FaultFileSystem fs(below);
    const auto receipt = replace(fs, "d/a", new_content);
    ASSERT_TRUE(receipt) << receipt.error();
    EXPECT_EQ(receipt->protocol, Protocol::classic) << name;
    EXPECT_EQ(Calls(fs).count(Call::sync_range), 0U) << name;
    EXPECT_EQ(Calls(fs).count(Call::sync), 2U) << name;
  }
  InMemoryFileSystem below({file("d/a", old_content)},
                           {.kind = {.name = "ext4", .range_sync = RangeSync::before_names}});
  FaultFileSystem fs(below);
  const auto receipt = replace(fs, "d/a", new_content);
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(receipt->protocol, Protocol::one_commit);
  EXPECT_LT(Calls(fs).first(Call::sync_range), Calls(fs).first(Call::rename));
}

TEST(HardCases, case_14_a_rename_that_a_power_cut_may_tear_is_told) {
  for (const char* name : {"vfat", "exfat"}) {
    InMemoryFileSystem fs({file("d/a", old_content)},
                          {.kind = {.name = name, .atomic_rename = false}});
    const auto receipt = replace(fs, "d/a", new_content);
    ASSERT_TRUE(receipt) << receipt.error();
    EXPECT_EQ(receipt->achieved, Durability::process);
    EXPECT_EQ(receipt->why_lower, "a power cut may tear a rename on " + std::string(name));
    const auto strict = replace(fs, "d/a", "newer", {.strict = true});
    ASSERT_FALSE(strict);
    EXPECT_EQ(strict.error().code(), Code::unsupported);
    EXPECT_EQ(read_file(fs, "d/a"), new_content);
  }
}

TEST(HardCases, case_16_a_new_file_gets_the_same_protocol) {
  InMemoryFileSystem below({file("d/other", "")});
  FaultFileSystem fs(below);
  ASSERT_TRUE(replace(fs, "d/a", new_content));
  EXPECT_EQ(Calls(fs).count(Call::sync), 2U);
  expect_good(cut_power(
      {file("d/other", "")},
      [](FileSystem& state, CrashLog& log) {
        ASSERT_TRUE(replace(state, "d/a", new_content));
        log.acknowledge("saved");
      },
      [](FileSystem& state, const CrashPoint& at) -> std::string {
        const auto now = read_file(state, "d/a");
        if (at.acknowledged("saved") && now != new_content) return "it is not there";
        return !now || *now == new_content ? "" : "torn";
      }));
}

TEST(HardCases, case_17_every_sync_has_ended_when_the_call_returns) {
  InMemoryFileSystem below({file("d/a", old_content)});
  FaultFileSystem fs(below);
  const auto receipt = replace(fs, "d/a", new_content);
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->syncs, Calls(fs).count(Call::sync));
  EXPECT_LT(Calls(fs).first(Call::sync), Calls(fs).first(Call::close))
      << "the temporary is open while it is synced";
  EXPECT_EQ(below.open_handles(), 0U);
}

}  // namespace
}  // namespace untorn
