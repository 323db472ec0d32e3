// SPDX-License-Identifier: Apache-2.0
//
// Counters of several processes: killed, forked, at work at the same time.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

#include "filesystem/test_directory.h"
#include "untorn/counters.h"

namespace untorn {
namespace {

std::uint64_t swept_in(const std::filesystem::path& tree) {
  const auto totals = read_counters(posix_file_system(), tree);
  EXPECT_TRUE(totals) << totals.error();
  return totals ? totals->swept : 0;
}

pid_t start(const std::function<void()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    work();
    _exit(0);
  }
  EXPECT_GT(child, 0);
  return child;
}

int wait_for(pid_t child) {
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

// Numbers that the processes of a test share by other means than counters.
struct Witness {
  std::atomic<std::uint64_t> begun;
  std::atomic<std::uint64_t> counted;
  std::atomic<bool> stop;
};
class SharedWitness {
 public:
  SharedWitness() {
    void* memory =
        mmap(nullptr, sizeof(Witness), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) witness_ = new (memory) Witness{};
  }
  SharedWitness(const SharedWitness&) = delete;
  SharedWitness& operator=(const SharedWitness&) = delete;
  ~SharedWitness() { (void)munmap(witness_, sizeof(Witness)); }
  Witness* operator->() const { return witness_; }

 private:
  Witness* witness_ = nullptr;
};

void count_for_ever(const std::filesystem::path& tree, Witness& witness) {
  const auto counters = Counters::open(tree);
  if (!counters) _exit(1);
  while (!witness.stop) {
    ++witness.begun;
    (*counters)->count_swept(1);
    ++witness.counted;
  }
}

TEST(CountersOfProcesses, what_was_counted_survives_sigkill) {
  constexpr int kills = 60;
  const test::TestDirectory directory(test::fast_folder());
  const SharedWitness witness;
  for (int kill_count = 0; kill_count < kills; ++kill_count) {
    const std::uint64_t before = witness->counted;
    const pid_t child = start([&] { count_for_ever(directory.path(), *witness.operator->()); });
    while (witness->counted < before + 100) std::this_thread::yield();
    ASSERT_EQ(kill(child, SIGKILL), 0);
    ASSERT_TRUE(WIFSIGNALED(wait_for(child)));
    const std::uint64_t seen = swept_in(directory.path());
    EXPECT_GE(seen, witness->counted.load());
    EXPECT_LE(seen, witness->begun.load());
  }
}

// Opening is what folds: processes that are killed while they open are killed while they fold.
TEST(CountersOfProcesses, kills_of_folders_count_nothing_twice) {
  constexpr int kills = 300;
  const test::TestDirectory directory(test::fast_folder());
  const SharedWitness witness;
  for (int kill_count = 0; kill_count < kills; ++kill_count) {
    const pid_t child = start([&] {
      for (;;) {
        const auto counters = Counters::open(directory.path());
        if (!counters) _exit(1);
        ++witness->begun;
        (*counters)->count_swept(1);
        ++witness->counted;
      }
    });
    std::this_thread::sleep_for(std::chrono::microseconds(500 + kill_count * 17));
    ASSERT_EQ(kill(child, SIGKILL), 0);
    ASSERT_TRUE(WIFSIGNALED(wait_for(child))) << "it failed by itself";
    if (witness->counted == 0) continue;
    const std::uint64_t seen = swept_in(directory.path());
    ASSERT_GE(seen, witness->counted.load()) << kill_count;
    ASSERT_LE(seen, witness->begun.load()) << kill_count;
  }
  EXPECT_GT(witness->counted.load(), 0U);
}

TEST(CountersOfProcesses, readers_never_see_less_while_processes_count_and_fold) {
  const test::TestDirectory directory(test::fast_folder());
  const SharedWitness witness;
  ASSERT_TRUE(Counters::open(directory.path()));
  std::vector<pid_t> children;
  for (int index = 0; index < 2; ++index) {
    children.push_back(start([&] {
      for (int round = 0; round < 40; ++round) {
        const auto counters = Counters::open(directory.path());
        if (!counters) _exit(1);
        for (int event = 0; event < 50; ++event) (*counters)->count_swept(1);
      }
    }));
  }
  std::uint64_t last = 0;
  for (int reading = 0; reading < 100; ++reading) {
    const std::uint64_t seen = swept_in(directory.path());
    EXPECT_GE(seen, last);
    last = seen;
  }
  for (const pid_t child : children) EXPECT_EQ(wait_for(child), 0);
  EXPECT_EQ(swept_in(directory.path()), 4000U);
}

TEST(CountersOfProcesses, a_forked_child_counts_into_a_file_of_its_own) {
  const test::TestDirectory directory(test::fast_folder());
  const auto counters = Counters::open(directory.path());
  ASSERT_TRUE(counters) << counters.error();
  (*counters)->count_swept(1);
  const pid_t child = start([&] {
    (*counters)->count_swept(10);
    const auto again = Counters::open(directory.path());
    if (!again || *again != *counters) _exit(1);
    (*again)->count_swept(20);
    kill(getpid(), SIGKILL);
  });
  EXPECT_TRUE(WIFSIGNALED(wait_for(child)));
  (*counters)->count_swept(100);
  const auto totals = read_counters(posix_file_system(), directory.path());
  ASSERT_TRUE(totals) << totals.error();
  EXPECT_EQ(totals->swept, 131U);
  EXPECT_EQ(totals->processes, 2U);
}

TEST(CountersOfProcesses, a_child_that_closed_what_it_did_not_know_writes_nowhere_else) {
  const test::TestDirectory directory(test::fast_folder());
  const test::TestDirectory other(test::fast_folder());
  const auto counters = Counters::open(directory.path());
  ASSERT_TRUE(counters) << counters.error();
  const pid_t child = start([&] {
    for (int fd = 3; fd < 64; ++fd) (void)close(fd);
    // The numbers of the parent's handles now mean another folder.
    FileSystem& fs = posix_file_system();
    for (int fd = 3; fd < 64; ++fd) {
      if (!fs.open(Handle::working_directory, other.path().string(), {.access = Access::directory}))
        _exit(1);
    }
    (*counters)->count_swept(10);
    (*counters)->count_swept(10);
  });
  EXPECT_EQ(wait_for(child), 0);
  EXPECT_TRUE(std::filesystem::is_empty(other.path()));
  (*counters)->count_swept(1);
  EXPECT_EQ(swept_in(directory.path()), 1U) << "the child counts nothing, its parent goes on";
}

TEST(CountersOfProcesses, a_child_that_outlives_its_parent_does_not_keep_its_file_alive) {
  const test::TestDirectory directory(test::fast_folder());
  const SharedWitness witness;
  const pid_t parent = start([&] {
    const auto counters = Counters::open(directory.path());
    if (!counters) _exit(1);
    (*counters)->count_swept(1);
    if (fork() == 0) {
      (*counters)->count_swept(2);
      ++witness->counted;
      while (!witness->stop) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      _exit(0);
    }
    while (witness->counted == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  EXPECT_EQ(wait_for(parent), 0);
  EXPECT_EQ(swept_in(directory.path()), 3U);
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(directory.path() / ".untorn" / "counters")) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("total") && name != "lock") ++files;
  }
  EXPECT_EQ(files, 1U) << "the child's";
  witness->stop = true;
}

}  // namespace
}  // namespace untorn
