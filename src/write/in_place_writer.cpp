// SPDX-License-Identifier: Apache-2.0
//
// The protocol of untorn/in_place.h, step by step:
//
//   P1  temporary in the folder; its first line; the content; its last line; sync
//   P2  rename to its own name; sync of the folder        (from here on recovery finishes it)
//   P3  overwrite the target; sync
//   P4  unlink; sync of the folder                        (from here on nothing undoes later
//       writes)
//
// P2 to P4 under the locks of in_place_locks.h. The syncs are made at every level: without them a
// sidecar that comes back would harm a later content.
#include "write/in_place_writer.h"

#include <cerrno>
#include <utility>

#include "base/deadline.h"
#include "base/try.h"
#include "counters/timing.h"
#include "filesystem/same_file.h"
#include "write/in_place_locks.h"
#include "write/overwrite.h"

namespace untorn::write {
namespace {

constexpr std::uint32_t sidecar_mode = 0600;
constexpr std::uint32_t set_id_bits = 06000;

}  // namespace

InPlaceWriter::InPlaceWriter(FileSystem& fs, const std::string& path, const Target& target,
                             const ReplaceOptions& options)
    : fs_(fs), path_(path), target_(target), options_(options) {}

Error InPlaceWriter::error(Errno os_errno, Step step, std::string detail) const {
  return Error::from_errno(number(os_errno), step, Outcome::not_applied, path_, std::move(detail));
}

Error InPlaceWriter::error(Code code, Step step, std::string detail) const {
  return {code, step, Outcome::not_applied, 0, path_, std::move(detail)};
}

Result<std::unique_ptr<InPlaceWriter>> InPlaceWriter::open(FileSystem& fs, const std::string& path,
                                                           const Target& target,
                                                           const ReplaceOptions& options) {
  auto writer = std::unique_ptr<InPlaceWriter>(new InPlaceWriter(fs, path, target, options));
  if (!options.sidecar) {
    return std::unexpected(
        writer->error(Code::invalid_argument, Step::inspect, "no directory for the sidecar"));
  }
  UNTORN_TRY(writer->folder_, SidecarFolder::open(fs, options.sidecar->native()));
  UNTORN_CHECK(writer->open_target());
  UNTORN_TRY(const bool left_behind, writer->folder_.holds_sidecars());
  if (left_behind) {
    const auto until = deadline_after(options.lock_wait);
    UNTORN_TRY(const OwnedHandle lock, writer->folder_.lock(options.lock_wait));
    UNTORN_CHECK(writer->recover(until));
  }
  UNTORN_CHECK(writer->make_sidecar());
  return writer;
}

Result<void> InPlaceWriter::open_target() {
  // Opening such a file for writing would give this name a file of its own, and leave the others.
  if (target_.hard_linked() && fs_.kind(target_.place.folder()).name == "overlay") {
    return std::unexpected(error(Code::unsupported, Step::inspect,
                                 "an overlay splits hard links when a file is written"));
  }
  auto opened = fs_.open(target_.place.folder(), target_.place.name,
                         {.access = Access::read_write, .follow = false, .nonblocking = true});
  if (!opened) return std::unexpected(error(opened.error(), Step::inspect, "opening it to write"));
  file_ = OwnedHandle(fs_, *opened);
  auto status = fs_.status(file_.get());
  if (!status) return std::unexpected(error(status.error(), Step::inspect));
  if (status->type != FileType::regular || !same_file(*status, *target_.place.status)) {
    return std::unexpected(
        error(Code::busy, Step::inspect, "another file took its name at this moment"));
  }
  before_ = *status;
  return {};
}

// Whether the mode can be given back is known beforehand by setting what it is.
Result<void> InPlaceWriter::check_mode() const {
  const bool sensitive = (before_.mode & set_id_bits) != 0 || options_.mode;
  if (!options_.require_metadata || !sensitive) return {};
  if (auto set = fs_.set_mode(file_.get(), before_.mode); !set) {
    return std::unexpected(error(set.error(), Step::copy_metadata, "cannot be kept: mode"));
  }
  return {};
}

// The path by which recovery will find the target, in another process and from another working
// directory. The kernel knows it by the open directory; the caller's own is second best.
Result<std::string> InPlaceWriter::path_for_recovery() const {
  const auto leads_here = [this](const std::string& path) {
    auto opened =
        fs_.open(Handle::working_directory, path, {.access = Access::read, .nonblocking = true});
    if (!opened) return false;
    const OwnedHandle file(fs_, *opened);
    const auto status = fs_.status(file.get());
    return status && same_file(*status, before_);
  };
  const auto directory = static_cast<int>(target_.place.folder());
  if (auto known =
          fs_.read_link(Handle::working_directory, "/proc/self/fd/" + std::to_string(directory))) {
    std::string path = *known + (known->ends_with('/') ? "" : "/") + target_.place.name;
    if (known->starts_with('/') && leads_here(path)) return path;
  }
  if (leads_here(path_)) return path_;
  return std::unexpected(error(Code::invalid_argument, Step::inspect,
                               "recovery would not find it by this path; give an absolute one"));
}

// P1, the beginning. The content of the target is written through `file_`, so an overlay has copied
// it up before its identity is taken.
Result<void> InPlaceWriter::make_sidecar() {
  UNTORN_TRY(std::string path, path_for_recovery());
  UNTORN_TRY(sidecar_, Temporary::create(fs_, folder_.handle(), path_, sidecar_mode));
  if (sidecar_.created().device != before_.device) {
    return std::unexpected(sidecar_.give_up(
        error(Code::invalid_argument, Step::inspect,
              "the directory for the sidecar, " + folder_.path() +
                  ", is not on the same file system (or btrfs subvolume, or overlay layer)")));
  }
  line_ = sidecar_line({.path = std::move(path),
                        .device = before_.device,
                        .inode = before_.inode,
                        .born_ns = before_.born_ns,
                        .mode = options_.mode.value_or(before_.mode)});
  auto written = write_all(std::as_bytes(std::span(line_)));
  if (!written) return std::unexpected(sidecar_.give_up(written.error()));
  return {};
}

Result<void> InPlaceWriter::write_all(std::span<const std::byte> content) {
  while (!content.empty()) {
    auto count = fs_.write(sidecar_.handle(), content);
    if (!count) return std::unexpected(error(count.error(), Step::write, "the sidecar"));
    if (*count == 0 || *count > content.size()) {
      return std::unexpected(error(Code::io, Step::write, "a write took nothing"));
    }
    content = content.subspan(*count);
  }
  return {};
}

Result<void> InPlaceWriter::write(std::span<const std::byte> content) {
  if (failure_) return std::unexpected(*failure_);
  if (!is_ours()) {
    return std::unexpected(
        error(Code::invalid_argument, Step::write, "another process opened this replacement"));
  }
  if (auto written = write_all(content); !written) {
    failure_ = sidecar_.give_up(written.error());
    return std::unexpected(*failure_);
  }
  bytes_ += content.size();
  return {};
}

SystemResult<void> InPlaceWriter::sync(Handle handle, Receipt& receipt) const {
  if (folder_.is_volatile()) return {};
  ++receipt.syncs;
  ++receipt.commits;
  return counters::timed_sync(options_.counters.get(), [&] { return fs_.sync(handle); });
}

// I2. What another target left unfinished does not stop this one.
Result<void> InPlaceWriter::recover(std::chrono::steady_clock::time_point until) const {
  UNTORN_TRY(const FolderRecovery recovered, folder_.recover(until));
  for (const Unfinished& each : recovered.unfinished) {
    if (!each.error || each.target.inode != before_.inode || each.device != before_.device) {
      continue;
    }
    return std::unexpected(Error(each.error->code(), each.error->step(), Outcome::unknown,
                                 each.error->os_errno(), path_,
                                 "an earlier replacement of it has to be finished first"));
  }
  return {};
}

// The name may lead elsewhere since open(): content may have streamed for hours.
Result<void> InPlaceWriter::check_target() const {
  auto named = fs_.status_at(target_.place.folder(), target_.place.name);
  if (!named) return std::unexpected(error(named.error(), Step::check));
  if (same_file(*named, before_)) return {};
  return std::unexpected(
      error(Code::conflict, Step::check, "another file took its name meanwhile"));
}

// P1, the end.
Result<void> InPlaceWriter::finish_sidecar(Receipt& receipt) {
  // The handle of the temporary can only write.
  auto opened = fs_.open(folder_.handle(), sidecar_.name(),
                         {.access = Access::read, .follow = false, .nonblocking = true});
  if (!opened) return std::unexpected(error(opened.error(), Step::check, "the sidecar"));
  const OwnedHandle readable(fs_, *opened);
  auto hash = hash_content(fs_, readable.get(), line_, line_.size(), bytes_);
  if (!hash) return std::unexpected(error(hash.error(), Step::check, "the sidecar"));
  const std::string end = sidecar_end(bytes_, hash->hash);
  UNTORN_CHECK(write_all(std::as_bytes(std::span(end))));
  auto status = fs_.status(sidecar_.handle());
  if (!status) return std::unexpected(error(status.error(), Step::check, "the sidecar"));
  if (!hash->complete || status->size != line_.size() + bytes_ + sidecar_end_bytes) {
    return std::unexpected(
        error(Code::corrupt, Step::check, "the sidecar does not hold what was written"));
  }
  if (auto synced = sync(sidecar_.handle(), receipt); !synced) {
    return std::unexpected(error(synced.error(), Step::sync_file, "the sidecar"));
  }
  return {};
}

// P2.
Result<void> InPlaceWriter::publish_sidecar(Receipt& receipt) {
  std::string name = std::string(sidecar_prefix) + sidecar_.name().substr(temporary_prefix.size());
  auto renamed =
      fs_.rename(folder_.handle(), sidecar_.name(), folder_.handle(), name, RenameMode::replace);
  if (!renamed) return std::unexpected(error(renamed.error(), Step::rename, "the sidecar"));
  sidecar_.mark_published();
  sidecar_name_ = std::move(name);
  auto synced = sync(folder_.handle(), receipt);
  if (synced) return {};
  // The name may be on the disk. Its removal cannot be promised by a disk that fails to sync.
  (void)fs_.unlink(folder_.handle(), sidecar_name_);
  return std::unexpected(Error::from_errno(
      number(synced.error()), Step::sync_directory, Outcome::unknown, path_,
      "the content is the old one; after a power cut recovery may find the sidecar " +
          sidecar_name_ + " and write the new one"));
}

// P3.
Result<void> InPlaceWriter::overwrite_target(Receipt& receipt) {
  auto opened = fs_.open(folder_.handle(), sidecar_name_,
                         {.access = Access::read, .follow = false, .nonblocking = true});
  if (!opened) {
    const Error reason = error(opened.error(), Step::check, "the sidecar");
    UNTORN_CHECK(drop_sidecar(receipt, Outcome::unknown));
    return std::unexpected(reason);
  }
  const OwnedHandle readable(fs_, *opened);
  auto done =
      overwrite(fs_, {.target = file_.get(),
                      .source = {.file = readable.get(), .from = line_.size(), .bytes = bytes_},
                      .mode = options_.mode.value_or(before_.mode),
                      .durable = !folder_.is_volatile()});
  if (!folder_.is_volatile()) {
    ++receipt.syncs;
    ++receipt.commits;
  }
  if (done) {
    receipt.metadata_lost = std::move(done->lost);
    status_ = done->status;
    return {};
  }
  if (!done.error().touched) {
    UNTORN_CHECK(drop_sidecar(receipt, Outcome::unknown));
    return std::unexpected(error(done.error().os_errno, done.error().step));
  }
  return std::unexpected(Error::from_errno(number(done.error().os_errno), done.error().step,
                                           Outcome::unknown, path_,
                                           "it may be a mixture until recovery finishes it from " +
                                               folder_.path() + "/" + sidecar_name_));
}

// P4.
Result<void> InPlaceWriter::drop_sidecar(Receipt& receipt, Outcome outcome) {
  auto removed = fs_.unlink(folder_.handle(), sidecar_name_);
  if (!removed && !is_missing(removed.error())) {
    return std::unexpected(Error::from_errno(
        number(removed.error()), Step::clean_up, outcome, path_,
        "the sidecar " + folder_.path() + "/" + sidecar_name_ + " could not be removed"));
  }
  if (auto synced = sync(folder_.handle(), receipt); !synced) {
    return std::unexpected(Error::from_errno(
        number(synced.error()), Step::sync_directory, outcome, path_,
        "the sidecar " + sidecar_name_ + " was removed, and may come back after a power cut"));
  }
  return {};
}

Result<Receipt> InPlaceWriter::commit(const std::function<Result<void>()>& check) {
  if (failure_) return std::unexpected(*failure_);
  if (!is_ours()) {
    return std::unexpected(
        error(Code::invalid_argument, Step::check, "another process opened this replacement"));
  }
  Receipt receipt;
  receipt.requested = options_.durability;
  receipt.achieved = target_.level.achieved;
  receipt.why_lower = target_.level.why_lower;
  receipt.protocol = Protocol::in_place;
  receipt.existed = true;
  receipt.bytes = bytes_;
  OwnedHandle folder_lock;
  const auto prepare = [&]() -> Result<InPlaceLocks> {
    UNTORN_CHECK(finish_sidecar(receipt));
    const auto until = deadline_after(options_.lock_wait);      // L4
    UNTORN_TRY(folder_lock, folder_.lock(options_.lock_wait));  // I4
    UNTORN_CHECK(recover(until));
    const bool replaced_by_others = options_.if_match.has_value();
    UNTORN_TRY(
        InPlaceLocks locks,
        InPlaceLocks::take(fs_, path_,
                           {.directory = replaced_by_others ? target_.place.folder() : Handle::none,
                            .target = file_.get(),
                            .until = until},
                           receipt.retries));
    UNTORN_CHECK(check_target());
    if (check) UNTORN_CHECK(check());
    UNTORN_CHECK(check_mode());  // changes the change time, which `check` compares
    UNTORN_CHECK(publish_sidecar(receipt));
    return locks;
  };
  const auto locks = prepare();
  if (!locks) {
    failure_ = sidecar_name_.empty() ? sidecar_.give_up(locks.error()) : locks.error();
    return std::unexpected(*failure_);
  }
  UNTORN_CHECK(overwrite_target(receipt));
  UNTORN_CHECK(drop_sidecar(receipt, Outcome::applied_unsynced));
  return receipt;
}

}  // namespace untorn::write
