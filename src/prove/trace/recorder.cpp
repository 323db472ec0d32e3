// SPDX-License-Identifier: Apache-2.0
#include "prove/trace/recorder.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

#include "filesystem/posix_values.h"
#include "prove/sandbox/parts.h"
#include "prove/trace/filter.h"

namespace untorn::prove {
namespace {

constexpr int links_max = 40;  // as the kernel's own limit

bool is_change(OperationKind kind) {
  switch (kind) {
    case OperationKind::sync_file:
    case OperationKind::sync_data:
    case OperationKind::sync_directory:
    case OperationKind::sync_all:
    case OperationKind::sync_range:
    case OperationKind::begin_writing:
    case OperationKind::end_writing:
    case OperationKind::acknowledge:
    case OperationKind::unmodelled:
      return false;
    default:
      return true;
  }
}

}  // namespace

const CallShape* Recorder::shape_of(std::uint64_t number) {
  static const Shapes shapes = [] {
    Shapes all = name_shapes();
    all.merge(content_shapes());
    all.merge(other_shapes());
    return all;
  }();
  static const CallShape unknown = {"an unknown call", &Recorder::begin_unknown,
                                    &Recorder::finish_unknown};
  const auto found = shapes.find(number);
  if (found != shapes.end()) return &found->second;
  return number > filter_last_call ? &unknown : nullptr;
}

Recorder::Recorder(Setting setting)
    : setting_(std::move(setting)),
      tree_(setting_.sandbox, setting_.trace.notes),
      acknowledged_(setting_.options.acknowledge_pattern) {}

void Recorder::note(const std::string& text) {
  if (noted_.insert(text).second) setting_.trace.notes.push_back(text);
}

void Recorder::add_unexplained(const std::string& text) {
  if (noted_.insert(text).second) setting_.trace.unexplained.push_back(text);
}

Handling Recorder::begin(PendingCall& call) {
  call.shape = shape_of(call.number);
  if (call.shape == nullptr) return Handling::ignore;
  const bool overlapped = call.arrival.calls != calls_;
  look_at_small_mappings();
  const Handling handling = (this->*call.shape->begin)(call);
  if (handling == Handling::record) look_before(call);
  // What was stored before the call does not overlap it.
  if (!overlapped) call.arrival = now();
  return handling;
}

void Recorder::finish(PendingCall& call, std::uint64_t result) {
  const std::size_t before = tree_.log().operations.size();
  if (call.shape->finish != nullptr) (this->*call.shape->finish)(call, result);
  const auto& operations = tree_.log().operations;
  if (operations.size() == before) return;
  ++calls_;
  for (std::size_t i = before; i < operations.size(); ++i) {
    if (!is_change(operations[i].kind)) continue;
    ++setting_.trace.calls_changing;
    break;
  }
}

Place Recorder::resolve_argument(PendingCall& call, int directory, std::size_t path, bool follow) {
  const auto text = read_string(call.thread.id, call.arguments[path]);
  if (!text || text->empty()) return {};
  const bool relative = text->front() != '/';
  call.folder = call.folder || text->ends_with('/');
  return resolve(call, relative ? directory : AT_FDCWD, *text, follow);
}

Place Recorder::resolve(const PendingCall& call, int directory, std::string path, bool follow) {
  const Thread& thread = call.thread;
  path = reachable_path(thread.process, thread.id, directory, path);
  Place place;
  for (int links = 0; links < links_max; ++links) {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    const auto slash = path.rfind('/');
    place.name = path.substr(slash + 1);
    // Such names can be neither made nor removed.
    if (place.name.empty() || place.name == "." || place.name == "..") return {};
    const std::string folder = slash == 0 ? "/" : path.substr(0, slash);
    const bool again = call.place.parent.valid() && folder == call.place.folder;
    place.parent = again ? Descriptor(::fcntl(call.place.parent.get(), F_DUPFD_CLOEXEC, 0))
                         : open_folder(thread, folder);
    if (!place.parent.valid()) return {};
    struct stat status = {};
    place.exists =
        ::fstatat(place.parent.get(), place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
    place.type = place.exists ? type_of_mode(status.st_mode) : FileType::other;
    if (place.exists && place.type == FileType::symlink && follow) {
      std::array<char, PATH_MAX> target = {};
      const ssize_t size =
          ::readlinkat(place.parent.get(), place.name.c_str(), target.data(), target.size());
      if (size <= 0) return {};
      const std::string_view text(target.data(), static_cast<std::size_t>(size));
      path = text.starts_with('/')
                 ? reachable_path(thread.process, thread.id, AT_FDCWD, text)
                 : "/proc/self/fd/" + std::to_string(place.parent.get()) + "/" + std::string(text);
      // `path` may lead through the descriptor of this folder, which stays open until the next one
      // has been reached.
      const Descriptor keep = std::move(place.parent);
      const auto next_slash = path.rfind('/');
      if (next_slash == std::string::npos) return {};
      Descriptor next(
          ::open(path.substr(0, next_slash + 1).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
      if (!next.valid()) return {};
      path = path_of_descriptor(next.get()) + "/" + path.substr(next_slash + 1);
      continue;
    }
    place.directory = again ? call.place.directory : tree_.directory_of(place.parent.get());
    place.folder = folder;
    if (place.tracked() && place.exists) find_inode(call, place, status);
    return place;
  }
  return {};
}

Descriptor Recorder::open_folder(const Thread& thread, const std::string& folder) {
  constexpr int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  const std::string own = "/proc/" + std::to_string(thread.id) + "/cwd";
  const bool relative = is_below(folder, own) || folder == own;
  if (!relative || setting_.threads() != setting_.processes().size()) {
    return Descriptor(::open(folder.c_str(), flags));
  }
  Descriptor& known = working_directories_[thread.process];
  if (!known.valid()) known = Descriptor(::open(own.c_str(), flags));
  const char* rest = folder.size() > own.size() ? folder.c_str() + own.size() + 1 : ".";
  return Descriptor(::openat(known.get(), rest, flags));
}

bool Recorder::may_end_unseen(const PendingCall& call) const {
  return opens(call) && call.place.tracked() && !call.place.exists &&
         (call.flags & (O_TMPFILE & ~O_DIRECTORY)) == 0;
}

bool Recorder::look_at_creations(pid_t thread) {
  const std::size_t before = creations_.size();
  for (std::size_t i = 0; i < creations_.size();) {
    const Place& place = creations_[i].place;
    const bool there =
        ::faccessat(place.parent.get(), place.name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    if (!there && creations_[i].thread.id != thread) {
      ++i;
      continue;
    }
    PendingCall call = std::move(creations_[i]);
    creations_.erase(creations_.begin() + static_cast<std::ptrdiff_t>(i));
    if (there) finish(call, static_cast<std::uint64_t>(-1));
  }
  return creations_.size() < before;
}

bool Recorder::collides(const PendingCall& call) const {
  return std::ranges::any_of(creations_, [&](const PendingCall& creation) {
    return std::ranges::any_of(std::array{&call.place, &call.target}, [&](const Place* place) {
      return place->directory == creation.place.directory && place->name == creation.place.name;
    });
  });
}

void Recorder::add_collision(const PendingCall& call) {
  add_unmodelled(call, call.place.inode, "two calls that make one name at once");
}

void Recorder::find_inode(const PendingCall& call, Place& place, const struct stat& status) {
  place.inode = tree_.find(place.directory, place.name);
  // It may have come to be since this call began to be looked at.
  if (place.inode == no_inode && look_at_creations(0)) {
    place.inode = tree_.find(place.directory, place.name);
  }
  if (place.inode != no_inode) return;
  // Somebody made it by a call that was not traced.
  place.inode = tree_.add(place.type, status.st_mode & 07777U);
  tree_.set_name(place.directory, place.name, place.inode);
  tree_.set_key(place.inode, status);
  add_unmodelled(call, place.inode, "its creation was not recorded");
}

bool Recorder::resolve_object(PendingCall& call, int directory, std::size_t path, bool follow) {
  const auto text = read_string(call.thread.id, call.arguments[path]);
  if (!text) return false;
  const Thread& thread = call.thread;
  const std::string reachable = reachable_path(thread.process, thread.id, directory, *text);
  // An empty path means the descriptor itself, which is a link of /proc here.
  const int nofollow = follow || text->empty() ? 0 : O_NOFOLLOW;
  call.file = Descriptor(::open(reachable.c_str(), O_PATH | O_CLOEXEC | nofollow));
  struct stat status = {};
  if (!call.file.valid() || ::fstat(call.file.get(), &status) != 0) return false;
  call.inode = tree_.identify(call.file.get(), status);
  if (call.inode == no_inode && look_at_creations(0)) {
    call.inode = tree_.identify(call.file.get(), status);
  }
  return call.inode != no_inode;
}

bool Recorder::fetch_object(PendingCall& call, std::size_t argument, struct stat* status) {
  auto open = descriptors_.fetch(call.thread, static_cast<int>(call.arguments[argument]));
  if (!open) return false;
  call.file = std::move(open->file);
  call.file_flags = open->flags;
  if (status != nullptr) *status = open->status;
  call.output = key_of(open->status) == setting_.output;
  // What goes through a FIFO or a socket is in no file, whatever its name.
  const mode_t mode = open->status.st_mode;
  if (S_ISREG(mode) || S_ISDIR(mode)) call.inode = tree_.identify(call.file.get(), open->status);
  return call.inode != no_inode || call.output;
}

// A copy is no wall: a write outside it would reach the real files.
Handling Recorder::outside(const PendingCall& call, const Place& place) {
  if (setting_.sandbox.isolation() != Isolation::copy || !place.parent.valid()) {
    return Handling::ignore;
  }
  const bool file_like = !place.exists || place.type == FileType::regular ||
                         place.type == FileType::directory || place.type == FileType::symlink;
  if (!file_like) return Handling::ignore;
  const std::string folder = path_of_descriptor(place.parent.get());
  std::string own = setting_.sandbox.trees()[0].path;
  own.erase(own.rfind('/'));
  for (const std::string_view allowed : {std::string_view(own), std::string_view("/proc"),
                                         std::string_view("/dev"), std::string_view("/sys")}) {
    if (folder == allowed || is_below(folder, allowed)) return Handling::ignore;
  }
  const int allowed = place.exists && place.type == FileType::regular
                          ? ::faccessat(place.parent.get(), place.name.c_str(), W_OK, AT_EACCESS)
                          : ::faccessat(place.parent.get(), ".", W_OK, AT_EACCESS);
  if (allowed != 0) return Handling::ignore;  // the kernel will refuse it
  setting_.trace.why = std::string(call.shape->name) + " of " + folder + "/" + place.name;
  return Handling::escape;
}

Operation& Recorder::add(const PendingCall& call, OperationKind kind, InodeId inode) {
  Operation operation;
  operation.kind = kind;
  operation.inode = inode;
  operation.thread = static_cast<std::uint32_t>(call.thread.id);
  operation.call = calls_;
  if (call.arrival.calls != calls_) operation.entered = call.arrival.operations;
  operation.stack = call.stack;
  operation.call_name = call.shape == nullptr ? "" : call.shape->name;
  return tree_.log().operations.emplace_back(std::move(operation));
}

void Recorder::add_unmodelled(const PendingCall& call, InodeId inode, std::string what) {
  unknown_.insert(inode);
  add(call, OperationKind::unmodelled, inode).name = std::move(what);
}

void Recorder::begin_writing(const PendingCall& call, InodeId inode, int fd) {
  const Holder holder = {call.thread.process, fd};
  const auto [entry, fresh] = open_for_writing_.try_emplace(inode, holder);
  if (fresh) {
    Operation& operation = add(call, OperationKind::begin_writing, inode);
    if ((call.flags & O_APPEND) != 0) operation.name = "append";
  } else {
    entry->second = holder;
  }
}

void Recorder::settle(InodeId inode, const Place* place) {
  const auto open = open_for_writing_.find(inode);
  if (open == open_for_writing_.end()) return;
  const auto shared = find_shared(inode);
  if (shared != shared_files_.end()) {
    look_at_mapping(shared->second);
  }
  const auto known =
      place == nullptr ? std::nullopt : is_open_for_writing(place->parent.get(), place->name);
  if (known == true) return;
  const auto key = tree_.key(inode);
  if (!known && key) {
    if (holds_for_writing(open->second, *key)) return;
    for (const pid_t process : setting_.processes()) {
      if (const auto holder = find_holder(process, *key)) {
        open->second = *holder;
        return;
      }
    }
    if (shared != shared_files_.end() && is_mapped(shared->first)) return;
  }
  open_for_writing_.erase(open);
  if (shared != shared_files_.end()) stop_watching(shared->second);
  PendingCall none;
  Operation& operation = add(none, OperationKind::end_writing, inode);
  operation.call = no_index;
}

void Recorder::settle_all() {
  std::vector<InodeId> inodes;
  inodes.reserve(open_for_writing_.size());
  for (const auto& [inode, holder] : open_for_writing_) inodes.push_back(inode);
  for (const InodeId inode : inodes) settle(inode);
}

void Recorder::acknowledge_output(const PendingCall& call) {
  for (const std::string& line : acknowledged_.feed(setting_.new_output())) {
    settle_all();
    Operation& operation = add(call, OperationKind::acknowledge, no_inode);
    operation.name = "output";
    operation.payload = Bytes(std::string_view(line + "\n"));
  }
}

std::vector<std::string> Recorder::keys_of(const PendingCall& call) const {
  std::vector<std::string> keys;
  std::string path;
  if (call.place.tracked()) {
    path = tree_.path_of(call.place.directory, call.place.name);
  } else {
    keys.push_back("#" + std::to_string(call.arguments[0]));
    if (call.inode != no_inode) path = tree_.path_of(call.inode);
  }
  while (!path.empty()) {
    const std::size_t slash = path.rfind('/');
    keys.push_back(path.substr(slash + 1));
    path.resize(slash == std::string::npos ? 0 : slash);
  }
  return keys;
}

void Recorder::finish_main(bool success) {
  look_at_mappings();
  settle_all();
  if (!success) return;
  PendingCall none;
  Operation& operation = add(none, OperationKind::acknowledge, no_inode);
  operation.name = "exit";
  operation.payload = Bytes(std::string_view("0"));
  operation.call = no_index;
  operation.call_name = "exit_group";
}

void Recorder::finish_run() {
  look_at_mappings();
  settle_all();
}

}  // namespace untorn::prove
