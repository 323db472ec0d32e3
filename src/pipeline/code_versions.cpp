// SPDX-License-Identifier: Apache-2.0
#include "pipeline/code_versions.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string_view>

#include "base/try.h"

namespace untorn::pipeline {
namespace {

constexpr std::string_view versions_folder = ".pipeline/backups/files/";
constexpr std::string_view absent_suffix = ".absent";
constexpr std::size_t digits_min = 6;

std::string folder_of(const std::string& path) {
  return std::string(versions_folder) + path;
}

std::string file_of(const std::string& path, const CodeVersion& version) {
  const std::string number = std::to_string(version.number);
  return folder_of(path) + '/' +
         std::string(digits_min - std::min(number.size(), digits_min), '0') + number +
         std::string(version.absent ? absent_suffix : std::string_view());
}

// The mode of the file: who may not read it may not read its version either.
std::uint32_t mode_of(const Project& project, const Transaction& transaction,
                      const std::string& path) {
  constexpr std::uint32_t mode_private = 0600;
  const auto target = transaction.resolve(path);
  if (!target) return mode_private;
  const auto status = project.fs().status_at(Handle::working_directory, project.file(*target));
  return status ? status->mode & 0777U : mode_private;
}

// Nothing for a name that is no version.
std::optional<CodeVersion> version_named(std::string_view name) {
  CodeVersion version;
  version.absent = name.ends_with(absent_suffix);
  if (version.absent) name.remove_suffix(absent_suffix.size());
  const auto [end, failure] =
      std::from_chars(name.data(), name.data() + name.size(), version.number);
  if (failure != std::errc() || end != name.data() + name.size() || name.size() < digits_min) {
    return std::nullopt;
  }
  return version;
}

}  // namespace

Result<std::vector<CodeVersion>> list_versions(const Project& project, const std::string& path) {
  const std::string folder = project.file(folder_of(path));
  auto opened = project.fs().open(Handle::working_directory, folder, {.access = Access::directory});
  if (!opened) {
    if (opened.error() == Errno{ENOENT} || opened.error() == Errno{ENOTDIR}) {
      return std::vector<CodeVersion>();
    }
    return std::unexpected(Error::from_errno(number(opened.error()), Step::open_directory,
                                             Outcome::not_applied, folder));
  }
  const OwnedHandle directory(project.fs(), *opened);
  auto entries = project.fs().list(directory.get());
  if (!entries) {
    return std::unexpected(
        Error::from_errno(number(entries.error()), Step::inspect, Outcome::not_applied, folder));
  }
  std::vector<CodeVersion> versions;
  for (const Entry& entry : *entries) {
    auto version = version_named(entry.name);
    if (!version) continue;
    const auto status = project.fs().status_at(directory.get(), entry.name);
    if (!status || status->type != FileType::regular) continue;
    version->bytes = status->size;
    version->mode = status->mode;
    version->kept_ns = status->modified_ns;
    versions.push_back(*version);
  }
  std::sort(
      versions.begin(), versions.end(),
      [](const CodeVersion& left, const CodeVersion& right) { return left.number > right.number; });
  return versions;
}

Result<std::optional<std::string>> read_version(const Transaction& transaction,
                                                const std::string& path,
                                                const CodeVersion& version) {
  if (version.absent) return std::optional<std::string>();
  UNTORN_TRY(std::optional<std::string> content, transaction.read(file_of(path, version)));
  if (content) return content;
  return std::unexpected(Error(Code::not_found, Step::inspect, Outcome::not_applied, 0,
                               file_of(path, version), "the version is gone"));
}

Result<void> keep_version(const Project& project, Transaction& transaction, const std::string& path,
                          const std::optional<std::string>& content) {
  UNTORN_TRY(const std::vector<CodeVersion> versions, list_versions(project, path));
  const CodeVersion added{.number = versions.empty() ? 1 : versions.front().number + 1,
                          .absent = !content};
  UNTORN_CHECK(transaction.make_directory(folder_of(path)));
  UNTORN_CHECK(transaction.put(
      file_of(path, added), content ? *content : std::string(),
      {.mode = mode_of(project, transaction, path), .existence = Existence::must_not_exist}));
  for (std::size_t i = CodeFiles::versions_max - 1; i < versions.size(); ++i) {
    UNTORN_CHECK(transaction.remove(file_of(path, versions[i])));
  }
  return {};
}

}  // namespace untorn::pipeline
