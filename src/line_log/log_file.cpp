// SPDX-License-Identifier: Apache-2.0
//
// Getting hold of the file: opening, locking, following a rotation, examining. What is done with it
// then stands in log_file_content.cpp.
#include "line_log/log_file.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/try.h"
#include "filesystem/same_file.h"

namespace untorn::line_log {
namespace {

constexpr auto pause_min = std::chrono::microseconds(100);
constexpr auto pause_max = std::chrono::microseconds(20000);
constexpr std::uint32_t mode_default = 0666;
constexpr int attempts_max = 100;
constexpr std::size_t piece_bytes = 262144;
constexpr std::uint64_t unsynced_look_bytes_max = std::uint64_t{4} << 20U;

}  // namespace

LogFile::LogFile(LogPlace place, const LineLogOptions& options)
    : place_(std::move(place)), fs_(*place_.fs), options_(options), process_(getpid()) {}

Result<void> LogFile::hold() {
  if (getpid() != process_) {
    // Only closed: unlocking would take the lock from the parent.
    file_.reset();
    unsynced_ = false;
    process_ = getpid();
  }
  UNTORN_CHECK(refuse_if_broken());
  UNTORN_CHECK(take_lock());
  auto ready = examined_ && size_ >= synced_ ? Result<void>() : examine();
  if (!ready) release();
  return ready;
}

void LogFile::release() {
  if (file_.get() != Handle::none) (void)fs_.unlock(file_.get());
}

Result<void> LogFile::refuse_if_broken() {
  if (!broken_) return {};
  return std::unexpected(Error(broken_->code(), broken_->step(), Outcome::not_applied,
                               broken_->os_errno(), broken_->path(),
                               "it must be opened anew after a failure: " + broken_->detail()));
}

// B1.
Result<void> LogFile::take_lock() {
  const auto until = deadline_after(options_.lock_wait);
  for (auto pause = pause_min;;) {
    if (file_.get() == Handle::none) UNTORN_CHECK(open_file());
    auto locked = fs_.lock(file_.get(), LockMode::exclusive);
    if (locked) {
      UNTORN_TRY(const bool named, is_named());
      if (named) return {};
      UNTORN_CHECK(leave());
    } else if (number(locked.error()) != EWOULDBLOCK) {
      return std::unexpected(place_.error(locked.error(), Step::inspect, "its lock"));
    }
    if (std::chrono::steady_clock::now() >= until) {
      return std::unexpected(
          place_.error(Code::busy, Step::inspect, "another program holds its lock"));
    }
    if (!locked) {
      std::this_thread::sleep_for(pause);
      pause = std::min(pause * 2, pause_max);
    }
  }
}

Result<bool> LogFile::is_named() {
  const auto named = fs_.status_at(place_.directory.get(), place_.name);
  if (!named) {
    if (number(named.error()) == ENOENT) return false;
    release();
    return std::unexpected(place_.error(named.error(), Step::inspect));
  }
  if (!same_file(*named, opened_)) return false;
  size_ = named->size;
  return true;
}

// What this object wrote to the file that is no longer under the name must not be lost with it.
Result<void> LogFile::leave() {
  auto synced = syncs_wanted() ? sync_content() : Result<void>();
  file_.reset();
  unsynced_ = false;
  return synced;
}

Result<void> LogFile::open_file() {
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    UNTORN_TRY(bool opened, open_named());
    if (!opened) {
      UNTORN_TRY(opened, create_named());
    }
    if (!opened) continue;
    examined_ = false;
    named_ = false;
    synced_ = 0;
    return {};
  }
  return std::unexpected(
      place_.error(Code::busy, Step::inspect, "someone makes and removes it all the time"));
}

