// SPDX-License-Identifier: Apache-2.0
//
// For tests only: a fresh directory that goes away with its object, and files in one line.
#pragma once
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "untorn/filesystem.h"

namespace untorn::test {

// In memory where there is such a folder, for tests that make many files and need no disk.
[[nodiscard]] inline std::filesystem::path fast_folder() {
  return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : std::filesystem::temp_directory_path();
}

// Under the folder for temporaries; removed with everything in it.
class TestDirectory {
 public:
  explicit TestDirectory(
      const std::filesystem::path& folder = std::filesystem::temp_directory_path()) {
    std::string pattern = (folder / "untorn-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) {
      ADD_FAILURE() << "cannot make a directory for this test: " << pattern;
      return;
    }
    path_ = std::filesystem::canonical(pattern);
  }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;
  ~TestDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// The working directory of the process, until the end of the scope.
class WorkingDirectory {
 public:
  explicit WorkingDirectory(const std::filesystem::path& path)
      : before_(std::filesystem::current_path()) {
    std::filesystem::current_path(path);
  }
  WorkingDirectory(const WorkingDirectory&) = delete;
  WorkingDirectory& operator=(const WorkingDirectory&) = delete;
  ~WorkingDirectory() {
    std::error_code ignored;
    std::filesystem::current_path(before_, ignored);
  }

 private:
  std::filesystem::path before_;
};

[[nodiscard]] inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// The whole content of an open file, or "<errno N>".
[[nodiscard]] inline std::string read_handle(FileSystem& fs, Handle file) {
  std::string content;
  std::vector<std::byte> chunk(4096);
  for (;;) {
    const auto count = fs.read_at(file, content.size(), chunk);
    if (!count) return "<errno " + std::to_string(number(count.error())) + ">";
    if (*count == 0) return content;
    content.append(reinterpret_cast<const char*>(chunk.data()), *count);
  }
}

// The same by path.
[[nodiscard]] inline std::string read_path(FileSystem& fs, std::string_view path) {
  const auto opened = fs.open(Handle::working_directory, path, {.access = Access::read});
  if (!opened) return "<errno " + std::to_string(number(opened.error())) + ">";
  const OwnedHandle file(fs, *opened);
  return read_handle(fs, file.get());
}

// Makes or overwrites a file, in place: for preparing tests.
inline void write_path(FileSystem& fs, std::string_view path, std::string_view content,
                       std::uint32_t mode = 0644) {
  const auto opened =
      fs.open(Handle::working_directory, path,
              {.access = Access::write, .create = true, .truncate = true, .mode = mode});
  ASSERT_TRUE(opened.has_value()) << path << ": errno " << number(opened.error());
  const OwnedHandle file(fs, *opened);
  const auto written = fs.write(file.get(), as_bytes(content));
  ASSERT_TRUE(written.has_value() && *written == content.size()) << path;
}

}  // namespace untorn::test
