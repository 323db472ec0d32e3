// SPDX-License-Identifier: Apache-2.0
//
// What is wrong with what Untorn manages below some folders, and what can safely be done about it.
//
//   Options options = {.folders = {{.shown = "app", .real = "/var/lib/app"}}, .repair = true};
//   Report report = examine(posix_file_system(), options);
//   std::cout << render_text(report, false);
//
// Looked for: temporaries that nobody works on any more (temporaries.h), damaged documents
// (documents.h), what earlier repairs set aside, and, if asked, how far the file system keeps what
// a sync promises (probe.h). Every folder below the named ones is looked at, hidden ones included;
// links are not followed, and other file systems are only looked at if they are named.
//
// A repair changes one file at a time, and none of its steps can be torn. Whatever can hold the
// only copy of something is kept. It is not synced: after a power cut a repair may have to be
// repeated. Nothing is changed without `repair`; `probe` makes and removes files of its own.
//
// Threads: one call uses one thread. Any number of doctors and writers may be at work beside it.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "health/probe.h"
#include "health/problem.h"
#include "health/temporaries.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn::health {

struct NamedFolder {
  std::string shown;  // as it was given; for people
  std::string real;   // absolute, without links; for working and for documents
};

struct Counts {
  std::uint64_t folders = 0;
  std::uint64_t files = 0;  // names that are no folders
  std::uint64_t documents = 0;
};

struct Options {
  std::vector<NamedFolder> folders;
  std::vector<std::string> documents;  // globs, see DocumentPatterns
  bool repair = false;
  bool probe = false;  // of the first folder
  // Asked often, between two steps. False ends the work with Report::interrupted.
  std::function<bool(const Counts&)> keep_going = [](const Counts&) { return true; };
  Clock clock = system_clock();
};

// Something that could not be looked at, or a mount that was not entered.
struct Skipped {
  std::string path;
  std::string reason;
  bool failed = true;  // false: it was left out on purpose
};

// What could not be done at all.
struct Failure {
  Error error;
  std::string path;  // relative to Report::root
};

struct Report {
  std::string root;   // the deepest folder that holds all that was named
  std::string shown;  // how the person named it; "" for several folders
  bool repair = false;
  std::vector<Problem> problems;  // by path, which is relative to root
  std::vector<Skipped> skipped;   // by path
  Counts counts;
  FileSystemReport filesystem;  // under the first folder
  std::vector<Failure> failures;
  bool interrupted = false;

  // From `warning` up and not repaired.
  [[nodiscard]] bool has_problems() const noexcept;
  // Everything that was asked for was looked at.
  [[nodiscard]] bool is_complete() const noexcept;
};

[[nodiscard]] Report examine(FileSystem& fs, const Options& options);

// The deepest folder that holds all of these absolute paths.
[[nodiscard]] std::string common_folder(const std::vector<NamedFolder>& folders);

// The document of --format json, with its line end.
[[nodiscard]] std::string render_json(const Report& report);
// A line for each problem, a summary, and what to do next.
[[nodiscard]] std::string render_text(const Report& report, bool colored);

}  // namespace untorn::health
