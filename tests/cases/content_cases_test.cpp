// SPDX-License-Identifier: Apache-2.0
//
// B. Bytes and space. C. What is at the path.
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "tests/cases/cases.h"
#include "untorn/in_place.h"

namespace untorn {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the words of all these tests
using Names = std::vector<std::string>;

const std::string old_content = pattern(5000, 1);
const std::string new_content = pattern(9000, 2);

bool bind_mount(const std::string& from, const std::string& to) {
  return mount(from.c_str(), to.c_str(), nullptr, MS_BIND, nullptr) == 0;
}

TEST(HardCases, case_18_a_short_write_is_continued_and_a_write_of_nothing_fails) {
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{511}, std::size_t{4096}}) {
    InMemoryFileSystem below({file("d/a", old_content)});
    FaultFileSystem fs(below, {.at = 0,
                               .call = Call::write,
                               .persistent = true,
                               .effect = Fault::Effect::short_write,
                               .bytes = bytes});
    ASSERT_TRUE(replace(fs, "d/a", new_content));
    EXPECT_EQ(read_file(below, "d/a"), new_content);
  }
  InMemoryFileSystem below({file("d/a", old_content)});
  FaultFileSystem fs(below, {.at = 0, .call = Call::write, .effect = Fault::Effect::short_write});
  const auto receipt = replace(fs, "d/a", new_content);
  ASSERT_FALSE(receipt);
  EXPECT_EQ(receipt.error().outcome(), Outcome::not_applied);
  EXPECT_EQ(read_file(below, "d/a"), old_content);
}

// Somebody cuts the temporary while it is written: it is not published.
TEST(HardCases, case_18_content_that_is_shorter_than_what_was_accepted_is_not_published) {
  InMemoryFileSystem fs({file("d/a", old_content)});
  auto replacer = FileReplacer::open(fs, "d/a");
  ASSERT_TRUE(replacer && replacer->write(new_content));
  for (const std::string& name : names_in(fs, "d")) {
    if (name == "a") continue;
    const OwnedHandle temporary(
        fs, fs.open(Handle::working_directory, "d/" + name, {.access = Access::write}).value());
    ASSERT_TRUE(fs.truncate(temporary.get(), 100));
  }
  const auto receipt = std::move(*replacer).commit();
  ASSERT_FALSE(receipt);
  EXPECT_EQ(receipt.error().code(), Code::corrupt);
  EXPECT_EQ(read_file(fs, "d/a"), old_content);
  EXPECT_EQ(names_in(fs, "d"), Names{"a"});
}

TEST(HardCases, case_19_space_that_is_missed_late_leaves_the_old_content) {
  for (const Call call : {Call::write, Call::sync}) {
    for (const int os_errno : {ENOSPC, EDQUOT}) {
      InMemoryFileSystem below({file("d/a", old_content)});
      FaultFileSystem fs(below, {.at = 0, .call = call, .error = Errno{os_errno}});
      const auto receipt = replace(fs, "d/a", new_content);
      ASSERT_FALSE(receipt);
      EXPECT_EQ(receipt.error().code(), Code::no_space);
      EXPECT_EQ(receipt.error().outcome(), Outcome::not_applied);
      EXPECT_EQ(read_file(below, "d/a"), old_content);
      EXPECT_EQ(names_in(below, "d"), Names{"a"});
    }
  }
}

