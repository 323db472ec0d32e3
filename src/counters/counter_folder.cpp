// SPDX-License-Identifier: Apache-2.0
#include "counters/counter_folder.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <span>
#include <utility>
#include <vector>

#include "base/try.h"
#include "counters/process_identity.h"
#include "filesystem/kept_folder.h"
#include "filesystem/random_hex.h"
#include "filesystem/read_whole.h"

namespace untorn::counters {
namespace {

constexpr std::string_view folder_name = "counters";
constexpr std::string_view total_name = "total";
constexpr std::string_view next_total_name = "total.new";
constexpr std::string_view lock_name = "lock";
constexpr std::string_view new_prefix = "new-";
constexpr std::string_view damaged_prefix = "damaged-";
constexpr int attempts_max = 8;
constexpr int readings_max = 100;
constexpr std::size_t many_files = 16;
// How many names `total` may hold before those that have gone are taken out, which costs a sync.
constexpr std::size_t names_max = 256;

Error error_at(const std::string& path, Errno os_errno, Step step, std::string detail) {
  return Error::from_errno(number(os_errno), step, Outcome::not_applied, path, std::move(detail));
}

SystemResult<void> write_all(FileSystem& fs, Handle file, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    auto count = fs.write(file, bytes);
    if (!count) return std::unexpected(count.error());
    if (*count == 0) return std::unexpected(Errno{EIO});
    bytes = bytes.subspan(*count);
  }
  return {};
}

SystemResult<OwnedHandle> open_file(FileSystem& fs, Handle folder, const std::string& name) {
  auto opened = fs.open(folder, name, {.follow = false, .nonblocking = true});
  if (!opened) return std::unexpected(opened.error());
  OwnedHandle file(fs, *opened);
  auto status = fs.status(file.get());
  if (!status) return std::unexpected(status.error());
  if (status->type != FileType::regular) return std::unexpected(Errno{EINVAL});
  return file;
}

SystemResult<std::string> read_file(FileSystem& fs, Handle folder, const std::string& name) {
  auto file = open_file(fs, folder, name);
  if (!file) return std::unexpected(file.error());
  return read_whole(fs, file->get());
}

std::span<const std::byte> bytes_of(const std::string& content) {
  return std::as_bytes(std::span(content));
}

// The kinds on which a store to a mapping of blocks that the file has cannot fail for want of
// space, and on which a lock is known to end with its holder.
bool maps_are_safe(const FileSystemKind& kind) {
  constexpr std::array<std::string_view, 7> safe = {"ext2",  "ext3",    "ext4",  "xfs",
                                                    "tmpfs", "overlay", "memory"};
  return locks_are_trusted(kind) && std::ranges::find(safe, kind.name) != safe.end();
}

}  // namespace

struct CounterFolder::Folding {
  Total total;
  bool changed = false;
  std::vector<std::string> removable;  // once `total` is in place
};

Error CounterFolder::error(Errno os_errno, Step step, std::string detail) const {
  return error_at(path_, os_errno, step, std::move(detail));
}

Result<CounterFolder> CounterFolder::find(FileSystem& fs, const std::filesystem::path& tree) {
  CounterFolder folder;
  folder.fs_ = &fs;
  folder.path_ = tree.native();
  auto opened = fs.open(Handle::working_directory, folder.path_, {.access = Access::directory});
  if (!opened) return std::unexpected(folder.error(opened.error(), Step::open_directory, {}));
  const OwnedHandle root(fs, *opened);
  UNTORN_TRY(const KeptFolder kept, KeptFolder::find(fs, root.get(), folder.path_));
  if (kept.handle() != Handle::none) {
    UNTORN_TRY(folder.folder_, kept.find_folder(kept.handle(), folder_name));
  }
  if (folder.handle() == Handle::none) {
    return std::unexpected(Error(Code::not_found, Step::inspect, Outcome::not_applied, 0,
                                 folder.path_, "nothing was counted there"));
  }
  auto status = fs.status(folder.handle());
  if (!status) return std::unexpected(folder.error(status.error(), Step::inspect, {}));
  folder.status_ = *status;
  return folder;
}

