// SPDX-License-Identifier: Apache-2.0
//
// What git would ignore below one folder: its .gitignore, those of the folders above it up to the
// root of the repository, and the repository's own .git/info/exclude.
//
//   auto rules = IgnoreRules::above(fs, "/src/app/pkg");   // what the folders above say
//   rules = IgnoreRules::enter(fs, rules, "/src/app/pkg", entries);
//   if (rules->ignores("/src/app/pkg/build", true)) …
//
// Outside of any repository the .gitignore files at and below the scanned folder count all the
// same; a repository inside another is judged by its own rules alone. Not looked at:
// core.excludesFile, since a scan must not depend on who runs it, and the index, so that a tracked
// file which a pattern names is left out.
//
// Threads: immutable once made, and shared between threads.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scan/glob.h"
#include "untorn/filesystem.h"

namespace untorn::scan {

class IgnoreRules {
 public:
  using Shared = std::shared_ptr<const IgnoreRules>;

  // For the absolute path `folder`: the rules of the folders above it. May be null: there are none.
  [[nodiscard]] static Shared above(FileSystem& fs, const std::string& folder);
  // The rules inside of `folder`, whose names are `entries`.
  [[nodiscard]] static Shared enter(FileSystem& fs, const Shared& above, const std::string& folder,
                                    std::span<const Entry> entries);

  // `path` is absolute and lies below the folder. What lies in an ignored folder is not asked for.
  [[nodiscard]] bool ignores(std::string_view path, bool is_directory) const;

 private:
  IgnoreRules(Shared above, std::string folder, std::vector<Glob> globs)
      : above_(std::move(above)), folder_(std::move(folder)), globs_(std::move(globs)) {}
  static Shared of_repository(FileSystem& fs, const std::string& folder);

  Shared above_;
  std::string folder_;
  std::vector<Glob> globs_;
};

// `path` without `folder` and the slash behind it; `path` itself if it does not lie below.
[[nodiscard]] std::string_view relative_to(std::string_view folder, std::string_view path);

}  // namespace untorn::scan
