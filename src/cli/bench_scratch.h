// SPDX-License-Identifier: Apache-2.0
//
// A folder for measurements, gone with everything in it when its object is.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn::cli {

class BenchScratch {
 public:
  // Makes `untorn-bench-<32 hexadecimal digits>` in `folder`, for this user alone.
  [[nodiscard]] static Result<BenchScratch> make(FileSystem& fs, const std::string& folder);
  BenchScratch(BenchScratch&&) noexcept = default;
  BenchScratch& operator=(BenchScratch&&) = delete;
  ~BenchScratch();

  // Of one of its files, which need not exist.
  [[nodiscard]] std::string path(std::size_t index) const;
  [[nodiscard]] Handle handle() const noexcept { return folder_.get(); }
  [[nodiscard]] const std::string& folder_path() const noexcept { return path_; }

  // Removes the files and the folder. What cannot be removed is an error that names the folder.
  [[nodiscard]] Result<void> remove();

 private:
  BenchScratch(FileSystem& fs, OwnedHandle parent, std::string parent_path, std::string name)
      : fs_(&fs),
        parent_(std::move(parent)),
        name_(std::move(name)),
        path_(std::move(parent_path) + "/" + name_) {}

  FileSystem* fs_;
  OwnedHandle parent_;
  OwnedHandle folder_;  // none once it is removed
  std::string name_;
  std::string path_;
};

// How many flushes the block device under a status has made since it was started, as the kernel
// counts them for everybody. Nothing where the file system has no single device of its own (btrfs,
// overlay, tmpfs, network) or its driver does not count.
class FlushCounter {
 public:
  explicit FlushCounter(std::uint64_t device);
  [[nodiscard]] std::optional<std::uint64_t> read() const;

 private:
  std::string path_;  // of the device, or of the disk that it is a part of
};

}  // namespace untorn::cli
