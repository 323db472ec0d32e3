// SPDX-License-Identifier: Apache-2.0
#include "filesystem/kind_memory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "filesystem/fork_guard.h"
#include "filesystem/posix_kind.h"
#include "filesystem/test_directory.h"
#include "tests/support/private_world.h"
#include "tests/support/require.h"

namespace untorn {
namespace {

using std::chrono::seconds;

constexpr Handle here = Handle::working_directory;

KindMemory::Time now_of_test;
KindMemory::Time read_clock() {
  return now_of_test;
}

// A memory and what it was made to ask.
struct Asked {
  KindMemory memory{&read_clock};
  int questions = 0;

  std::string name(std::uint64_t mount, std::uint64_t device, const char* answer) {
    Status status;
    status.mount = mount;
    status.device = device;
    const auto ask = [&] {
      ++questions;
      FileSystemKind kind;
      kind.name = answer;
      return kind;
    };
    return memory.get(status, ask).name;
  }
};

TEST(kind_memory, asks_once_for_each_mount_and_device) {
  Asked asked;
  EXPECT_EQ(asked.name(1, 7, "a"), "a");
  EXPECT_EQ(asked.name(1, 7, "b"), "a");
  EXPECT_EQ(asked.name(2, 7, "c"), "c");
  EXPECT_EQ(asked.name(1, 8, "d"), "d");
  EXPECT_EQ(asked.name(1, 7, "e"), "a");
  EXPECT_EQ(asked.questions, 3);
}

TEST(kind_memory, asks_again_when_the_answer_is_old) {
  now_of_test = KindMemory::Time(seconds(1000));
  Asked asked;
  EXPECT_EQ(asked.name(1, 7, "before"), "before");
  now_of_test += KindMemory::lifetime - seconds(1);
  EXPECT_EQ(asked.name(1, 7, "after"), "before");
  now_of_test += seconds(1);
  EXPECT_EQ(asked.name(1, 7, "after"), "after");
  now_of_test += KindMemory::lifetime - seconds(1);
  EXPECT_EQ(asked.name(1, 7, "later"), "after");
}

TEST(kind_memory, a_mount_without_a_number_is_not_remembered) {
  Asked asked;
  EXPECT_EQ(asked.name(0, 7, "a"), "a");
  EXPECT_EQ(asked.name(0, 7, "b"), "b");
  EXPECT_EQ(asked.questions, 2);
}

TEST(kind_memory, the_oldest_makes_room) {
  now_of_test = KindMemory::Time(seconds(1000));
  Asked asked;
  for (std::uint64_t mount = 1; mount <= KindMemory::mounts_max + 1; ++mount) {
    now_of_test += std::chrono::milliseconds(1);
    EXPECT_EQ(asked.name(mount, 7, "first"), "first");
  }
  EXPECT_EQ(asked.name(2, 7, "second"), "first");
  EXPECT_EQ(asked.name(1, 7, "second"), "second");
}

TEST(kind_memory, threads_get_the_answer_for_their_own_mount) {
  KindMemory memory;
  constexpr std::uint64_t threads_count = 4;
  std::vector<std::thread> threads;
  threads.reserve(threads_count);
  std::array<int, threads_count + 1> wrong{};
  for (std::uint64_t mount = 1; mount <= threads_count; ++mount) {
    threads.emplace_back([&memory, &wrong, mount] {
      Status status;
      status.mount = mount;
      FileSystemKind kind;
      kind.name = std::string(40, static_cast<char>('a' + mount));
      for (int repeat = 0; repeat < 2000; ++repeat) {
        if (memory.get(status, [&] { return kind; }).name != kind.name) ++wrong[mount];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, decltype(wrong){});
}

std::string kind_name(const std::string& path) {
  FileSystem& fs = posix_file_system();
  const auto opened = fs.open(here, path, {.access = Access::directory});
  if (!opened) return "cannot open";
  const OwnedHandle directory(fs, *opened);
  const auto status = fs.status(directory.get());
  return status ? fs.remembered_kind(directory.get(), *status).name : "no status";
}

std::string mount_one_after_the_other(const std::string& path) {
  for (int repeat = 0; repeat < 3; ++repeat) {
    for (const char* const type : {"tmpfs", "ramfs"}) {
      if (mount(type, path.c_str(), type, 0, nullptr) != 0)
        return std::string("mount ") + std::strerror(errno);
      const std::string first = kind_name(path);
      const std::string second = kind_name(path);
      if (umount2(path.c_str(), 0) != 0) return std::string("umount ") + std::strerror(errno);
      if (first != type || second != type) return first + " and " + second + " for " + type;
    }
  }
  return "";
}

TEST(kind_memory, another_mount_in_the_same_place_is_noticed_at_once) {
  const std::string why = testing::why_no_private_world();
  UNTORN_NEED(why.empty(), "namespaces", why);
  const test::TestDirectory directory;
  EXPECT_EQ(testing::in_private_world(
                [&] { return mount_one_after_the_other(directory.path().string()); }),
            "");
}

std::string numbers_of_two_mounts(const std::string& path) {
  const auto number = [&path] {
    const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::uint64_t answer = file_system_number(fd);
    (void)close(fd);
    return answer;
  };
  if (mount("one", path.c_str(), "tmpfs", 0, nullptr) != 0) return "mount";
  const std::uint64_t first = number();
  if (number() != first || first == 0) return "it differs from look to look";
  if (mount("two", path.c_str(), "tmpfs", 0, nullptr) != 0) return "second mount";
  return number() == first ? "two file systems have one number" : "";
}

TEST(kind_memory, a_file_system_has_a_number_where_mounts_have_none) {
  const std::string why = testing::why_no_private_world();
  UNTORN_NEED(why.empty(), "namespaces", why);
  const test::TestDirectory directory;
  EXPECT_EQ(
      testing::in_private_world([&] { return numbers_of_two_mounts(directory.path().string()); }),
      "");
  EXPECT_EQ(file_system_number(-1), 0U);
}

TEST(kind_memory, a_kernel_without_numbers_of_mounts_is_asked_for_the_file_system) {
  FileSystem& fs = posix_file_system();
  const auto status = fs.status(here);
  ASSERT_TRUE(status);
  Status of_an_old_kernel = *status;
  of_an_old_kernel.mount = 0;
  EXPECT_EQ(fs.remembered_kind(here, of_an_old_kernel).name, fs.kind(here).name);
}

// From here on every system call of this thread but the end of the process kills it. Not the strict
// mode: that forbids the clock of the processor as well.
bool forbid_system_calls() {
  std::array<sock_filter, 4> program = {
      sock_filter{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
      sock_filter{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_exit},
      sock_filter{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
      sock_filter{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS},
  };
  const sock_fprog filter = {static_cast<unsigned short>(program.size()), program.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

// What such a process answers; it asks each question once before.
int status_of_silent_child(Handle directory, const Status& status) {
  const pid_t child = fork();
  if (child == 0) {
    FileSystem& fs = posix_file_system();
    const auto work = [&] {
      return !fs.remembered_kind(directory, status).name.empty() && process_token() != 0 &&
             fs.random_bits().first != 0;
    };
    bool done = work() && forbid_system_calls();
    for (int repeat = 0; repeat < 20; ++repeat) done = work() && done;
    (void)syscall(SYS_exit, done ? 0 : 1);
  }
  int ended = -1;
  EXPECT_EQ(waitpid(child, &ended, 0), child);
  return ended;
}

TEST(kind_memory, what_is_remembered_costs_no_system_call) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer makes calls of its own";
#endif
  FileSystem& fs = posix_file_system();
  const test::TestDirectory folder;
  const auto opened = fs.open(here, folder.path().string(), {.access = Access::directory});
  ASSERT_TRUE(opened);
  const OwnedHandle directory(fs, *opened);
  const auto status = fs.status(directory.get());
  ASSERT_TRUE(status);
  if (status->mount == 0) GTEST_SKIP() << "this kernel has no unique numbers for mounts";
  EXPECT_EQ(status_of_silent_child(directory.get(), *status), 0);
}

TEST(assumed_file_system, is_told_by_both_questions) {
  const char* const assumed = std::getenv("UNTORN_ASSUME_FS");
  const FileSystemKind expected =
      assumed == nullptr ? kind_of_descriptor(AT_FDCWD) : assumed_kind(assumed);
  FileSystem& fs = posix_file_system();
  const auto status = fs.status(here);
  ASSERT_TRUE(status);
  for (const FileSystemKind& kind : {fs.kind(here), fs.remembered_kind(here, *status)}) {
    EXPECT_EQ(kind.name, expected.name);
    EXPECT_EQ(kind.range_sync, expected.range_sync);
    EXPECT_EQ(kind.volatile_storage, expected.volatile_storage);
  }
}

// The test above again, in a process that starts with the variable.
TEST(assumed_file_system, comes_from_the_environment_of_the_start) {
  for (const char* const name : {"xfs", "ext4", "btrfs", "portable"}) {
    std::string variable = std::string("UNTORN_ASSUME_FS=") + name;
    std::string program = "/proc/self/exe";
    std::string filter = "--gtest_filter=assumed_file_system.is_told_by_both_questions";
    const std::array<char*, 3> arguments = {program.data(), filter.data(), nullptr};
    const std::array<char*, 2> environment = {variable.data(), nullptr};
    posix_spawn_file_actions_t actions;
    ASSERT_EQ(posix_spawn_file_actions_init(&actions), 0);
    (void)posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child = -1;
    const int spawned = posix_spawn(&child, program.c_str(), &actions, nullptr, arguments.data(),
                                    environment.data());
    (void)posix_spawn_file_actions_destroy(&actions);
    ASSERT_EQ(spawned, 0);
    int ended = -1;
    EXPECT_EQ(waitpid(child, &ended, 0), child);
    EXPECT_EQ(ended, 0) << name;
  }
}

}  // namespace
}  // namespace untorn
