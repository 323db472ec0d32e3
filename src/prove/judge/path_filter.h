// SPDX-License-Identifier: Apache-2.0
//
// Which paths of a run are judged: --only, --ignore, and caches that their owner rebuilds.
//
// A pattern is a glob of fnmatch(3) whose `*` also matches '/' (so `**` means the same). A pattern
// without '/' may match the whole path or any one component of it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace untorn::prove {

class PathFilter {
 public:
  PathFilter(std::vector<std::string> only, std::vector<std::string> ignore);

  // An empty `only` selects everything; `ignore` and the caches are taken away from it.
  [[nodiscard]] bool selects(const std::string& path) const;
  // Left out because it is a cache, and for no other reason.
  [[nodiscard]] bool is_cache(const std::string& path) const;

  // The patterns of the caches, for the report's limits.
  [[nodiscard]] static const std::vector<std::string>& cache_patterns();

 private:
  std::vector<std::string> only_;
  std::vector<std::string> ignore_;
};

}  // namespace untorn::prove
