// SPDX-License-Identifier: Apache-2.0
//
// One replacement that overwrites its target where it lies (untorn/in_place.h).
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/replace.h"
#include "write/sidecar.h"
#include "write/sidecar_folder.h"
#include "write/target.h"
#include "write/temporary.h"

namespace untorn::write {

class InPlaceWriter {
 public:
  // Finishes what a crash left in the directory of the sidecars, and prepares a new one. `target`,
  // which holds a regular file, must outlive the object.
  [[nodiscard]] static Result<std::unique_ptr<InPlaceWriter>> open(FileSystem& fs,
                                                                   const std::string& path,
                                                                   const Target& target,
                                                                   const ReplaceOptions& options);
  InPlaceWriter(const InPlaceWriter&) = delete;
  InPlaceWriter& operator=(const InPlaceWriter&) = delete;
  ~InPlaceWriter() = default;  // discards what was not committed

  // Appends to the sidecar. The first failure removes it; every later call fails the same way.
  [[nodiscard]] Result<void> write(std::span<const std::byte> content);

  // Overwrites the target. `check` runs under the locks (in_place_locks.h), before anything
  // changes; its error is returned. The receipt lacks the etag. May be called once.
  [[nodiscard]] Result<Receipt> commit(const std::function<Result<void>()>& check = {});

  // Of the target, after commit().
  [[nodiscard]] const Status& status() const noexcept { return status_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  // This process opened it: a forked child must leave it alone.
  [[nodiscard]] bool is_ours() const noexcept { return sidecar_.is_ours(); }

 private:
  InPlaceWriter(FileSystem& fs, const std::string& path, const Target& target,
                const ReplaceOptions& options);

  [[nodiscard]] Error error(Errno os_errno, Step step, std::string detail = {}) const;
  [[nodiscard]] Error error(Code code, Step step, std::string detail) const;
  [[nodiscard]] Result<void> open_target();
  [[nodiscard]] Result<void> make_sidecar();
  [[nodiscard]] Result<void> write_all(std::span<const std::byte> content);
  [[nodiscard]] Result<void> recover(std::chrono::steady_clock::time_point until) const;
  [[nodiscard]] Result<void> check_target() const;
  [[nodiscard]] Result<void> check_mode() const;
  [[nodiscard]] Result<void> finish_sidecar(Receipt& receipt);
  [[nodiscard]] Result<void> publish_sidecar(Receipt& receipt);
  [[nodiscard]] Result<void> overwrite_target(Receipt& receipt);
  [[nodiscard]] Result<void> drop_sidecar(Receipt& receipt, Outcome outcome);
  [[nodiscard]] Result<std::string> path_for_recovery() const;
  [[nodiscard]] SystemResult<void> sync(Handle handle, Receipt& receipt) const;

  FileSystem& fs_;
  std::string path_;
  const Target& target_;
  const ReplaceOptions options_;
  SidecarFolder folder_;
  OwnedHandle file_;  // the target, for reading and writing
  Status before_;
  Temporary sidecar_;
  std::string sidecar_name_;  // once it is published
  std::string line_;          // its first line
  std::uint64_t bytes_ = 0;
  Status status_;
  std::optional<Error> failure_;
};

}  // namespace untorn::write
