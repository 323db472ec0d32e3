// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "base/try.h"
#include "counters/timing.h"
#include "filesystem/unsupported.h"
#include "line_log/log_file.h"

namespace untorn::line_log {
namespace {

std::string old_name(const std::string& name, unsigned number) {
  return name + "." + std::to_string(number);
}

}  // namespace

Result<void> LogFile::check_end() {
  UNTORN_CHECK(read_tail());
  if (tail_.empty() || tail_.back() == '\n') return {};
  const auto look = look_from(fs_, file_.get(), synced_, size_);
  if (!look) return std::unexpected(place_.error(look.error(), Step::inspect));
  if (look->torn()) UNTORN_CHECK(repair(*look));
  return read_tail();
}

bool LogFile::wants_rotation(std::uint64_t bytes) const {
  if (size_ == 0) return false;
  if (options_.rotate_bytes != 0 && size_ + bytes > options_.rotate_bytes) return true;
  if (options_.rotate_age.count() <= 0) return false;
  const std::chrono::nanoseconds now = std::chrono::system_clock::now().time_since_epoch();
  return now - std::chrono::nanoseconds(begun_ns_) >= options_.rotate_age;
}

// One that shifts only up to the first free number: a crash between two renames then costs no file.
Result<void> LogFile::shift_old_files() {
  unsigned free = 1;
  while (free < options_.keep) {
    const auto status = fs_.status_at(place_.directory.get(), old_name(place_.name, free));
    if (!status && number(status.error()) == ENOENT) break;
    if (!status) return std::unexpected(place_.error(status.error(), Step::inspect));
    ++free;
  }
  for (unsigned to = free; to > 1; --to) {
    const std::string name = old_name(place_.name, to);
    auto renamed = fs_.rename(place_.directory.get(), old_name(place_.name, to - 1),
                              place_.directory.get(), name, RenameMode::replace);
    if (!renamed) {
      return std::unexpected(place_.error(renamed.error(), Step::rename, "to " + name));
    }
  }
  return {};
}

Result<void> LogFile::rotate() {
  // Also without syncs: nobody examines an old file again.
  if (size_ > synced_ || unsynced_) {
    UNTORN_CHECK(sync_handle(file_.get(), Step::sync_file, Outcome::not_applied));
    unsynced_ = false;
  }
  UNTORN_CHECK(shift_old_files());
  const std::string name = old_name(place_.name, 1);
  auto renamed = fs_.rename(place_.directory.get(), place_.name, place_.directory.get(), name,
                            RenameMode::replace);
  if (!renamed) return std::unexpected(place_.error(renamed.error(), Step::rename, "to " + name));
  like_ = opened_;
  file_.reset();
  // The new file's name, and with it all these, reach the disk before a line in it is promised.
  UNTORN_CHECK(hold());
  like_.reset();
  return {};
}

Result<void> LogFile::write(std::string_view text) {
  std::span<const std::byte> rest = std::as_bytes(std::span(text));
  while (!rest.empty()) {
    const auto count = fs_.write(file_.get(), rest);
    if (!count || *count == 0) {
      const Errno cause = count ? Errno{ENOSPC} : count.error();
      return std::unexpected(take_back(text, place_.error(cause, Step::write)));
    }
    rest = rest.subspan(*count);
  }
  size_ += text.size();
  unsynced_ = true;
  tail_ += text.substr(text.size() - std::min(text.size(), tail_bytes_max));
  tail_.erase(0, tail_.size() - std::min(tail_.size(), tail_bytes_max));
  tail_end_ = size_;
  return {};
}

// Whoever else writes here holds no lock; then only what is surely ours is cut off.
Error LogFile::take_back(std::string_view text, const Error& cause) {
  const auto status = fs_.status(file_.get());
  if (status && status->size == size_) return cause;
  if (status && status->size > size_ && holds_beginning_of(text, status->size - size_)) {
    if (fs_.truncate(file_.get(), size_)) return cause;
  }
  broken_.emplace(cause.code(), cause.step(), Outcome::unknown, cause.os_errno(), cause.path(),
                  "a part of the lines may be in the file, and cannot be taken back");
  return *broken_;
}

bool LogFile::holds_beginning_of(std::string_view text, std::uint64_t bytes) const {
  if (bytes > text.size()) return false;
  std::vector<std::byte> present(static_cast<std::size_t>(bytes));
  for (std::size_t have = 0; have < present.size();) {
    const auto count = fs_.read_at(file_.get(), size_ + have, std::span(present).subspan(have));
    if (!count || *count == 0) return false;
    have += *count;
  }
  return std::memcmp(present.data(), text.data(), present.size()) == 0;
}

Result<void> LogFile::sync_content() {
  if (!unsynced_ || getpid() != process_) return {};
  UNTORN_CHECK(refuse_if_broken());
  UNTORN_CHECK(sync_handle(file_.get(), Step::sync_file, Outcome::applied_unsynced));
  unsynced_ = false;
  synced_ = size_;
  write_mark(false);  // B3
  return {};
}

Result<void> LogFile::sync_handle(Handle handle, Step step, Outcome outcome) {
  const bool is_file = step == Step::sync_file;
  auto synced = counters::timed_sync(
      options_.counters.get(), [&] { return is_file ? fs_.sync_data(handle) : fs_.sync(handle); });
  ++syncs_;
  if (synced || (!is_file && means_unsupported(synced.error()))) return {};
  write_mark(true);
  broken_ = place_.error(synced.error(), step,
                         is_file ? "its lines are not known to be on the disk"
                                 : "its name is not known to be on the disk",
                         outcome);
  return std::unexpected(*broken_);
}

void LogFile::write_mark(bool failed) {
  Mark mark{.device = opened_.device,
            .inode = opened_.inode,
            .begun_ns = begun_ns_,
            .named = named_,
            .failed = failed || suspect_,
            .synced = synced_,
            .tail = {}};
  if (synced_ == tail_end_) {
    mark.tail = hash128(tail_);
  } else if (const auto tail = tail_hash(fs_, file_.get(), synced_)) {
    mark.tail = *tail;
  } else {
    return;
  }
  place_.mark.write(mark);
}

}  // namespace untorn::line_log
