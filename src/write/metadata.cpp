// SPDX-License-Identifier: Apache-2.0
#include "write/metadata.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "write/target.h"
#include "write/unmapped_ids.h"

namespace untorn::write {
namespace {

constexpr std::uint32_t set_user_id = 04000;
constexpr std::uint32_t set_group_id = 02000;

using Attributes = std::map<std::string, std::string>;

// Signatures of the content: true of the old bytes, and wrong, even harmful, on the new ones.
bool describes_content(std::string_view name) {
  constexpr std::array names = {std::string_view("security.ima"), std::string_view("security.evm")};
  return std::find(names.begin(), names.end(), name) != names.end();
}

// All readable attributes. A file system without attributes has none; one that vanishes or cannot
// be read is named in `lost`.
Attributes read_attributes(FileSystem& fs, Handle file, std::vector<std::string>& lost) {
  Attributes attributes;
  auto names = fs.list_attributes(file);
  if (!names) {
    if (!means_unsupported(names.error())) lost.emplace_back("xattr");
    return attributes;
  }
  for (std::string& name : *names) {
    if (describes_content(name)) continue;
    if (auto value = fs.get_attribute(file, name)) {
      attributes.emplace(std::move(name), std::move(*value));
    } else if (number(value.error()) != ENODATA) {
      lost.push_back("xattr " + name);
    }
  }
  return attributes;
}

// Makes the attributes of the temporary those wanted: also without what a default ACL of the
// directory gave it. Returns whether anything was changed.
bool copy_attributes(FileSystem& fs, const Attributes& wanted, Handle temporary,
                     std::vector<std::string>& lost) {
  std::vector<std::string> ignored;
  const Attributes present = read_attributes(fs, temporary, ignored);
  if (wanted == present) return false;
  for (const auto& [name, value] : present) {
    if (!wanted.contains(name)) (void)fs.remove_attribute(temporary, name);
  }
  for (const auto& [name, value] : wanted) {
    const auto same = present.find(name);
    if (same == present.end() || same->second != value) {
      (void)fs.set_attribute(temporary, name, value);
    }
  }
  // What counts is what is there now, not what the calls returned.
  const Attributes result = read_attributes(fs, temporary, ignored);
  for (const auto& [name, value] : wanted) {
    const auto kept = result.find(name);
    if (kept == result.end() || kept->second != value) lost.push_back("xattr " + name);
  }
  for (const auto& [name, value] : result) {
    if (!wanted.contains(name)) lost.push_back("xattr " + name);
  }
  return true;
}

// Whose the old file is, as far as anybody can tell here.
struct Owner {
  std::optional<std::uint32_t> user;  // nothing: somebody without a number in this user namespace
  std::optional<std::uint32_t> group;
};

Owner owner_of(const Status& old_status, const Status& created) {
  Owner owner{.user = old_status.user, .group = old_status.group};
  if (created.user != old_status.user && may_be_unmapped(IdKind::user, old_status.user)) {
    owner.user.reset();
  }
  if (created.group != old_status.group && may_be_unmapped(IdKind::group, old_status.group)) {
    owner.group.reset();
  }
  return owner;
}

// Owner and group, or the group alone where only that is allowed. Returns whether a call was made.
bool copy_owner(FileSystem& fs, const Owner& owner, Handle temporary, const Status& created) {
  const std::uint32_t user = owner.user.value_or(created.user);
  const std::uint32_t group = owner.group.value_or(created.group);
  if (created.user == user && created.group == group) return false;
  if (fs.set_owner(temporary, user, group)) return true;
  if (created.group != group) (void)fs.set_owner(temporary, created.user, group);
  return true;
}

// The group bits are then about other people: another group, or one that the lost ACL left out
// (they were the ACL's mask). It gets what everyone had, and no set-group-id.
std::uint32_t without_group_rights(std::uint32_t mode) {
  constexpr std::uint32_t group_bits = 070;
  constexpr unsigned group_above_others = 3;
  const std::uint32_t others_as_group = (mode << group_above_others) & group_bits;
  return mode & ~set_group_id & (~group_bits | others_as_group);
}

bool lost_acl(const MetadataResult& result) {
  return std::find(result.lost.begin(), result.lost.end(), "xattr system.posix_acl_access") !=
         result.lost.end();
}

}  // namespace

bool has_attributes_to_keep(const std::vector<std::string>& names) noexcept {
  return !std::all_of(names.begin(), names.end(),
                      [](const std::string& name) { return describes_content(name); });
}

SystemResult<MetadataResult> copy_metadata(FileSystem& fs, const MetadataRequest& request,
                                           Handle temporary, const Status& created) {
  MetadataResult result;
  Status now = created;
  const Owner owner = request.old_status ? owner_of(*request.old_status, created) : Owner{};
  if (request.old_status && request.keep) {
    result.changed = copy_owner(fs, owner, temporary, created);
    if (request.has_attributes && request.old_file == Handle::none) {
      result.lost.emplace_back("xattr");
    } else {
      Attributes wanted;
      if (request.has_attributes) wanted = read_attributes(fs, request.old_file, result.lost);
      if (copy_attributes(fs, wanted, temporary, result.lost)) result.changed = true;
    }
    if (result.changed) {
      auto read_back = fs.status(temporary);
      if (!read_back) return std::unexpected(read_back.error());
      now = *read_back;
    }
    if (now.user != owner.user) result.lost.emplace_back("owner");
    if (now.group != owner.group) result.lost.emplace_back("group");
  }
  result.mode_wanted = request.mode;
  if (!result.mode_wanted && request.old_status) {
    result.mode_wanted = request.old_status->mode;
    // Set-user-id under another owner would hand out rights that the old file never gave.
    if (now.user != owner.user) *result.mode_wanted &= ~set_user_id;
    if (now.group != owner.group || lost_acl(result)) {
      *result.mode_wanted = without_group_rights(*result.mode_wanted);
    }
    if (*result.mode_wanted != request.old_status->mode) result.lost.emplace_back("mode");
  }
  if (result.mode_wanted && *result.mode_wanted != now.mode) {
    result.changed = true;
    auto set = fs.set_mode(temporary, *result.mode_wanted);
    const int os_errno = set ? 0 : number(set.error());
    // Where modes do not exist (vfat) the loss shows when the mode is read back.
    if (os_errno != 0 && os_errno != EPERM && !means_unsupported(set.error())) {
      return std::unexpected(set.error());
    }
  }
  return result;
}

}  // namespace untorn::write
