// SPDX-License-Identifier: Apache-2.0
//
// Finds the places of a project that write files in a way that can lose them.
//
//   scan::ScanRequest request;
//   request.paths = {"src"};
//   auto report = scan::scan(posix_file_system(), request);
//   for (const scan::FoundSite& site : report->findings) …
//
// The walk honours .gitignore and leaves hidden folders, vendored code and symbolic links aside; a
// file that is named is always scanned. What cannot be parsed is in `skipped` and is no error. A
// file that mentions no file operation is parsed only where it could matter: see `parse_all_bytes`.
//
// Invariants:
//   S1  The report depends on the bytes of the files and the request alone: neither on the number
//       of threads, nor on the cache, nor on the order in which a directory lists its names.
//   S2  Nothing in the scanned folders is changed.
//   S3  Facts, fingerprints and `content` of a file come from one reading of it: they describe the
//       same bytes, also where somebody changes the file during the scan.
//
// Errors: not_found for a path that does not exist; invalid_argument for settings that cannot be
// understood; what the file system says of a named folder that cannot be listed.
//
// Threads: scan() starts and ends its own. Two scans may run at the same time.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/hash.h"
#include "rules/finding.h"
#include "rules/link.h"
#include "scan/config.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn::scan {

struct Progress {
  std::uint64_t files_done = 0;
  std::uint64_t files_total = 0;  // 0: not known at this moment
};

struct ScanRequest {
  std::vector<std::string> paths = {"."};
  Overrides overrides;                       // what flags say; stronger than settings files
  std::optional<std::string> settings_file;  // instead of those found near the scanned files
  std::vector<std::string> exclude;          // patterns as in .gitignore, from `root`
  unsigned threads = 0;                      // 0: one for each core
  // The folder that keeps facts between scans; empty: none. See cache.h.
  std::string cache_folder;
  std::string tool_version;
  // Files in which no operation is mentioned are parsed all the same, for their syntax errors and
  // for callers, while they have not more bytes than this together.
  std::uint64_t parse_all_bytes = 4U << 20U;
  const std::atomic<bool>* stop = nullptr;  // may be set by another thread
  // Called often, from the thread that called scan().
  std::function<void(const Progress&)> progress;
};

enum class SkipKind : std::uint8_t { syntax_error, binary, unreadable, too_large, unsupported };
[[nodiscard]] std::string_view to_string(SkipKind) noexcept;  // "syntax-error", …

struct SkippedFile {
  std::string path;  // relative to the root, with '/'
  SkipKind kind = SkipKind::unreadable;
  std::string reason;
};

// The bytes that the facts of one file describe.
struct ScannedFile {
  Hash128 content;
  std::uint64_t size_bytes = 0;
};

struct FoundSite {
  std::size_t file = 0;  // index in ScanReport::sources and ::files
  rules::Finding finding;
  std::string fingerprint;  // 32 hex digits; see fingerprint.h
  bool suppressed = false;
  bool shown = true;   // at or above the least severity that is shown
  bool fails = false;  // at or above the severity that makes the command fail; never if suppressed
};

// A comment that asks for silence and is not needed, or cannot be understood.
struct IdleSuppression {
  std::string path;
  std::uint32_t line = 0;
  std::string rule;    // as written
  std::string reason;  // "no finding of this rule here", "there is no rule \"UT0001\"; …"
};

struct LeftOut {
  std::uint64_t ignored = 0;           // files and folders that .gitignore or `exclude` name
  std::uint64_t vendored_folders = 0;  // node_modules, site-packages, virtual environments, …
  std::uint64_t hidden_folders = 0;
  std::uint64_t links = 0;  // symbolic links
  std::uint64_t tests = 0;  // files; their findings appear with include_tests
  std::uint64_t generated = 0;
};

struct ScanReport {
  std::string root;  // absolute: the deepest folder that holds all that was named
  std::vector<rules::SourceFacts> sources;  // the files with facts, by path
  std::vector<ScannedFile> files;           // of each of them
  std::vector<FoundSite> findings;          // by path, then by place in the text
  std::vector<SkippedFile> skipped;         // by path
  std::vector<IdleSuppression> idle_suppressions;
  LeftOut left_out;
  std::uint64_t files_scanned = 0;  // looked at, those without facts included
  std::uint64_t bytes_scanned = 0;
  std::uint64_t files_parsed = 0;  // in this scan: not those that the cache knew
  std::uint64_t files_cached = 0;
  double elapsed_s = 0;
  bool interrupted = false;  // stopped before the end: nothing else in here is complete
};

[[nodiscard]] Result<ScanReport> scan(FileSystem& fs, const ScanRequest& request);

}  // namespace untorn::scan
