// SPDX-License-Identifier: Apache-2.0
//
// The mount table, and mounts that an overlay would hide: an overlay sees the folder below a mount
// point, not what is mounted there, so that such mounts are bound again, read-only, on top.
#pragma once
#include <string>
#include <vector>

#include "prove/sandbox/descriptor.h"

namespace untorn::prove {

struct MountPoint {
  std::string path;
  unsigned long flags = 0;  // MS_NOSUID, MS_NODEV, … as they must be repeated in a remount
};

// The mounts of this process, outer ones first.
[[nodiscard]] std::vector<MountPoint> list_mounts();

struct CoveredMount {
  std::string path;
  Descriptor handle;  // opened before the overlay covers it
};

// Mounts strictly below one of `covers`. A mount inside another one comes along with that one,
// unless a cover lies between them.
[[nodiscard]] std::vector<CoveredMount> find_covered_mounts(const std::vector<std::string>& covers);

[[nodiscard]] bool bind_again(const CoveredMount& mount);

// Binds every file and folder of a directory into the empty folder `target`, with what is mounted
// below; links are made anew. False if something is left out.
[[nodiscard]] bool bind_entries(int directory, const std::string& target);

}  // namespace untorn::prove
