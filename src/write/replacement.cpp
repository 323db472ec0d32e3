// SPDX-License-Identifier: Apache-2.0
#include "write/replacement.h"

#include <cerrno>
#include <utility>

#include "base/text.h"
#include "base/try.h"
#include "counters/timing.h"
#include "filesystem/same_file.h"
#include "write/metadata.h"
#include "write/publish.h"
#include "write/version.h"

namespace untorn::write {
namespace {

using counters::timed_sync;

// A cleaner that takes a fresh temporary away before it is locked is rare.
constexpr int attempts_max = 8;

bool has_wanted_mode(const Target& target, const ReplaceOptions& options) {
  return !options.mode || *options.mode == target.place.status->mode;
}

// The name still holds the version that was compared. Content may stream for hours, and the file
// may be replaced, written or removed meanwhile.
bool is_still_there(FileSystem& fs, const Target& target) {
  auto named = fs.status_at(target.place.folder(), target.place.name);
  return named && etag_of(*named) == etag_of(*target.place.status);
}

// What a receipt says from the beginning on.
Receipt first_receipt(const Target& target, const ReplaceOptions& options) {
  Receipt receipt;
  receipt.requested = options.durability;
  receipt.existed = target.existed();
  receipt.achieved = target.level.achieved;
  receipt.why_lower = target.level.why_lower;
  return receipt;
}

}  // namespace

Replacement::Replacement(FileSystem& fs, std::string path, ReplaceOptions options, Target target)
    : fs_(fs), path_(std::move(path)), options_(std::move(options)), target_(std::move(target)) {
  if (options_.skip_if_same && target_.old_file.get() != Handle::none) {
    same_ = SameContent(fs_, target_.old_file.get());
  }
}

Result<std::unique_ptr<Replacement>> Replacement::begin(FileSystem& fs, const Origin& origin,
                                                        const ReplaceOptions& options) {
  UNTORN_TRY(Target target, inspect(fs, origin, options));  // R1, R2
  return std::unique_ptr<Replacement>(new Replacement(fs, origin.path, options, std::move(target)));
}

Error Replacement::error(Errno os_errno, Step step, std::string detail) const {
  return Error::from_errno(number(os_errno), step, Outcome::not_applied, path_, std::move(detail));
}

Error Replacement::error(Code code, Step step, std::string detail) const {
  return {code, step, Outcome::not_applied, 0, path_, std::move(detail)};
}

// R10: the end of everything before the rename.
Error Replacement::give_up(const Error& reason) {
  in_place_.reset();
  failure_ = temporary_.give_up(reason);
  return *failure_;
}

// R12.
Result<void> Replacement::check_owner(Step step) const {
  if (in_place_ ? in_place_->is_ours() : temporary_.is_ours()) return {};
  return std::unexpected(
      error(Code::invalid_argument, step, "another process opened this replacement"));
}

// R4. One call may take less than it was given, and none is repeated that failed.
Result<void> Replacement::write_all(std::span<const std::byte> content) {
  hash_.add(content);
  while (!content.empty()) {
    auto count = fs_.write(temporary_.handle(), content);
    if (!count) return std::unexpected(error(count.error(), Step::write));
    if (*count == 0 || *count > content.size()) {
      return std::unexpected(error(Code::io, Step::write, "a write took nothing"));
    }
    bytes_ += *count;
    content = content.subspan(*count);
  }
  return {};
}

Result<void> Replacement::fill(std::span<const std::byte> content) {
  if (target_.in_place) {
    UNTORN_CHECK(open_temporary());
    return write(content);
  }
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    UNTORN_TRY(temporary_, Temporary::create_unseen(fs_, target_.place.folder(), path_,
                                                    first_mode(target_, options_)));  // R3
    hash_ = Hash128Stream();
    bytes_ = 0;
    auto written = write_all(content);
    if (!written) return std::unexpected(give_up(written.error()));
    auto named = temporary_.look();
    if (!named) return std::unexpected(give_up(error(named.error(), Step::check)));
    if (*named) return {};
    ++receipt_.retries;
  }
  return std::unexpected(
      give_up(error(Code::busy, Step::create_temporary, "every new temporary was taken away")));
}

