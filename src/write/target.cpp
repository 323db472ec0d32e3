// SPDX-License-Identifier: Apache-2.0
#include "write/target.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "base/try.h"

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
  return std::nullopt;
}

// What speaks against replacing what is at the name, whatever its content.
std::optional<Error> status_problem(const std::string& path, const std::optional<Status>& status,
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
  if (status->mount_root) {
    return refused(Code::mount_point, path, "mount the directory that holds it instead");
  }
  if (status->immutable) {
    return refused(Code::permission_denied, path, "the file is marked immutable");
  }
  if (options.refuse_hard_links && status->links > 1) {
    return refused(Code::has_hard_links, path, std::to_string(status->links) + " names");
  }
  return std::nullopt;
}

std::optional<Error> permission_problem(FileSystem& fs, const std::string& path,
                                        const Target& target, const ReplaceOptions& options) {
  if (!target.holds_file() || options.override_read_only) return std::nullopt;
  auto allowed = fs.may_write(target.place.directory.get(), target.place.name);
  if (allowed) return std::nullopt;
  return Error::from_errno(number(allowed.error()), Step::inspect, Outcome::not_applied, path,
                           "the file is read-only");
}

// Opens the old file for its metadata and content. One that cannot be read is no failure here: the
// metadata step reports what is lost by it.
std::optional<Error> open_old_file(FileSystem& fs, const std::string& path, Target& target) {
  auto opened = fs.open(target.place.directory.get(), target.place.name,
                        {.access = Access::read, .follow = false, .nonblocking = true});
  if (!opened) {
    const int os_errno = number(opened.error());
    if (os_errno == EACCES || os_errno == EPERM) return std::nullopt;
    if (os_errno != ENOENT) {
      return Error::from_errno(os_errno, Step::inspect, Outcome::not_applied, path);
    }
    target.place.status.reset();  // removed since we looked: then there is nothing to keep
    return std::nullopt;
  }
  target.old_file = OwnedHandle(fs, *opened);
  // Another file may have taken the name since we looked. What is open is what counts from here.
  auto status = fs.status(*opened);
  if (!status) {
    return Error::from_errno(number(status.error()), Step::inspect, Outcome::not_applied, path);
  }
  target.place.status = *status;
  return std::nullopt;
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
  auto synced = fs.sync(target.place.directory.get());
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

Result<Target> inspect(FileSystem& fs, const std::string& path, const ReplaceOptions& options) {
  if (auto problem = options_problem(path, options)) return std::unexpected(*problem);
  Target target;
  UNTORN_TRY(target.place, resolve(fs, path, options.symlink));
  if (auto problem = status_problem(path, target.place.status, options)) {
    return std::unexpected(*problem);
  }
  if (auto problem = permission_problem(fs, path, target, options)) {
    return std::unexpected(*problem);
  }
  if (target.holds_file()) {
    if (auto problem = open_old_file(fs, path, target)) return std::unexpected(*problem);
    if (auto problem = status_problem(path, target.place.status, options)) {
      return std::unexpected(*problem);
    }
  }
  target.kind = fs.kind(target.place.directory.get());
  target.level = achievable(target.kind, options.durability);
  if (auto problem = strict_problem(fs, path, target, options)) return std::unexpected(*problem);
  return target;
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
