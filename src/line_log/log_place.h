// SPDX-License-Identifier: Apache-2.0
//
// Where a log lies: found once, when it is opened.
#pragma once
#include <filesystem>
#include <string>

#include "line_log/mark.h"
#include "untorn/durability.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn::line_log {

struct LogPlace {
  FileSystem* fs = nullptr;
  std::string path;  // as it was given
  OwnedHandle directory;
  std::string name;
  MarkFile mark;
  // What a sync gives here, and why it is no more.
  Durability level = Durability::durable;
  std::string why_lower;

  // Follows `path`, and finds what is below `tree` (empty: the directory of the log). Refuses file
  // systems whose locks are not known to work, and what is there and no file.
  [[nodiscard]] static Result<LogPlace> find(FileSystem& fs, const std::string& path,
                                             const std::string& tree);

  [[nodiscard]] Error error(Errno os_errno, Step step, std::string detail = {},
                            Outcome outcome = Outcome::not_applied) const;
  [[nodiscard]] Error error(Code code, Step step, std::string detail) const;
};

}  // namespace untorn::line_log
