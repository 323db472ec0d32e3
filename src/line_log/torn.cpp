// SPDX-License-Identifier: Apache-2.0
#include "line_log/torn.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/numbered_name.h"
#include "base/try.h"
#include "filesystem/unsupported.h"

namespace untorn::line_log {
namespace {

constexpr std::size_t piece_bytes = 262144;
constexpr int attempts_max = 100;

// Calls `use(piece)` for the bytes between two offsets until it returns false. A file that is
// shorter by now ends the reading.
template <class Use>
SystemResult<void> read_pieces(FileSystem& fs, Handle file, std::uint64_t from, std::uint64_t to,
                               const Use& use) {
  std::vector<std::byte> piece(
      static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, to > from ? to - from : 0)));
  while (from < to) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), to - from));
    auto count = fs.read_at(file, from, std::span(piece).first(wanted));
    if (!count) return std::unexpected(count.error());
    if (*count == 0 || !use(std::span<const std::byte>(piece).first(*count))) return {};
    from += *count;
  }
  return {};
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::uint64_t line_ends_in(std::string_view text) {
  return static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
}

class Mover {
 public:
  Mover(const TornLog& torn, const Look& look, unsigned& syncs)
      : torn_(torn), fs_(*torn.fs), look_(look), syncs_(syncs) {}

  Result<TornLines> run() {
    TornLines moved;
    moved.happened = true;
    moved.bytes = look_.size - look_.sound_end;
    UNTORN_CHECK(count_lines(moved.lines));
    UNTORN_TRY(moved.moved_to, keep());
    UNTORN_CHECK(cut());
    return moved;
  }

 private:
  [[nodiscard]] Error failed(Errno os_errno, Step step, std::string detail) const {
    return Error::from_errno(number(os_errno), step, Outcome::not_applied, torn_.path,
                             std::move(detail));
  }
  [[nodiscard]] Error failed(Code code, Step step, std::string detail) const {
    return {code, step, Outcome::not_applied, 0, torn_.path, std::move(detail)};
  }

  Result<void> count_lines(std::uint64_t& lines) const {
    const auto read = read_pieces(fs_, torn_.log, look_.sound_end, look_.size, [&](auto piece) {
      lines += line_ends_in(text_of(piece));
      return true;
    });
    if (!read) return std::unexpected(failed(read.error(), Step::inspect, "its torn end"));
    return {};
  }

  // N1, N2.
  Result<std::string> keep() {
    std::uint64_t newest = 0;
    const auto entries = fs_.list(torn_.directory);
    if (!entries) return std::unexpected(failed(entries.error(), Step::inspect, "its directory"));
    for (const Entry& entry : *entries) {
      newest = std::max(newest, number_beside(entry.name, torn_.name, torn_infix).value_or(0));
    }
    std::string present = numbered_name(torn_.name, torn_infix, newest);
    if (newest != 0 && is_the_copy(present)) {
      UNTORN_CHECK(sync_copy(present));
      return present;
    }
    for (int attempt = 1; attempt <= attempts_max; ++attempt) {
      std::string name = numbered_name(torn_.name, torn_infix, ++newest);
      auto file = fs_.open(
          torn_.directory, name,
          {.access = Access::write, .create = true, .exclusive = true, .mode = torn_.mode & 0777U});
      if (!file && number(file.error()) == EEXIST) continue;
      if (!file) return std::unexpected(failed(file.error(), Step::create_temporary, name));
      OwnedHandle owned(fs_, *file);
      auto copied = copy_into(owned, name);
      if (!copied) {
        owned.reset();
        (void)fs_.unlink(torn_.directory, name);
        return std::unexpected(std::move(copied).error());
      }
      return name;
    }
    return std::unexpected(
        failed(Code::already_exists, Step::create_temporary, "no free name for its torn end"));
  }

  Result<void> copy_into(OwnedHandle& file, const std::string& name) {
    std::optional<Errno> write_errno;
    std::uint64_t copied = 0;
    const auto read = read_pieces(fs_, torn_.log, look_.sound_end, look_.size, [&](auto piece) {
      while (!piece.empty()) {
        auto count = fs_.write(file.get(), piece);
        if (!count || *count == 0) {
          write_errno = count ? Errno{ENOSPC} : count.error();
          return false;
        }
        copied += *count;
        piece = piece.subspan(*count);
      }
      return true;
    });
    if (!read) return std::unexpected(failed(read.error(), Step::inspect, "its torn end"));
    if (write_errno) return std::unexpected(failed(*write_errno, Step::write, name));
    if (copied != look_.size - look_.sound_end) {
      return std::unexpected(failed(Code::conflict, Step::check, "another program truncates it"));
    }
    UNTORN_CHECK(sync(file.get(), Step::sync_file, name));
    return sync(torn_.directory, Step::sync_directory, name);
  }

