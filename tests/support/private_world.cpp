// SPDX-License-Identifier: Apache-2.0
#include "tests/support/private_world.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace untorn::testing {
namespace {

std::string failed(const char* what) {
  return std::string(what) + ": " + std::strerror(errno);
}

// Root makes the mounts directly: to the owner of a user namespace some mounts are forbidden.
std::string enter_namespaces() {
  if (geteuid() == 0) {
    if (unshare(CLONE_NEWNS) != 0) return failed("unshare");
  } else {
    const uid_t user = geteuid();
    const gid_t group = getegid();
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return failed("unshare");
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << "0 " << user << " 1";
    std::ofstream("/proc/self/gid_map") << "0 " << group << " 1";
  }
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return failed("mount /");
  return "";
}

std::string run_in_child(const std::function<std::string()>& body) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return failed("pipe");
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    const std::string answer = body();
    const bool told = write(ends[1], answer.data(), answer.size()) >= 0;
    _exit(told ? 0 : 1);
  }
  close(ends[1]);
  std::string answer;
  std::array<char, 4096> buffer{};
  for (ssize_t count = 0; (count = read(ends[0], buffer.data(), buffer.size())) > 0;) {
    answer.append(buffer.data(), static_cast<std::size_t>(count));
  }
  close(ends[0]);
  int status = 0;
  if (waitpid(child, &status, 0) != child) return failed("waitpid");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return "the child died: " + answer;
  return answer;
}

}  // namespace

std::string in_private_world(const std::function<std::string()>& body) {
  return run_in_child([&body] {
    if (std::string problem = enter_namespaces(); !problem.empty()) return problem;
    return body();
  });
}

std::string why_no_private_world() {
  return run_in_child([] { return enter_namespaces(); });
}

}  // namespace untorn::testing
