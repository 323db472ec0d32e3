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
//  R5  At `ordered` and above the content is safe before the rename: by fsync of the temporary
//      (classic), or by sync_file_range and its wait, where a later change of a name is known to
//      bring it along (one_commit). On a network file system it is synced at every level, because
//      only a sync brings a late write error back. Storage that keeps nothing is not synced.
//  R6  A failed sync is final: not repeated, and the temporary is given up.
//  R7  Owner, then attributes, then mode, before the sync; what was not kept is found by reading
//      back, and is in the receipt.
//  R8  Publication is one rename. The target is never unlinked, truncated or copied onto.
//  R9  At `durable` the directory is synced after the rename, through the handle of R2; with
//      one_commit the file before it, which brings late write errors, and costs no commit more. (On
//      ext4 with fast_commit the file alone: a sync of the directory would be a second commit.)
//  R10 Until the rename every failure leaves the name as it was and removes the temporary. After it
//      nothing is taken back: the error says applied_unsynced.
//  R11 The receipt claims no level that the file system is known not to give.
//  R12 After fork(2) the child neither commits nor removes the temporary.
#include "untorn/replace.h"

#include <memory>
#include <utility>

#include "base/try.h"
#include "write/commit_count.h"
#include "write/replacement.h"

namespace untorn {

using write::CommitCount;
using write::Replacement;

FileReplacer::FileReplacer(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
FileReplacer::FileReplacer(FileReplacer&&) noexcept = default;
FileReplacer& FileReplacer::operator=(FileReplacer&&) noexcept = default;
FileReplacer::~FileReplacer() = default;

namespace {

Error spent_error(Step step) {
  return {Code::invalid_argument,
          step,
          Outcome::not_applied,
          0,
          {},
          "this replacement was committed or discarded"};
}

Result<Receipt> counted_commit(Replacement& replacement) {
  const CommitCount count(replacement.options());
  auto receipt = replacement.commit();
  if (receipt) {
    count.finish(*receipt);
  } else {
    count.fail(receipt.error().outcome(), replacement.bytes());
  }
  return receipt;
}

Result<Receipt> replace(FileSystem& fs, const write::Origin& origin,
                        std::span<const std::byte> content, const ReplaceOptions& options) {
  const auto failed = [&options](const Error& error, std::uint64_t bytes) {
    CommitCount(options).fail(error.outcome(), bytes);
    return std::unexpected(error);
  };
  auto replacement = Replacement::begin(fs, origin, options);
  if (!replacement) return failed(replacement.error(), 0);
  auto kept = (*replacement)->keep_if_same(content);
  if (!kept) return failed(kept.error(), 0);
  if (*kept) return std::move(**kept);
  auto filled = (*replacement)->fill(content);
  if (!filled) return failed(filled.error(), 0);
  return counted_commit(**replacement);
}

}  // namespace

Result<FileReplacer> FileReplacer::begin(FileSystem& fs, const std::filesystem::path& path,
                                         const ReplaceOptions& options) {
  UNTORN_TRY(auto replacement, Replacement::begin(fs, {.path = path.native()}, options));
  UNTORN_CHECK(replacement->open_temporary());
  return FileReplacer(std::make_unique<State>(State{std::move(replacement)}));
}

Result<FileReplacer> FileReplacer::open(FileSystem& fs, const std::filesystem::path& path,
                                        const ReplaceOptions& options) {
  auto begun = begin(fs, path, options);
  if (!begun) CommitCount(options).fail(Outcome::not_applied, 0);
  return begun;
}

Result<FileReplacer> FileReplacer::open(const std::filesystem::path& path,
                                        const ReplaceOptions& options) {
  return open(posix_file_system(), path, options);
}

Result<void> FileReplacer::write(std::span<const std::byte> bytes) {
  if (state_ == nullptr) return std::unexpected(spent_error(Step::write));
  Replacement& replacement = *state_->replacement;
  const bool failed_before = replacement.failure().has_value();
  auto written = replacement.write(bytes);
  if (!failed_before && replacement.failure()) {
    CommitCount(replacement.options()).fail(Outcome::not_applied, 0);
  }
  return written;
}

Result<void> FileReplacer::write(std::string_view bytes) {
  return write(std::as_bytes(std::span(bytes)));
}

Result<Receipt> FileReplacer::commit() && {
  if (state_ == nullptr) return std::unexpected(spent_error(Step::check));
  const std::unique_ptr<State> state = std::move(state_);
  Replacement& replacement = *state->replacement;
  if (replacement.failure()) return std::unexpected(*replacement.failure());
  auto kept = replacement.keep_if_same();
  if (!kept) {
    CommitCount(replacement.options()).fail(kept.error().outcome(), replacement.bytes());
    return std::unexpected(kept.error());
  }
  if (*kept) return std::move(**kept);
  return counted_commit(replacement);
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
    case Protocol::one_commit:
      return "one_commit";
    case Protocol::in_place:
      return "in_place";
  }
  return "unknown";
}

Result<Receipt> replace_file(FileSystem& fs, const std::filesystem::path& path,
                             std::span<const std::byte> content, const ReplaceOptions& options) {
  return replace(fs, {.path = path.native()}, content, options);
}

Result<Receipt> replace_file(const std::filesystem::path& path, std::span<const std::byte> content,
                             const ReplaceOptions& options) {
  return replace_file(posix_file_system(), path, content, options);
}

Result<Receipt> replace_file(const std::filesystem::path& path, std::string_view content,
                             const ReplaceOptions& options) {
  return replace_file(posix_file_system(), path, std::as_bytes(std::span(content)), options);
}

Result<Receipt> replace_file_at(FileSystem& fs, Handle directory, std::string_view name,
                                std::span<const std::byte> content, const ReplaceOptions& options) {
  return replace(fs, {.directory = directory, .path = std::string(name)}, content, options);
}

}  // namespace untorn
