// SPDX-License-Identifier: Apache-2.0
//
// Goal: when the lab is killed in the middle, no process, no mount and no loop device stays.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>

#include "tests/crash/blockdev/fuse_disk.h"
#include "tests/crash/blockdev/lab.h"
#include "tests/crash/blockdev/loop_device.h"
#include "tests/support/files.h"
#include "tests/support/require.h"

namespace untorn::lab {
namespace {

struct Running {
  int loop = -1;
  pid_t process = -1;  // in the namespace
  pid_t server = -1;
};

// A mounted ext4 on a served disk; tells `to` and waits for ever.
std::string run_for_ever(const std::string& folder, int to) {
  Disk disk(setup_named("ext4").disk_bytes);
  const auto served = FuseDisk::serve(disk, folder + "/fuse");
  demand(served.has_value(), "serve");
  const int file = (*served)->open();
  const auto device = LoopDevice::attach(file, folder + "/device");
  close(file);
  demand(device.has_value(), device ? "" : device.error());
  Mounting mounting(setup_named("ext4"), (*device)->path(), folder);
  demand(mounting.make().empty() && mounting.mount().empty(), "mount");
  const Running told = {(*device)->number(), getpid(), (*served)->server()};
  demand(write(to, &told, sizeof told) == sizeof told, "tell");
  for (;;) pause();
}

bool waits_for(const std::function<bool()>& what) {
  constexpr int attempts_max = 600;
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    if (what()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

bool is_gone(pid_t process) {
  return kill(process, 0) != 0 && errno == ESRCH;
}

TEST(LabEnds, nothing_stays_when_it_is_killed_while_a_file_system_is_mounted) {
  const std::string no_lab = why_no_lab();
  UNTORN_NEED(no_lab.empty(), "lab", no_lab);
  const std::string no_file_system = why_not(setup_named("ext4"));
  UNTORN_NEED(no_file_system.empty(), "lab", no_file_system);
  const testing::ScratchDirectory scratch;
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    // The folder that nobody removes then lies in ours.
    (void)setenv("TMPDIR", scratch.path().c_str(), 1);
    (void)in_lab_world([&](const std::string& folder) { return run_for_ever(folder, ends[1]); });
    _exit(1);
  }
  close(ends[1]);
  Running running;
  ASSERT_EQ(read(ends[0], &running, sizeof running), static_cast<ssize_t>(sizeof running));
  close(ends[0]);
  const std::string backing =
      "/sys/block/loop" + std::to_string(running.loop) + "/loop/backing_file";
  ASSERT_EQ(access(backing.c_str(), F_OK), 0);
  ASSERT_EQ(kill(child, SIGKILL), 0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(waits_for([&] { return is_gone(running.process); }));
  EXPECT_TRUE(waits_for([&] { return is_gone(running.server); }));
  EXPECT_TRUE(waits_for([&] { return access(backing.c_str(), F_OK) != 0; })) << backing;
}

}  // namespace
}  // namespace untorn::lab