TEST(HardCases, case_19_a_small_ext4_that_is_full_keeps_the_old_content) {
  UNTORN_NEED(geteuid() == 0, "root", "a loop mount needs root");
  const ScratchDirectory scratch;
  const std::string problem = in_private_world([&scratch]() -> std::string {
    const std::string image = scratch / "image";
    write_file(posix_file_system(), image, "");
    DEMAND(truncate(image.c_str(), 4 << 20) == 0);
    const std::string make = "mkfs.ext4 -q -F -m 0 -N 16 " + image + " >/dev/null 2>&1";
    const std::string point = scratch / "disk";
    DEMAND(mkdir(point.c_str(), 0755) == 0);
    const std::string attach = "mount -o loop " + image + " " + point + " >/dev/null 2>&1";
    if (std::system(make.c_str()) != 0 || std::system(attach.c_str()) != 0) return "no loop here";
    FileSystem& fs = posix_file_system();
    const auto try_all = [&]() -> std::string {
      const std::string old = pattern(500'000, 1);
      write_file(fs, point + "/a", old);
      const Names before = names_in(fs, point);
      for (unsigned round = 0; round < 5; ++round) {  // space is given back each time
        const auto receipt = replace_file(point + "/a", pattern(4'000'000, 2));
        DEMAND(!receipt && receipt.error().code() == Code::no_space);
        DEMAND(receipt.error().outcome() == Outcome::not_applied);
        DEMAND(read_file(fs, point + "/a") == old && names_in(fs, point) == before);
      }
      for (unsigned n = 0; n < 64; ++n) {  // until no inode is left
        const auto made = replace_file(point + "/f" + std::to_string(n), "x");
        if (made) continue;
        DEMAND(made.error().code() == Code::no_space);
        DEMAND(made.error().step() == Step::create_temporary);
        const auto receipt = replace_file(point + "/a", "new");
        DEMAND(!receipt && receipt.error().code() == Code::no_space);
        DEMAND(read_file(fs, point + "/a") == old);
        return "";
      }
      return "there was always an inode left";
    };
    std::string wrong = try_all();
    DEMAND(umount(point.c_str()) == 0);
    return wrong;
  });
  UNTORN_NEED(problem != "no loop here", "lab", problem);
  EXPECT_EQ(problem, "");
}

TEST(HardCases, case_20_no_failure_leaves_a_temporary) {
  InMemoryFileSystem counted_below({file("d/a", old_content)});
  FaultFileSystem counted(counted_below);
  ASSERT_TRUE(replace(counted, "d/a", new_content));
  for (std::uint64_t at = 0; at < counted.sites().size(); ++at) {
    for (const int os_errno : {EIO, ENOSPC, EACCES}) {
      InMemoryFileSystem below({file("d/a", old_content)});
      FaultFileSystem fs(below, {.at = at, .error = Errno{os_errno}});
      (void)replace(fs, "d/a", new_content);
      EXPECT_EQ(names_in(below, "d"), Names{"a"}) << to_string(counted.sites()[at]);
    }
  }
}

TEST(HardCases, case_21_a_symbolic_link_is_followed_replaced_or_refused_as_asked) {
  const TreeEntry link{.path = "s", .type = FileType::symlink, .content = Bytes("d/a")};
  {
    InMemoryFileSystem below({file("d/a", old_content), link});
    FaultFileSystem fs(below);
    ASSERT_TRUE(replace(fs, "s", new_content));
    EXPECT_EQ(read_file(below, "d/a"), new_content);
    EXPECT_EQ(status_of(below, "s").type, FileType::symlink);
  }
  {
    InMemoryFileSystem fs({file("d/a", old_content), link});
    ASSERT_TRUE(replace(fs, "s", new_content, {.symlink = SymlinkPolicy::replace}));
    EXPECT_EQ(status_of(fs, "s").type, FileType::regular);
    EXPECT_EQ(read_file(fs, "d/a"), old_content);
  }
  {
    InMemoryFileSystem fs({file("d/a", old_content), link});
    const auto receipt = replace(fs, "s", new_content, {.symlink = SymlinkPolicy::refuse});
    ASSERT_FALSE(receipt);
    EXPECT_EQ(receipt.error().code(), Code::not_regular_file);
    EXPECT_EQ(read_file(fs, "d/a"), old_content);
  }
}

TEST(HardCases, case_21_the_temporary_lies_beside_what_the_link_leads_to) {
  const TreeEntry link{.path = "s", .type = FileType::symlink, .content = Bytes("d/a")};
  InMemoryFileSystem fs({file("d/a", old_content), link});
  auto replacer = FileReplacer::open(fs, "s");
  ASSERT_TRUE(replacer);
  EXPECT_EQ(names_in(fs, "d").size(), 2U);
}

TEST(HardCases, case_21_a_loop_of_links_ends_in_an_error) {
  InMemoryFileSystem fs({{.path = "x", .type = FileType::symlink, .content = Bytes("y")},
                         {.path = "y", .type = FileType::symlink, .content = Bytes("x")}});
  const auto receipt = replace(fs, "x", new_content);
  ASSERT_FALSE(receipt);
  EXPECT_EQ(receipt.error().os_errno(), ELOOP);
}

TEST(HardCases, case_22_a_dangling_link_makes_what_it_points_to) {
  InMemoryFileSystem fs({file("d/other", ""),
                         {.path = "s", .type = FileType::symlink, .content = Bytes("d/a")},
                         {.path = "t", .type = FileType::symlink, .content = Bytes("no/a")}});
  ASSERT_TRUE(replace(fs, "s", new_content));
  EXPECT_EQ(read_file(fs, "d/a"), new_content);
  EXPECT_EQ(status_of(fs, "s").type, FileType::symlink);
  const auto receipt = replace(fs, "t", new_content);
  ASSERT_FALSE(receipt);
  EXPECT_EQ(receipt.error().code(), Code::not_found);
}

TEST(HardCases, case_23_hard_links_are_split_and_told_refused_or_kept) {
  const std::vector<TreeEntry> tree = {{.path = "d/a", .content = Bytes(old_content), .inode = 7},
                                       {.path = "d/b", .content = Bytes(old_content), .inode = 7},
                                       {.path = "s", .type = FileType::directory, .mode = 0700}};
  {
    InMemoryFileSystem fs(tree);
    const auto receipt = replace(fs, "d/a", new_content);
    ASSERT_TRUE(receipt);
    EXPECT_TRUE(receipt->hard_links_split);
    EXPECT_EQ(read_file(fs, "d/b"), old_content);
  }
  {
    InMemoryFileSystem fs(tree);
    const auto receipt = replace(fs, "d/a", new_content, {.hard_links = HardLinkPolicy::refuse});
    ASSERT_FALSE(receipt);
    EXPECT_EQ(receipt.error().code(), Code::has_hard_links);
    EXPECT_EQ(read_file(fs, "d/a"), old_content);
  }
  {
    InMemoryFileSystem fs(tree);
    ReplaceOptions options;
    options.hard_links = HardLinkPolicy::in_place;
    options.sidecar = "s";
    const auto receipt = replace(fs, "d/a", new_content, options);
    ASSERT_TRUE(receipt) << receipt.error();
    EXPECT_FALSE(receipt->hard_links_split);
    EXPECT_EQ(read_file(fs, "d/b"), new_content);
  }
}

TEST(HardCases, case_24_single_file_bind_mount_is_refused_before_a_byte_is_written) {
  NEED_PRIVATE_WORLD();
  const ScratchDirectory scratch;
  const std::string problem = in_private_world([&scratch]() -> std::string {
    FileSystem& fs = posix_file_system();
    write_file(fs, scratch / "outside", "old");
    write_file(fs, scratch / "mounted", "below");
    DEMAND(bind_mount(scratch / "outside", scratch / "mounted"));
    FaultFileSystem watched(fs);
    const auto receipt = replace(watched, scratch / "mounted", "new");
    DEMAND(!receipt && receipt.error().code() == Code::mount_point);
    DEMAND(Calls(watched).count(Call::write) == 0 && Calls(watched).count(Call::rename) == 0);
    DEMAND(read_file(fs, scratch / "outside") == "old");
    return "";
  });
  EXPECT_EQ(problem, "");
}

TEST(HardCases, case_25_in_place_both_sides_of_a_bind_mount_see_the_new_content) {
  NEED_PRIVATE_WORLD();
  const ScratchDirectory scratch;
  const std::string problem = in_private_world([&scratch]() -> std::string {
    FileSystem& fs = posix_file_system();
    write_file(fs, scratch / "outside", "old");
    write_file(fs, scratch / "mounted", "below");
    DEMAND(mkdir((scratch / "s").c_str(), 0700) == 0);
    DEMAND(bind_mount(scratch / "outside", scratch / "mounted"));
    ReplaceOptions options;
    options.sidecar = scratch / "s";
    const auto receipt = replace_file(scratch / "mounted", "new content", options);
    DEMAND(receipt.has_value() && receipt->protocol == Protocol::in_place);
    DEMAND(read_file(fs, scratch / "outside") == "new content");
    DEMAND(read_file(fs, scratch / "mounted") == "new content");
    DEMAND(recover_in_place(scratch / "s").has_value());
    return "";
  });
  EXPECT_EQ(problem, "");
}

TEST(HardCases, case_26_what_is_no_regular_file_is_refused) {
  const ScratchDirectory scratch;
  ASSERT_EQ(mkdir((scratch / "directory").c_str(), 0755), 0);
  ASSERT_EQ(mkfifo((scratch / "fifo").c_str(), 0644), 0);
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(listener, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = scratch / "socket";
  ASSERT_LT(path.size(), sizeof address.sun_path);
  std::memcpy(address.sun_path, path.c_str(), path.size());
  ASSERT_EQ(bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  Names targets = {"directory", "fifo", "socket"};
  if (mknod((scratch / "zero").c_str(), S_IFCHR | 0600, makedev(1, 5)) == 0) {
    targets.emplace_back("zero");  // needs root
  }
  for (const std::string& target : targets) {
    const auto receipt = replace_file(scratch / target, "new");
    ASSERT_FALSE(receipt) << target;
    EXPECT_EQ(receipt.error().code(), Code::not_regular_file) << receipt.error();
  }
  EXPECT_EQ(names_in(posix_file_system(), scratch.path()), targets);
  close(listener);
}

TEST(HardCases, case_27_a_read_only_target_is_respected) {
  InMemoryFileSystem fs(
      {{.path = "d", .type = FileType::directory, .mode = 0755}, file("d/a", old_content, 0444)},
      {.user = 1000, .group = 1000});
  const auto receipt = replace(fs, "d/a", new_content);
  ASSERT_FALSE(receipt);
  EXPECT_EQ(receipt.error().code(), Code::permission_denied);
  EXPECT_EQ(read_file(fs, "d/a"), old_content);
  ASSERT_TRUE(replace(fs, "d/a", new_content, {.override_read_only = true}));
  EXPECT_EQ(read_file(fs, "d/a"), new_content);
  EXPECT_EQ(status_of(fs, "d/a").mode, 0444U);
}

// rename(2) of two names of one file does nothing, and says that it succeeded.
TEST(HardCases, case_28_a_rename_onto_the_same_inode_leaves_one_name) {
  InMemoryFileSystem fs({file("d/a", old_content)});
  auto replacer = FileReplacer::open(fs, "d/a");
  ASSERT_TRUE(replacer && replacer->write(new_content));
  const Handle here = Handle::working_directory;
  ASSERT_TRUE(fs.unlink(here, "d/a"));
  for (const std::string& name : names_in(fs, "d")) {
    ASSERT_TRUE(fs.link(here, "d/" + name, here, "d/a"));
  }
  const auto receipt = std::move(*replacer).commit();
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(read_file(fs, "d/a"), new_content);
  EXPECT_EQ(names_in(fs, "d"), Names{"a"});
}

}  // namespace
}  // namespace untorn
