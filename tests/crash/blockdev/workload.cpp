// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/blockdev/workload.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "tests/crash/blockdev/disk.h"

namespace untorn::lab {
namespace {

[[noreturn]] void give_up(const std::string& what, Errno error) {
  throw LabError(what + ": " + std::strerror(number(error)));
}

std::string content_of(FileSystem& fs, const std::string& path) {
  const auto opened = fs.open(Handle::working_directory, path, {.access = Access::read});
  if (!opened) give_up("open " + path, opened.error());
  const OwnedHandle file(fs, *opened);
  std::string content;
  std::vector<std::byte> buffer(std::size_t{1} << 18U);
  for (;;) {
    const auto count = fs.read_at(file.get(), content.size(), buffer);
    if (!count) give_up("read " + path, count.error());
    if (*count == 0) return content;
    content.append(reinterpret_cast<const char*>(buffer.data()), *count);
  }
}

void walk(FileSystem& fs, const std::string& prefix, Tree& tree) {
  const std::string folder = prefix.empty() ? "." : prefix;
  const auto opened = fs.open(Handle::working_directory, folder, {.access = Access::directory});
  if (!opened) give_up("open " + folder, opened.error());
  const OwnedHandle handle(fs, *opened);
  const auto entries = fs.list(handle.get());
  if (!entries) give_up("list " + folder, entries.error());
  for (const Entry& entry : *entries) {
    const std::string path = prefix.empty() ? entry.name : prefix + "/" + entry.name;
    TreeFile& file = tree[path];
    file.type = entry.type;
    if (entry.type == FileType::directory) walk(fs, path, tree);
    if (entry.type == FileType::regular) file.content = content_of(fs, path);
    if (entry.type != FileType::symlink) continue;
    auto target = fs.read_link(handle.get(), entry.name);
    if (!target) give_up("readlink " + path, target.error());
    file.content = std::move(*target);
  }
}

bool is_zeros(std::string_view text) {
  return text.find_first_not_of('\0') == std::string_view::npos;
}

// Is every sector that of one of the versions at the same place, or (`with_zeros`) NUL?
bool is_made_of(std::string_view now, const Versions& versions, bool with_zeros) {
  const std::string_view after = *versions.after;
  const std::string_view before =
      versions.before != nullptr ? std::string_view(*versions.before) : std::string_view();
  // Where the new version ends inside a sector, the rest is what the old one had there.
  std::string over = std::string(after);
  if (before.size() > after.size()) over += before.substr(after.size());
  const auto is_at = [](std::string_view version, std::size_t at, std::string_view sector) {
    return at < version.size() && version.substr(at, sector.size()) == sector;
  };
  for (std::size_t at = 0; at < now.size(); at += sector_bytes) {
    const std::string_view sector = now.substr(at, sector_bytes);
    if (is_at(before, at, sector) || is_at(after, at, sector) || is_at(over, at, sector)) continue;
    if (!with_zeros || !is_zeros(sector)) return false;
  }
  return true;
}

Kind kind_of(const std::string& now, const Versions& versions) {
  if (now.empty()) return Kind::empty;
  const auto begins = [&now](const std::string* version) {
    return version != nullptr && version->starts_with(now);
  };
  if (begins(versions.after) || begins(versions.before)) return Kind::partial;
  if (is_zeros(now)) return Kind::zeros;
  if (is_made_of(now, versions, false)) return Kind::mixed;
  const std::string_view whole = now;
  const std::size_t end = whole.find_last_not_of('\0') + 1;
  const bool zero_tail =
      versions.after->starts_with(whole.substr(0, end)) ||
      (versions.before != nullptr && versions.before->starts_with(whole.substr(0, end)));
  if (zero_tail || is_made_of(now, versions, true)) return Kind::zeros;
  return Kind::garbage;
}

}  // namespace

void demand(bool condition, const std::string& what) {
  if (!condition) throw LabError(what);
}

Tree read_tree(FileSystem& fs) {
  Tree tree;
  walk(fs, "", tree);
  return tree;
}

std::string_view to_string(Kind kind) noexcept {
  constexpr std::array<std::string_view, kind_count> names = {
      "good",  "lost",    "partial", "empty",   "zeros",
      "mixed", "missing", "garbage", "damaged", "unreadable"};
  return names[static_cast<std::size_t>(kind)];
}

bool keeps(Promise promise, Kind kind) noexcept {
  if (kind == Kind::good) return true;
  return kind == Kind::lost ? !promise.durable : !promise.whole;
}

Finding judge_version(const Tree& tree, const std::string& path, const Versions& versions) {
  const auto found = tree.find(path);
  const bool there = found != tree.end() && found->second.type == FileType::regular;
  if (there && found->second.content == *versions.after) return {};
  const bool is_old = there
                          ? versions.before != nullptr && found->second.content == *versions.before
                          : versions.before == nullptr;
  if (is_old) {
    if (!versions.acknowledged) return {};
    return {Kind::lost, path + " is older than what was acknowledged"};
  }
  if (!there) return {Kind::missing, path + " is missing"};
  const Kind kind = kind_of(found->second.content, versions);
  return {kind, path + " is " + std::string(to_string(kind)) + ", " +
                    std::to_string(found->second.content.size()) + " bytes"};
}

Finding worse_of(Finding left, Finding right) {
  return right.kind > left.kind ? std::move(right) : std::move(left);
}

Workloads workloads(const Scale& scale) {
  Workloads made;
  add_protocols(made, scale);
  add_one_commit(made, scale);
  add_replacing(made, scale);
  add_grouping(made, scale);
  add_overwriting(made, scale);
  add_promises(made);
  return made;
}

}  // namespace untorn::lab
