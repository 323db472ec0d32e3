// SPDX-License-Identifier: Apache-2.0
//
// Replacement from the lock of if_match on.
#include <string>
#include <utility>

#include "base/deadline.h"
#include "base/try.h"
#include "counters/timing.h"
#include "filesystem/same_file.h"
#include "write/backups.h"
#include "write/match.h"
#include "write/publish.h"
#include "write/replacement.h"
#include "write/shared_commit.h"
#include "write/version.h"

namespace untorn::write {

using counters::timed_sync;

void Replacement::park() {
  temporary_.close();
  target_.old_file.reset();
}

void Replacement::use_directory(Handle directory) noexcept {
  target_.place.borrowed = directory;
  temporary_.use_directory(directory);
  target_.place.directory.reset();
}

// The lock on a parked temporary is gone, so a cleaner may have removed it.
Result<void> Replacement::check_parked() {
  if (temporary_.handle() != Handle::none) return {};
  auto named = fs_.status_at(target_.place.folder(), temporary_.name());
  if (named && same_file(*named, temporary_.created())) return {};
  if (!named && !is_missing(named.error())) {
    return std::unexpected(error(named.error(), Step::check));
  }
  if (named) temporary_.mark_published();  // somebody else's file has the name: not ours to remove
  return std::unexpected(error(Code::busy, Step::check, "somebody removed the temporary"));
}

Result<void> Replacement::publish_unchecked() {
  UNTORN_CHECK(check_parked());
  if (!options_.if_match && options_.backups == 0) {
    return write::publish(fs_, path_, target_, temporary_, options_.existence);  // R8
  }
  std::optional<DirectoryLock> lock;
  auto taken = DirectoryLock::take(fs_, path_, target_.place.folder(),
                                   deadline_after(options_.lock_wait), receipt_.retries);
  if (taken) {
    lock.emplace(std::move(*taken));
  } else if (options_.if_match || taken.error().code() != Code::unsupported) {
    return std::unexpected(taken.error());
  }
  std::optional<Status> seen;
  const std::optional<Version> wanted =
      options_.if_match ? parse_etag(*options_.if_match) : std::optional<Version>();
  if (wanted) {
    UNTORN_TRY(seen, check_version(fs_, path_, target_, *wanted));
  }
  if (options_.backups > 0) {
    UNTORN_CHECK(keep_backup(fs_, path_, target_, options_, plan_, receipt_));
  }
  if (wanted && options_.match == Match::detect) {
    return publish_by_exchange(fs_, path_, target_, temporary_, *seen, *wanted);
  }
  return write::publish(fs_, path_, target_, temporary_, options_.existence);
}

Result<void> Replacement::publish() {
  if (failure_) return std::unexpected(*failure_);
  temporary_name_ = temporary_.name();
  auto published = publish_unchecked();
  if (published) return {};
  if (published.error().outcome() == Outcome::not_applied) {
    return std::unexpected(give_up(published.error()));
  }
  failure_ = published.error();
  return published;
}

Result<void> Replacement::settle_names() {
  FinalSyncResult made;
  Counters* const counting = options_.counters.get();
  if (plan_.after.file && plan_.after.directory && temporary_.created().mount != 0) {
    made = settle_shared(fs_, {.mount = temporary_.created().mount,
                               .file = temporary_.handle(),
                               .directory = target_.place.folder(),
                               .counters = counting});
    // Who followed another thread has cost no commit.
    receipt_.commits = receipt_.commits - plan_.commits + made.commits;
  } else {
    if (plan_.after.file) {
      ++made.syncs;
      made.file = timed_sync(counting, [&] { return fs_.sync(temporary_.handle()); });
    }
    if (made.file && plan_.after.directory) {
      ++made.syncs;
      made.directory = timed_sync(counting, [&] { return fs_.sync(target_.place.folder()); });
    }
  }
  receipt_.syncs += made.syncs;
  if (!made.file) {
    return std::unexpected(Error::from_errno(number(made.file.error()), Step::sync_file,
                                             Outcome::applied_unsynced, path_));
  }
  if (!plan_.after.directory) return {};
  UNTORN_TRY(Level level, judge_name_sync(made.directory, path_, target_, options_));
  note_level(receipt_, std::move(level));
  return {};
}

// R9.
Result<void> Replacement::settle() {
  if (failure_) return std::unexpected(*failure_);
  auto settled = settle_names();
  if (!settled) failure_ = settled.error();
  return settled;
}

SystemResult<Status> Replacement::look_at_published() {
  return temporary_.handle() == Handle::none
             ? fs_.status_at(target_.place.folder(), target_.place.name)
             : fs_.status(temporary_.handle());
}

void Replacement::conclude() {
  // The rename changed the change time, so only now the etag can be known.
  auto status = look_at_published();
  if (status && status->links > 1 && remove_second_name(*status)) status = look_at_published();
  if (!status || !same_file(*status, temporary_.created())) return;
  receipt_.etag = to_etag(version_of(*status, hash_.result()));
}

// Somebody gave the temporary the target's name by a link before we renamed it: a rename between
// two names of one file does nothing, and succeeds.
bool Replacement::remove_second_name(const Status& published) {
  auto named = fs_.status_at(target_.place.folder(), temporary_name_);
  if (!named || !same_file(*named, published)) return false;
  return fs_.unlink(target_.place.folder(), temporary_name_).has_value();
}

Result<Receipt> Replacement::commit_in_place() {
  auto receipt = in_place_->commit([this]() -> Result<void> {
    if (!options_.if_match) return {};
    const std::optional<Version> wanted = parse_etag(*options_.if_match);
    if (!wanted) return {};
    auto seen = check_version(fs_, path_, target_, *wanted);
    if (!seen) return std::unexpected(seen.error());
    return {};
  });
  if (!receipt) {
    failure_ = receipt.error();
    return std::unexpected(receipt.error());
  }
  receipt_ = std::move(*receipt);
  receipt_.etag = to_etag(version_of(in_place_->status(), hash_.result()));
  return receipt_;
}

Result<Receipt> Replacement::commit() {
  if (failure_) return std::unexpected(*failure_);
  UNTORN_CHECK(check_owner(Step::check));
  if (stands_alone()) return commit_in_place();
  UNTORN_CHECK(prepare());
  UNTORN_CHECK(secure());
  UNTORN_CHECK(publish());
  UNTORN_CHECK(settle());
  conclude();
  return receipt_;
}

}  // namespace untorn::write
