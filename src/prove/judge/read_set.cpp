// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/read_set.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <fstream>

#include "prove/sandbox/parts.h"
#include "prove/trace/process.h"

namespace untorn::prove {

namespace {

constexpr int links_max = 40;  // as the kernel has it
constexpr std::size_t known_links_max = 100'000;
constexpr std::uint32_t call_fchmodat2 = 452;

bool is_at_or_below(std::string_view path, std::string_view folder) {
  return path == folder || is_below(path, folder);
}

// Places whose links may change from one look to the next.
bool changes_by_itself(std::string_view path) {
  constexpr std::string_view folders[] = {"/proc", "/tmp", "/dev", "/run", "/var/tmp"};
  return std::ranges::any_of(folders, [&](auto folder) { return is_at_or_below(path, folder); });
}

bool is_directory(const std::string& path) {
  struct stat status = {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::string read_link(const std::string& path) {
  std::array<char, PATH_MAX> target = {};
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  return size > 0 ? std::string(target.data(), static_cast<std::size_t>(size)) : std::string();
}

// Pushes the components of `path` so that the first one is taken off the end first.
void push_components(std::vector<std::string>& pending, std::string_view path) {
  const std::size_t first = pending.size();
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (end > begin) pending.emplace_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  std::reverse(pending.begin() + static_cast<std::ptrdiff_t>(first), pending.end());
}

}  // namespace

void ReadSet::add_all(const ReadSet& other) {
  for (const Read& read : other.reads) {
    if (std::find(reads.begin(), reads.end(), read) == reads.end()) reads.push_back(read);
  }
  if (complete && !other.complete) why = other.why;
  complete = complete && other.complete;
  changes_tree = changes_tree || other.changes_tree;
}

ReadRecorder::ReadRecorder(std::vector<StatePlace> places, std::string acknowledged)
    : places_(std::move(places)), acknowledged_(std::move(acknowledged)) {}

void ReadRecorder::begin() {
  set_ = {};
  known_.clear();
}

void ReadRecorder::give_up(std::string why) {
  if (!set_.complete) return;
  set_.complete = false;
  set_.why = std::move(why);
}

void ReadRecorder::add(Read::Kind kind, const crash::Path& path) {
  if (kind == Read::Kind::status && known_.contains({Read::Kind::content, path})) return;
  if (known_.insert({kind, path}).second) set_.reads.push_back({kind, path});
}

// The tree's own folder is "".
std::optional<crash::Path> ReadRecorder::inside(std::string_view path) const {
  for (const StatePlace& place : places_) {
    if (path == place.path) return place.prefix;
    if (!is_below(path, place.path)) continue;
    const std::string_view rest = path.substr(place.path.size() + 1);
    return place.prefix.empty() ? crash::Path(rest) : place.prefix + "/" + crash::Path(rest);
  }
  return {};
}

std::optional<std::string> ReadRecorder::link_at(const std::string& path) {
  const bool may_change = changes_by_itself(path) || inside(path);
  if (!may_change) {
    if (const auto known = links_.find(path); known != links_.end()) return known->second;
  }
  const std::string target = read_link(path);
  std::optional<std::string> link;
  if (!target.empty()) link = target;
  if (!may_change && links_.size() < known_links_max) links_.emplace(path, link);
  return link;
}

std::string ReadRecorder::walk(pid_t process, const std::string& path, Read::Kind kind, Last last) {
  std::vector<std::string> pending;
  push_components(pending, path);
  const bool names_folder = path.ends_with('/');
  std::string at;
  int links = 0;
  while (!pending.empty()) {
    const std::string component = std::move(pending.back());
    pending.pop_back();
    if (component == ".") continue;
    if (component == "..") {
      at.resize(at.empty() ? 0 : at.rfind('/'));
      continue;
    }
    std::string next = at + "/" + component;
    if (next == "/proc/self" || next == "/proc/thread-self") {
      at = "/proc/" + std::to_string(process);
      continue;
    }
    const bool is_last = pending.empty() && !names_folder;
    const auto place = inside(next);
    if (place) add(is_last ? kind : Read::Kind::status, *place);
    if (is_last && next == acknowledged_) add(Read::Kind::acknowledged, {});
    if (!is_last || last == Last::follow) {
      if (const auto link = link_at(next); link && ++links <= links_max) {
        if (place) add(Read::Kind::content, *place);
        push_components(pending, *link);
        if (link->starts_with('/')) at.clear();
        continue;
      }
    }
    at = std::move(next);
  }
  // A name with a slash behind it, or one that ends in "..", is the folder itself.
  if (const auto place = inside(at)) add(kind, *place);
  return at;
}

std::optional<std::string> ReadRecorder::full_path(const FollowedCall& call, int directory,
                                                   std::uint64_t address, bool may_be_empty) {
  if (address == 0) return {};
  auto path = read_string(call.thread, address);
  if (!path) {
    give_up("a path that cannot be read");
    return {};
  }
  // The descriptor itself, which was opened; or nothing.
  if (path->empty() || path->starts_with('/')) {
    if (path->empty() && !may_be_empty) return {};
    return path->empty() ? std::nullopt : path;
  }
  const std::string process = "/proc/" + std::to_string(call.thread);
  const std::string base = read_link(
      directory == AT_FDCWD ? process + "/cwd" : process + "/fd/" + std::to_string(directory));
  if (!base.starts_with('/')) return {};
  constexpr std::string_view gone = " (deleted)";
  if (base.ends_with(gone)) {
    give_up("a path from a folder that was removed");
    return {};
  }
  return base + "/" + *path;
}

void ReadRecorder::see_path(const FollowedCall& call, int directory, std::uint64_t address,
                            Read::Kind kind, Last last, bool may_be_empty) {
  if (const auto path = full_path(call, directory, address, may_be_empty)) {
    (void)walk(call.process, *path, kind, last);
  }
}

void ReadRecorder::see_change(const FollowedCall& call, int directory, std::uint64_t address) {
  const auto path = full_path(call, directory, address, false);
  if (!path) return;
  const std::string at = walk(call.process, *path, Read::Kind::content, Last::keep);
  set_.changes_tree = set_.changes_tree || inside(at).has_value();
}

void ReadRecorder::see_move(const FollowedCall& call, int directory, std::uint64_t address) {
  see_change(call, directory, address);
  const auto path = full_path(call, directory, address, false);
  if (path && is_directory(*path)) {
    const std::string at = walk(call.process, *path, Read::Kind::content, Last::keep);
    if (inside(at)) give_up("it moves a folder");
  }
}

void ReadRecorder::see_program(const std::string& working_directory, const std::string& program) {
  const std::string path = program.starts_with('/') ? program : working_directory + "/" + program;
  (void)walk(::getpid(), path, Read::Kind::content, Last::follow);
  see_interpreter(::getpid(), path);
}

// The kernel opens what the first line of a script names.
void ReadRecorder::see_interpreter(pid_t process, const std::string& program) {
  if (!inside(program)) return;
  std::ifstream file(program, std::ios::binary);
  std::string line;
  if (!std::getline(file, line) || !line.starts_with("#!")) return;
  const auto begin = line.find_first_not_of(" \t", 2);
  if (begin == std::string::npos) return;
  const std::string name = line.substr(begin, line.find_first_of(" \t\r", begin) - begin);
  const std::string base =
      name.starts_with('/') ? "" : read_link("/proc/" + std::to_string(process) + "/cwd") + "/";
  (void)walk(process, base + name, Read::Kind::content, Last::follow);
}

void ReadRecorder::see_open(const FollowedCall& call) {
  const auto& given = call.arguments;
  const bool old = call.number == SYS_open || call.number == SYS_creat;
  const int directory = old ? AT_FDCWD : static_cast<int>(given[0]);
  const std::uint64_t address = old ? given[0] : given[1];
  std::uint64_t flags = old ? given[1] : given[2];
  if (call.number == SYS_creat) flags = O_WRONLY | O_CREAT | O_TRUNC;
  if (call.number == SYS_openat2) {
    const auto how = read_value<std::array<std::uint64_t, 3>>(call.thread, given[2]);
    if (!how || (*how)[2] != 0) return give_up("openat2 with a restricted walk");
    flags = (*how)[0];
  }
  const auto path = full_path(call, directory, address, false);
  if (!path) return;
  const bool keeps =
      (flags & O_NOFOLLOW) != 0 || (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
  const std::string at =
      walk(call.process, *path, Read::Kind::content, keeps ? Last::keep : Last::follow);
  const bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)) != 0;
  if (writes) set_.changes_tree = set_.changes_tree || inside(at).has_value();
}

void ReadRecorder::see_socket(const FollowedCall& call) {
  const auto address = read_value<sa_family_t>(call.thread, call.arguments[1]);
  if (address && *address != AF_UNIX) return;
  if (call.arguments[2] > sizeof(sa_family_t)) give_up("it uses a socket with a name");
}

void ReadRecorder::see_changing_call(const FollowedCall& call) {
  const auto& given = call.arguments;
  const int here = AT_FDCWD;
  const auto fd = [&](std::size_t argument) { return static_cast<int>(given[argument]); };
  switch (call.number) {
    case SYS_rename:
      see_move(call, here, given[0]);
      return see_move(call, here, given[1]);
    case SYS_renameat:
    case SYS_renameat2:
      see_move(call, fd(0), given[1]);
      return see_move(call, fd(2), given[3]);
    case SYS_link:
      see_change(call, here, given[0]);
      return see_change(call, here, given[1]);
    case SYS_linkat:
      see_path(call, fd(0), given[1], Read::Kind::content, Last::follow);
      see_change(call, fd(0), given[1]);
      return see_change(call, fd(2), given[3]);
    case SYS_symlink:
      return see_change(call, here, given[1]);
    case SYS_symlinkat:
      return see_change(call, fd(1), given[2]);
    case SYS_unlink:
    case SYS_rmdir:
    case SYS_mkdir:
    case SYS_mknod:
    case SYS_lchown:
    case SYS_lsetxattr:
    case SYS_lremovexattr:
      return see_change(call, here, given[0]);
    case SYS_unlinkat:
    case SYS_mkdirat:
    case SYS_mknodat:
      return see_change(call, fd(0), given[1]);
    case SYS_truncate:
    case SYS_chmod:
    case SYS_chown:
    case SYS_utime:
    case SYS_utimes:
    case SYS_setxattr:
    case SYS_removexattr:
      see_path(call, here, given[0], Read::Kind::content, Last::follow);
      return see_change(call, here, given[0]);
    case SYS_fchmodat:
    case call_fchmodat2:
    case SYS_fchownat:
    case SYS_futimesat:
    case SYS_utimensat:
      see_path(call, fd(0), given[1], Read::Kind::content, Last::follow, true);
      return see_change(call, fd(0), given[1]);
    case FollowedCall::foreign_call:
      return give_up("a 32-bit program runs in it");
    case SYS_ptrace:
      return give_up("it traces a program itself");
    default:
      return give_up("a call that is not followed (number " + std::to_string(call.number) + ")");
  }
}

void ReadRecorder::see_other(const FollowedCall& call) {
  const auto& given = call.arguments;
  const auto fd = static_cast<int>(given[0]);
  const auto link_of = [&](std::size_t argument, std::uint64_t flag) {
    return (given[argument] & flag) != 0 ? Last::keep : Last::follow;
  };
  constexpr auto status = Read::Kind::status;
  constexpr auto content = Read::Kind::content;
  switch (call.number) {
    case SYS_stat:
    case SYS_access:
    case SYS_chdir:
    case SYS_statfs:
      return see_path(call, AT_FDCWD, given[0], status, Last::follow);
    case SYS_getxattr:
    case SYS_listxattr:
      return see_path(call, AT_FDCWD, given[0], content, Last::follow);
    case SYS_lstat:
      return see_path(call, AT_FDCWD, given[0], status, Last::keep);
    case SYS_readlink:
    case SYS_lgetxattr:
    case SYS_llistxattr:
      return see_path(call, AT_FDCWD, given[0], content, Last::keep);
    case SYS_newfstatat:
      return see_path(call, fd, given[1], status, link_of(3, AT_SYMLINK_NOFOLLOW), true);
    case SYS_statx:
      return see_path(call, fd, given[1], status, link_of(2, AT_SYMLINK_NOFOLLOW), true);
    case SYS_faccessat:
      return see_path(call, fd, given[1], status, Last::follow);
    case SYS_faccessat2:
      return see_path(call, fd, given[1], status, link_of(3, AT_SYMLINK_NOFOLLOW), true);
    case SYS_readlinkat:
      return see_path(call, fd, given[1], content, Last::keep, true);
    case SYS_inotify_add_watch:
      return see_path(call, AT_FDCWD, given[1], content, Last::follow);
    case SYS_connect:
    case SYS_bind:
      return see_socket(call);
    default:
      return see_changing_call(call);
  }
}

void ReadRecorder::see(const FollowedCall& call) {
  switch (call.number) {
    case SYS_open:
    case SYS_creat:
    case SYS_openat:
    case SYS_openat2:
      return see_open(call);
    case SYS_execve:
    case SYS_execveat: {
      const bool at = call.number == SYS_execveat;
      const int directory = at ? static_cast<int>(call.arguments[0]) : AT_FDCWD;
      const auto path = full_path(call, directory, call.arguments[at ? 1 : 0], at);
      if (!path) return;
      const std::string program = walk(call.process, *path, Read::Kind::content, Last::follow);
      return see_interpreter(call.process, program);
    }
    default:
      return see_other(call);
  }
}

}  // namespace untorn::prove
