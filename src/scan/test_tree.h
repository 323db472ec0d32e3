// SPDX-License-Identifier: Apache-2.0
//
// For the tests of this room: a fresh folder, files in one line.
#pragma once
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "filesystem/test_directory.h"
#include "scan/scan.h"
#include "untorn/filesystem.h"

namespace untorn::scan::test {

class Tree {
 public:
  // Makes the folders above it too.
  void write(const std::string& path, std::string_view content, std::uint32_t mode = 0644) const {
    const std::filesystem::path full = folder_.path() / path;
    std::filesystem::create_directories(full.parent_path());
    untorn::test::write_path(fs(), full.string(), content, mode);
    ASSERT_EQ(::chmod(full.c_str(), mode), 0);
  }
  void make_folder(const std::string& path) const {
    std::filesystem::create_directories(folder_.path() / path);
  }
  void link(const std::string& target, const std::string& path) const {
    std::filesystem::create_symlink(target, folder_.path() / path);
  }
  [[nodiscard]] std::string path(const std::string& below = {}) const {
    return below.empty() ? folder_.path().string() : (folder_.path() / below).string();
  }
  [[nodiscard]] static FileSystem& fs() { return posix_file_system(); }

  [[nodiscard]] ScanRequest request(const std::string& below = {}) const {
    ScanRequest request;
    request.paths = {path(below)};
    request.tool_version = "test";
    return request;
  }

 private:
  untorn::test::TestDirectory folder_{untorn::test::fast_folder()};
};

}  // namespace untorn::scan::test
