// SPDX-License-Identifier: Apache-2.0
#include "registry/inspect.h"

#include <filesystem>
#include <utility>

#include "base/try.h"
#include "filesystem/kept_folder.h"
#include "registry/names.h"
#include "registry/place.h"

namespace untorn::registry {
namespace {

Result<Registry> open_registry(FileSystem& fs, const std::string& tree, const std::string& folder) {
  RegistryOptions options;
  options.tree = tree;
  options.create = true;  // the folder may have been taken away, with everything in it
  const std::filesystem::path root = tree;
  return Registry::open(fs, folder.empty() ? root : root / folder, options);
}

}  // namespace

Result<std::vector<RegistryInspection>> inspect_registries(FileSystem& fs,
                                                           const std::string& tree) {
  std::vector<RegistryInspection> inspections;
  UNTORN_TRY(const OwnedHandle handle, open_folder(fs, tree));
  if (handle.get() == Handle::none) return inspections;
  UNTORN_TRY(const KeptFolder kept, KeptFolder::find(fs, handle.get(), tree));
  if (kept.handle() == Handle::none) return inspections;
  UNTORN_TRY(const OwnedHandle store, kept.find_folder(kept.handle(), store_name));
  if (store.get() == Handle::none) return inspections;
  auto listed = fs.list(store.get());
  if (!listed) {
    return std::unexpected(
        Error::from_errno(number(listed.error()), Step::inspect, Outcome::not_applied, tree));
  }
  for (const Entry& entry : *listed) {
    const std::optional<std::string> folder = folder_of_key(entry.name);
    if (!folder || entry.type != FileType::directory) continue;
    RegistryInspection inspection{.tree = tree, .folder = *folder, .check = {}, .unreadable = {}};
    auto opened = open_registry(fs, tree, *folder);
    auto check =
        opened ? opened->verify(false) : Result<RegistryCheck>(std::unexpected(opened.error()));
    if (check) {
      inspection.check = std::move(*check);
    } else {
      inspection.unreadable = check.error();
    }
    inspections.push_back(std::move(inspection));
  }
  return inspections;
}

Result<RegistryCheck> repair_registry(FileSystem& fs, const std::string& tree,
                                      const std::string& folder) {
  UNTORN_TRY(Registry registry, open_registry(fs, tree, folder));
  return registry.verify();
}

}  // namespace untorn::registry
