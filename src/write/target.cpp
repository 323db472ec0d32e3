// SPDX-License-Identifier: Apache-2.0
#include "write/target.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "base/deadline.h"
#include "base/try.h"
#include "filesystem/same_file.h"
#include "write/backups.h"
#include "write/match.h"
#include "write/metadata.h"
#include "write/version.h"

namespace untorn::write {
namespace {

Error refused(Code code, const std::string& path, std::string detail, int os_errno = 0) {
  return {code, Step::inspect, Outcome::not_applied, os_errno, path, std::move(detail)};
}

std::string_view describe(FileType type) {
  switch (type) {
    case FileType::directory:
      return "it is a directory";
    case FileType::symlink:
      return "it is a symbolic link";
    case FileType::fifo:
      return "it is a FIFO";
    case FileType::socket:
      return "it is a socket";
    case FileType::device:
      return "it is a device";
    case FileType::regular:
    case FileType::other:
      break;
  }
  return "it is not a regular file";
}

std::optional<Error> options_problem(const std::string& path, const ReplaceOptions& options) {
  constexpr std::uint32_t mode_bits = 07777;
  if (options.mode && (*options.mode & ~mode_bits) != 0) {
    return refused(Code::invalid_argument, path, "the mode has more than permission bits");
  }
  if (!options.if_match) return std::nullopt;
  if (!parse_etag(*options.if_match)) {
    return refused(Code::invalid_argument, path, "if_match is no etag");
  }
  if (options.existence == Existence::must_not_exist) {
    return refused(Code::invalid_argument, path, "if_match and must_not_exist exclude each other");
  }
  return std::nullopt;
}

// Overwritten where it lies: the caller has said where the copy may lie that protects it.
bool wants_in_place(const Status& status, const ReplaceOptions& options) {
  if (!options.sidecar || status.type != FileType::regular) return false;
  return status.mount_root || (options.hard_links == HardLinkPolicy::in_place && status.links > 1);
}

std::optional<Error> in_place_problem(const std::string& path, const ReplaceOptions& options) {
  if (options.backups > 0) {
    return refused(Code::unsupported, path,
                   "a file that is overwritten where it lies keeps no backups");
  }
  if (options.if_match && options.match == Match::detect) {
    return refused(Code::unsupported, path,
                   "what is overwritten where it lies cannot be exchanged (Match::detect)");
  }
  return std::nullopt;
}

std::optional<Error> hard_link_problem(const std::string& path, const Status& status,
                                       const ReplaceOptions& options) {
  if (status.links < 2 || status.type != FileType::regular) return std::nullopt;
  if (options.hard_links == HardLinkPolicy::refuse) {
    return refused(Code::has_hard_links, path, std::to_string(status.links) + " names");
  }
  if (options.hard_links == HardLinkPolicy::in_place) {
    return refused(Code::has_hard_links, path, "HardLinkPolicy::in_place needs a sidecar");
  }
  return std::nullopt;
}

// Quickly, and before anything is written: by what needs no reading. The whole comparison is made
// under the lock.
std::optional<Error> version_problem(const std::string& path, const std::optional<Status>& status,
                                     const ReplaceOptions& options) {
  if (!options.if_match) return std::nullopt;
  if (!status) return refused(Code::conflict, path, "the file does not exist");
  const std::optional<Version> wanted = parse_etag(*options.if_match);
  if (wanted && wanted->could_be(*status)) return std::nullopt;
  return refused(Code::conflict, path, "it holds another version");
}

// What speaks against replacing what is at the name, whatever its content and version.
std::optional<Error> state_problem(const std::string& path, const std::optional<Status>& status,
                                   const ReplaceOptions& options) {
  if (!status) {
    if (options.existence != Existence::must_exist) return std::nullopt;
    return refused(Code::not_found, path, "it must exist");
  }
  if (options.existence == Existence::must_not_exist) {
    return refused(Code::already_exists, path, "it must not exist");
  }
  const bool link_to_replace =
      status->type == FileType::symlink && options.symlink == SymlinkPolicy::replace;
  if (status->type != FileType::regular && !link_to_replace) {
    return refused(Code::not_regular_file, path, std::string(describe(status->type)));
  }
  if (status->immutable) {
    return refused(Code::permission_denied, path, "the file is marked immutable or append-only");
  }
  if (wants_in_place(*status, options)) return in_place_problem(path, options);
  if (status->mount_root) {
    return refused(Code::mount_point, path, "mount the directory that holds it instead");
  }
  return hard_link_problem(path, *status, options);
}

std::optional<Error> status_problem(const std::string& path, const std::optional<Status>& status,
                                    const ReplaceOptions& options) {
  if (auto problem = version_problem(path, status, options)) return problem;
  return state_problem(path, status, options);
}

// Names that backups gave the file are no hard links of somebody's. V5: a crash before the rename
// leaves one. The lock of V6 keeps out those who are about to make one, or to rename it.
void discount_backups(FileSystem& fs, const std::string& path, Target& target,
                      const ReplaceOptions& options) {
  if (options.backups == 0 || !target.hard_linked()) return;
  unsigned retries = 0;
  const auto lock = DirectoryLock::take(fs, path, target.place.folder(),
                                        deadline_after(options.lock_wait), retries);
  Status& known = *target.place.status;
  const auto named = fs.status_at(target.place.folder(), target.place.name);
  if (named && same_file(*named, known)) known.links = named->links;
  known.links -= std::min(known.links - 1, count_backups(fs, target.place, known));
}

std::optional<Error> backup_problem(const std::string& path, const std::string& name,
                                    const ReplaceOptions& options) {
  constexpr std::size_t name_max_bytes = 255;
  if (options.backups == 0) return std::nullopt;
  if (backup_name(name, options.backups).size() <= name_max_bytes) return std::nullopt;
  return refused(Code::invalid_argument, path,
                 "the name of a backup would be longer than 255 bytes", ENAMETOOLONG);
}

std::optional<Error> permission_problem(FileSystem& fs, const std::string& path,
                                        const Target& target, const ReplaceOptions& options) {
  if (!target.holds_file() || options.override_read_only) return std::nullopt;
  auto allowed = fs.may_write(target.place.folder(), target.place.name);
  if (allowed) return std::nullopt;
  return Error::from_errno(number(allowed.error()), Step::inspect, Outcome::not_applied, path,
                           "the file is read-only");
}

Error inspect_error(const std::string& path, Errno os_errno) {
  return Error::from_errno(number(os_errno), Step::inspect, Outcome::not_applied, path);
}

// Opens the old file for its attributes or content. One that cannot be read is no failure here: the
// metadata step reports what is lost by it.
Result<void> open_old_file(FileSystem& fs, const std::string& path, Target& target,
                           const ReplaceOptions& options) {
  auto opened = fs.open(target.place.folder(), target.place.name,
                        {.access = Access::read, .follow = false, .nonblocking = true});
  if (!opened) {
    const int os_errno = number(opened.error());
    if (os_errno == EACCES || os_errno == EPERM) return {};
    if (os_errno != ENOENT) return std::unexpected(inspect_error(path, opened.error()));
    target.place.status.reset();  // removed since we looked: then there is nothing to keep
    target.has_attributes = false;
    return {};
  }
  target.old_file = OwnedHandle(fs, *opened);
  // Another file may have taken the name since we looked. What is open is what counts from here.
  auto status = fs.status(*opened);
  if (!status) return std::unexpected(inspect_error(path, status.error()));
  target.place.status = *status;
  discount_backups(fs, path, target, options);
  return {};
}

// Has the old file attributes? Asked by its name, so that the usual answer, none, needs no open.
Result<void> look_for_attributes(FileSystem& fs, const std::string& path, Target& target,
                                 const ReplaceOptions& options) {
  target.has_attributes = false;
  if (!options.keep_metadata) return {};
  auto names = fs.list_attributes_at(target.place.folder(), target.place.name);
  if (!names && means_unsupported(names.error())) return {};
  target.has_attributes = !names || has_attributes_to_keep(*names);
  if (!target.has_attributes || target.old_file.get() != Handle::none) return {};
  return open_old_file(fs, path, target, options);
}

// What is overwritten where it lies keeps its metadata by itself. It may be a mount of its own, on
// another file system than the directory.
Result<void> look_in_place(FileSystem& fs, const std::string& path, Target& target,
                           const ReplaceOptions& options) {
  if (target.old_file.get() == Handle::none) {
    UNTORN_CHECK(open_old_file(fs, path, target, options));
  }
  const bool open = target.old_file.get() != Handle::none;
  learn_kind(target,
             open ? fs.remembered_kind(target.old_file.get(), *target.place.status)
                  : fs.kind(target.place.folder()),
             options);
  return {};
}

// Whether the directory can be synced is known beforehand for local file systems only. `strict`
// must refuse before it writes, so ask the others.
std::optional<Error> strict_problem(FileSystem& fs, const std::string& path, const Target& target,
                                    const ReplaceOptions& options) {
  if (!options.strict) return std::nullopt;
  if (target.level.achieved < options.durability) {
    return refused(Code::unsupported, path, target.level.why_lower);
  }
  const FileSystemKind& kind = target.kind;
  const bool uncertain = kind.network || kind.name == "unknown" || kind.name.starts_with("fuse");
  if (options.durability != Durability::durable || !uncertain) return std::nullopt;
  auto synced = fs.sync(target.place.folder());
  if (synced || !means_unsupported(synced.error())) return std::nullopt;
  return refused(Code::unsupported, path, kind.name + " cannot sync a directory",
                 number(synced.error()));
}

void append_hex(std::string& out, std::uint64_t number) {
  std::array<char, 16> digits{};
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16);
  out.append(digits.data(), result.ptr);
}

}  // namespace

