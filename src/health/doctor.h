// SPDX-License-Identifier: Apache-2.0
//
// What is wrong with what Untorn manages below some folders, and what can safely be done about it.
//
//   Options options = {.folders = {{.shown = "app", .real = "/var/lib/app"}}, .repair = true};
//   Report report = examine(posix_file_system(), options);
//   std::cout << render_text(report, false);
//
// Looked for: interrupted transactions, torn logs and registries that are not what they stored
// (trees.h), damaged documents (documents.h), temporaries that nobody works on any more
// (temporaries.h), what earlier repairs set aside (set_aside.h), and, if asked, how far the file
// system keeps what a sync promises (probe.h). Every folder below the named ones is looked at,
// hidden ones included; links are not followed, and other file systems are only looked at if they
// are named.
//
// Invariants of a repair:
// H1  In each tree the transaction is recovered before anything else is repaired or swept.
// H2  What can hold the only copy of something is kept: set aside under a name that nothing had.
// H3  None of its steps can be torn, and it may be repeated after any of them: killed at any
//     instant, it leaves what a further repair finishes.
// H4  Where locks are not known to keep others away, nothing is changed.
// H5  A newer format is left alone.
// It is not synced beyond what its parts promise: after a power cut it may have to be repeated.
//
// Nothing is changed without `repair`, but for `acknowledge`, which writes its own list, and
// `probe`, which makes and removes files of its own.
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
#include "untorn/counters.h"
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
  std::uint64_t acknowledged = 0;  // files that were set aside, and that a person has seen
};

struct Options {
  std::vector<NamedFolder> folders;
  std::vector<std::string> documents;  // globs, see DocumentPatterns
  bool repair = false;
  bool probe = false;             // of the first folder
  bool temporaries_only = false;  // nothing else is judged, repaired or reported
  bool acknowledge = false;       // a person has seen what was set aside: acknowledged.h
  // Asked often, between two steps. False ends the work with Report::interrupted.
  std::function<bool(const Counts&)> keep_going = [](const Counts&) { return true; };
  // Told the absolute path of each document that is judged, kept or named.
  std::function<void(const std::string& file)> on_document = [](const std::string&) {};
  Clock clock = system_clock();
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
  // The sum over all trees that were looked at; nothing if none has any. A repair is in it.
  std::optional<CounterTotals> counters;
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
