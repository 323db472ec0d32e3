// SPDX-License-Identifier: Apache-2.0
#include "write/overwrite.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <expected>
#include <span>
#include <utility>

namespace untorn::write {
namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 20U;
const std::string capability_name = "security.capability";

// One run of it. Members say what was done so far.
class Overwriting {
 public:
  Overwriting(FileSystem& fs, const OverwriteRequest& request) : fs_(fs), request_(request) {}

  std::expected<OverwriteResult, OverwriteFailure> run() {
    const auto before = fs_.status(request_.target);
    if (!before) return std::unexpected(failure(before.error(), Step::inspect));
    before_ = *before;
    if (auto held = fs_.get_attribute(request_.target, capability_name)) capability_ = *held;
    if (auto done = narrow_mode(); !done) {
      return std::unexpected(failure(done.error(), Step::copy_metadata));
    }
    const std::uint64_t bytes = request_.source.bytes;
    const std::uint64_t common = std::min(before_.size, bytes);
    if (auto grown = copy(common, bytes); !grown) {
      return std::unexpected(undo(grown.error()));
    }
    touched_ = common > 0 || before_.size > bytes;
    if (auto done = copy(0, common); !done) {
      return std::unexpected(failure(done.error(), Step::write));
    }
    if (before_.size > bytes) {
      if (auto cut = fs_.truncate(request_.target, bytes); !cut) {
        return std::unexpected(failure(cut.error(), Step::write));
      }
    }
    return finish();
  }

 private:
  [[nodiscard]] OverwriteFailure failure(Errno os_errno, Step step) const {
    return {.os_errno = os_errno, .step = step, .touched = touched_};
  }

  // Nobody whom the new mode shuts out may read the new content meanwhile.
  [[nodiscard]] SystemResult<void> narrow_mode() {
    if ((before_.mode & ~request_.mode) == 0) return {};
    auto set = fs_.set_mode(request_.target, before_.mode & request_.mode);
    if (!set && number(set.error()) == EPERM) return {};  // another's file: told as lost
    narrowed_ = set.has_value();
    return set;
  }

  // The bytes [begin, end) of the content, to where they belong.
  [[nodiscard]] SystemResult<void> copy(std::uint64_t begin, std::uint64_t end) {
    if (begin == end) return {};
    std::vector<std::byte> piece(
        static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, end - begin)));
    for (std::uint64_t at = begin; at < end;) {
      const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), end - at));
      const auto count = fs_.read_at(request_.source.file, request_.source.from + at,
                                     std::span(piece).first(wanted));
      if (!count) return std::unexpected(count.error());
      if (*count == 0) return std::unexpected(Errno{EIO});  // the copy has become shorter
      if (auto put = write_all(at, std::span(piece).first(*count)); !put) return put;
      at += *count;
    }
    return {};
  }

  [[nodiscard]] SystemResult<void> write_all(std::uint64_t at, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const auto count = fs_.write_at(request_.target, at, bytes);
      if (!count) return std::unexpected(count.error());
      if (*count == 0 || *count > bytes.size()) return std::unexpected(Errno{EIO});
      at += *count;
      bytes = bytes.subspan(*count);
    }
    return {};
  }

  // The file could not grow. It gets its old length, and that reaches the disk before the copy may
  // go.
  [[nodiscard]] OverwriteFailure undo(Errno reason) {
    bool undone = fs_.truncate(request_.target, before_.size).has_value();
    if (narrowed_) undone = fs_.set_mode(request_.target, before_.mode).has_value() && undone;
    if (undone && request_.durable) undone = fs_.sync(request_.target).has_value();
    touched_ = !undone;
    return failure(reason, Step::write);
  }

  [[nodiscard]] std::expected<OverwriteResult, OverwriteFailure> finish() {
    touched_ = true;
    OverwriteResult result;
    auto written = fs_.status(request_.target);
    if (!written) return std::unexpected(failure(written.error(), Step::check));
    if (written->mode != request_.mode && !fs_.set_mode(request_.target, request_.mode)) {
      result.lost.emplace_back("mode");
    }
    if (capability_ && !fs_.get_attribute(request_.target, capability_name) &&
        !fs_.set_attribute(request_.target, capability_name, *capability_)) {
      result.lost.push_back("xattr " + capability_name);
    }
    if (request_.durable) {
      if (auto synced = fs_.sync(request_.target); !synced) {
        return std::unexpected(failure(synced.error(), Step::sync_file));
      }
    }
    auto now = fs_.status(request_.target);
    if (!now) return std::unexpected(failure(now.error(), Step::check));
    if (now->size != request_.source.bytes) {
      return std::unexpected(failure(Errno{EIO}, Step::check));  // somebody else writes into it
    }
    result.status = *now;
    return result;
  }

  FileSystem& fs_;
  const OverwriteRequest& request_;
  Status before_;
  std::optional<std::string> capability_;
  bool narrowed_ = false;
  bool touched_ = false;
};

}  // namespace

std::expected<OverwriteResult, OverwriteFailure> overwrite(FileSystem& fs,
                                                           const OverwriteRequest& request) {
  return Overwriting(fs, request).run();
}

}  // namespace untorn::write
