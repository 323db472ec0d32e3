// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/blockdev/calls.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>

namespace untorn::lab {

void write_all(FileSystem& fs, Handle file, std::string_view text) {
  std::span<const std::byte> rest = std::as_bytes(std::span(text));
  while (!rest.empty()) rest = rest.subspan(need(fs.write(file, rest), "write"));
}

void overwrite_all(FileSystem& fs, Handle file, std::string_view text) {
  std::span<const std::byte> rest = std::as_bytes(std::span(text));
  while (!rest.empty()) {
    const std::uint64_t offset = text.size() - rest.size();
    rest = rest.subspan(need(fs.write_at(file, offset, rest), "write_at"));
  }
  need(fs.truncate(file, text.size()), "truncate");
}

void make_folder(FileSystem& fs, const std::string& path) {
  const auto made = fs.make_directory(Handle::working_directory, path, 0755);
  demand(made.has_value() || made.error() == Errno{EEXIST}, "mkdir " + path);
}

void sync_folder(FileSystem& fs, const std::string& path) {
  const OwnedHandle folder(
      fs, need(fs.open(Handle::working_directory, path, {.access = Access::directory}),
               "open " + path));
  need(fs.sync(folder.get()), "fsync of " + path);
}

OwnedHandle make_file(FileSystem& fs, const std::string& path) {
  const OpenOptions options = {.access = Access::write, .create = true, .exclusive = true};
  return {fs, need(fs.open(Handle::working_directory, path, options), "open " + path)};
}

}  // namespace untorn::lab
