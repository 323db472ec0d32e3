// SPDX-License-Identifier: Apache-2.0
//
// The directory that a caller named for sidecars: its lock, and what a crash left in it.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/in_place.h"
#include "write/sidecar.h"

namespace untorn::write {

// A whole sidecar that could not be finished.
struct Unfinished {
  std::uint64_t device = 0;  // of the file system that holds it
  SidecarTarget target;
  std::optional<Error> error;  // a call failed; absent: the target is not there
};

struct FolderRecovery {
  InPlaceRecovery told;
  std::vector<Unfinished> unfinished;
};

class SidecarFolder {
 public:
  SidecarFolder() = default;
  // Fails with Code::unsupported where locks are not known to keep others away.
  [[nodiscard]] static Result<SidecarFolder> open(FileSystem& fs, std::string path);

  [[nodiscard]] Handle handle() const noexcept { return folder_.get(); }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  // Nothing in it survives a power cut whatever one does, so nothing is synced.
  [[nodiscard]] bool is_volatile() const noexcept { return volatile_; }

  // Whether it holds anything that recovery would look at. Needs no lock.
  [[nodiscard]] Result<bool> holds_sidecars() const;
  // I4. Code::busy after `wait`.
  [[nodiscard]] Result<OwnedHandle> lock(std::chrono::milliseconds wait) const;
  // I2. Needs the lock. Each target is finished under the locks of in_place_locks.h, which are
  // waited for until then. An error says that the folder itself could not be read or synced.
  [[nodiscard]] Result<FolderRecovery> recover(std::chrono::steady_clock::time_point until) const;

 private:
  class Recovery;

  FileSystem* fs_ = nullptr;
  std::string path_;
  OwnedHandle folder_;
  bool volatile_ = false;
};

}  // namespace untorn::write
