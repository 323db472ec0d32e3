// SPDX-License-Identifier: Apache-2.0
//
// Shared writable mappings (R5). The kernel tells nobody of a store; what it did to the file is
// seen by looking at the file. munmap and mremap need no look of their own: between them and the
// next recorded call nothing comes into the log.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <limits>

#include "prove/trace/recorder.h"

namespace untorn::prove {
namespace {

// Files that hold more are not looked at before calls that have nothing to do with them.
constexpr std::uint64_t small_bytes_max = 1U << 20U;

std::uint64_t end_of(std::uint64_t begin, std::uint64_t size) {
  return begin + std::min(size, std::numeric_limits<std::uint64_t>::max() - begin);
}

}  // namespace

Handling Recorder::begin_map(PendingCall& call) {
  if (!fetch_object(call, 4, nullptr) || call.output) return Handling::ignore;
  // Of a file that was opened for reading, a shared mapping stays readable.
  if ((call.file_flags & O_ACCMODE) != O_RDWR) return Handling::ignore;
  call.changes = false;
  return Handling::record;
}

void Recorder::finish_map(PendingCall& call, std::uint64_t result) {
  const std::string path = tree_.path_of(call.inode);
  const bool writable = (call.arguments[2] & PROT_WRITE) != 0;
  if (path.ends_with("-shm")) {
    // The shared index of an SQLite write-ahead log, rebuilt at the next opening.
    if (!writable) return;
    unknown_.insert(call.inode);
    note("changes of " + path + " through mmap are not recorded: its owner rebuilds it");
    return;
  }
  const auto mappings = shared_mappings(call.thread.process, result, result + 1);
  const std::string own = "/proc/self/fd/" + std::to_string(call.file.get());
  Descriptor reader(::open(own.c_str(), O_RDONLY | O_CLOEXEC));
  if (mappings.empty() || !reader.valid()) {
    if (writable) add_unmodelled(call, call.inode, "mmap, writable and shared, out of sight");
    return;
  }
  const auto [entry, fresh] = shared_files_.try_emplace(mappings.front().file);
  if (fresh) {
    entry->second.inode = call.inode;
    entry->second.reader = std::move(reader);
  }
  if (writable) watch_mapping(call, entry->second);
}

Handling Recorder::begin_protect(PendingCall& call) {
  call.changes = false;
  if (shared_files_.empty()) return Handling::ignore;
  const std::uint64_t begin = call.arguments[0];
  for (const auto& mapping :
       shared_mappings(call.thread.process, begin, end_of(begin, call.arguments[1]))) {
    const auto shared = shared_files_.find(mapping.file);
    if (shared == shared_files_.end() || shared->second.content) continue;
    call.inode = shared->second.inode;
    return Handling::record;
  }
  return Handling::ignore;
}

void Recorder::finish_protect(PendingCall& call, std::uint64_t) {
  const std::uint64_t begin = call.arguments[0];
  for (const auto& mapping :
       shared_mappings(call.thread.process, begin, end_of(begin, call.arguments[1]))) {
    const auto shared = shared_files_.find(mapping.file);
    if (shared == shared_files_.end() || shared->second.content || !mapping.writable) continue;
    begin_writing(call, shared->second.inode, -1);
    watch_mapping(call, shared->second);
  }
}

Handling Recorder::begin_sync_map(PendingCall& call) {
  call.changes = false;
  if ((call.arguments[2] & MS_SYNC) == 0) return Handling::ignore;  // MS_ASYNC does nothing
  const std::uint64_t begin = call.arguments[0];
  for (const auto& mapping :
       shared_mappings(call.thread.process, begin, end_of(begin, call.arguments[1]))) {
    const auto shared = shared_files_.find(mapping.file);
    if (shared == shared_files_.end() || !shared->second.content) continue;
    look_at_mapping(shared->second);
    call.inode = shared->second.inode;
  }
  return call.inode == no_inode ? Handling::ignore : Handling::record;
}

void Recorder::finish_sync_map(PendingCall& call, std::uint64_t) {
  const std::uint64_t begin = call.arguments[0];
  const std::uint64_t end = end_of(begin, call.arguments[1]);
  for (const auto& mapping : shared_mappings(call.thread.process, begin, end)) {
    const auto shared = shared_files_.find(mapping.file);
    if (shared == shared_files_.end() || !shared->second.content) continue;
    const std::uint64_t from = std::max(begin, mapping.begin);
    const std::uint64_t offset = mapping.offset + (from - mapping.begin);
    const std::uint64_t size = std::min(end, mapping.end) - from;
    Operation& operation = add(call, OperationKind::sync_data, shared->second.inode);
    if (offset == 0 && size >= shared->second.content->size()) continue;  // all of it
    operation.offset = offset;
    operation.size = size;
  }
}

Recorder::SharedFiles::iterator Recorder::find_shared(InodeId inode) {
  auto shared = shared_files_.begin();
  while (shared != shared_files_.end() && shared->second.inode != inode) ++shared;
  return shared;
}

void Recorder::watch_mapping(const PendingCall& call, SharedFile& shared) {
  if (shared.content) return;
  shared.content.emplace(std::move(shared.reader));
  shared.looked_at = now();
  shared.stack = call.stack;
  if (shared.content->failed()) {
    add_unmodelled(call, shared.inode, "mmap, writable and shared, of a file that cannot be read");
  }
}

// No mapping is writable now; one that is left may become so again.
void Recorder::stop_watching(SharedFile& shared) {
  if (!shared.content) return;
  shared.reader = shared.content->take_reader();
  shared.content.reset();
}

void Recorder::look_at_mapping(SharedFile& shared) {
  if (!shared.content) return;
  const std::uint64_t known_bytes = shared.content->data_bytes();
  std::vector<PageChange> changes = shared.content->changes();
  const Moment before = std::exchange(shared.looked_at, now());
  PendingCall store;
  store.inode = shared.inode;
  store.stack = shared.stack;
  static constexpr CallShape shape = {"mmap", nullptr, nullptr};
  store.shape = &shape;
  store.arrival = now();
  // A lone thread that was looked at before each of its calls has stored after the last of them.
  if (known_bytes > small_bytes_max || setting_.threads() > 1) store.arrival = before;
  if (shared.content->failed()) {
    add_unmodelled(store, shared.inode, "a shared mapping of a file that cannot be read");
  }
  if (changes.empty()) return;
  note(tree_.path_of(shared.inode) + " is changed through mmap: modelled as unordered writes");
  for (PageChange& change : changes) add_write(store, change.offset, std::move(change.bytes));
  ++calls_;
  shared.looked_at = now();
}

void Recorder::look_at_mappings() {
  for (auto& [file, shared] : shared_files_) look_at_mapping(shared);
}

void Recorder::look_at_small_mappings() {
  for (auto& [file, shared] : shared_files_) {
    if (shared.content && shared.content->data_bytes() <= small_bytes_max) look_at_mapping(shared);
  }
}

// What comes after the entry is in the log after what was stored before it.
void Recorder::look_before(const PendingCall& call) {
  if (shared_files_.empty()) return;
  if (call.output || call.number == SYS_sync || call.number == SYS_syncfs) {
    return look_at_mappings();
  }
  for (auto& [file, shared] : shared_files_) {
    if (shared.inode == call.inode || shared.inode == call.place.inode ||
        shared.inode == call.target.inode) {
      look_at_mapping(shared);
    }
  }
}

bool Recorder::is_mapped(const std::string& file) const {
  constexpr auto everything = std::numeric_limits<std::uint64_t>::max();
  for (const pid_t process : setting_.processes()) {
    for (const auto& mapping : shared_mappings(process, 0, everything)) {
      if (mapping.file == file && mapping.writable) return true;
    }
  }
  return false;
}

void Recorder::forget_process(pid_t process) {
  descriptors_.forget(process);
  working_directories_.erase(process);
  look_at_mappings();
}

}  // namespace untorn::prove
