// SPDX-License-Identifier: Apache-2.0
#include "pipeline/source_path.h"

#include <algorithm>

#include "base/try.h"

namespace untorn::pipeline {
namespace {

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20U || byte == 0x7FU;
}

// As file systems that ignore case would compare it.
bool is_same_name(std::string_view name, std::string_view small_letters) {
  return std::equal(name.begin(), name.end(), small_letters.begin(), small_letters.end(),
                    [](char left, char right) {
                      return (left >= 'A' && left <= 'Z' ? left - 'A' + 'a' : left) == right;
                    });
}

Error refusal(std::string_view path, std::string detail) {
  return Error(Code::invalid_argument, Step::resolve, Outcome::not_applied, 0, std::string(path),
               std::move(detail));
}

// Why this component may not be there; empty if it may.
std::string_view objection(std::string_view name, bool is_first) {
  if (name == "..") return "the path leaves the project (\"..\")";
  if (is_same_name(name, ".untorn")) return "what Untorn keeps is not for other programs to change";
  if (is_same_name(name, ".git")) return "a git repository's own files are not changed";
  if (is_first && is_same_name(name, ".pipeline")) {
    return "the pipeline's own files are changed by their own classes";
  }
  return {};
}

}  // namespace

Result<std::string> source_path(std::string_view path) {
  if (path.empty()) return std::unexpected(refusal(path, "the path is empty"));
  if (std::any_of(path.begin(), path.end(), is_control)) {
    return std::unexpected(refusal(path, "the path has a control character"));
  }
  if (path.front() == '/') {
    return std::unexpected(
        refusal(path, "the path is absolute; it must be relative to the project"));
  }
  std::string normal;
  for (std::string_view rest = path; !rest.empty();) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view name = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (name.empty() || name == ".") continue;
    const std::string_view why_not = objection(name, normal.empty());
    if (!why_not.empty()) return std::unexpected(refusal(path, std::string(why_not)));
    if (!normal.empty()) normal += '/';
    normal += name;
  }
  if (normal.empty() || path.ends_with('/')) {
    return std::unexpected(refusal(path, "the path names a directory"));
  }
  return normal;
}

Result<std::string> source_path(const Transaction& transaction, std::string_view path) {
  UNTORN_TRY(std::string normal, source_path(path));
  // Directories that are still to be made lead nowhere else: the links are in what is there.
  for (std::size_t end = normal.size(); end != std::string::npos && end > 0;
       end = normal.rfind('/', end - 1)) {
    auto target = transaction.resolve(normal.substr(0, end));
    if (!target && target.error().code() == Code::not_found) continue;
    if (!target) return std::unexpected(std::move(target).error());
    if (const std::string whole = *target + normal.substr(end); whole != normal) {
      UNTORN_CHECK(source_path(whole));
    }
    break;
  }
  return normal;
}

}  // namespace untorn::pipeline
