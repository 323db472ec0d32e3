// SPDX-License-Identifier: Apache-2.0
#include "pipeline/project_file.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "filesystem/read_whole.h"

namespace untorn::pipeline {

Result<std::optional<std::string>> read_project_file(const Project& project,
                                                     std::string_view path) {
  FileSystem& fs = project.fs();
  const auto failed = [&](Errno os_errno, Step step) {
    // A link that is not followed; opening a directory through it says ENOTDIR.
    const bool is_link = number(os_errno) == ELOOP;
    return Error::from_errno(number(os_errno), step, Outcome::not_applied, project.file(path),
                             is_link ? "a symbolic link" : "");
  };
  auto opened = fs.open(Handle::working_directory, project.root(), {.access = Access::directory});
  if (!opened) return std::unexpected(failed(opened.error(), Step::open_directory));
  OwnedHandle here(fs, *opened);
  for (std::string_view rest = path;;) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const bool is_last = end == rest.size();
    const std::string_view name = rest.substr(0, end);
    const auto status = fs.status_at(here.get(), name);
    if (!status && number(status.error()) == ENOENT) return std::optional<std::string>();
    if (!status) return std::unexpected(failed(status.error(), Step::inspect));
    const FileType wanted = is_last ? FileType::regular : FileType::directory;
    if (status->type != wanted) {
      return std::unexpected(
          Error(Code::not_regular_file, Step::inspect, Outcome::not_applied, 0, project.file(path),
                status->type == FileType::symlink ? "a symbolic link could lead out of the project"
                                                  : "it is no file"));
    }
    opened = fs.open(here.get(), name,
                     {.access = is_last ? Access::read : Access::directory,
                      .follow = false,
                      .nonblocking = is_last});
    if (!opened) return std::unexpected(failed(opened.error(), Step::inspect));
    here = OwnedHandle(fs, *opened);
    if (is_last) break;
    rest.remove_prefix(end + 1);
  }
  auto bytes = read_whole(fs, here.get());
  if (!bytes) return std::unexpected(failed(bytes.error(), Step::inspect));
  return std::optional<std::string>(*std::move(bytes));
}

}  // namespace untorn::pipeline
