// SPDX-License-Identifier: Apache-2.0
#include "untorn/etag.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/hash.h"
#include "base/try.h"
#include "write/resolve.h"
#include "write/target.h"
#include "write/version.h"

namespace untorn {
namespace {

constexpr int attempts_max = 5;
constexpr std::size_t piece_bytes = 65536;

using Piece = std::span<const std::byte>;

bool unchanged(const Status& before, const Status& after) {
  return write::etag_of(before) == write::etag_of(after) && before.modified_ns == after.modified_ns;
}

class VersionReader {
 public:
  VersionReader(FileSystem& fs, const std::string& path) : fs_(fs), path_(path) {}

  // `begin` is called before every attempt, then `take` with each piece.
  Result<std::string> run(const std::function<void()>& begin,
                          const std::function<void(Piece)>& take) {
    UNTORN_TRY(const write::Place place, write::resolve(fs_, path_, SymlinkPolicy::follow));
    if (!place.status) return std::unexpected(failed(Errno{ENOENT}));
    UNTORN_CHECK(check_type(*place.status));
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
      auto opened = fs_.open(place.folder(), place.name, {.follow = false, .nonblocking = true});
      if (!opened) return std::unexpected(failed(opened.error()));
      const OwnedHandle file(fs_, *opened);
      UNTORN_TRY(const Status before, look(file.get()));
      UNTORN_CHECK(check_type(before));
      begin();
      UNTORN_TRY(const Hash128 content, read(file.get(), take));
      UNTORN_TRY(const Status after, look(file.get()));
      if (unchanged(before, after)) return write::to_etag(write::version_of(after, content));
    }
    return std::unexpected(Error(Code::busy, Step::inspect, Outcome::not_applied, 0, path_,
                                 "it was written again and again while it was read"));
  }

 private:
  [[nodiscard]] Error failed(Errno os_errno) const {
    return Error::from_errno(number(os_errno), Step::inspect, Outcome::not_applied, path_);
  }

  [[nodiscard]] Result<void> check_type(const Status& status) const {
    if (status.type == FileType::regular) return {};
    return std::unexpected(Error(Code::not_regular_file, Step::inspect, Outcome::not_applied, 0,
                                 path_, "it is not a regular file"));
  }

  Result<Status> look(Handle file) {
    auto status = fs_.status(file);
    if (!status) return std::unexpected(failed(status.error()));
    return *status;
  }

  Result<Hash128> read(Handle file, const std::function<void(Piece)>& take) {
    std::array<std::byte, piece_bytes> piece{};
    Hash128Stream hash;
    for (std::uint64_t offset = 0;;) {
      auto count = fs_.read_at(file, offset, piece);
      if (!count) return std::unexpected(failed(count.error()));
      if (*count == 0) return hash.result();
      hash.add(std::span(piece).first(*count));
      take(std::span(piece).first(*count));
      offset += *count;
    }
  }

  FileSystem& fs_;
  const std::string& path_;
};

}  // namespace

Result<VersionRead> read_version(FileSystem& fs, const std::filesystem::path& path) {
  VersionRead version;
  UNTORN_TRY(version.etag, VersionReader(fs, path.native())
                               .run([&] { version.content.clear(); },
                                    [&](Piece piece) {
                                      version.content.append(
                                          reinterpret_cast<const char*>(piece.data()),
                                          piece.size());
                                    }));
  return version;
}

Result<VersionRead> read_version(const std::filesystem::path& path) {
  return read_version(posix_file_system(), path);
}

Result<std::string> read_etag(FileSystem& fs, const std::filesystem::path& path) {
  return VersionReader(fs, path.native()).run([] {}, [](Piece) {});
}

Result<std::string> read_etag(const std::filesystem::path& path) {
  return read_etag(posix_file_system(), path);
}

}  // namespace untorn