Result<CounterFolder> CounterFolder::make(FileSystem& fs, const std::filesystem::path& tree) {
  CounterFolder folder;
  folder.fs_ = &fs;
  folder.path_ = tree.native();
  auto opened = fs.open(Handle::working_directory, folder.path_, {.access = Access::directory});
  if (!opened) return std::unexpected(folder.error(opened.error(), Step::open_directory, {}));
  const OwnedHandle root(fs, *opened);
  const FileSystemKind kind = fs.kind(root.get());
  if (!maps_are_safe(kind)) {
    return std::unexpected(
        Error(Code::unsupported, Step::inspect, Outcome::not_applied, 0, folder.path_,
              "counters are mapped, which is not safe on a file system of kind " + kind.name));
  }
  UNTORN_TRY(KeptFolder kept, KeptFolder::find(fs, root.get(), folder.path_));
  UNTORN_CHECK(kept.make());
  UNTORN_TRY(folder.folder_, kept.make_folder(kept.handle(), folder_name));
  auto status = fs.status(folder.handle());
  if (!status) return std::unexpected(folder.error(status.error(), Step::inspect, {}));
  folder.status_ = *status;
  return folder;
}

Result<TotalFile> CounterFolder::read_total() const {
  auto content = read_file(*fs_, handle(), std::string(total_name));
  if (!content) {
    if (number(content.error()) == ENOENT) return TotalFile{.form = Form::empty, .total = {}};
    return std::unexpected(error(content.error(), Step::inspect, "the total of its counters"));
  }
  TotalFile file = parse_total_file(bytes_of(*content));
  if (file.form == Form::newer) {
    return std::unexpected(Error(Code::unsupported, Step::inspect, Outcome::not_applied, 0, path_,
                                 "the total of its counters is of a newer format"));
  }
  return file;
}

Result<void> CounterFolder::set_aside(const std::string& name, const std::string& as) const {
  auto renamed = fs_->rename(handle(), name, handle(), as, RenameMode::replace);
  if (!renamed && number(renamed.error()) != ENOENT) {
    return std::unexpected(error(renamed.error(), Step::rename, name + " is damaged"));
  }
  return {};
}

// One name of the folder, under `lock` (C2).
Result<void> CounterFolder::examine(Folding& folding, const std::string& name) const {
  const bool is_new = name.starts_with(new_prefix);
  if (!is_new && !is_process_file_name(name)) return {};
  if (std::ranges::binary_search(folding.total.names, name)) {  // C4: a folder died before this
    folding.removable.push_back(name);
    return {};
  }
  const auto found = open_file(*fs_, handle(), name);
  if (!found) return {};  // gone, unreadable or no file: it stays out
  if (!fs_->lock(found->get(), LockMode::exclusive)) return {};  // C3
  if (is_new) {  // its maker was killed before it counted anything
    folding.removable.push_back(name);
    return {};
  }
  auto content = read_whole(*fs_, found->get());
  if (!content) return {};
  const ProcessFile file = parse_process_file(bytes_of(*content));
  switch (file.form) {
    case Form::newer:
    case Form::newer_but_readable:  // C6
      return {};
    case Form::empty:  // never counted into, or nothing of it outlived a power cut
      folding.removable.push_back(name);
      return {};
    case Form::damaged:
      return set_aside(name, std::string(damaged_prefix) + name);
    case Form::readable:
      break;
  }
  add(folding.total.slots, file.slots);
  ++folding.total.processes;
  folding.total.names.push_back(name);
  std::ranges::sort(folding.total.names);
  folding.removable.push_back(name);
  folding.changed = true;
  return {};
}

// C4.
Result<void> CounterFolder::replace_total(const Total& total) const {
  const std::string name(next_total_name);
  auto opened = fs_->open(handle(), name,
                          {.access = Access::write,
                           .create = true,
                           .truncate = true,
                           .follow = false,
                           .nonblocking = true,
                           .mode = kept_file_mode});
  if (!opened) return std::unexpected(error(opened.error(), Step::create_temporary, name));
  OwnedHandle file(*fs_, *opened);
  auto written = write_all(*fs_, file.get(), make_total_file(total));
  if (!written) return std::unexpected(error(written.error(), Step::write, name));
  file.reset();
  auto renamed = fs_->rename(handle(), name, handle(), total_name, RenameMode::replace);
  if (!renamed) return std::unexpected(error(renamed.error(), Step::rename, name));
  return {};
}

// C5.
void CounterFolder::forget_names(Total& total, const std::vector<Entry>& entries) const {
  if (total.names.size() < names_max || !fs_->sync(handle())) return;
  std::erase_if(total.names, [&](const std::string& name) {
    return !std::ranges::binary_search(entries, name, {}, &Entry::name);
  });
}

