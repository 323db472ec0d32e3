// SPDX-License-Identifier: Apache-2.0
//
// Files for tests, through any FileSystem. A failure of the test's own calls ends the test program:
// such a test cannot say anything.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "untorn/filesystem.h"

namespace untorn::testing {

// Content at `path`, links followed; nothing if there is no such file.
[[nodiscard]] std::optional<std::string> read_file(FileSystem& fs, const std::string& path);
// In place, as a program that knows nothing of Untorn would.
void write_file(FileSystem& fs, const std::string& path, std::string_view content);
// Names in a directory, sorted.
[[nodiscard]] std::vector<std::string> names_in(FileSystem& fs, const std::string& directory);
// Of the name itself.
[[nodiscard]] Status status_of(FileSystem& fs, const std::string& path);

// An empty directory of the real file system; everything in it is removed at the end.
class ScratchDirectory {
 public:
  ScratchDirectory();  // below TMPDIR, or /tmp
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory();

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::string operator/(std::string_view name) const {
    return path_ + "/" + std::string(name);
  }

 private:
  std::string path_;
};

// `size` bytes that differ for different seeds at every page.
[[nodiscard]] std::string pattern(std::size_t size, unsigned seed);

}  // namespace untorn::testing