Result<void> Replacement::open_temporary() {
  streams_ = true;
  if (target_.in_place) {
    UNTORN_TRY(in_place_, InPlaceWriter::open(fs_, path_, target_, options_));
    return {};
  }
  UNTORN_TRY(temporary_, Temporary::create(fs_, target_.place.folder(), path_,
                                           first_mode(target_, options_)));  // R3
  return {};
}

Result<void> Replacement::write(std::span<const std::byte> content) {
  if (failure_) return std::unexpected(*failure_);
  UNTORN_CHECK(check_owner(Step::write));
  same_.compare(content);
  if (in_place_) {
    hash_.add(content);
    bytes_ += content.size();
  }
  auto written = in_place_ ? in_place_->write(content) : write_all(content);
  if (!written) return std::unexpected(give_up(written.error()));
  return {};
}

Result<std::optional<Receipt>> Replacement::keep_if_same(std::span<const std::byte> content) {
  // All of the content is here, so no temporary is needed to find out.
  if (!options_.skip_if_same || target_.old_file.get() == Handle::none ||
      target_.place.status->size != content.size() || !has_wanted_mode(target_, options_)) {
    return std::optional<Receipt>();
  }
  SameContent same(fs_, target_.old_file.get());
  same.compare(content);
  if (!same.finish()) return std::optional<Receipt>();
  UNTORN_TRY(Receipt receipt, keep_unchanged(hash128(content)));
  return std::optional<Receipt>(std::move(receipt));
}

Result<std::optional<Receipt>> Replacement::keep_if_same() {
  UNTORN_CHECK(check_owner(Step::check));
  if (!streams_ || !same_.finish() || !has_wanted_mode(target_, options_) ||
      !is_still_there(fs_, target_)) {
    return std::optional<Receipt>();
  }
  in_place_.reset();
  const std::string name = temporary_.name();
  if (auto removed = temporary_.remove(); !removed) {
    return std::unexpected(
        error(removed.error(), Step::clean_up, "the temporary " + name + " could not be removed"));
  }
  UNTORN_TRY(Receipt receipt, keep_unchanged(hash_.result()));
  return std::optional<Receipt>(std::move(receipt));
}

// The file holds the wanted content. The level must be true of it all the same: whoever wrote it
// may not have synced it.
Result<Receipt> Replacement::keep_unchanged(const Hash128& content) {
  const Status& status = *target_.place.status;
  const Version version = version_of(status, content);
  if (options_.if_match && parse_etag(*options_.if_match) != version) {
    return std::unexpected(error(Code::conflict, Step::check, "it holds another version"));
  }
  learn_kind(target_, fs_.remembered_kind(target_.old_file.get(), status), options_);
  Receipt receipt = first_receipt(target_, options_);
  receipt.outcome = Outcome::not_applied;
  receipt.unchanged = true;
  receipt.protocol = Protocol::none;
  receipt.bytes = status.size;
  receipt.etag = to_etag(version);
  if (options_.durability == Durability::process || target_.kind.volatile_storage) return receipt;
  const Plan plan = plan_for(target_.kind, options_.durability, options_.protocol);
  const bool one_sync = options_.durability == Durability::ordered && !target_.kind.network;
  receipt.commits = one_sync ? 1U : plan.commits;
  ++receipt.syncs;
  auto synced =
      timed_sync(options_.counters.get(), [&] { return fs_.sync(target_.old_file.get()); });
  if (!synced) return std::unexpected(error(synced.error(), Step::sync_file));
  if (options_.durability == Durability::durable) {
    ++receipt.syncs;
    auto level = sync_name(fs_, path_, target_, options_);
    if (!level) {
      const Error& reason = level.error();
      return std::unexpected(Error::from_errno(reason.os_errno(), reason.step(),
                                               Outcome::not_applied, path_, reason.detail()));
    }
    note_level(receipt, std::move(*level));
  }
  return receipt;
}

