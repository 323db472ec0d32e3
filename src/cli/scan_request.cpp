// SPDX-License-Identifier: Apache-2.0
#include "cli/scan_request.h"

#include <cstdlib>
#include <string_view>

#include "base/try.h"
#include "untorn/filesystem.h"

namespace untorn::cli {
namespace {

// Empty where neither is set: then there is no cache.
std::string cache_folder() {
  const auto absolute = [](const char* name) -> std::string {
    const char* value = std::getenv(name);
    return value != nullptr && *value == '/' ? value : "";
  };
  if (std::string folder = absolute("XDG_CACHE_HOME"); !folder.empty()) {
    return folder + "/untorn/scan";
  }
  const std::string home = absolute("HOME");
  return home.empty() ? home : home + "/.cache/untorn/scan";
}

// Two builds of one version may read a source differently: what one has kept is not the other's.
std::string build_identity() {
  std::string identity = UNTORN_VERSION;
  FileSystem& fs = posix_file_system();
  const auto opened = fs.open(Handle::working_directory, "/proc/self/exe", {});
  if (!opened) return identity;
  const OwnedHandle file(fs, *opened);
  if (const auto status = fs.status(file.get())) {
    identity += " " + std::to_string(status->size) + " " + std::to_string(status->modified_ns);
  }
  return identity;
}

}  // namespace

Result<scan::ScanRequest> make_scan_request(const ScanChoice& choice) {
  scan::ScanRequest request;
  if (!choice.paths.empty()) request.paths = choice.paths;
  if (!choice.select.empty()) {
    UNTORN_TRY(request.overrides.select, scan::parse_rules(choice.select));
  }
  if (!choice.ignore.empty()) {
    UNTORN_TRY(request.overrides.ignore, scan::parse_rules(choice.ignore));
  }
  if (choice.min_severity) {
    request.overrides.min_severity = scan::parse_severity(*choice.min_severity);
  }
  if (choice.use_cache) request.cache_folder = cache_folder();
  request.tool_version = build_identity();
  return request;
}

}  // namespace untorn::cli
