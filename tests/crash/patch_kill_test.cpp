// SPDX-License-Identifier: Apache-2.0
//
// Real processes that apply and revert a patch for ever, killed at random instants.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>

#include "tests/crash/patch_project.h"
#include "untorn/transaction.h"

namespace untorn {
namespace {

using pipeline::PatchManager;
using pipeline::PatchStatus;
using testing::ScratchDirectory;

[[noreturn]] void change_for_ever(const std::string& root) {
  auto patches = PatchManager::open(root, testing::patch_options());
  while (patches) {
    if (!patches->apply(1) || !patches->revert(1)) _exit(1);
  }
  _exit(2);
}

TEST(PatchKill, of_a_hundred_kills_none_parts_the_record_from_the_files) {
  constexpr unsigned kills = 120;
  // A kill does not care about disks.
  if (access("/dev/shm", W_OK | X_OK) == 0) setenv("TMPDIR", "/dev/shm", 1);
  const ScratchDirectory project;
  FileSystem& fs = posix_file_system();
  testing::write_file(fs, project / "a", testing::patched_before);
  testing::write_file(fs, project / "gone", testing::leaving_content);
  auto patches = PatchManager::open(project.path(), testing::patch_options());
  ASSERT_TRUE(patches) << patches.error();
  ASSERT_TRUE(testing::create_example(*patches));
  std::mt19937 random(20240618);
  std::uniform_int_distribution<int> delay_us(2000, 20000);
  unsigned mixed = 0;
  for (unsigned count = 0; count < kills; ++count) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) change_for_ever(project.path());
    std::this_thread::sleep_for(std::chrono::microseconds(delay_us(random)));
    ASSERT_EQ(kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it failed by itself";
    mixed += testing::targets_state(fs, project.path()).starts_with("a mixture") ? 1U : 0U;
    ASSERT_EQ(testing::judge_patch(fs, project.path()), "") << "after kill " << count;
  }
  RecordProperty("mixed_before_recovery", static_cast<int>(mixed));
  const auto info = patches->info(1);
  ASSERT_TRUE(info);
  EXPECT_NE(info->changed, "") << "no patch was ever applied: the test proves nothing";
  // A look finishes what was committed (X2); what was only prepared goes with a recovery.
  ASSERT_TRUE(recover_transactions(fs, project.path()));
  EXPECT_THAT(
      testing::names_in(fs, project / ".pipeline/patches"),
      ::testing::UnorderedElementsAre("0001_example.json", "0001_example.patch", "counter.json"));
}

}  // namespace
}  // namespace untorn
