// SPDX-License-Identifier: Apache-2.0
//
// One suite for every implementation of FileSystem, in three files. What it says of POSIX is what
// the kernel does; what it says of the file system in memory must be the same. The recording and
// the fault-injecting file systems must be invisible when they are asked for nothing.
#pragma once
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "filesystem/recording_file_system.h"
#include "filesystem/test_directory.h"

namespace untorn {

inline constexpr Handle here = Handle::working_directory;

// 0 for success.
template <class T>
[[nodiscard]] int errno_of(const SystemResult<T>& result) {
  return result ? 0 : number(result.error());
}

class FileSystemConformance : public testing::TestWithParam<std::string_view> {
 protected:
  void SetUp() override {
    umask_before_ = umask(022);
    if (GetParam().starts_with("posix")) {
      directory_ = std::make_unique<test::TestDirectory>();
      working_directory_ = std::make_unique<test::WorkingDirectory>(directory_->path());
      fs_ = &posix_file_system();
    } else {
      memory_ = std::make_unique<InMemoryFileSystem>();
      fs_ = memory_.get();
    }
    if (GetParam().ends_with("recorded")) {
      above_ = std::make_unique<RecordingFileSystem>(*fs_, Capture::on_touch);
      fs_ = above_.get();
    } else if (GetParam().ends_with("faultless")) {
      above_ = std::make_unique<FaultFileSystem>(*fs_);
      fs_ = above_.get();
    }
  }
  void TearDown() override {
    if (memory_) {
      EXPECT_EQ(memory_->open_handles(), 0U) << "a handle was not closed";
    }
    umask(umask_before_);
  }

  FileSystem& fs() { return *fs_; }
  [[nodiscard]] SystemResult<OwnedHandle> open(std::string_view path, const OpenOptions& options,
                                               Handle directory = here) {
    const auto opened = fs().open(directory, path, options);
    if (!opened) return std::unexpected(opened.error());
    return OwnedHandle(fs(), *opened);
  }
  int open_errno(std::string_view path, const OpenOptions& options, Handle directory = here) {
    return errno_of(open(path, options, directory));
  }
  void make_directory(std::string_view path) {
    ASSERT_EQ(errno_of(fs().make_directory(here, path, 0777)), 0) << path;
  }
  int rename_errno(std::string_view from, std::string_view to,
                   RenameMode mode = RenameMode::replace) {
    return errno_of(fs().rename(here, from, here, to, mode));
  }
  Status status(std::string_view path) {
    const auto result = fs().status_at(here, path);
    EXPECT_TRUE(result.has_value()) << path;
    return result.value_or(Status{});
  }
  bool exists(std::string_view path) { return fs().status_at(here, path).has_value(); }

 private:
  std::unique_ptr<test::TestDirectory> directory_;
  std::unique_ptr<test::WorkingDirectory> working_directory_;
  std::unique_ptr<InMemoryFileSystem> memory_;
  std::unique_ptr<FileSystem> above_;
  FileSystem* fs_ = nullptr;
  mode_t umask_before_ = 0;
};

inline constexpr OpenOptions create_new = {
    .access = Access::read_write, .create = true, .exclusive = true};
inline constexpr OpenOptions for_writing = {.access = Access::write};
inline constexpr OpenOptions for_reading = {.access = Access::read};
inline constexpr OpenOptions directory_only = {.access = Access::directory};

inline constexpr std::array<std::string_view, 6> implementations = {
    "posix", "memory", "posix_recorded", "memory_recorded", "posix_faultless", "memory_faultless"};

#define UNTORN_EVERY_FILE_SYSTEM(suite)                                      \
  INSTANTIATE_TEST_SUITE_P(all, suite, ::testing::ValuesIn(implementations), \
                           [](const auto& tested) { return std::string(tested.param); })

}  // namespace untorn
