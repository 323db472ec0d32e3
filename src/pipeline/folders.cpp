// SPDX-License-Identifier: Apache-2.0
#include "pipeline/folders.h"

#include <cerrno>

#include "base/try.h"
#include "filesystem/unsupported.h"

namespace untorn::pipeline {

Result<void> make_folder(FileSystem& fs, const std::filesystem::path& path, Durability durability) {
  const auto failed = [&path](Errno os_errno, Step step) {
    return std::unexpected(
        Error::from_errno(number(os_errno), step, Outcome::not_applied, path.native()));
  };
  constexpr std::uint32_t mode_new = 0777;  // less the umask
  auto made = fs.make_directory(Handle::working_directory, path.native(), mode_new);
  if (!made && number(made.error()) != EEXIST) {
    return failed(made.error(), Step::create_temporary);
  }
  auto opened = fs.open(Handle::working_directory, path.native(), {.access = Access::directory});
  if (!opened) return failed(opened.error(), Step::open_directory);
  const OwnedHandle directory(fs, *opened);
  if (!made || durability != Durability::durable) return {};
  auto above = fs.open(directory.get(), "..", {.access = Access::directory});
  if (!above) return failed(above.error(), Step::open_directory);
  const OwnedHandle owned(fs, *above);
  auto synced = fs.sync(owned.get());
  if (!synced && !means_unsupported(synced.error())) {
    return failed(synced.error(), Step::sync_directory);
  }
  return {};
}

}  // namespace untorn::pipeline
