// SPDX-License-Identifier: Apache-2.0
//
// The text of the source lines that a report names.
//
// Limits: regular files of at most 4 MiB are read, each once; lines are cut at 200 bytes. What
// cannot be read has no text.
// Threads: an object belongs to one thread.
#pragma once
#include <map>
#include <optional>
#include <string>

#include "prove/prove.h"

namespace untorn::prove {

class SourceLines {
 public:
  // Relative paths are below `root`.
  explicit SourceLines(std::string root) : root_(std::move(root)) {}

  void fill(std::optional<Source>& source);

 private:
  [[nodiscard]] const std::string& file(const std::string& path);

  std::string root_;
  std::map<std::string, std::string> files_;
};

}  // namespace untorn::prove
