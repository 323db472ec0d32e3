// SPDX-License-Identifier: Apache-2.0
//
// What the kernel leaves of a large write that is killed, which the kill model takes for granted.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

namespace untorn::prove {
namespace {

namespace stdfs = std::filesystem;

// K2 on this machine's kernel: a kill inside one large write leaves whole pages.
TEST(KillValidationOfWrites, a_killed_large_write_stops_at_a_page_boundary) {
  std::string pattern = (stdfs::temp_directory_path() / "untorn-test-XXXXXX").string();
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  const stdfs::path file = stdfs::path(pattern) / "big";
  const std::vector<char> content(64U << 20U, 'x');
  std::mt19937 random(1);
  int partial = 0;
  for (int round = 0; round < 40; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      const int fd = ::creat(file.c_str(), 0644);
      (void)!::write(fd, content.data(), content.size());
      _exit(0);
    }
    while (!stdfs::exists(file) || stdfs::file_size(file) == 0) {
      if (waitpid(child, nullptr, WNOHANG) == child) break;
    }
    usleep(static_cast<useconds_t>(random() % 3000));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const std::uintmax_t size = stdfs::file_size(file);
    EXPECT_EQ(size % 4096, 0U);
    partial += size < content.size() ? 1 : 0;
    stdfs::remove(file);
  }
  stdfs::remove_all(pattern);
  EXPECT_GT(partial, 0) << "no kill fell into a write, so nothing was seen";
  RecordProperty("partial_writes", partial);
}

}  // namespace
}  // namespace untorn::prove
