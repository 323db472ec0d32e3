// SPDX-License-Identifier: Apache-2.0
//
// Finds the files of a scan.
//
// Below a named folder: files in a language that is read (by extension; without one, executable
// files whose first line may name an interpreter). Left out, and counted: what .gitignore, the
// settings or the request exclude, tests by their path unless they are wanted, hidden folders,
// vendored code (folders of installed packages and virtual environments), symbolic links. A file
// that is named is taken whatever it is, a folder whatever it is called. A folder that cannot be
// listed is skipped, unless it was named.
//
// Errors: not_found and permission_denied of a named path, invalid_argument of settings.
// Threads: starts and ends its own.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "scan/config.h"
#include "scan/scan.h"

namespace untorn::scan {

struct Candidate {
  std::string path;  // relative to the root
  std::shared_ptr<const Config> config;
  bool named = false;
};

struct Walk {
  std::string root;
  std::vector<Candidate> files;  // by path, each once
  std::vector<SkippedFile> skipped;
  LeftOut left_out;
  // Paths of the folders that were walked because they were named: relative to the root, "" for it.
  std::vector<std::string> folders;
};

[[nodiscard]] Result<Walk> walk(FileSystem& fs, const ScanRequest& request, unsigned threads);

}  // namespace untorn::scan
