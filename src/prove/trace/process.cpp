// SPDX-License-Identifier: Apache-2.0
#include "prove/trace/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace untorn::prove {
namespace {

// pidfd_open(2) for one thread, since Linux 6.9.
constexpr unsigned pidfd_of_thread = O_EXCL;

int open_pidfd(pid_t id, unsigned flags) {
  return static_cast<int>(::syscall(SYS_pidfd_open, id, flags));
}

int fetch_descriptor(int pidfd, int fd) {
  return static_cast<int>(::syscall(SYS_pidfd_getfd, pidfd, fd, 0));
}

std::string proc_path(pid_t id, std::string_view rest) {
  std::string path = "/proc/";
  path += std::to_string(id);
  path += rest;
  return path;
}

// Calls `visit` with each name that starts with a digit until it returns false.
template <class Visit>
void for_each_name(const std::string& folder, const Visit& visit) {
  DIR* stream = ::opendir(folder.c_str());
  if (stream == nullptr) return;
  while (const dirent* entry = ::readdir(stream)) {
    if (entry->d_name[0] != '.' && !visit(entry->d_name)) break;
  }
  ::closedir(stream);
}

// Among the descriptors of a thread; `any` tells whether it has some.
std::optional<Holder> find_descriptor(pid_t thread, const FileKey& key, bool& any) {
  std::optional<Holder> found;
  for_each_name(proc_path(thread, "/fd"), [&](const char* name) {
    any = true;
    const Holder holder = {thread, std::atoi(name)};
    if (!holds_for_writing(holder, key)) return true;
    found = holder;
    return false;
  });
  return found;
}

}  // namespace

FileKey key_of(const struct stat& status) noexcept {
  return {status.st_dev, status.st_ino};
}

bool read_memory(pid_t thread, std::uint64_t address, std::span<std::byte> into) {
  while (!into.empty()) {
    const iovec local = {into.data(), into.size()};
    // An address of the other process is only a number here.
    iovec remote = {};
    std::memcpy(&remote.iov_base, &address, sizeof address);
    remote.iov_len = into.size();
    const ssize_t count = ::process_vm_readv(thread, &local, 1, &remote, 1, 0);
    if (count <= 0) return false;
    into = into.subspan(static_cast<std::size_t>(count));
    address += static_cast<std::uint64_t>(count);
  }
  return true;
}

std::optional<std::string> read_string(pid_t thread, std::uint64_t address) {
  constexpr std::uint64_t page_bytes = 4096;
  std::string text;
  std::array<char, page_bytes> piece = {};
  while (text.size() < PATH_MAX) {
    // Never across a page: the next one may not be there. Most paths are short.
    std::uint64_t count = page_bytes - address % page_bytes;
    if (text.empty() && count > 256) count = 256;
    const std::span<char> target(piece.data(), count);
    if (!read_memory(thread, address, std::as_writable_bytes(target))) return {};
    const auto size = ::strnlen(piece.data(), count);
    text.append(piece.data(), size);
    if (size < count) return text;
    address += count;
  }
  return {};
}

std::string path_of_descriptor(int fd) {
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  std::array<char, PATH_MAX> path = {};
  const ssize_t size = ::readlink(link.c_str(), path.data(), path.size());
  if (size <= 0 || path[0] != '/') return {};
  return std::string(path.data(), static_cast<std::size_t>(size));
}

std::string reachable_path(pid_t process, pid_t thread, int directory, std::string_view path) {
  if (!path.starts_with('/')) {
    std::string base = directory == AT_FDCWD
                           ? proc_path(thread, "/cwd")
                           : proc_path(thread, "/fd/" + std::to_string(directory));
    if (!path.empty()) base.append("/").append(path);
    return base;
  }
  const auto continues = [&](std::string_view prefix) {
    return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
  };
  const auto replace = [&](std::string_view prefix, std::string_view with) {
    return proc_path(process, with).append(path.substr(prefix.size()));
  };
  if (continues("/proc/self")) return replace("/proc/self", "");
  if (continues("/proc/thread-self")) {
    return replace("/proc/thread-self", "/task/" + std::to_string(thread));
  }
  if (continues("/dev/fd")) return replace("/dev/fd", "/fd");
  if (path == "/dev/stdin") return proc_path(process, "/fd/0");
  if (path == "/dev/stdout") return proc_path(process, "/fd/1");
  if (path == "/dev/stderr") return proc_path(process, "/fd/2");
  return std::string(path);
}

