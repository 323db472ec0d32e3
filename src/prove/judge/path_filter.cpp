// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/path_filter.h"

#include <fnmatch.h>

#include <algorithm>
#include <utility>

namespace untorn::prove {

namespace {

bool matches(const std::string& pattern, const std::string& path) {
  if (::fnmatch(pattern.c_str(), path.c_str(), 0) == 0) return true;
  if (pattern.find('/') != std::string::npos) return false;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (::fnmatch(pattern.c_str(), path.substr(begin, end - begin).c_str(), 0) == 0) return true;
    begin = end + 1;
  }
  return false;
}

bool matches_any(const std::vector<std::string>& patterns, const std::string& path) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return matches(pattern, path); });
}

}  // namespace

PathFilter::PathFilter(std::vector<std::string> only, std::vector<std::string> ignore)
    : only_(std::move(only)), ignore_(std::move(ignore)) {}

const std::vector<std::string>& PathFilter::cache_patterns() {
  // "-shm" is the index of a SQLite log in shared memory, rebuilt when the database is opened.
  // Our own counters are told what happened while it happens, through a mapping, and never synced;
  // the marks of logs are hints with a checksum, overwritten in place. The generations of documents
  // have checksums as well: a damaged one is passed over when the document is loaded.
  static const std::vector<std::string> patterns = {"__pycache__",         "*.pyc",
                                                    ".mypy_cache",         ".pytest_cache",
                                                    ".ruff_cache",         "*-shm",
                                                    ".untorn/counters",    ".untorn/counters/*",
                                                    "*/.untorn/counters",  "*/.untorn/counters/*",
                                                    ".untorn/logs",        ".untorn/logs/*",
                                                    "*/.untorn/logs",      "*/.untorn/logs/*",
                                                    ".untorn/documents/*", "*/.untorn/documents/*"};
  return patterns;
}

bool PathFilter::is_cache(const std::string& path) const {
  return matches_any(cache_patterns(), path);
}

bool PathFilter::selects(const std::string& path) const {
  if (is_cache(path) || matches_any(ignore_, path)) return false;
  return only_.empty() || matches_any(only_, path);
}

}  // namespace untorn::prove
