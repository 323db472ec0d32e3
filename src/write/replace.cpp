// SPDX-License-Identifier: Apache-2.0
//
// The protocol of one replacement. These are its invariants; docs/internals/protocols.md repeats
// them with their evidence, and tests name the one that they try.
//
//  R1  What can be refused is refused before a byte is written.
//  R2  The path is followed once. After that every call goes through one directory handle and a
//      single name, so that no rename of a parent can lead the steps to different directories.
//  R3  The temporary is ours alone: made with O_EXCL under 128 random bits, in the directory of the
//      target, locked before it has content, and still under its name once it was locked.
//  R4  New content goes to the temporary alone. Its size must be what was accepted, else it is not
//      published.
//  R5  At `ordered` and above the temporary is synced before it is renamed; on a network file
//      system at every level, because only a sync brings a late write error back.
//  R6  A failed sync is final: not repeated, and the temporary is given up.
//  R7  Owner, then attributes, then mode, before the sync; what was not kept is found by reading
//      back, and is in the receipt.
//  R8  Publication is one rename. The target is never unlinked, truncated or copied onto.
//  R9  At `durable` the directory is synced after the rename, through the handle of R2.
//  R10 Until the rename every failure leaves the name as it was and removes the temporary. After it
//      nothing is taken back: the error says applied_unsynced.
//  R11 The receipt claims no level that the file system is known not to give.
//  R12 After fork(2) the child neither commits nor removes the temporary.
#include "untorn/replace.h"

#include <cstring>
#include <utility>

#include "base/text.h"
#include "base/try.h"
#include "counters/timing.h"
#include "write/commit_count.h"
#include "write/metadata.h"
#include "write/publish.h"
#include "write/same_content.h"
#include "write/target.h"
#include "write/temporary.h"

namespace untorn {
namespace {

using counters::timed_sync;
using write::CommitCount;
using write::Level;
using write::MetadataRequest;
using write::SameContent;
using write::Target;
using write::Temporary;

constexpr std::uint32_t mode_new = 0666;      // less the umask, by the kernel
constexpr std::uint32_t mode_private = 0600;  // until the wanted mode is set

// R5.
bool needs_file_sync(const Target& target, Durability level) {
  return level >= Durability::ordered || target.kind.network;
}

bool has_wanted_mode(const Target& target, const ReplaceOptions& options) {
  return !options.mode || *options.mode == target.place.status->mode;
}

// The name still holds the version that was compared. Content may stream for hours, and the file
// may be replaced, written or removed meanwhile.
bool is_still_there(FileSystem& fs, const Target& target) {
  auto named = fs.status_at(target.place.directory.get(), target.place.name);
  return named && write::etag_of(*named) == write::etag_of(*target.place.status);
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

void set_level(Receipt& receipt, Level level) {
  receipt.achieved = level.achieved;
  receipt.why_lower = std::move(level.why_lower);
}

// The file holds the wanted content. The level must be true of it all the same: whoever wrote it
// may not have synced it.
Result<Receipt> keep_unchanged(FileSystem& fs, const std::string& path, const Target& target,
                               const ReplaceOptions& options) {
  Receipt receipt = first_receipt(target, options);
  receipt.outcome = Outcome::not_applied;
  receipt.unchanged = true;
  receipt.protocol = Protocol::none;
  receipt.bytes = target.place.status->size;
  receipt.etag = write::etag_of(*target.place.status);
  if (options.durability >= Durability::ordered) {
    ++receipt.syncs;
    auto synced =
        timed_sync(options.counters.get(), [&] { return fs.sync(target.old_file.get()); });
    if (!synced) {
      return std::unexpected(
          Error::from_errno(number(synced.error()), Step::sync_file, Outcome::not_applied, path));
    }
  }
  if (options.durability == Durability::durable) {
    ++receipt.syncs;
    auto level = write::sync_name(fs, path, target, options);
    if (!level) {
      const Error& error = level.error();
      return std::unexpected(Error::from_errno(error.os_errno(), error.step(), Outcome::not_applied,
                                               path, error.detail()));
    }
    set_level(receipt, std::move(*level));
  }
  return receipt;
}

}  // namespace

// Members are destroyed from the last to the first: the temporary goes before the directory handle
// through which it is removed.
struct FileReplacer::State {
  FileSystem& fs;
  std::string path;
  ReplaceOptions options;
  Target target;
  Temporary temporary;
  SameContent same;
  std::uint64_t bytes = 0;
  std::optional<Error> failure;

  [[nodiscard]] Error error(Errno os_errno, Step step, std::string detail = {}) const {
    return Error::from_errno(number(os_errno), step, Outcome::not_applied, path, std::move(detail));
  }
  [[nodiscard]] Error error(Code code, Step step, std::string detail) const {
    return {code, step, Outcome::not_applied, 0, path, std::move(detail)};
  }

