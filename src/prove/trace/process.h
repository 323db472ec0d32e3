// SPDX-License-Identifier: Apache-2.0
//
// Looking into another process: its memory, its open files, its paths.
#pragma once
#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "prove/sandbox/descriptor.h"
#include "untorn/filesystem.h"

namespace untorn::prove {

// Which file it is, whatever its names.
struct FileKey {
  dev_t device = 0;
  ino_t number = 0;
  bool operator==(const FileKey&) const = default;
};
[[nodiscard]] FileKey key_of(const struct stat& status) noexcept;

[[nodiscard]] bool read_memory(pid_t thread, std::uint64_t address, std::span<std::byte> into);
// A string that ends with NUL; nothing if it cannot be read or is longer than a path may be.
[[nodiscard]] std::optional<std::string> read_string(pid_t thread, std::uint64_t address);
template <class T>
[[nodiscard]] std::optional<T> read_value(pid_t thread, std::uint64_t address) {
  T value{};
  if (!read_memory(thread, address, std::as_writable_bytes(std::span(&value, 1)))) return {};
  return value;
}

// The path of one of our own descriptors as the kernel writes it; "" if it has none.
[[nodiscard]] std::string path_of_descriptor(int fd);

// A path through which we reach what `path` means to the thread: relative ones start at its
// working directory or its descriptor, and /proc/self is its own.
[[nodiscard]] std::string reachable_path(pid_t process, pid_t thread, int directory,
                                         std::string_view path);

struct OpenFile {
  Descriptor file;  // shares position and flags with the thread's own descriptor
  struct stat status = {};
  int flags = 0;
};

struct Thread {
  pid_t id = 0;
  pid_t process = 0;
  bool own_files = false;  // it left the descriptor table of its process
};

// Fetches descriptors from traced processes.
class DescriptorReader {
 public:
  [[nodiscard]] std::optional<OpenFile> fetch(const Thread& thread, int fd);
  void forget(pid_t process);

 private:
  std::map<pid_t, Descriptor> processes_;
};

// Does a process hold a descriptor that is open for writing on this file?
struct Holder {
  pid_t process = 0;
  int fd = -1;
};
[[nodiscard]] bool holds_for_writing(const Holder& holder, const FileKey& key);
[[nodiscard]] std::optional<Holder> find_holder(pid_t process, const FileKey& key);

// Whether a thread has left the descriptor table of its process.
[[nodiscard]] bool has_own_files(pid_t process, pid_t thread);

// Whether any process has this regular file open or mapped for writing, as the kernel's leases
// tell; nothing where it does not: then /proc has to be searched.
[[nodiscard]] std::optional<bool> is_open_for_writing(int directory, const std::string& name);

[[nodiscard]] bool is_thread_of(pid_t process, pid_t thread);

// The thread-group leader of a thread; 0 if it has gone.
[[nodiscard]] pid_t process_of(pid_t thread);

// A shared mapping of a file.
struct SharedMapping {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t offset = 0;  // in the file
  bool writable = false;
  std::string file;  // device and number as /proc/PID/maps has them; equal for equal files
};
// Those of a process that overlap the addresses from `begin` up to `end`, by address.
[[nodiscard]] std::vector<SharedMapping> shared_mappings(pid_t process, std::uint64_t begin,
                                                         std::uint64_t end);

}  // namespace untorn::prove
