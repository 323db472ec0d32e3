// SPDX-License-Identifier: Apache-2.0
#include "transaction/files.h"

#include <algorithm>
#include <cerrno>
#include <vector>

namespace untorn::transaction {
namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 20U;

bool means_changed(Errno os_errno) noexcept {
  return number(os_errno) == ENOENT || number(os_errno) == ELOOP || number(os_errno) == ENXIO;
}

PreImage::Kind kind_of(FileType type) noexcept {
  switch (type) {
    case FileType::regular:
      return PreImage::Kind::file;
    case FileType::symlink:
      return PreImage::Kind::link;
    case FileType::directory:
      return PreImage::Kind::directory;
    default:
      return PreImage::Kind::absent;
  }
}

// Whether a regular file with this length has this content. What changes meanwhile has not.
SystemResult<bool> has_content(FileSystem& fs, Handle directory, std::string_view name,
                               std::uint64_t inode, std::uint64_t size, const Hash128& content) {
  auto opened = fs.open(directory, name, {.follow = false, .nonblocking = true});
  if (!opened && means_changed(opened.error())) return false;
  if (!opened) return std::unexpected(opened.error());
  const OwnedHandle file(fs, *opened);
  auto status = fs.status(file.get());
  if (!status) return std::unexpected(status.error());
  if (status->inode != inode || status->size != size) return false;
  auto hash = hash_file(fs, file.get());
  if (!hash) return std::unexpected(hash.error());
  return *hash == content;
}

}  // namespace

SystemResult<Hash128> hash_file(FileSystem& fs, Handle file) {
  Hash128 hash;
  std::vector<std::byte> piece(piece_bytes);
  for (std::uint64_t offset = 0;;) {
    // A read may give less than it was asked for; pieces are always whole.
    std::size_t filled = 0;
    while (filled != piece.size()) {
      auto count = fs.read_at(file, offset + filled, std::span(piece).subspan(filled));
      if (!count) return std::unexpected(count.error());
      if (*count == 0) break;
      filled += *count;
    }
    hash = hash128(std::span(piece).first(filled), hash);
    if (filled != piece.size()) return hash;
    offset += filled;
  }
}

Hash128 hash_text(std::string_view text) noexcept {
  Hash128 hash;
  for (;;) {
    const std::string_view piece = text.substr(0, piece_bytes);
    hash = hash128(piece, hash);
    if (piece.size() != piece_bytes) return hash;
    text.remove_prefix(piece_bytes);
  }
}

SystemResult<bool> still_holds(FileSystem& fs, Handle directory, std::string_view name,
                               const Status& status, const PreImage& before, Look look,
                               Identity identity) {
  if (kind_of(status.type) != before.kind) return false;
  if (identity == Identity::inode && status.inode != before.inode) return false;
  if (before.kind == PreImage::Kind::directory) return true;
  if (before.kind == PreImage::Kind::link) {
    auto text = fs.read_link(directory, name);
    if (!text && (means_changed(text.error()) || number(text.error()) == EINVAL)) return false;
    if (!text) return std::unexpected(text.error());
    return hash_text(*text) == before.hash;
  }
  const bool same_times =
      status.modified_ns == before.modified_ns && status.changed_ns == before.changed_ns;
  if (status.size != before.size) return false;
  if (look == Look::quick && same_times) return true;
  return has_content(fs, directory, name, status.inode, before.size, before.hash);
}

SystemResult<bool> is_staged_content(FileSystem& fs, Handle directory, std::string_view name,
                                     const Status& status, const Operation& operation,
                                     Identity identity) {
  if (identity == Identity::inode) return status.inode == operation.staged_inode;
  if (status.type != FileType::regular || status.size != operation.bytes) return false;
  return has_content(fs, directory, name, status.inode, operation.bytes, operation.content);
}

PreImage pre_image_of(const Status& status) noexcept {
  PreImage before;
  before.kind = kind_of(status.type);
  before.inode = status.inode;
  before.size = status.type == FileType::regular ? status.size : 0;
  before.modified_ns = status.modified_ns;
  before.changed_ns = status.changed_ns;
  return before;
}

}  // namespace untorn::transaction