  Result<void> sync(Handle handle, Step step, const std::string& name) {
    ++syncs_;
    auto synced = fs_.sync(handle);
    const bool fine = synced || (step == Step::sync_directory && means_unsupported(synced.error()));
    if (!fine) return std::unexpected(failed(synced.error(), step, name));
    return {};
  }

  // N2.
  [[nodiscard]] bool is_the_copy(const std::string& name) const {
    auto opened = fs_.open(torn_.directory, name, {.follow = false, .nonblocking = true});
    if (!opened) return false;
    const OwnedHandle copy(fs_, *opened);
    const auto status = fs_.status(copy.get());
    const auto log = fs_.status(torn_.log);
    if (!status || !log || status->type != FileType::regular) return false;
    if (status->size != look_.size - look_.sound_end) return false;
    if (status->modified_ns <= log->modified_ns) return false;
    bool same = true;
    std::uint64_t offset = 0;
    std::vector<std::byte> other(piece_bytes);
    const auto read = read_pieces(fs_, torn_.log, look_.sound_end, look_.size, [&](auto piece) {
      const auto count = fs_.read_at(copy.get(), offset, std::span(other).first(piece.size()));
      same = count && *count == piece.size() &&
             std::memcmp(other.data(), piece.data(), piece.size()) == 0;
      offset += piece.size();
      return same;
    });
    return read && same && offset == status->size;
  }

  Result<void> sync_copy(const std::string& name) {
    auto opened = fs_.open(torn_.directory, name, {.follow = false, .nonblocking = true});
    if (!opened) return std::unexpected(failed(opened.error(), Step::inspect, name));
    const OwnedHandle copy(fs_, *opened);
    UNTORN_CHECK(sync(copy.get(), Step::sync_file, name));
    return sync(torn_.directory, Step::sync_directory, name);
  }

  // N3.
  Result<void> cut() {
    const auto status = fs_.status(torn_.log);
    if (!status) return std::unexpected(failed(status.error(), Step::inspect, {}));
    if (status->size != look_.size) {
      return std::unexpected(failed(Code::conflict, Step::check, "another program is writing it"));
    }
    auto truncated = fs_.truncate(torn_.log, look_.sound_end);
    if (!truncated) {
      return std::unexpected(failed(truncated.error(), Step::write, "its torn end stays"));
    }
    return sync(torn_.log, Step::sync_file, "after its torn end was moved away");
  }

  const TornLog& torn_;
  FileSystem& fs_;
  const Look& look_;
  unsigned& syncs_;
};

}  // namespace

SystemResult<Look> look_from(FileSystem& fs, Handle log, std::uint64_t from, std::uint64_t size) {
  Look look;
  look.sound_end = from;
  look.size = size;
  std::uint64_t offset = from;
  const auto read = read_pieces(fs, log, from, size, [&](auto piece) {
    std::string_view text = text_of(piece);
    const std::size_t nul_at = text.find('\0');
    look.has_nul = nul_at != std::string_view::npos;
    text = text.substr(0, nul_at);
    const std::size_t last_end = text.rfind('\n');
    if (last_end != std::string_view::npos) {
      look.sound_end = offset + last_end + 1;
      look.sound_lines += line_ends_in(text);
    }
    offset += piece.size();
    return !look.has_nul;
  });
  if (!read) return std::unexpected(read.error());
  // A program that truncates it at this moment leaves a shorter file.
  if (!look.has_nul) look.size = std::min(size, offset);
  return look;
}

std::string reason_of(FileSystem& fs, Handle log, std::uint64_t from, const Look& look) {
  if (!look.has_nul) return "it ends in the middle of a line";
  std::uint64_t line = look.sound_lines + 1;
  const auto read = read_pieces(fs, log, 0, from, [&line](auto piece) {
    line += line_ends_in(text_of(piece));
    return true;
  });
  return read ? "NUL bytes at line " + std::to_string(line) : "NUL bytes";
}

Result<TornLines> move_torn(const TornLog& torn, const Look& look, unsigned& syncs) {
  return Mover(torn, look, syncs).run();
}

}  // namespace untorn::line_log
