// SPDX-License-Identifier: Apache-2.0
#include "untorn/in_place.h"

#include <chrono>

#include "base/deadline.h"
#include "base/try.h"
#include "write/sidecar_folder.h"

namespace untorn {

Result<InPlaceRecovery> recover_in_place(FileSystem& fs, const std::filesystem::path& directory) {
  UNTORN_TRY(const auto folder, write::SidecarFolder::open(fs, directory.native()));
  UNTORN_TRY(const bool left_behind, folder.holds_sidecars());
  if (!left_behind) return InPlaceRecovery();
  UNTORN_TRY(const OwnedHandle lock, folder.lock(std::chrono::milliseconds(0)));
  UNTORN_TRY(write::FolderRecovery recovered,
             folder.recover(deadline_after(std::chrono::milliseconds(0))));
  for (const write::Unfinished& each : recovered.unfinished) {
    if (each.error) return std::unexpected(*each.error);
  }
  return std::move(recovered.told);
}

Result<InPlaceRecovery> recover_in_place(const std::filesystem::path& directory) {
  return recover_in_place(posix_file_system(), directory);
}

}  // namespace untorn