std::optional<OpenFile> DescriptorReader::fetch(const Thread& thread, int fd) {
  if (fd < 0) return {};
  OpenFile open;
  if (!thread.own_files) {
    Descriptor& process = processes_[thread.process];
    if (!process.valid()) process = Descriptor(open_pidfd(thread.process, 0));
    open.file = Descriptor(fetch_descriptor(process.get(), fd));
  }
  if (!open.file.valid()) {
    // The first thread has ended, or this one has descriptors of its own.
    Descriptor own(open_pidfd(thread.id, pidfd_of_thread));
    if (own.valid()) open.file = Descriptor(fetch_descriptor(own.get(), fd));
  }
  if (!open.file.valid() || ::fstat(open.file.get(), &open.status) != 0) return {};
  open.flags = ::fcntl(open.file.get(), F_GETFL);
  return open;
}

void DescriptorReader::forget(pid_t process) {
  processes_.erase(process);
}

bool holds_for_writing(const Holder& holder, const FileKey& key) {
  const std::string path = proc_path(holder.process, "/fd/" + std::to_string(holder.fd));
  struct stat status = {};
  // The link's own mode tells how the descriptor was opened.
  return ::stat(path.c_str(), &status) == 0 && key_of(status) == key &&
         ::lstat(path.c_str(), &status) == 0 && (status.st_mode & S_IWUSR) != 0;
}

std::optional<Holder> find_holder(pid_t process, const FileKey& key) {
  bool any = false;
  auto found = find_descriptor(process, key, any);
  if (any) return found;
  // Its first thread has ended; the others still share the descriptors.
  for_each_name(proc_path(process, "/task"), [&](const char* name) {
    found = find_descriptor(static_cast<pid_t>(std::atoi(name)), key, any);
    return !any;
  });
  return found;
}

std::vector<SharedMapping> shared_mappings(pid_t process, std::uint64_t begin, std::uint64_t end) {
  std::vector<SharedMapping> found;
  std::ifstream file(proc_path(process, "/maps"));
  for (std::string line; std::getline(file, line);) {
    // "begin-end rwxs offset device number path"
    SharedMapping mapping;
    char* rest = nullptr;
    mapping.begin = std::strtoull(line.c_str(), &rest, 16);
    if (*rest != '-') continue;
    mapping.end = std::strtoull(rest + 1, &rest, 16);
    if (mapping.end <= begin || mapping.begin >= end) continue;
    const std::string_view kinds(rest);
    if (kinds.size() < 6 || kinds[4] != 's') continue;
    mapping.writable = kinds[2] == 'w';
    mapping.offset = std::strtoull(rest + 5, &rest, 16);
    const std::string_view identity(rest + 1);
    const std::size_t number = identity.find(' ');
    mapping.file = identity.substr(0, identity.find(' ', number + 1));
    found.push_back(std::move(mapping));
  }
  return found;
}

std::optional<bool> is_open_for_writing(int directory, const std::string& name) {
  const Descriptor file(
      ::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file.valid()) return {};
  // A lease for reading is given only while there is no writer; it ends with the descriptor.
  if (::fcntl(file.get(), F_SETLEASE, F_RDLCK) == 0) return false;
  if (errno == EAGAIN) return true;
  return {};
}

bool is_thread_of(pid_t process, pid_t thread) {
  return ::access(proc_path(process, "/task/" + std::to_string(thread)).c_str(), F_OK) == 0;
}

bool has_own_files(pid_t process, pid_t thread) {
  return ::syscall(SYS_kcmp, process, thread, KCMP_FILES, 0, 0) > 0;
}

pid_t process_of(pid_t thread) {
  Descriptor file(::open(proc_path(thread, "/status").c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> text = {};
  if (!file.valid() || ::read(file.get(), text.data(), text.size() - 1) <= 0) return 0;
  const char* field = std::strstr(text.data(), "\nTgid:");
  return field == nullptr ? 0 : static_cast<pid_t>(std::atoi(field + 6));
}

}  // namespace untorn::prove
