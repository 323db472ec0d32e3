// SPDX-License-Identifier: Apache-2.0
#include "filesystem/fork_guard.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "filesystem/random_pool.h"

namespace untorn {
namespace {

using Bits = std::pair<std::uint64_t, std::uint64_t>;

struct Answer {
  std::uint64_t token = 0;
  Bits bits;
};

Answer ask() {
  return {process_token(), pooled_random_bits()};
}

// What a child gets that `fork_one` makes (it returns as fork does).
template <class Fork>
Answer ask_in_child(const Fork& fork_one) {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe(ends.data()), 0);
  const pid_t child = fork_one();
  if (child == 0) {
    const Answer answer = ask();
    const bool told = write(ends[1], &answer, sizeof(answer)) == sizeof(answer);
    _exit(told ? 0 : 1);
  }
  EXPECT_GT(child, 0);
  (void)close(ends[1]);
  Answer answer;
  EXPECT_EQ(read(ends[0], &answer, sizeof(answer)), static_cast<ssize_t>(sizeof(answer)));
  (void)close(ends[0]);
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  return answer;
}

// fork as the kernel has it: no handler of pthread_atfork runs, and glibc does not learn of it.
pid_t raw_fork() {
  return static_cast<pid_t>(syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
}

// The system call answers this error from here on, in what this process executes, too.
bool refuse(std::uint32_t call, std::uint32_t os_errno) {
  std::array<sock_filter, 4> program = {
      sock_filter{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
      sock_filter{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, call},
      sock_filter{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | os_errno},
      sock_filter{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
  };
  const sock_fprog filter = {static_cast<unsigned short>(program.size()), program.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

// How the tests of this file that need nothing special end on such a kernel.
int status_of_tests_without(std::uint32_t call, std::uint32_t os_errno) {
  std::string filter = "--gtest_filter=fork_guard.a*:random_pool.*-*kernel*";
  std::string program = "/proc/self/exe";
  const std::array<char*, 3> arguments = {program.data(), filter.data(), nullptr};
  const pid_t child = fork();
  if (child == 0) {
    const int null = open("/dev/null", O_WRONLY);
    if (null < 0 || dup2(null, STDOUT_FILENO) < 0 || !refuse(call, os_errno)) _exit(3);
    (void)execv(program.c_str(), arguments.data());
    _exit(4);
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

TEST(fork_guard, holds_on_a_kernel_that_cannot_empty_pages_or_gives_no_random_bits) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer needs these calls";
#endif
  EXPECT_EQ(status_of_tests_without(SYS_madvise, EINVAL), 0);
  EXPECT_EQ(status_of_tests_without(SYS_getrandom, EPERM), 0);
  // An emulator that takes every advice and follows none.
  EXPECT_EQ(status_of_tests_without(SYS_madvise, 0), 0);
}

TEST(fork_guard, all_threads_of_a_process_have_one_token) {
  const std::uint64_t mine = process_token();
  EXPECT_NE(mine, 0U);
  EXPECT_EQ(process_token(), mine);
  std::array<std::uint64_t, 8> others{};
  std::vector<std::thread> threads;
  threads.reserve(others.size());
  for (std::uint64_t& other : others) threads.emplace_back([&other] { other = process_token(); });
  for (std::thread& thread : threads) thread.join();
  for (const std::uint64_t other : others) EXPECT_EQ(other, mine);
}

TEST(fork_guard, a_child_and_its_sibling_have_tokens_and_bits_of_their_own) {
  const Answer parent = ask();  // the pool is full now: a child inherits it
  std::set<std::uint64_t> tokens = {parent.token};
  std::set<Bits> bits = {parent.bits};
  for (int repeat = 0; repeat < 3; ++repeat) {
    for (const Answer& child : {ask_in_child([] { return fork(); }), ask_in_child(raw_fork)}) {
      EXPECT_TRUE(tokens.insert(child.token).second);
      EXPECT_TRUE(bits.insert(child.bits).second);
    }
  }
  EXPECT_EQ(process_token(), parent.token);
  EXPECT_TRUE(bits.insert(pooled_random_bits()).second);
}

TEST(fork_guard, a_grandchild_is_told_from_the_child) {
  const std::uint64_t mine = process_token();
  const Answer answer = ask_in_child([mine] {
    const pid_t child = fork();
    if (child != 0) return child;
    const std::uint64_t of_child = process_token();
    const pid_t grandchild = fork();
    if (grandchild == 0) _exit(process_token() != of_child && process_token() != mine ? 0 : 1);
    int status = -1;
    if (waitpid(grandchild, &status, 0) != grandchild || status != 0) _exit(2);
    return pid_t{0};
  });
  EXPECT_NE(answer.token, mine);
}

TEST(random_pool, no_bits_come_twice_from_any_thread) {
  constexpr std::size_t calls_each = 1000;
  std::array<std::vector<Bits>, 4> drawn;
  std::vector<std::thread> threads;
  threads.reserve(drawn.size());
  for (std::vector<Bits>& of_thread : drawn) {
    threads.emplace_back([&of_thread] {
      for (std::size_t i = 0; i < calls_each; ++i) of_thread.push_back(pooled_random_bits());
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::uint64_t> halves;
  for (const std::vector<Bits>& of_thread : drawn) {
    for (const auto& [first, second] : of_thread) {
      EXPECT_NE(first, 0U);
      halves.insert(first);
      halves.insert(second);
    }
  }
  EXPECT_EQ(halves.size(), drawn.size() * calls_each * 2);
}

}  // namespace
}  // namespace untorn
