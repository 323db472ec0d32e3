// SPDX-License-Identifier: Apache-2.0
//
// What git knows of files that are about to be changed.
//
// Runs the installed git, which writes nothing: no index refresh, no hooks. Threads: any.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace untorn::fix {

struct WorkTree {
  enum class Kind : std::uint8_t {
    none,     // git knows none of the files
    clean,    // no tracked file of their trees differs from what was committed
    dirty,    // some do
    unknown,  // there is a git tree, and git does not answer
  } kind = Kind::none;
  std::vector<std::string> changed;  // of a dirty tree: its first changed files, as git names them
  std::string reason;                // of unknown: git's own words
};

// `files` are absolute and may lie in several trees: the worst answer counts.
[[nodiscard]] WorkTree inspect_work_trees(const std::vector<std::string>& files);

}  // namespace untorn::fix