// R7.
Result<void> Replacement::apply_metadata() {
  MetadataRequest request{.old_file = target_.old_file.get(),
                          .old_status = {},
                          .mode = options_.mode,
                          .keep = options_.keep_metadata,
                          .has_attributes = target_.has_attributes};
  if (target_.holds_file()) request.old_status = target_.place.status;
  auto copied = copy_metadata(fs_, request, temporary_.handle(), temporary_.created());
  if (!copied) return std::unexpected(error(copied.error(), Step::copy_metadata));
  if (copied->changed) {
    auto named = temporary_.look();
    if (!named) return std::unexpected(error(named.error(), Step::check));
  }
  receipt_.metadata_lost = std::move(copied->lost);
  if (copied->mode_wanted && *copied->mode_wanted != temporary_.created().mode) {
    receipt_.metadata_lost.emplace_back("mode");
  }
  if (options_.require_metadata && !receipt_.metadata_lost.empty()) {
    return std::unexpected(error(Code::permission_denied, Step::copy_metadata,
                                 "cannot be kept: " + joined(receipt_.metadata_lost)));
  }
  return {};
}

// R4.
Result<void> Replacement::check_temporary() const {
  const std::uint64_t size = temporary_.created().size;
  if (size == bytes_) return {};
  return std::unexpected(error(Code::corrupt, Step::check,
                               "the temporary holds " + std::to_string(size) + " bytes, " +
                                   std::to_string(bytes_) + " were written"));
}

void Replacement::set_durability(Durability level) noexcept {
  options_.durability = level;
}

void Replacement::choose_plan() {
  learn_kind(target_, fs_.remembered_kind(temporary_.handle(), temporary_.created()), options_);
  plan_ = plan_for(target_.kind, options_.durability, options_.protocol);
  if (options_.backups > 0 && plan_.after.file && !plan_.after.directory) {
    // A fast commit of the new file is not about the names of the old one.
    plan_.after.directory = true;
    ++plan_.commits;
  }
  const unsigned retries = receipt_.retries;
  std::vector<std::string> lost = std::move(receipt_.metadata_lost);
  receipt_ = first_receipt(target_, options_);
  receipt_.retries = retries;
  receipt_.metadata_lost = std::move(lost);
  receipt_.protocol = plan_.protocol;
  receipt_.syncs = target_.place.syncs;
  receipt_.commits = plan_.commits + (target_.kind.network ? 0 : target_.place.syncs);
  receipt_.bytes = bytes_;
  receipt_.hard_links_split = target_.hard_linked();
}

Result<void> Replacement::prepare() {
  if (failure_) return std::unexpected(*failure_);
  UNTORN_CHECK(check_owner(Step::check));
  const auto prepared = [this]() -> Result<void> {
    if (streams_) {
      UNTORN_CHECK(look_again(fs_, path_, target_, options_));
      auto named = temporary_.look_by_name();
      if (!named) return std::unexpected(error(named.error(), Step::check));
      if (!*named) {
        return std::unexpected(
            error(Code::busy, Step::check, "somebody removed or renamed the temporary"));
      }
    }
    UNTORN_CHECK(apply_metadata());
    return check_temporary();
  }();
  if (!prepared) return std::unexpected(give_up(prepared.error()));
  choose_plan();
  return {};
}

// R5, R6.
Result<void> Replacement::sync_content() {
  SystemResult<void> synced;
  if (plan_.before == ContentSync::range) {
    synced = fs_.sync_range(temporary_.handle());
    if (synced || number(synced.error()) != ENOSYS) {
      if (!synced) return std::unexpected(error(synced.error(), Step::sync_file));
      return {};
    }
    // A sandbox that does not know the call has done nothing: nothing failed yet.
    plan_ = plan_for(target_.kind, options_.durability, ProtocolChoice::classic);
    receipt_.protocol = plan_.protocol;
    receipt_.commits = plan_.commits;
  }
  ++receipt_.syncs;
  synced = timed_sync(options_.counters.get(), [&] { return fs_.sync(temporary_.handle()); });
  if (!synced) return std::unexpected(error(synced.error(), Step::sync_file));
  return {};
}

Result<void> Replacement::secure() {
  if (failure_) return std::unexpected(*failure_);
  if (plan_.before == ContentSync::none) return {};
  auto synced = sync_content();
  if (!synced) return std::unexpected(give_up(synced.error()));
  return {};
}

}  // namespace untorn::write