  [[nodiscard]] Result<void> write(std::span<const std::byte> content);
  [[nodiscard]] Result<Receipt> commit();
  [[nodiscard]] Error give_up(const Error& reason);

 private:
  [[nodiscard]] Result<void> write_all(std::span<const std::byte> content);
  [[nodiscard]] Result<void> finish_temporary(Receipt& receipt);
  [[nodiscard]] Result<void> apply_metadata(Receipt& receipt);
  [[nodiscard]] Result<void> publish(Receipt& receipt);
};

// R10: the end of everything before the rename.
Error FileReplacer::State::give_up(const Error& reason) {
  failure = reason;
  return temporary.give_up(reason);
}

// R4. One call may take less than it was given, and none is repeated that failed.
Result<void> FileReplacer::State::write_all(std::span<const std::byte> content) {
  while (!content.empty()) {
    auto count = fs.write(temporary.handle(), content);
    if (!count) return std::unexpected(error(count.error(), Step::write));
    if (*count == 0 || *count > content.size()) {
      return std::unexpected(error(Code::io, Step::write, "a write took nothing"));
    }
    bytes += *count;
    content = content.subspan(*count);
  }
  return {};
}

Result<void> FileReplacer::State::write(std::span<const std::byte> content) {
  if (failure) return std::unexpected(*failure);
  if (!temporary.is_ours()) {
    return std::unexpected(
        error(Code::invalid_argument, Step::write, "another process opened this replacement"));
  }
  same.compare(content);
  auto written = write_all(content);
  if (!written) {
    CommitCount(options).fail(Outcome::not_applied, 0);
    return std::unexpected(give_up(written.error()));
  }
  return {};
}

// R7.
Result<void> FileReplacer::State::apply_metadata(Receipt& receipt) {
  MetadataRequest request{.old_file = target.old_file.get(),
                          .old_status = {},
                          .mode = options.mode,
                          .keep = options.keep_metadata};
  if (target.holds_file()) {
    request.old_status = target.place.status;
    if (request.old_file != Handle::none) {
      // As it is now: its owner or mode may have changed while the content was written.
      auto current = fs.status(request.old_file);
      if (!current) return std::unexpected(error(current.error(), Step::copy_metadata));
      request.old_status = *current;
    }
  }
  auto copied = write::copy_metadata(fs, request, temporary.handle(), temporary.created());
  if (!copied) return std::unexpected(error(copied.error(), Step::copy_metadata));
  receipt.metadata_lost = std::move(copied->lost);

  auto result = fs.status(temporary.handle());
  if (!result) return std::unexpected(error(result.error(), Step::check));
  if (result->size != bytes) {  // R4
    return std::unexpected(error(Code::corrupt, Step::check,
                                 "the temporary holds " + std::to_string(result->size) +
                                     " bytes, " + std::to_string(bytes) + " were written"));
  }
  if (copied->mode_wanted && *copied->mode_wanted != result->mode) {
    receipt.metadata_lost.emplace_back("mode");
  }
  if (options.require_metadata && !receipt.metadata_lost.empty()) {
    return std::unexpected(error(Code::permission_denied, Step::copy_metadata,
                                 "cannot be kept: " + joined(receipt.metadata_lost)));
  }
  return {};
}

// Up to the instant before the rename.
Result<void> FileReplacer::State::finish_temporary(Receipt& receipt) {
  UNTORN_CHECK(apply_metadata(receipt));
  if (!needs_file_sync(target, options.durability)) return {};
  ++receipt.syncs;
  auto synced = timed_sync(options.counters.get(), [&] { return fs.sync(temporary.handle()); });
  if (!synced) return std::unexpected(error(synced.error(), Step::sync_file));  // R6
  return {};
}

// From the rename on.
Result<void> FileReplacer::State::publish(Receipt& receipt) {
  UNTORN_CHECK(write::publish(fs, path, target, temporary, options.existence));  // R8
  if (options.durability == Durability::durable) {
    ++receipt.syncs;
    UNTORN_TRY(Level level, write::sync_name(fs, path, target, options));  // R9
    set_level(receipt, std::move(level));
  }
  // The rename changed the change time, so only now the etag can be known.
  if (auto status = fs.status(temporary.handle())) receipt.etag = write::etag_of(*status);
  return {};
}

Result<Receipt> FileReplacer::State::commit() {
  if (!temporary.is_ours()) {  // R12
    return std::unexpected(
        error(Code::invalid_argument, Step::check, "another process opened this replacement"));
  }
  if (same.finish() && has_wanted_mode(target, options) && is_still_there(fs, target)) {
    const std::string name = temporary.name();
    if (auto removed = temporary.remove(); !removed) {
      return std::unexpected(error(removed.error(), Step::clean_up,
                                   "the temporary " + name + " could not be removed"));
    }
    return keep_unchanged(fs, path, target, options);
  }
  Receipt receipt = first_receipt(target, options);
  receipt.bytes = bytes;
  receipt.hard_links_split = target.hard_linked();
  auto finished = finish_temporary(receipt);
  if (!finished) return std::unexpected(give_up(finished.error()));
  auto published = publish(receipt);
  if (!published) {
    const bool applied = published.error().outcome() != Outcome::not_applied;
    return std::unexpected(applied ? published.error() : give_up(published.error()));
  }
  return receipt;
}

FileReplacer::FileReplacer(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
FileReplacer::FileReplacer(FileReplacer&&) noexcept = default;
FileReplacer& FileReplacer::operator=(FileReplacer&&) noexcept = default;
FileReplacer::~FileReplacer() = default;

namespace {

// The permission bits that the temporary starts with. A new file's are the kernel's business, so
// that the umask and a default ACL hold; everything else is closed until its mode is set.
std::uint32_t first_mode(const Target& target, const ReplaceOptions& options) {
  return options.mode || target.holds_file() ? mode_private : mode_new;
}

Error spent_error(Step step) {
  return {Code::invalid_argument,
          step,
          Outcome::not_applied,
          0,
          {},
          "this replacement was committed or discarded"};
}

}  // namespace

Result<FileReplacer> FileReplacer::begin(FileSystem& fs, const std::filesystem::path& path,
                                         const ReplaceOptions& options) {
  UNTORN_TRY(Target target, write::inspect(fs, path.native(), options));  // R1, R2
  auto state = std::unique_ptr<State>(new State{.fs = fs,
                                                .path = path.native(),
                                                .options = options,
                                                .target = std::move(target),
                                                .temporary = {},
                                                .same = {},
                                                .failure = {}});
  if (options.skip_if_same && state->target.old_file.get() != Handle::none) {
    state->same = SameContent(fs, state->target.old_file.get());
  }
  UNTORN_TRY(state->temporary,
             Temporary::create(fs, state->target.place.directory.get(), state->path,
                               first_mode(state->target, options)));  // R3
  return FileReplacer(std::move(state));
}

Result<FileReplacer> FileReplacer::open(FileSystem& fs, const std::filesystem::path& path,
                                        const ReplaceOptions& options) {
  const CommitCount count(options);
  auto begun = begin(fs, path, options);
  if (!begun) count.fail(Outcome::not_applied, 0);
  return begun;
}

Result<FileReplacer> FileReplacer::open(const std::filesystem::path& path,
                                        const ReplaceOptions& options) {
  return open(posix_file_system(), path, options);
}

Result<void> FileReplacer::write(std::span<const std::byte> bytes) {
  if (state_ == nullptr) return std::unexpected(spent_error(Step::write));
  return state_->write(bytes);
}

Result<void> FileReplacer::write(std::string_view bytes) {
  return write(std::as_bytes(std::span(bytes)));
}

Result<Receipt> FileReplacer::commit() && {
  if (state_ == nullptr) return std::unexpected(spent_error(Step::check));
  const std::unique_ptr<State> state = std::move(state_);
  if (state->failure) return std::unexpected(*state->failure);
  const CommitCount count(state->options);
  auto receipt = state->commit();
  if (receipt) {
    count.finish(*receipt);
  } else {
    count.fail(receipt.error().outcome(), state->bytes);
  }
  return receipt;
}

void FileReplacer::discard() noexcept {
  state_.reset();
}

std::string_view to_string(Protocol protocol) noexcept {
  switch (protocol) {
    case Protocol::none:
      return "none";
    case Protocol::classic:
      return "classic";
  }
  return "unknown";
}

Result<Receipt> replace_file(FileSystem& fs, const std::filesystem::path& path,
                             std::span<const std::byte> content, const ReplaceOptions& options) {
  ReplaceOptions remaining = options;
  remaining.skip_if_same = false;
  if (options.skip_if_same) {
    // All of the content is here, so no temporary is needed to find out.
    // What refuses it here refuses it below once more.
    const auto target = write::inspect(fs, path.native(), options);
    if (target && target->old_file.get() != Handle::none &&
        target->place.status->size == content.size() && has_wanted_mode(*target, options)) {
      SameContent same(fs, target->old_file.get());
      same.compare(content);
      if (same.finish()) return keep_unchanged(fs, path.native(), *target, options);
    }
  }
  UNTORN_TRY(FileReplacer replacer, FileReplacer::open(fs, path, remaining));
  UNTORN_CHECK(replacer.write(content));
  return std::move(replacer).commit();
}

Result<Receipt> replace_file(const std::filesystem::path& path, std::span<const std::byte> content,
                             const ReplaceOptions& options) {
  return replace_file(posix_file_system(), path, content, options);
}

Result<Receipt> replace_file(const std::filesystem::path& path, std::string_view content,
                             const ReplaceOptions& options) {
  return replace_file(posix_file_system(), path, std::as_bytes(std::span(content)), options);
}

}  // namespace untorn
