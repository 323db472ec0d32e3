// SPDX-License-Identifier: Apache-2.0
//
// What `untorn fix` would change, worked out before anything is touched.
//
//   Result<Plan> plan = make_plan(posix_file_system(), report, request);
//   for (const PlannedFile& file : plan->files) … file.before, file.after …
//
// Invariants:
//   F1  An edit is planned only for a site whose grade allows it: `safe`, or with `allow_unsafe`
//       also `unsafe`; and only if an import is sure to work, unless `allow_unsafe`.
//   F2  A file is planned only if it holds the bytes that were scanned.
//   F3  A planned text parses, and the reader finds exactly the edited sites gone from it.
//   F4  Planning for a text that was planned plans nothing: the edits are idempotent.
//   F5  A file that is not ours is never planned to be overwritten by the new module.
//
// Errors: already_exists where the new module would overwrite a foreign file; invalid_argument for
// a name that no Python file can import.
//
// Threads: a function of its arguments and the file system.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rules/finding.h"
#include "scan/scan.h"
#include "untorn/durability.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn::fix {

struct FixRequest {
  bool allow_unsafe = false;
  std::optional<std::string> vendor_path;  // where the module is written; absolute
  std::optional<std::string> library;      // import from this instead
  std::string tool_version;
};

struct PlannedEdit {
  std::size_t site = 0;  // index in ScanReport::findings
  Durability durability = Durability::durable;
  bool is_unsafe = false;
  bool in_loop = false;
};

struct PlannedFile {
  std::string path;  // relative to the root, with '/'
  std::string full_path;
  std::string before;
  std::string after;
  std::vector<PlannedEdit> edits;
};

// The module that is written into the project.
struct PlannedModule {
  std::string path;  // relative to the root, with '/'; may begin with "../"
  std::string full_path;
  std::optional<std::string> before;  // nothing: there is no such file
  std::string after;                  // equal to `before`: it is there already
  std::string note;                   // of one that is used as it is: why
};

// A site that stays as it is.
struct LeftSite {
  std::size_t site = 0;
  std::string reason;
};

struct Plan {
  std::vector<PlannedFile> files;
  std::optional<PlannedModule> module;  // only if a planned file imports it
  std::string library;                  // what planned files import instead; empty: the module
  std::vector<LeftSite> left;           // in the order of the report
  std::vector<std::string> problems;    // files that could not be planned, one line each
};

// Only findings that are shown and not suppressed are looked at.
[[nodiscard]] Result<Plan> make_plan(FileSystem& fs, const scan::ScanReport& report,
                                     const FixRequest& request);

// Which level the content of a file deserves.
[[nodiscard]] Durability durability_for(rules::Role role) noexcept;

}  // namespace untorn::fix
