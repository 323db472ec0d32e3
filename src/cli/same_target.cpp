// SPDX-License-Identifier: Apache-2.0
#include "cli/same_target.h"

#include "filesystem/same_file.h"
#include "untorn/filesystem.h"
#include "write/resolve.h"

namespace untorn::cli {

bool leads_to_same(const std::string& output, const std::string& path, SymlinkPolicy policy) {
  FileSystem& fs = posix_file_system();
  const auto report = write::resolve(fs, output, SymlinkPolicy::follow);
  const auto target = write::resolve(fs, path, policy);
  if (!report || !target || report->name != target->name) return false;
  const auto left = fs.status(report->directory.get());
  const auto right = fs.status(target->directory.get());
  return left && right && same_file(*left, *right);
}

}  // namespace untorn::cli
