// SPDX-License-Identifier: Apache-2.0
#include "scan/scan.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <utility>

#include "base/try.h"
#include "scan/cache.h"
#include "scan/examine.h"
#include "scan/ignore.h"
#include "scan/parallel.h"
#include "scan/sites.h"
#include "scan/walk.h"

namespace untorn::scan {
namespace {

using Clock = std::chrono::steady_clock;

// A helper that any of the settings declares is known to all files: they may call it.
rules::LinkOptions link_options(const Walk& walk) {
  rules::LinkOptions options;
  std::unordered_set<const Config*> seen;
  for (const Candidate& file : walk.files) {
    if (!seen.insert(file.config.get()).second) continue;
    options.atomic_writers.insert(options.atomic_writers.end(), file.config->atomic_writers.begin(),
                                  file.config->atomic_writers.end());
  }
  std::sort(options.atomic_writers.begin(), options.atomic_writers.end());
  return options;
}

bool is_within(std::string_view folder, std::string_view path) {
  return folder.empty() ||
         (path.starts_with(folder) && path.size() > folder.size() && path[folder.size()] == '/');
}

// Entries of files that this scan did not look for stay; of those that it looked for and did not
// find there is nothing to keep.
void update_cache(FileSystem& fs, const Cache& cache, const Walk& walk,
                  const Examination& examination) {
  std::vector<Cache::Named> entries;
  bool changed = false;
  for (std::size_t index = 0; index < walk.files.size(); ++index) {
    const ExaminedFile& file = examination.files[index];
    changed = changed || file.is_changed;
    if (file.is_read) entries.push_back({.path = walk.files[index].path, .entry = file.entry});
  }
  const auto is_looked_for = [&](std::string_view path) {
    const bool is_walked =
        std::any_of(walk.folders.begin(), walk.folders.end(),
                    [&](const std::string& folder) { return is_within(folder, path); });
    const auto file = std::lower_bound(
        walk.files.begin(), walk.files.end(), path,
        [](const Candidate& left, std::string_view right) { return left.path < right; });
    return is_walked || (file != walk.files.end() && file->path == path);
  };
  for (const auto& [path, entry] : cache.entries()) {
    if (!is_looked_for(path)) entries.push_back({.path = path, .entry = entry});
  }
  if (!changed && entries.size() == cache.entries().size()) return;
  std::sort(
      entries.begin(), entries.end(),
      [](const Cache::Named& left, const Cache::Named& right) { return left.path < right.path; });
  cache.replace(fs, entries);
}

class Scanner {
 public:
  Scanner(FileSystem& fs, const ScanRequest& request)
      : fs_(fs),
        request_(request),
        threads_(request.threads != 0 ? request.threads
                                      : std::max(1U, std::thread::hardware_concurrency())) {}

  Result<ScanReport> run() {
    const Clock::time_point begin = Clock::now();
    UNTORN_TRY(walk_, walk(fs_, request_, threads_));
    const Cache cache = Cache::load(
        fs_, {.folder = request_.cache_folder, .root = walk_.root, .tool = request_.tool_version});
    Examination examination = examine(fs_, request_, walk_, cache, threads_);
    report_.root = walk_.root;
    report_.interrupted = is_set(request_.stop);
    if (report_.interrupted) return std::move(report_);
    update_cache(fs_, cache, walk_, examination);
    take(examination);
    judge_all();
    report_.interrupted = is_set(request_.stop);
    report_.elapsed_s = std::chrono::duration<double>(Clock::now() - begin).count();
    return std::move(report_);
  }

 private:
  // What the report says of the files themselves.
  void take(Examination& examination) {
    report_.left_out = walk_.left_out;
    report_.skipped = std::move(walk_.skipped);
    report_.files_parsed = examination.files_parsed;
    report_.files_cached = examination.files_cached;
    for (std::size_t index = 0; index < walk_.files.size(); ++index) {
      ExaminedFile& file = examination.files[index];
      if (!file.counts) continue;
      if (file.skipped) {
        report_.skipped.push_back(*std::move(file.skipped));
        continue;
      }
      ++report_.files_scanned;
      report_.bytes_scanned += file.entry.stamp.size;
      if (file.examined) take_facts(index, *std::move(file.examined), file.entry);
    }
    std::sort(
        report_.skipped.begin(), report_.skipped.end(),
        [](const SkippedFile& left, const SkippedFile& right) { return left.path < right.path; });
  }

  void take_facts(std::size_t index, Examined examined, const CacheEntry& entry) {
    const Candidate& candidate = walk_.files[index];
    if (examined.facts.is_test && !candidate.config->include_tests) ++report_.left_out.tests;
    if (examined.facts.is_generated) ++report_.left_out.generated;
    report_.files.push_back({.content = entry.content, .size_bytes = entry.stamp.size});
    report_.sources.push_back({.path = candidate.path, .facts = std::move(examined.facts)});
    examined_.push_back(std::move(examined));
    configs_.push_back(candidate.config);
  }

  void judge_all() {
    const std::vector<rules::LinkedFile> linked = rules::link(report_.sources, link_options(walk_));
    std::vector<FileSites> sites(linked.size());
    for_each_index(threads_, linked.size(), request_.stop, [&](std::size_t index, bool is_caller) {
      sites[index] =
          find_sites(linked[index], examined_[index], *configs_[index], relative_to_config(index));
      if (is_caller && request_.progress) request_.progress({});
    });
    for (std::size_t index = 0; index < sites.size(); ++index) {
      for (FoundSite& site : sites[index].findings) {
        site.file = index;
        report_.findings.push_back(std::move(site));
      }
      std::move(sites[index].idle_suppressions.begin(), sites[index].idle_suppressions.end(),
                std::back_inserter(report_.idle_suppressions));
    }
  }

  [[nodiscard]] std::string relative_to_config(std::size_t index) const {
    std::string path = walk_.root;
    if (!path.ends_with('/')) path += '/';
    path += report_.sources[index].path;
    return std::string(relative_to(configs_[index]->folder, path));
  }

  FileSystem& fs_;
  const ScanRequest& request_;
  const unsigned threads_;
  Walk walk_;
  ScanReport report_;
  std::vector<Examined> examined_;  // of each of report_.sources, without the facts
  std::vector<std::shared_ptr<const Config>> configs_;
};

}  // namespace

std::string_view to_string(SkipKind kind) noexcept {
  switch (kind) {
    case SkipKind::syntax_error:
      return "syntax-error";
    case SkipKind::binary:
      return "binary";
    case SkipKind::unreadable:
      return "unreadable";
    case SkipKind::too_large:
      return "too-large";
    case SkipKind::unsupported:
      return "unsupported";
  }
  return "unreadable";
}

Result<ScanReport> scan(FileSystem& fs, const ScanRequest& request) {
  return Scanner(fs, request).run();
}

}  // namespace untorn::scan