// False: there is none.
Result<bool> LogFile::open_named() {
  const auto named = fs_.status_at(place_.directory.get(), place_.name);
  if (!named && number(named.error()) == ENOENT) return false;
  if (!named) return std::unexpected(place_.error(named.error(), Step::inspect));
  // Before it is opened: that alone does something to a device.
  if (named->type != FileType::regular) {
    return std::unexpected(
        place_.error(Code::not_regular_file, Step::inspect, "it is no file any more"));
  }
  auto opened = fs_.open(
      place_.directory.get(), place_.name,
      {.access = Access::read_write, .append = true, .follow = false, .nonblocking = true});
  if (!opened && number(opened.error()) == ENOENT) return false;
  if (!opened) return std::unexpected(place_.error(opened.error(), Step::inspect));
  file_ = OwnedHandle(fs_, *opened);
  const auto status = fs_.status(file_.get());
  if (!status || status->type != FileType::regular) {
    file_.reset();
    if (!status) return std::unexpected(place_.error(status.error(), Step::inspect));
    return std::unexpected(place_.error(Code::not_regular_file, Step::inspect, "it is no file"));
  }
  opened_ = *status;
  return true;
}

// A crash in the middle of a rotation leaves no file under the name; the new one is like the old.
void LogFile::look_at_rotated() {
  const bool rotates = options_.rotate_bytes != 0 || options_.rotate_age.count() > 0;
  if (like_ || options_.mode || !rotates) return;
  const auto rotated = fs_.status_at(place_.directory.get(), place_.name + ".1");
  if (rotated && rotated->type == FileType::regular) like_ = *rotated;
}

// False: someone else was faster.
Result<bool> LogFile::create_named() {
  look_at_rotated();
  const std::uint32_t mode = like_ ? like_->mode : options_.mode.value_or(mode_default);
  auto created = fs_.open(place_.directory.get(), place_.name,
                          {.access = Access::read_write,
                           .create = true,
                           .exclusive = true,
                           .append = true,
                           .mode = mode & 0777U});
  if (!created && number(created.error()) == EEXIST) return false;
  if (!created) return std::unexpected(place_.error(created.error(), Step::create_temporary));
  file_ = OwnedHandle(fs_, *created);
  UNTORN_CHECK(give_metadata());
  const auto status = fs_.status(file_.get());
  if (!status) {
    file_.reset();
    return std::unexpected(place_.error(status.error(), Step::inspect));
  }
  opened_ = *status;
  return true;
}

// The mode that was asked for is exact; what can be kept of an old file's owner is kept.
Result<void> LogFile::give_metadata() const {
  if (like_) {
    const bool is_ours = like_->user == geteuid() && like_->group == getegid();
    if (!is_ours) (void)fs_.set_owner(file_.get(), like_->user, like_->group);
    (void)fs_.set_mode(file_.get(), like_->mode);
    return {};
  }
  if (!options_.mode) return {};
  auto set = fs_.set_mode(file_.get(), *options_.mode);
  if (!set) return std::unexpected(place_.error(set.error(), Step::copy_metadata));
  return {};
}

std::optional<Mark> LogFile::trusted_mark() const {
  const std::optional<Mark> mark = place_.mark.read();
  Status status = opened_;
  status.size = size_;
  if (!mark || !mark->is_of(status)) return std::nullopt;
  const auto tail = tail_hash(fs_, file_.get(), mark->synced);
  return tail && *tail == mark->tail ? mark : std::nullopt;
}

// B2.
Result<void> LogFile::examine() {
  const std::optional<Mark> mark = trusted_mark();
  synced_ = mark ? mark->synced : 0;
  named_ = mark && mark->named;
  begun_ns_ = opened_.born_ns;
  if (begun_ns_ == 0) begun_ns_ = mark ? mark->begun_ns : now_ns();
  suspect_ = mark && mark->failed;
  const auto look = look_from(fs_, file_.get(), synced_, size_);
  if (!look) return std::unexpected(place_.error(look.error(), Step::inspect));
  if (look->torn()) UNTORN_CHECK(repair(*look));
  UNTORN_CHECK(read_tail());
  if (suspect_) UNTORN_CHECK(write_again());
  if (syncs_wanted() && !named_) UNTORN_CHECK(sync_name());
  if (!syncs_wanted()) UNTORN_CHECK(mark_unsynced(mark.has_value()));
  examined_ = true;
  return {};
}

