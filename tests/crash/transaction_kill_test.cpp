// SPDX-License-Identifier: Apache-2.0
//
// Real processes on one tree: killed at random instants, and at work side by side.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/try.h"
#include "tests/support/files.h"
#include "tests/support/versions.h"
#include "transaction/paths.h"
#include "untorn/transaction.h"

namespace untorn {
namespace {

using testing::names_in;
using testing::number_of;
using testing::read_file;
using testing::ScratchDirectory;
using testing::version;
using Kind = TransactionRecovery::Kind;

constexpr std::array<const char*, 3> files = {"a", "b", "d/c"};

// A kill does not care about disks: where memory can be had, more kills fit.
void prefer_memory() {
  if (access("/dev/shm", W_OK | X_OK) == 0) setenv("TMPDIR", "/dev/shm", 1);
}

// All files get the same version; a marker moves between two names, and a folder comes and goes.
Result<void> collect(Transaction& change, unsigned number) {
  for (const char* path : files) UNTORN_CHECK(change.put(path, version(number)));
  const bool odd = number % 2 == 1;
  UNTORN_CHECK(change.rename(odd ? "even" : "odd", odd ? "odd" : "even"));
  if (odd) return change.make_directory("made");
  return change.remove("made");
}

Result<TransactionReceipt> commit_version(const std::string& root, unsigned number) {
  UNTORN_TRY(Transaction change, Transaction::begin(root));
  UNTORN_CHECK(collect(change, number));
  return std::move(change).commit();
}

[[noreturn]] void commit_for_ever(const std::string& root, unsigned first, int report) {
  for (unsigned number = first;; ++number) {
    if (!commit_version(root, number)) _exit(1);
    if (write(report, &number, sizeof number) != sizeof number) _exit(2);
  }
}

// The version that the whole tree holds, or nothing if it holds a mixture.
std::optional<unsigned> tree_version(FileSystem& fs, const ScratchDirectory& tree) {
  std::optional<unsigned> number;
  for (const char* path : files) {
    const auto content = read_file(fs, tree / path);
    const auto found = content ? number_of(*content) : std::nullopt;
    if (!found || (number && number != found)) return std::nullopt;
    number = found;
  }
  const bool odd = number && *number % 2 == 1;
  if (read_file(fs, tree / "odd").has_value() != odd) return std::nullopt;
  if (read_file(fs, tree / "even").has_value() == odd) return std::nullopt;
  const bool made = fs.status_at(Handle::working_directory, tree / "made").has_value();
  return made == odd ? number : std::nullopt;
}

void make_first_version(FileSystem& fs, const ScratchDirectory& tree) {
  testing::write_file(fs, tree / "even", "marker");
  auto change = Transaction::begin(tree.path());
  ASSERT_TRUE(change) << change.error();
  ASSERT_TRUE(change->make_directory("d"));
  for (const char* path : files) ASSERT_TRUE(change->put(path, version(0)));
  ASSERT_TRUE(std::move(*change).commit());
  ASSERT_EQ(tree_version(fs, tree), 0U);
}

bool has_staged(FileSystem& fs, const std::string& directory) {
  for (const std::string& name : names_in(fs, directory)) {
    if (transaction::is_staged_name(name)) return true;
  }
  return false;
}

TEST(TransactionKill, of_five_hundred_kills_none_leaves_a_mixture_or_loses_a_commit) {
  constexpr unsigned kills = 500;
  prefer_memory();
  const ScratchDirectory tree;
  FileSystem& fs = posix_file_system();
  make_first_version(fs, tree);
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(commit_version(tree.path(), 1));
  const auto one = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - begin);
  std::mt19937 random(20240608);
  std::uniform_int_distribution<std::int64_t> delay_us(0, 3 * one.count() + 1000);
  unsigned newest = 1;
  unsigned forward = 0;
  unsigned discarded = 0;
  for (unsigned count = 0; count < kills; ++count) {
    std::array<int, 2> report{};
    ASSERT_EQ(pipe(report.data()), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) commit_for_ever(tree.path(), newest + 1, report[1]);
    close(report[1]);
    std::this_thread::sleep_for(std::chrono::microseconds(delay_us(random)));
    ASSERT_EQ(kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer failed by itself";
    unsigned acknowledged = newest;
    while (read(report[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged) continue;
    close(report[0]);
    const auto recovery = recover_transactions(fs, tree.path());
    ASSERT_TRUE(recovery) << recovery.error();
    ASSERT_NE(recovery->kind, Kind::refused) << recovery->message();
    ASSERT_TRUE(recovery->changed.empty() && recovery->kept.empty()) << recovery->message();
    forward += recovery->kind == Kind::rolled_forward ? 1U : 0U;
    discarded += recovery->kind == Kind::discarded ? 1U : 0U;
    const auto number = tree_version(fs, tree);
    ASSERT_TRUE(number) << "a mixture after kill " << count;
    ASSERT_GE(*number, acknowledged) << "a commit is lost after kill " << count;
    ASSERT_FALSE(has_staged(fs, tree.path()) || has_staged(fs, tree / "d"));
    newest = *number;
  }
  RecordProperty("rolled_forward", static_cast<int>(forward));
  RecordProperty("discarded", static_cast<int>(discarded));
  EXPECT_GT(forward, 10U) << "too few kills met a transaction half applied";
  EXPECT_GT(discarded, 10U) << "too few kills met a transaction half staged";
}

// Each adds one to what it reads, in all files. A reader looks under the shared lock.
[[noreturn]] void add_ones(const std::string& root, unsigned rounds) {
  for (unsigned round = 0; round < rounds; ++round) {
    auto change = Transaction::begin(root, {.lock_wait = std::chrono::minutes(2)});
    if (!change) _exit(1);
    const auto now = change->read("a");
    const auto number = now && *now ? number_of(**now) : std::nullopt;
    if (!number || !collect(*change, *number + 1)) _exit(2);
    if (!std::move(*change).commit()) _exit(3);
  }
  _exit(0);
}

TEST(TransactionProcesses, four_at_once_lose_no_update_and_a_reader_with_the_lock_sees_no_mixture) {
  constexpr unsigned writers = 4;
  constexpr unsigned rounds = 15;
  prefer_memory();
  const ScratchDirectory tree;
  FileSystem& fs = posix_file_system();
  make_first_version(fs, tree);
  std::vector<pid_t> children;
  for (unsigned writer = 0; writer < writers; ++writer) {
    children.push_back(fork());
    ASSERT_GE(children.back(), 0);
    if (children.back() == 0) add_ones(tree.path(), rounds);
  }
  unsigned looks = 0;
  for (unsigned last = 0; last != writers * rounds && looks < 100'000; ++looks) {
    const auto lock = TreeLock::shared(fs, tree.path(), {.lock_wait = std::chrono::minutes(2)});
    ASSERT_TRUE(lock) << lock.error();
    const auto number = tree_version(fs, tree);
    ASSERT_TRUE(number) << "a mixture";
    ASSERT_GE(*number, last);
    last = *number;
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(tree_version(fs, tree), writers * rounds);
}

}  // namespace
}  // namespace untorn
