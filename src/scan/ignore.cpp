// SPDX-License-Identifier: Apache-2.0
#include "scan/ignore.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <utility>

#include "scan/read_file.h"

namespace untorn::scan {
namespace {

namespace stdfs = std::filesystem;

constexpr std::uint64_t ignore_bytes_max = 1U << 20U;

// Empty if there is no such file, or none that can be read.
std::string text_of(FileSystem& fs, const std::string& path) {
  std::string text;
  const auto status = fs.status_at(Handle::working_directory, path);
  if (!status || status->type != FileType::regular) return {};
  if (!read_file(fs, path, ignore_bytes_max, text)) return {};
  return text;
}

std::string first_line(std::string text) {
  text.resize(std::min(text.find_first_of("\r\n"), text.size()));
  return text;
}

bool exists(FileSystem& fs, const std::string& path) {
  return fs.status_at(Handle::working_directory, path).has_value();
}

std::string joined(std::string_view folder, std::string_view name) {
  std::string path(folder);
  if (!path.ends_with('/')) path += '/';
  return path += name;
}

// Where a repository keeps what all its work trees share. `.git` is a folder, or a file that names
// one.
std::string common_folder(FileSystem& fs, const std::string& folder) {
  std::string git = joined(folder, ".git");
  const std::string pointer = first_line(text_of(fs, git));
  constexpr std::string_view mark = "gitdir: ";
  if (!pointer.starts_with(mark)) return git;
  const stdfs::path own = stdfs::path(folder) / pointer.substr(mark.size());
  const std::string common = first_line(text_of(fs, (own / "commondir").string()));
  return common.empty() ? own.string() : (own / common).string();
}

}  // namespace

std::string_view relative_to(std::string_view folder, std::string_view path) {
  if (folder == "/") folder = {};
  if (path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/') {
    return path.substr(folder.size() + 1);
  }
  return path;
}

IgnoreRules::Shared IgnoreRules::of_repository(FileSystem& fs, const std::string& folder) {
  const std::string text = text_of(fs, joined(common_folder(fs, folder), "info/exclude"));
  return Shared(new IgnoreRules(nullptr, folder, parse_globs(text)));
}

IgnoreRules::Shared IgnoreRules::above(FileSystem& fs, const std::string& folder) {
  // A folder with a .git of its own is a root: enter() sees that.
  std::vector<stdfs::path> below;  // nearest first
  for (stdfs::path at = folder;; at = at.parent_path()) {
    if (exists(fs, joined(at.string(), ".git"))) {
      if (below.empty()) return nullptr;
      below.push_back(at);
      break;
    }
    if (!at.has_relative_path()) return nullptr;
    below.push_back(at);
  }
  Shared rules = of_repository(fs, below.back().string());
  for (auto at = below.rbegin(); std::next(at) != below.rend(); ++at) {
    const std::string text = text_of(fs, joined(at->string(), ".gitignore"));
    if (!text.empty()) rules = Shared(new IgnoreRules(rules, at->string(), parse_globs(text)));
  }
  return rules;
}

IgnoreRules::Shared IgnoreRules::enter(FileSystem& fs, const Shared& above,
                                       const std::string& folder, std::span<const Entry> entries) {
  const auto has = [&](std::string_view name) {
    return std::any_of(entries.begin(), entries.end(),
                       [&](const Entry& entry) { return entry.name == name; });
  };
  Shared rules = has(".git") ? of_repository(fs, folder) : above;
  if (!has(".gitignore")) return rules;
  const std::string text = text_of(fs, joined(folder, ".gitignore"));
  return Shared(new IgnoreRules(std::move(rules), folder, parse_globs(text)));
}

bool IgnoreRules::ignores(std::string_view path, bool is_directory) const {
  for (const IgnoreRules* rules = this; rules != nullptr; rules = rules->above_.get()) {
    const Verdict verdict = judge(rules->globs_, relative_to(rules->folder_, path), is_directory);
    if (verdict != Verdict::silent) return verdict == Verdict::excluded;
  }
  return false;
}

}  // namespace untorn::scan
