// SPDX-License-Identifier: Apache-2.0
#include "untorn/pipeline/project.h"

#include <system_error>
#include <utility>

#include "base/try.h"
#include "pipeline/folders.h"

namespace untorn::pipeline {
namespace {

constexpr std::string_view pipeline_folder_name = ".pipeline";

Result<void> check_folder(FileSystem& fs, const std::string& path) {
  auto opened = fs.open(Handle::working_directory, path, {.access = Access::directory});
  if (!opened) {
    return std::unexpected(Error::from_errno(number(opened.error()), Step::open_directory,
                                             Outcome::not_applied, path));
  }
  (void)fs.close(*opened);
  return {};
}

// Without a '/' at its end; on the real file system absolute and without links.
std::string root_of(FileSystem& fs, const std::filesystem::path& directory) {
  if (&fs == &posix_file_system()) {
    std::error_code error;
    const std::filesystem::path canonical = std::filesystem::canonical(directory, error);
    if (!error) return canonical.native();  // otherwise opening it says why
  }
  std::string root = directory.lexically_normal().native();
  while (root.size() > 1 && root.ends_with('/')) root.pop_back();
  return root;
}

}  // namespace

std::string_view to_string(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return "unknown";
}

Result<Project> Project::open(FileSystem& fs, const std::filesystem::path& directory,
                              const ProjectOptions& options) {
  if (directory.empty() || directory.native().find('\0') != std::string::npos) {
    return std::unexpected(Error(Code::invalid_argument, Step::resolve, Outcome::not_applied, 0,
                                 directory.native(), "it is no name of a directory"));
  }
  Project project(fs, root_of(fs, directory), options);
  UNTORN_CHECK(check_folder(fs, project.root_));
  const std::string folder = project.file(pipeline_folder_name);
  if (options.read_only) {
    UNTORN_CHECK(check_folder(fs, folder));
    return project;
  }
  UNTORN_CHECK(make_folder(fs, folder, options.durability));
  if (options.count) {
    if (auto counters = Counters::open(fs, project.root_)) project.counters_ = *counters;
  }
  return project;
}

Result<Project> Project::open(const std::filesystem::path& directory,
                              const ProjectOptions& options) {
  return open(posix_file_system(), directory, options);
}

std::string Project::file(std::string_view relative) const {
  return (std::filesystem::path(root_) / relative).native();
}

Result<Document> Project::document(std::string_view relative) const {
  return Document::open(*fs_, file(relative),
                        {.durability = options_.durability,
                         .generations = options_.generations,
                         .mode = options_.mode,
                         .read_only = options_.read_only,
                         .lock_wait = options_.lock_wait,
                         .tree = root_,
                         .counters = counters_});
}

void Project::log(LogLevel level, const std::string& line) const {
  if (options_.log) options_.log(level, line);
}

Result<Transaction> Project::begin() const {
  if (options_.read_only) {
    return std::unexpected(Error(Code::permission_denied, Step::resolve, Outcome::not_applied, 0,
                                 root_, "the project was opened read-only"));
  }
  auto transaction =
      Transaction::begin(*fs_, root_, {.lock_wait = options_.lock_wait, .counters = counters_});
  if (!transaction) return transaction;
  const std::string message = transaction->recovery().message();
  if (!message.empty()) log(LogLevel::warning, message);
  return transaction;
}

}  // namespace untorn::pipeline
