// SPDX-License-Identifier: Apache-2.0
//
// Documents: those of which generations are kept, and those that a person names.
//
// What is damage and what is merely a form that the reader does not know is decided by the room
// `document`. A file whose name does not end in .json and of which nothing is kept has no form that
// could be judged: it is damaged if it is empty or holds nothing but NUL bytes.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "health/problem.h"
#include "health/repair_policy.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn::health {

// Does a file match one of the globs of --documents? A pattern without '/' is held against the
// name, one that begins with '/' against the absolute path, any other against the path relative to
// the folder that is looked at. `*` also matches '/'.
class DocumentPatterns {
 public:
  explicit DocumentPatterns(std::vector<std::string> patterns) : patterns_(std::move(patterns)) {}
  [[nodiscard]] bool matches(const std::string& name, const std::string& relative,
                             const std::string& absolute) const;
  [[nodiscard]] bool empty() const noexcept { return patterns_.empty(); }

 private:
  std::vector<std::string> patterns_;
};

struct DocumentPlace {
  std::string file;      // where it is
  std::string path;      // for the problem
  bool is_kept = false;  // generations of it are kept
};

// The problem of one document, if it has one; repaired if it may be and a generation can be brought
// back. Nothing: it is healthy, of an unknown form, or there is no such file any more. An error
// says that it could not be looked at.
[[nodiscard]] Result<std::optional<Problem>> judge_document(FileSystem& fs,
                                                            const DocumentPlace& place,
                                                            const RepairPolicy& policy);

}  // namespace untorn::health
