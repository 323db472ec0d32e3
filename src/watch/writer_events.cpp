// SPDX-License-Identifier: Apache-2.0
#include "watch/writer_events.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/escape.h"

namespace untorn::watch {
namespace {

constexpr std::uint64_t announced = FAN_MODIFY | FAN_EVENT_ON_CHILD;

// The path of an open file; "" if it has none any more.
std::string path_of(int descriptor) {
  std::vector<char> path(4096);
  const std::string link = fmt::format("/proc/self/fd/{}", descriptor);
  const ssize_t length = readlink(link.c_str(), path.data(), path.size());
  if (length <= 0 || static_cast<std::size_t>(length) == path.size()) return "";
  return {path.data(), static_cast<std::size_t>(length)};
}

}  // namespace

std::string words_of_process(pid_t process) {
  std::array<char, 64> name = {};
  const std::string path = fmt::format("/proc/{}/comm", process);
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  ssize_t length = 0;
  if (file >= 0) {
    length = ::read(file, name.data(), name.size());
    (void)close(file);
  }
  std::string words(name.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  if (words.ends_with('\n')) words.pop_back();
  if (words.empty()) return fmt::format("process {}, which has ended", process);
  return fmt::format("{}, process {}", escape_controls(words), process);
}

WriterEvents::WriterEvents()
    : descriptor_(
          fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | FAN_UNLIMITED_MARKS,
                        static_cast<unsigned>(O_RDONLY | O_LARGEFILE | O_CLOEXEC | O_NOATIME))) {}

WriterEvents::~WriterEvents() {
  if (descriptor_ >= 0) (void)close(descriptor_);
}

void WriterEvents::mark(const std::set<std::string>& folders) {
  if (descriptor_ < 0) return;
  const auto change = [this](unsigned how, const std::string& folder) {
    return fanotify_mark(descriptor_, how | FAN_MARK_ONLYDIR | FAN_MARK_DONT_FOLLOW, announced,
                         AT_FDCWD, folder.c_str()) == 0;
  };
  for (const std::string& folder : marked_) {
    if (!folders.contains(folder)) (void)change(FAN_MARK_REMOVE, folder);
  }
  // Those that are marked already as well: the folder of this name may be another one now.
  for (const std::string& folder : folders) (void)change(FAN_MARK_ADD, folder);
  marked_ = folders;
}

void WriterEvents::read(const std::function<void(const WriterEvent&)>& found) const {
  if (descriptor_ < 0) return;
  // Each event is an open file: a small buffer bounds how many are open at a time.
  alignas(fanotify_event_metadata) std::array<char, 4096> buffer = {};
  const ssize_t got = ::read(descriptor_, buffer.data(), buffer.size());
  if (got <= 0) return;
  const auto length = static_cast<std::size_t>(got);
  for (std::size_t at = 0; at + sizeof(fanotify_event_metadata) <= length;) {
    fanotify_event_metadata event = {};
    std::memcpy(&event, buffer.data() + at, sizeof event);
    if (event.vers != FANOTIFY_METADATA_VERSION || event.event_len < sizeof event) return;
    at += event.event_len;
    if (event.fd < 0) continue;  // the queue overflowed
    const std::string path = path_of(event.fd);
    (void)close(event.fd);
    if (!path.empty() && event.pid != getpid()) {
      found({.path = path, .process = event.pid});
    }
  }
}

}  // namespace untorn::watch
