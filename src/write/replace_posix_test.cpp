// SPDX-License-Identifier: Apache-2.0
//
// Replacements on the real file system of the scratch directory: what only the kernel decides.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/files.h"
#include "tests/support/require.h"
#include "untorn/replace.h"

namespace untorn {
namespace {

using testing::names_in;
using testing::pattern;
using testing::read_file;
using testing::ScratchDirectory;
using testing::status_of;
using testing::write_file;
using Names = std::vector<std::string>;

constexpr uid_t nobody = 65534;

FileSystem& posix() {
  return posix_file_system();
}

// Runs `body` in a child process, which ends with its result: 0 is success.
int in_child(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool is_root() {
  return geteuid() == 0;
}

// An ACL as the kernel stores it: entries of (tag, permissions, id), for one more user.
std::string acl_with_user(std::uint32_t user) {
  struct Entry {
    std::uint16_t tag;
    std::uint16_t permissions;
    std::uint32_t id;
  };
  const std::array entries = {Entry{0x01, 6, ~0U}, Entry{0x02, 6, user}, Entry{0x04, 4, ~0U},
                              Entry{0x10, 6, ~0U}, Entry{0x20, 4, ~0U}};
  std::string blob("\x02\0\0\0", 4);
  for (const Entry& entry : entries) {
    std::array<char, sizeof(Entry)> bytes{};
    std::memcpy(bytes.data(), &entry, sizeof entry);
    blob.append(bytes.data(), bytes.size());
  }
  return blob;
}

bool set_attribute(const std::string& path, const char* name, std::string_view value) {
  return setxattr(path.c_str(), name, value.data(), value.size(), 0) == 0;
}

std::string attribute(const std::string& path, const char* name) {
  std::array<char, 256> value{};
  const ssize_t size = getxattr(path.c_str(), name, value.data(), value.size());
  return size < 0 ? "" : std::string(value.data(), static_cast<std::size_t>(size));
}

TEST(ReplacePosix, new_and_existing_files_hold_the_content_and_nothing_else_remains) {
  const ScratchDirectory scratch;
  for (const std::size_t size : {0U, 1U, 4096U, 10240U, 3000000U}) {
    const std::string content = pattern(size, static_cast<unsigned>(size));
    const auto receipt = replace_file(scratch / "a", content);
    ASSERT_TRUE(receipt) << receipt.error();
    EXPECT_EQ(receipt->bytes, size);
    EXPECT_EQ(read_file(posix(), scratch / "a"), content);
  }
  EXPECT_EQ(names_in(posix(), scratch.path()), Names{"a"});
}

TEST(ReplacePosix, relative_paths_stay_where_they_led_when_the_working_directory_changes) {
  const ScratchDirectory scratch;
  EXPECT_EQ(in_child([&scratch] {
              if (chdir(scratch.path().c_str()) != 0) return 1;
              auto replacer = FileReplacer::open("a", {});
              if (!replacer || !replacer->write("here") || chdir("/") != 0) return 2;
              return std::move(*replacer).commit() ? 0 : 3;
            }),
            0);
  EXPECT_EQ(read_file(posix(), scratch / "a"), "here");
}

TEST(ReplacePosix, a_renamed_parent_does_not_divide_the_steps) {
  const ScratchDirectory scratch;
  ASSERT_EQ(mkdir((scratch / "d").c_str(), 0755), 0);
  write_file(posix(), scratch / "d/a", "old");
  auto replacer = FileReplacer::open(scratch / "d/a", {});
  ASSERT_TRUE(replacer && replacer->write("new"));
  ASSERT_EQ(rename((scratch / "d").c_str(), (scratch / "e").c_str()), 0);
  ASSERT_EQ(mkdir((scratch / "d").c_str(), 0755), 0);
  ASSERT_TRUE(std::move(*replacer).commit());
  EXPECT_EQ(read_file(posix(), scratch / "e/a"), "new");
  EXPECT_EQ(names_in(posix(), scratch / "d"), Names{});
}

TEST(ReplacePosix, the_umask_decides_about_a_new_file_and_not_about_an_old_one) {
  const ScratchDirectory scratch;
  write_file(posix(), scratch / "old", "x");
  ASSERT_EQ(chmod((scratch / "old").c_str(), 0666), 0);
  const mode_t before = umask(0077);
  const bool replaced = replace_file(scratch / "new", "x") && replace_file(scratch / "old", "x");
  umask(before);
  ASSERT_TRUE(replaced);
  EXPECT_EQ(status_of(posix(), scratch / "new").mode, 0600U);
  EXPECT_EQ(status_of(posix(), scratch / "old").mode, 0666U);
}

TEST(ReplacePosix, what_is_no_regular_file_is_refused_without_waiting) {
  const ScratchDirectory scratch;
  ASSERT_EQ(mkfifo((scratch / "fifo").c_str(), 0666), 0);
  ASSERT_EQ(mkdir((scratch / "folder").c_str(), 0777), 0);
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  (scratch / "socket").copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
  ASSERT_EQ(bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const Names before = names_in(posix(), scratch.path());
  for (const std::string& path :
       {scratch / "fifo", scratch / "folder", scratch / "socket", std::string("/dev/null")}) {
    const auto result = replace_file(path, "x");
    ASSERT_FALSE(result) << path;
    EXPECT_EQ(result.error().code(), Code::not_regular_file) << result.error();
    EXPECT_EQ(result.error().outcome(), Outcome::not_applied);
  }
  EXPECT_EQ(names_in(posix(), scratch.path()), before);
  close(listener);
}

TEST(ReplacePosix, links_into_proc_lead_to_no_name_and_are_refused) {
  const ScratchDirectory scratch;
  write_file(posix(), scratch / "a", "old");
  const int open_file = open((scratch / "a").c_str(), O_RDONLY | O_CLOEXEC);
  const std::string link = "/proc/self/fd/" + std::to_string(open_file);
  ASSERT_EQ(symlink(link.c_str(), (scratch / "stdout").c_str()), 0);
  const auto result = replace_file(scratch / "stdout", "new");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Code::not_regular_file);
  EXPECT_EQ(read_file(posix(), scratch / "a"), "old");
  close(open_file);
}

TEST(ReplacePosix, extended_attributes_are_kept) {
  const ScratchDirectory scratch;
  write_file(posix(), scratch / "a", "old");
  UNTORN_NEED(set_attribute(scratch / "a", "user.origin", "here"), "xattr",
              "the scratch directory has no extended attributes");
  const auto receipt = replace_file(scratch / "a", "new");
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(receipt->metadata_lost, Names{});
  EXPECT_EQ(attribute(scratch / "a", "user.origin"), "here");
}

TEST(ReplacePosix, an_acl_is_kept_with_the_mode_that_belongs_to_it) {
  const ScratchDirectory scratch;
  write_file(posix(), scratch / "a", "old");
  const std::string acl = acl_with_user(nobody);
  UNTORN_NEED(set_attribute(scratch / "a", "system.posix_acl_access", acl), "acl",
              "the scratch directory has no ACLs");
  const std::uint32_t mode = status_of(posix(), scratch / "a").mode;
  const auto receipt = replace_file(scratch / "a", "new");
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(receipt->metadata_lost, Names{});
  EXPECT_EQ(attribute(scratch / "a", "system.posix_acl_access"), acl);
  EXPECT_EQ(status_of(posix(), scratch / "a").mode, mode);
}

TEST(ReplacePosix, a_default_acl_holds_for_new_files_and_not_for_old_ones) {
  const ScratchDirectory scratch;
  write_file(posix(), scratch / "old", "x");
  UNTORN_NEED(set_attribute(scratch.path(), "system.posix_acl_default", acl_with_user(nobody)),
              "acl", "the scratch directory has no ACLs");
  ASSERT_TRUE(replace_file(scratch / "old", "y"));
  EXPECT_EQ(attribute(scratch / "old", "system.posix_acl_access"), "");
  EXPECT_EQ(status_of(posix(), scratch / "old").mode, 0644U);
  ASSERT_TRUE(replace_file(scratch / "new", "y"));
  write_file(posix(), scratch / "plain", "y");
  EXPECT_NE(attribute(scratch / "new", "system.posix_acl_access"), "");
  EXPECT_EQ(attribute(scratch / "new", "system.posix_acl_access"),
            attribute(scratch / "plain", "system.posix_acl_access"));
  EXPECT_EQ(status_of(posix(), scratch / "new").mode, status_of(posix(), scratch / "plain").mode);
}

TEST(ReplacePosix, another_owner_and_set_user_id_are_kept_where_that_is_allowed) {
  UNTORN_NEED(is_root(), "root", "only root may give a file to another owner");
  const ScratchDirectory scratch;
  write_file(posix(), scratch / "a", "old");
  ASSERT_EQ(chown((scratch / "a").c_str(), nobody, nobody), 0);
  ASSERT_EQ(chmod((scratch / "a").c_str(), 06755), 0);
  const auto receipt = replace_file(scratch / "a", "new");
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(receipt->metadata_lost, Names{});
  const Status status = status_of(posix(), scratch / "a");
  EXPECT_EQ(status.user, nobody);
  EXPECT_EQ(status.group, nobody);
  EXPECT_EQ(status.mode, 06755U);
}

TEST(ReplacePosix, an_ordinary_user_learns_that_the_owner_was_lost) {
  UNTORN_NEED(is_root(), "root", "setting the stage needs root");
  const ScratchDirectory scratch;
  ASSERT_EQ(chmod(scratch.path().c_str(), 0777), 0);
  write_file(posix(), scratch / "a", "old");
  ASSERT_EQ(chmod((scratch / "a").c_str(), 04666), 0);
  EXPECT_EQ(in_child([&scratch] {
              if (setgid(nobody) != 0 || setuid(nobody) != 0) return 1;
              const auto receipt = replace_file(scratch / "a", "new");
              if (!receipt) return 2;
              return receipt->metadata_lost == Names{"owner", "group", "mode"} ? 0 : 3;
            }),
            0);
  const Status status = status_of(posix(), scratch / "a");
  EXPECT_EQ(status.user, nobody);
  EXPECT_EQ(status.mode, 0666U) << "set-user-id must not pass to another owner";
}

TEST(ReplacePosix, a_link_of_another_user_in_a_sticky_directory_is_not_followed) {
  UNTORN_NEED(is_root(), "root", "setting the stage needs root");
  const ScratchDirectory scratch;
  ASSERT_EQ(chmod(scratch.path().c_str(), 01777), 0);
  for (const char* target : {"a", "missing"}) {  // an old file, and one that would be created
    write_file(posix(), scratch / "a", "old");
    const std::string link = scratch / "link";
    ASSERT_EQ(symlink(target, link.c_str()), 0);
    ASSERT_EQ(lchown(link.c_str(), nobody, nobody), 0);
    const auto refused = replace_file(link, "new");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Code::permission_denied) << refused.error().message();
    EXPECT_EQ(refused.error().step(), Step::resolve);
    EXPECT_EQ(names_in(posix(), scratch.path()), (Names{"a", "link"}));
    EXPECT_EQ(read_file(posix(), scratch / "a"), "old");
    // The owner of the directory may leave links there for everybody.
    ASSERT_EQ(chown(scratch.path().c_str(), nobody, nobody), 0);
    EXPECT_TRUE(replace_file(link, "new"));
    ASSERT_EQ(chown(scratch.path().c_str(), 1, 1), 0);
    ASSERT_EQ(lchown(link.c_str(), 0, 0), 0);
    EXPECT_TRUE(replace_file(link, "newer")) << "one's own link";
    ASSERT_EQ(lchown(link.c_str(), nobody, nobody), 0);
    ASSERT_EQ(chmod(scratch.path().c_str(), 0777), 0);
    EXPECT_TRUE(replace_file(link, "newest")) << "not sticky";
    EXPECT_EQ(read_file(posix(), scratch / target), "newest");
    ASSERT_EQ(unlink(link.c_str()), 0);
    ASSERT_EQ(chown(scratch.path().c_str(), 0, 0), 0);
    ASSERT_EQ(chmod(scratch.path().c_str(), 01777), 0);
  }
}

TEST(ReplacePosix, a_read_only_file_and_a_read_only_directory_are_respected) {
  UNTORN_NEED(is_root(), "root", "setting the stage needs root");
  const ScratchDirectory scratch;
  write_file(posix(), scratch / "a", "old");
  ASSERT_EQ(chmod(scratch.path().c_str(), 0777), 0);
  const auto code_as_nobody = [&scratch] {
    return in_child([&scratch] {
      if (setgid(nobody) != 0 || setuid(nobody) != 0) return 100;
      const auto receipt = replace_file(scratch / "a", "new");
      return receipt ? 101 : static_cast<int>(receipt.error().code());
    });
  };
  EXPECT_EQ(code_as_nobody(), static_cast<int>(Code::permission_denied)) << "0644 of another owner";
  ASSERT_EQ(chmod((scratch / "a").c_str(), 0666), 0);
  ASSERT_EQ(chmod(scratch.path().c_str(), 0755), 0);
  EXPECT_EQ(code_as_nobody(), static_cast<int>(Code::permission_denied)) << "directory";
  EXPECT_EQ(read_file(posix(), scratch / "a"), "old");
  EXPECT_EQ(names_in(posix(), scratch.path()), Names{"a"});
}

TEST(ReplacePosix, a_limit_on_file_sizes_leaves_the_old_content) {
  const ScratchDirectory scratch;
  write_file(posix(), scratch / "a", "old");
  EXPECT_EQ(in_child([&scratch] {
              (void)signal(SIGXFSZ, SIG_IGN);
              const rlimit limit = {8192, 8192};
              if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
              const auto receipt = replace_file(scratch / "a", pattern(20000, 1));
              return !receipt && receipt.error().code() == Code::no_space ? 0 : 2;
            }),
            0);
  EXPECT_EQ(read_file(posix(), scratch / "a"), "old");
  EXPECT_EQ(names_in(posix(), scratch.path()), Names{"a"});
}

TEST(ReplacePosix, a_name_of_255_bytes_is_replaced_and_one_of_256_is_refused) {
  const ScratchDirectory scratch;
  const std::string longest(255, 'n');
  ASSERT_TRUE(replace_file(scratch / longest, "1"));
  ASSERT_TRUE(replace_file(scratch / longest, "2"));
  EXPECT_EQ(read_file(posix(), scratch / longest), "2");
  const auto result = replace_file(scratch / (longest + "n"), "x");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Code::invalid_argument) << result.error();
  EXPECT_EQ(names_in(posix(), scratch.path()), Names{longest});
}

TEST(ReplacePosix, a_forked_child_neither_removes_nor_commits) {
  const ScratchDirectory scratch;
  write_file(posix(), scratch / "a", "old");
  auto replacer = FileReplacer::open(scratch / "a", {});
  ASSERT_TRUE(replacer && replacer->write("new"));
  EXPECT_EQ(in_child([&replacer] {
              FileReplacer copy = std::move(*replacer);
              if (copy.write("torn")) return 1;
              if (std::move(copy).commit()) return 2;
              return 0;  // everything it holds is destroyed before
            }),
            0);
  EXPECT_EQ(in_child([&replacer] {
              replacer->discard();
              return 0;
            }),
            0);
  EXPECT_EQ(names_in(posix(), scratch.path()).size(), 2U);
  ASSERT_TRUE(std::move(*replacer).commit());
  EXPECT_EQ(read_file(posix(), scratch / "a"), "new");
  EXPECT_EQ(names_in(posix(), scratch.path()), Names{"a"});
}

TEST(ReplacePosix, descriptors_are_closed_on_every_way_out) {
  const ScratchDirectory scratch;
  const auto descriptors = [] { return names_in(posix(), "/proc/self/fd").size(); };
  const std::size_t before = descriptors();
  ASSERT_TRUE(replace_file(scratch / "a", "x"));
  ASSERT_FALSE(replace_file(scratch / "none/a", "x"));
  ASSERT_FALSE(replace_file(scratch / "a", "x", {.existence = Existence::must_not_exist}));
  {
    ASSERT_TRUE(FileReplacer::open(scratch / "a", {}));
  }
  EXPECT_EQ(descriptors(), before);
}

}  // namespace
}  // namespace untorn
