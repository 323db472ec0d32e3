// SPDX-License-Identifier: Apache-2.0
#include "counters/process_identity.h"

#include <unistd.h>

#include <charconv>
#include <chrono>
#include <string>
#include <string_view>

#include "filesystem/read_whole.h"
#include "untorn/filesystem.h"

namespace untorn::counters {
namespace {

std::string read_proc(const char* path) {
  FileSystem& fs = posix_file_system();
  auto opened = fs.open(Handle::working_directory, path, {});
  if (!opened) return {};
  const OwnedHandle file(fs, *opened);
  auto content = read_whole(fs, file.get());
  return content ? *content : std::string();
}

// Field 22 of proc_pid_stat(5). The second one is the name of the program in parentheses, and may
// itself hold spaces and parentheses.
std::uint64_t started_ticks() {
  constexpr int fields_between = 19;
  const std::string line = read_proc("/proc/self/stat");
  std::size_t begin = line.rfind(')');
  for (int field = 0; field <= fields_between && begin != std::string::npos; ++field) {
    begin = line.find(' ', begin + 1);
  }
  if (begin == std::string::npos) return 0;
  std::uint64_t ticks = 0;
  (void)std::from_chars(line.data() + begin + 1, line.data() + line.size(), ticks);
  return ticks;
}

}  // namespace

ProcessIdentity this_process() {
  ProcessIdentity identity;
  identity.process = static_cast<std::uint64_t>(getpid());
  identity.started_ticks = started_ticks();
  identity.boot = read_proc("/proc/sys/kernel/random/boot_id");
  if (identity.boot.ends_with('\n')) identity.boot.pop_back();
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  identity.opened_ns =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
  return identity;
}

}  // namespace untorn::counters