void learn_kind(Target& target, FileSystemKind kind, const ReplaceOptions& options) {
  target.kind = std::move(kind);
  target.level = achievable(target.kind, options.durability);
}

Level achievable(const FileSystemKind& kind, Durability requested) {
  if (requested == Durability::process) return {.achieved = requested, .why_lower = {}};
  if (kind.volatile_storage) {
    const std::string name = kind.name == "overlay" ? "overlay mounted `volatile`" : kind.name;
    return {.achieved = Durability::process,
            .why_lower = name + " keeps nothing across a power cut"};
  }
  if (!kind.atomic_rename) {
    return {.achieved = Durability::process,
            .why_lower = "a power cut may tear a rename on " + kind.name};
  }
  return {.achieved = requested, .why_lower = {}};
}

Result<Target> inspect(FileSystem& fs, const Origin& origin, const ReplaceOptions& options) {
  const std::string& path = origin.path;
  if (auto problem = options_problem(path, options)) return std::unexpected(*problem);
  Target target;
  UNTORN_TRY(target.place, resolve(fs, origin, options));
  if (auto problem = backup_problem(path, target.place.name, options)) {
    return std::unexpected(*problem);
  }
  discount_backups(fs, path, target, options);
  if (auto problem = status_problem(path, target.place.status, options)) {
    return std::unexpected(*problem);
  }
  if (auto problem = permission_problem(fs, path, target, options)) {
    return std::unexpected(*problem);
  }
  if (target.holds_file()) {
    if (options.skip_if_same) UNTORN_CHECK(open_old_file(fs, path, target, options));
    target.in_place = target.holds_file() && wants_in_place(*target.place.status, options);
    if (target.in_place) {
      UNTORN_CHECK(look_in_place(fs, path, target, options));
    } else if (target.holds_file()) {
      UNTORN_CHECK(look_for_attributes(fs, path, target, options));
    }
    if (target.old_file.get() != Handle::none) {
      if (auto problem = status_problem(path, target.place.status, options)) {
        return std::unexpected(*problem);
      }
    }
  }
  if (options.strict && !target.in_place)
    learn_kind(target, fs.kind(target.place.folder()), options);
  if (auto problem = strict_problem(fs, path, target, options)) return std::unexpected(*problem);
  return target;
}

