// SPDX-License-Identifier: Apache-2.0
#include "cli/kept_traces.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>
#include <vector>

#include "untorn/filesystem.h"
#include "untorn/replace.h"

namespace untorn::cli {
namespace {

constexpr std::size_t traces_max = 32;
constexpr std::uint32_t folder_mode = 0700;
constexpr std::uint32_t file_mode = 0600;
constexpr std::string_view suffix = ".trace";

std::string absolute_variable(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr && *value == '/' ? value : "";
}

// "" if there is none.
std::string cache_folder() {
  std::string cache = absolute_variable("XDG_CACHE_HOME");
  if (!cache.empty()) return cache;
  const std::string home = absolute_variable("HOME");
  return home.empty() ? home : home + "/.cache";
}

Error error_of(Errno reason, std::string path) {
  return Error::from_errno(number(reason), Step::open_directory, Outcome::not_applied,
                           std::move(path));
}

Result<void> make_folder(const std::string& path) {
  const auto made =
      posix_file_system().make_directory(Handle::working_directory, path, folder_mode);
  if (!made && number(made.error()) != EEXIST) return std::unexpected(error_of(made.error(), path));
  return {};
}

// Of several processes that do this at once each may find a file gone that it lists: that is fine.
void remove_oldest(const std::string& folder) {
  FileSystem& fs = posix_file_system();
  const auto handle = fs.open(Handle::working_directory, folder, {.access = Access::directory});
  if (!handle) return;
  const OwnedHandle owned(fs, *handle);
  const auto entries = fs.list(*handle);
  if (!entries) return;
  std::vector<std::pair<std::int64_t, std::string>> traces;
  for (const Entry& entry : *entries) {
    if (entry.type != FileType::regular || !entry.name.ends_with(suffix)) continue;
    if (const auto status = fs.status_at(*handle, entry.name)) {
      traces.emplace_back(status->modified_ns, entry.name);
    }
  }
  if (traces.size() <= traces_max) return;
  std::sort(traces.begin(), traces.end());
  traces.resize(traces.size() - traces_max);
  for (const auto& [time, name] : traces) (void)fs.unlink(*handle, name);
}

}  // namespace

std::string kept_trace_path(std::string_view name) {
  std::string path = cache_folder();
  if (path.empty()) return path;
  path += "/untorn/traces/";
  path += name;
  path += suffix;
  return path;
}

Result<void> keep_trace(std::string_view name, std::string_view bytes) {
  const std::string cache = cache_folder();
  if (cache.empty()) {
    return std::unexpected(Error(Code::not_found, Step::resolve, Outcome::not_applied, 0,
                                 "the cache folder", "neither XDG_CACHE_HOME nor HOME names one"));
  }
  const std::string folder = cache + "/untorn/traces";
  for (const std::string& each : {cache, cache + "/untorn", folder}) {
    if (auto made = make_folder(each); !made) return made;
  }
  auto kept = replace_file(kept_trace_path(name), bytes,
                           {.durability = Durability::process, .mode = file_mode});
  if (!kept) return std::unexpected(std::move(kept).error());
  remove_oldest(folder);
  return {};
}

}  // namespace untorn::cli
