// SPDX-License-Identifier: Apache-2.0
#include "transaction/paths.h"

#include <algorithm>

#include "filesystem/kept_folder.h"
#include "transaction/operation.h"
#include "write/temporary.h"

namespace untorn::transaction {
namespace {

constexpr std::size_t random_digits = 32;

bool has_shape(std::string_view name, std::string_view prefix) noexcept {
  if (!name.starts_with(prefix) || name.size() != prefix.size() + random_digits) return false;
  return std::all_of(name.begin() + static_cast<std::ptrdiff_t>(prefix.size()), name.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::optional<std::string> component_problem(std::string_view name) {
  if (name.empty()) return "the path has an empty component";
  if (name == "." || name == "..") return "the path has the component " + std::string(name);
  if (name.size() > name_bytes_max) return "a name of the path is longer than 255 bytes";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> path_problem(std::string_view path) {
  if (path.empty()) return "the path is empty";
  if (path.front() == '/') return "the path is absolute";
  if (path.size() > path_bytes_max) return "the path is longer than 4095 bytes";
  if (path.find('\0') != std::string_view::npos) return "the path holds a NUL byte";
  for (std::string_view rest = path;;) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    if (auto problem = component_problem(rest.substr(0, end))) return problem;
    if (end == rest.size()) return std::nullopt;
    rest.remove_prefix(end + 1);
  }
}

bool is_reserved_name(std::string_view name) noexcept {
  return name == kept_folder_name || is_staged_name(name) ||
         has_shape(name, write::temporary_prefix);
}

bool is_staged_name(std::string_view name) noexcept {
  return has_shape(name, staged_prefix);
}

bool is_own_kept_name(std::string_view name) noexcept {
  return name == lock_name || name == ignore_name || name == staging_name ||
         name.starts_with(intent_name);
}

bool may_be_changed(std::string_view path) {
  if (path_problem(path)) return false;
  bool first = true;
  bool in_kept = false;
  for (std::string_view rest = path; !rest.empty();) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view name = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (in_kept && is_own_kept_name(name)) return false;
    in_kept = first && name == kept_folder_name && !rest.empty();
    if (is_reserved_name(name) && !in_kept) return false;
    first = false;
  }
  return true;
}

bool is_staged_path(std::string_view path) {
  if (path.starts_with('/') || !is_staged_name(name_of(path))) return false;
  // Beside a directory that the transaction itself makes in `.untorn`.
  const std::string_view parent = parent_of(path);
  return parent.empty() || parent == kept_folder_name || may_be_changed(parent);
}

std::string_view parent_of(std::string_view path) noexcept {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string_view name_of(std::string_view path) noexcept {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string joined(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!path.empty()) path += '/';
  path += name;
  return path;
}

bool is_below(std::string_view path, std::string_view directory) noexcept {
  if (directory.empty()) return true;
  return path.size() > directory.size() && path.starts_with(directory) &&
         path[directory.size()] == '/';
}

}  // namespace untorn::transaction
