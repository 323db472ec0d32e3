// SPDX-License-Identifier: Apache-2.0
//
// What only the file systems of this machine have: kinds, descriptors, mounts.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "filesystem/posix_mount.h"
#include "filesystem/test_directory.h"

namespace untorn {
namespace {

constexpr Handle here = Handle::working_directory;

FileSystem& fs() {
  return posix_file_system();
}

TEST(posix, descriptors_close_on_exec) {
  const OwnedHandle file(fs(), fs().open(here, "/dev/null", {}).value());
  EXPECT_EQ(fcntl(static_cast<int>(file.get()), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

// The next two run in a child each, which may spoil its process. Both return what it exits with.
int open_with_closed_streams() {
  (void)::close(STDIN_FILENO);
  (void)::close(STDOUT_FILENO);
  const auto opened = fs().open(here, "/dev/null", {});
  const int fd = opened ? static_cast<int>(*opened) : -1;
  if (fd <= STDERR_FILENO) return 1;
  if ((fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0) return 2;
  return fcntl(STDIN_FILENO, F_GETFD) == -1 ? 0 : 3;
}

int write_up_to_a_limit(const std::string& path) {
  (void)std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit = {10, 10};
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
  const auto file = fs().open(here, path, {.access = Access::write, .create = true});
  if (!file || fs().write(*file, test::as_bytes("0123456")) != 7U) return 2;
  if (fs().write(*file, test::as_bytes("0123456")) != 3U) return 3;
  const auto full = fs().write(*file, test::as_bytes("0123456"));
  return !full && number(full.error()) == EFBIG ? 0 : 4;
}

// A message printed to a standard stream that the caller has closed must not land in our file.
TEST(posix, descriptors_stay_clear_of_closed_standard_streams) {
  EXPECT_EXIT(std::_Exit(open_with_closed_streams()), testing::ExitedWithCode(0), "");
}

TEST(posix, short_writes_are_reported_as_they_are) {
  const test::TestDirectory directory;
  const std::string path = (directory.path() / "file").string();
  EXPECT_EXIT(std::_Exit(write_up_to_a_limit(path)), testing::ExitedWithCode(0), "");
}

// /proc/self/fd is the table of the first thread.
TEST(posix, attributes_of_a_name_are_asked_with_the_descriptors_of_the_thread) {
  const test::TestDirectory directory;
  const std::string path = directory.path().string();
  for (const char* name : {"/one", "/two"}) {
    ASSERT_EQ(mkdir((path + name).c_str(), 0755), 0);
    std::ofstream(path + name + "/file") << "content";
  }
  if (setxattr((path + "/one/file").c_str(), "user.tag", "1", 1, 0) != 0) {
    GTEST_SKIP() << "no extended attributes in the folder for temporaries";
  }
  const OwnedHandle one(fs(),
                        fs().open(here, path + "/one", {.access = Access::directory}).value());
  const OwnedHandle two(fs(),
                        fs().open(here, path + "/two", {.access = Access::directory}).value());
  std::vector<std::string> found;
  std::thread([&] {
    if (unshare(CLONE_FILES) != 0) return;
    if (dup2(static_cast<int>(one.get()), static_cast<int>(two.get())) < 0) return;
    found = fs().list_attributes_at(two.get(), "file").value_or(std::vector<std::string>());
  }).join();
  EXPECT_THAT(found, testing::Contains("user.tag"));
}

TEST(posix, special_files_have_their_type) {
  const test::TestDirectory directory;
  const std::string pipe = (directory.path() / "pipe").string();
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(fs().status_at(here, pipe).value().type, FileType::fifo);
  EXPECT_EQ(fs().status_at(here, "/dev/null").value().type, FileType::device);
  EXPECT_EQ(fs().open(here, pipe, {.access = Access::write, .nonblocking = true}),
            std::unexpected(Errno{ENXIO}));
  const OwnedHandle handle(fs(), fs().open(here, pipe, {.nonblocking = true}).value());
  EXPECT_EQ(fs().status(handle.get()).value().type, FileType::fifo);
}

TEST(posix, status_agrees_with_stat) {
  const test::TestDirectory directory;
  const std::string path = (directory.path() / "file").string();
  test::write_path(fs(), path, "text", 0640);
  struct stat expected = {};
  ASSERT_EQ(lstat(path.c_str(), &expected), 0);
  const Status status = fs().status_at(here, path).value();
  EXPECT_EQ(status.inode, expected.st_ino);
  EXPECT_EQ(status.mode, expected.st_mode & 07777U);
  EXPECT_EQ(status.user, expected.st_uid);
  EXPECT_EQ(status.group, expected.st_gid);
  EXPECT_EQ(status.links, expected.st_nlink);
  EXPECT_EQ(status.size, 4U);
  EXPECT_EQ(status.modified_ns, expected.st_mtim.tv_sec * 1'000'000'000 + expected.st_mtim.tv_nsec);
  EXPECT_EQ(status.changed_ns, expected.st_ctim.tv_sec * 1'000'000'000 + expected.st_ctim.tv_nsec);
  EXPECT_FALSE(status.mount_root);
  EXPECT_FALSE(status.immutable);
  struct statx born = {};
  ASSERT_EQ(statx(AT_FDCWD, path.c_str(), 0, STATX_BTIME, &born), 0);
  const bool known = (born.stx_mask & STATX_BTIME) != 0;
  EXPECT_EQ(status.born_ns,
            known ? born.stx_btime.tv_sec * 1'000'000'000 + born.stx_btime.tv_nsec : 0);
}

TEST(posix, the_root_of_a_mount_is_seen) {
  EXPECT_TRUE(fs().status_at(here, "/proc").value().mount_root);
  EXPECT_FALSE(fs().status_at(here, "/proc/self/status").value().mount_root);
}

TEST(posix, kinds_are_told_by_the_kernel) {
  const OwnedHandle process(fs(), fs().open(here, "/proc", {.access = Access::directory}).value());
  EXPECT_EQ(fs().kind(process.get()).name, "proc");
  EXPECT_EQ(fs().kind(Handle{99999}).name, "unknown");
  const test::WorkingDirectory inside("/proc");
  EXPECT_EQ(fs().kind(here).name, "proc");
}

TEST(posix, memory_backed_storage_is_volatile) {
  struct statfs answer = {};
  constexpr decltype(answer.f_type) tmpfs_magic = 0x01021994;
  if (statfs("/dev/shm", &answer) != 0 || answer.f_type != tmpfs_magic)
    GTEST_SKIP() << "no tmpfs at /dev/shm";
  const OwnedHandle folder(fs(),
                           fs().open(here, "/dev/shm", {.access = Access::directory}).value());
  const FileSystemKind kind = fs().kind(folder.get());
  EXPECT_EQ(kind.name, "tmpfs");
  EXPECT_TRUE(kind.volatile_storage);
  EXPECT_FALSE(kind.network);
  EXPECT_TRUE(kind.atomic_rename);
}

TEST(mount_table, lines_of_every_shape_are_read) {
  const MountLine plain = parse_mount_line(
      "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue");
  EXPECT_EQ(plain.mount_id, 36U);
  EXPECT_EQ(plain.type, "ext3");
  EXPECT_EQ(plain.super_options, "rw,errors=continue");
  const MountLine overlay = parse_mount_line(
      "1025 29 0:55 / /a\\040-\\040b rw,relatime - overlay overlay "
      "rw,lowerdir=/l,upperdir=/u,workdir=/w,volatile");
  EXPECT_EQ(overlay.mount_id, 1025U);
  EXPECT_EQ(overlay.type, "overlay");
  EXPECT_TRUE(has_option(overlay.super_options, "volatile"));
  const MountLine many = parse_mount_line(
      "7 1 0:5 / /x rw shared:1 master:2 propagate_from:3 - fuse.sshfs me@host:/ rw,user_id=0");
  EXPECT_EQ(many.type, "fuse.sshfs");
  for (const std::string_view line : {"", "x", "36 35 98:0 / /", "no 35 - ext4 /dev/x rw"})
    EXPECT_EQ(parse_mount_line(line).type, "") << line;
}

TEST(mount_table, options_match_whole) {
  EXPECT_TRUE(has_option("rw,volatile", "volatile"));
  EXPECT_TRUE(has_option("volatile", "volatile"));
  EXPECT_TRUE(has_option("volatile,rw", "volatile"));
  EXPECT_FALSE(has_option("rw,lowerdir=volatile", "volatile"));
  EXPECT_FALSE(has_option("rw,volatile2", "volatile"));
  EXPECT_FALSE(has_option("", "volatile"));
}

TEST(owned_handle, closes_once_and_can_be_moved) {
  OwnedHandle first(fs(), fs().open(here, "/dev/null", {}).value());
  const int fd = static_cast<int>(first.get());
  OwnedHandle second(std::move(first));
  EXPECT_EQ(second.get(), Handle{fd});
  EXPECT_NE(fcntl(fd, F_GETFD), -1);
  second = OwnedHandle();
  EXPECT_EQ(fcntl(fd, F_GETFD), -1);
  OwnedHandle third(fs(), fs().open(here, "/dev/null", {}).value());
  const Handle released = third.release();
  EXPECT_EQ(third.get(), Handle::none);
  EXPECT_TRUE(fs().close(released));
}

}  // namespace
}  // namespace untorn
