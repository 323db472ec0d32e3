// SPDX-License-Identifier: Apache-2.0
//
// Which registries a tree keeps, and in what state they are; for whoever looks after trees without
// using their registries. Schemas are not known here: what a specification says is not judged.
//
// Threads: any.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/registry.h"

namespace untorn::registry {

struct RegistryInspection {
  std::string tree;
  std::string folder;  // below the tree; empty if it is the tree itself
  RegistryCheck check;
  std::optional<Error> unreadable;  // why there is no check
};

// Every registry of which something is kept in the `.untorn` of `tree`, by folder. Takes the tree's
// lock shared, as every reader does, and changes nothing else.
[[nodiscard]] Result<std::vector<RegistryInspection>> inspect_registries(FileSystem& fs,
                                                                         const std::string& tree);

// Registry::verify() of one of them.
[[nodiscard]] Result<RegistryCheck> repair_registry(FileSystem& fs, const std::string& tree,
                                                    const std::string& folder);

}  // namespace untorn::registry