// Without syncs a long log would be looked at from its beginning by every open: one sync now and
// then moves the mark on.
Result<void> LogFile::mark_unsynced(bool is_marked) {
  const bool is_long = size_ - synced_ > unsynced_look_bytes_max;
  if (is_long) {
    UNTORN_CHECK(sync_handle(file_.get(), Step::sync_file, Outcome::not_applied));
    synced_ = size_;
  }
  if (is_long || !is_marked) write_mark(false);
  return {};
}

// B4: after a failed sync the kernel may hold for clean what never reached the disk.
Result<void> LogFile::write_again() {
  auto opened = fs_.open(place_.directory.get(), place_.name,
                         {.access = Access::read_write, .follow = false, .nonblocking = true});
  if (!opened) return std::unexpected(place_.error(opened.error(), Step::inspect));
  const OwnedHandle file(fs_, *opened);
  std::vector<std::byte> piece(piece_bytes);
  for (std::uint64_t offset = synced_; offset < size_;) {
    const auto wanted = std::min<std::uint64_t>(piece.size(), size_ - offset);
    const auto count =
        fs_.read_at(file.get(), offset, std::span(piece).first(static_cast<std::size_t>(wanted)));
    if (!count) return std::unexpected(place_.error(count.error(), Step::inspect));
    if (*count == 0) break;
    for (std::size_t done = 0; done < *count;) {
      const auto rest = std::span<const std::byte>(piece).subspan(done, *count - done);
      const auto written = fs_.write_at(file.get(), offset + done, rest);
      if (!written || *written == 0) {
        const Errno cause = written ? Errno{EIO} : written.error();
        return std::unexpected(place_.error(cause, Step::write, "after a sync had failed"));
      }
      done += *written;
    }
    offset += *count;
  }
  UNTORN_CHECK(sync_handle(file.get(), Step::sync_file, Outcome::not_applied));
  synced_ = size_;
  suspect_ = false;
  write_mark(false);
  return {};
}

// A line cannot be durable in a file whose name is not.
Result<void> LogFile::sync_name() {
  if (size_ > synced_) {
    UNTORN_CHECK(sync_handle(file_.get(), Step::sync_file, Outcome::not_applied));
  }
  UNTORN_CHECK(sync_handle(place_.directory.get(), Step::sync_directory, Outcome::not_applied));
  synced_ = size_;
  named_ = true;
  write_mark(false);
  return {};
}

Result<void> LogFile::repair(const Look& look) {
  const TornLog torn{.fs = &fs_,
                     .directory = place_.directory.get(),
                     .name = place_.name,
                     .path = place_.path,
                     .log = file_.get(),
                     .mode = opened_.mode};
  const std::string reason = reason_of(fs_, file_.get(), synced_, look);
  auto moved = move_torn(torn, look, syncs_);
  if (options_.counters) {
    options_.counters->count_recovery(moved ? RecoveryResult::recovered : RecoveryResult::failed);
    if (moved) options_.counters->count_torn_lines(std::max<std::uint64_t>(moved->lines, 1));
  }
  if (!moved) return std::unexpected(std::move(moved).error());
  torn_ = std::move(*moved);
  torn_.reason = reason;
  size_ = look.sound_end;
  if (!suspect_) synced_ = size_;
  write_mark(false);
  return {};
}

Result<void> LogFile::read_tail() {
  std::array<std::byte, tail_bytes_max> bytes{};
  const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(size_, bytes.size()));
  std::size_t have = 0;
  while (have < wanted) {
    const auto count = fs_.read_at(file_.get(), size_ - wanted + have,
                                   std::span(bytes).subspan(have, wanted - have));
    if (!count) return std::unexpected(place_.error(count.error(), Step::inspect));
    if (*count == 0) {
      return std::unexpected(
          place_.error(Code::conflict, Step::inspect, "another program truncates it"));
    }
    have += *count;
  }
  tail_.assign(reinterpret_cast<const char*>(bytes.data()), have);
  tail_end_ = size_;
  return {};
}

}  // namespace untorn::line_log