Result<void> CounterFolder::fold() const {
  UNTORN_TRY(const OwnedHandle lock,
             take_lock(*fs_, handle(), lock_name, path_, {.wait = std::chrono::milliseconds(0)}));
  UNTORN_TRY(TotalFile file, read_total());
  if (file.form == Form::newer_but_readable) return {};  // C6
  if (file.form == Form::damaged) {
    const std::string name(total_name);
    UNTORN_CHECK(set_aside(name, std::string(damaged_prefix) + name + '-' + random_hex(*fs_)));
  }
  Folding folding{.total = std::move(file.total), .changed = false, .removable = {}};
  auto entries = fs_->list(handle());
  if (!entries) return std::unexpected(error(entries.error(), Step::inspect, {}));
  for (const Entry& entry : *entries) UNTORN_CHECK(examine(folding, entry.name));
  if (folding.changed) {
    forget_names(folding.total, *entries);
    ++folding.total.folds;
    UNTORN_CHECK(replace_total(folding.total));
  }
  for (const std::string& name : folding.removable) {
    auto removed = fs_->unlink(handle(), name);
    if (!removed && number(removed.error()) != ENOENT) {
      return std::unexpected(error(removed.error(), Step::clean_up, name));
    }
  }
  return {};
}

Result<void> CounterFolder::fold_if_many() const {
  auto entries = fs_->list(handle());
  if (!entries) return std::unexpected(error(entries.error(), Step::inspect, {}));
  return entries->size() < many_files ? Result<void>() : fold();
}

// False: somebody folded meanwhile, and the sum may lack something.
Result<bool> CounterFolder::add_unfolded(const Total& total, CounterTotals& totals) const {
  auto entries = fs_->list(handle());
  if (!entries) return std::unexpected(error(entries.error(), Step::inspect, {}));
  Slots slots = total.slots;
  std::uint64_t processes = total.processes;
  for (const Entry& entry : *entries) {
    if (!is_process_file_name(entry.name)) continue;
    if (std::ranges::binary_search(total.names, entry.name)) continue;
    auto content = read_file(*fs_, handle(), entry.name);
    if (!content) {
      if (number(content.error()) == ENOENT) return false;
      continue;
    }
    const ProcessFile file = parse_process_file(bytes_of(*content));
    if (file.form != Form::readable && file.form != Form::newer_but_readable) continue;
    add(slots, file.slots);
    ++processes;
  }
  totals = totals_of(slots, processes);
  UNTORN_TRY(const TotalFile after, read_total());
  return after.total.folds == total.folds;
}

Result<CounterTotals> CounterFolder::read() const {
  for (int reading = 0; reading < readings_max; ++reading) {
    UNTORN_TRY(const TotalFile file, read_total());
    if (file.form == Form::damaged) {
      return std::unexpected(Error(Code::corrupt, Step::inspect, Outcome::not_applied, 0, path_,
                                   "the total of its counters is damaged"));
    }
    CounterTotals totals;
    UNTORN_TRY(const bool whole, add_unfolded(file.total, totals));
    if (whole) return totals;
  }
  return std::unexpected(Error(Code::busy, Step::inspect, Outcome::not_applied, 0, path_,
                               "its counters are folded all the time"));
}

namespace {

// A file that only we know, locked, and mapped. Nothing: someone took it for a left one.
SystemResult<OpenedFile> make_file(FileSystem& fs, Handle folder, const std::string& new_name) {
  auto opened = fs.open(folder, new_name,
                        {.access = Access::read_write,
                         .create = true,
                         .exclusive = true,
                         .follow = false,
                         .mode = kept_file_mode});
  if (!opened) return std::unexpected(opened.error());
  OpenedFile file{.handle = OwnedHandle(fs, *opened), .mapping = {}, .name = {}};
  const ProcessIdentity identity = this_process();
  file.name = process_file_name(identity, fs.random_bits().first);
  const auto content = make_process_file(identity);
  // All blocks are written before they are mapped: a store into a hole could find the disk full.
  auto done = fs.lock(file.handle.get(), LockMode::exclusive);
  if (done) done = write_all(fs, file.handle.get(), content);
  if (!done) return std::unexpected(done.error());
  auto mapped = fs.map(file.handle.get(), content.size());
  if (!mapped) return std::unexpected(mapped.error());
  file.mapping = std::move(*mapped);
  auto renamed = fs.rename(folder, new_name, folder, file.name, RenameMode::no_replace);
  if (!renamed) return std::unexpected(renamed.error());
  return file;
}

}  // namespace

Result<OpenedFile> begin_file(FileSystem& fs, Handle folder, const std::string& path) {
  int os_errno = 0;
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    const std::string new_name = std::string(new_prefix) + random_hex(fs);
    auto made = make_file(fs, folder, new_name);
    if (made) return std::move(*made);
    os_errno = number(made.error());
    (void)fs.unlink(folder, new_name);  // the error that is told is the first one
    const bool taken = os_errno == EEXIST || os_errno == ENOENT || os_errno == EWOULDBLOCK;
    if (!taken) break;
  }
  return std::unexpected(
      error_at(path, Errno{os_errno}, Step::create_temporary, "a file for its counters"));
}

}  // namespace untorn::counters