Result<void> look_again(FileSystem& fs, const std::string& path, Target& target,
                        const ReplaceOptions& options) {
  if (!target.holds_file()) return {};
  auto status = fs.status_at(target.place.folder(), target.place.name);
  if (!status && !is_missing(status.error())) {
    return std::unexpected(inspect_error(path, status.error()));
  }
  if (!status || status->type != FileType::regular) {
    const auto now = status ? std::optional<Status>(*status) : std::nullopt;
    if (auto problem = state_problem(path, now, options)) return std::unexpected(*problem);
    return {};
  }
  if (!same_file(*status, *target.place.status)) target.old_file.reset();
  target.place.status = *status;
  discount_backups(fs, path, target, options);
  if (auto problem = state_problem(path, target.place.status, options)) {
    return std::unexpected(*problem);
  }
  if (wants_in_place(*target.place.status, options)) {
    return std::unexpected(
        refused(Code::has_hard_links, path, "it got another name while it was written; try again"));
  }
  if (auto problem = permission_problem(fs, path, target, options)) {
    return std::unexpected(*problem);
  }
  return look_for_attributes(fs, path, target, options);
}

std::uint32_t first_mode(const Target& target, const ReplaceOptions& options) noexcept {
  constexpr std::uint32_t mode_new = 0666;      // less the umask, by the kernel
  constexpr std::uint32_t mode_private = 0600;  // until the wanted mode is set
  constexpr std::uint32_t rights = 0777;
  constexpr std::uint32_t others = 07;
  constexpr unsigned group_above_others = 3;
  if (!options.mode && !target.holds_file()) return mode_new;
  const std::uint32_t wanted = options.mode ? *options.mode : target.place.status->mode;
  // Where group and others have the same rights, it does not matter which group the temporary has
  // at first. An access list may have named people who had less.
  const bool same_for_all = (wanted >> group_above_others & others) == (wanted & others);
  const bool plain = (wanted & ~rights) == 0;
  return same_for_all && plain && !target.has_attributes ? wanted : mode_private;
}

std::string etag_of(const Status& status) {
  std::string etag = "u1";
  for (const std::uint64_t part :
       {status.device, status.inode, status.size, static_cast<std::uint64_t>(status.changed_ns)}) {
    etag += '-';
    append_hex(etag, part);
  }
  return etag;
}

}  // namespace untorn::write
