// SPDX-License-Identifier: Apache-2.0
//
// One file: whole, in an open directory, in pieces; its versions.
#include <fcntl.h>
#include <sys/uio.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "base/try.h"
#include "c_api/boundary.h"
#include "c_api/objects.h"
#include "c_api/pieces.h"
#include "c_api/values.h"
#include "untorn/etag.h"

namespace untorn::c_api {
namespace {

ReplaceOptions replace_options(const untorn_options* options) {
  return options == nullptr ? ReplaceOptions{} : options->replace;
}

// One piece as it is; more of them joined.
// One that a name in it can be made durable with: refused before anything is written.
Result<void> is_directory(int descriptor) {
  if (descriptor == AT_FDCWD) return {};
  const int flags = fcntl(descriptor, F_GETFL);
  UNTORN_CHECK(expected(flags >= 0, "directory_fd is no open directory"));
  return expected((flags & O_PATH) == 0, "directory_fd was opened with O_PATH");
}

Result<std::span<const std::byte>> joined(std::span<const iovec> pieces, std::string& storage) {
  if (pieces.size() == 1) return bytes_of(pieces.front().iov_base, pieces.front().iov_len);
  for (const iovec& piece : pieces) {
    UNTORN_TRY(const std::string_view text, text_of(piece.iov_base, piece.iov_len));
    storage += text;
  }
  return std::as_bytes(std::span(storage));
}

Result<OwnedHandle> working_directory(FileSystem& fs) {
  auto opened = fs.open(Handle::working_directory, ".", {.access = Access::directory});
  if (opened) return OwnedHandle(fs, *opened);
  return std::unexpected(
      Error::from_errno(number(opened.error()), Step::open_directory, Outcome::not_applied, "."));
}

Result<Receipt> replace_at(int directory_fd, const char* name, std::span<const std::byte> content,
                           const ReplaceOptions& options) {
  FileSystem& fs = posix_file_system();
  if (directory_fd != AT_FDCWD) {
    return replace_file_at(fs, Handle{directory_fd}, name, content, options);
  }
  UNTORN_TRY(const OwnedHandle here, working_directory(fs));
  return replace_file_at(fs, here.get(), name, content, options);
}

}  // namespace

extern "C" {

int untorn_replace(const char* path, const void* data, size_t size, const untorn_options* options,
                   untorn_info* info, untorn_error** error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    UNTORN_CHECK(given(path, "path"));
    UNTORN_CHECK(fits(info));
    UNTORN_TRY(const auto content, bytes_of(data, size));
    UNTORN_TRY(const Receipt receipt, replace_file(path, content, replace_options(options)));
    hand_over(info_of(receipt), info);
    return {};
  });
}

int untorn_replace_at(int directory_fd, const char* name, const struct iovec* pieces, size_t count,
                      const untorn_options* options, untorn_info* info,
                      untorn_error** error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    UNTORN_CHECK(is_directory(directory_fd));
    UNTORN_CHECK(given(name, "name"));
    UNTORN_CHECK(fits(info));
    UNTORN_TRY(const auto list, pieces_of(pieces, count));
    std::string storage;
    UNTORN_TRY(const auto content, joined(list, storage));
    UNTORN_TRY(const Receipt receipt,
               replace_at(directory_fd, name, content, replace_options(options)));
    hand_over(info_of(receipt), info);
    return {};
  });
}

int untorn_open(const char* path, const untorn_options* options, untorn_writer** writer,
                untorn_error** error) noexcept {
  if (writer != nullptr) *writer = nullptr;
  return guarded(error, [&]() -> Result<void> {
    UNTORN_CHECK(given(writer, "writer"));
    UNTORN_CHECK(given(path, "path"));
    auto made = std::make_unique<untorn_writer>();
    UNTORN_TRY(made->replacer, FileReplacer::open(path, replace_options(options)));
    *writer = made.release();
    return {};
  });
}

int untorn_write(untorn_writer* writer, const void* data, size_t size,
                 untorn_error** error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    UNTORN_CHECK(given(writer, "writer"));
    UNTORN_CHECK(expected(writer->replacer.has_value(), "the writer is spent"));
    UNTORN_TRY(const auto content, bytes_of(data, size));
    return writer->replacer->write(content);
  });
}

int untorn_commit(untorn_writer* writer, untorn_info* info, untorn_error** error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    UNTORN_CHECK(given(writer, "writer"));
    UNTORN_CHECK(expected(writer->replacer.has_value(), "the writer is spent"));
    UNTORN_CHECK(fits(info));
    FileReplacer replacer = std::move(*writer->replacer);
    writer->replacer.reset();
    UNTORN_TRY(const Receipt receipt, std::move(replacer).commit());
    hand_over(info_of(receipt), info);
    return {};
  });
}

void untorn_discard(untorn_writer* writer) noexcept {
  delete writer;  // a FileReplacer that was not committed removes its temporary
}

int untorn_etag(const char* path, char* etag, size_t etag_size, untorn_error** error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    UNTORN_CHECK(given(path, "path"));
    UNTORN_CHECK(may_hold_etag(etag, etag_size));
    UNTORN_TRY(const std::string text, read_etag(path));
    return hand_over(text, etag, etag_size);
  });
}

int untorn_read_version(const char* path, void** data, size_t* size, char* etag, size_t etag_size,
                        untorn_error** error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    UNTORN_CHECK(given(path, "path"));
    UNTORN_CHECK(given(data, "data"));
    UNTORN_CHECK(given(size, "size"));
    UNTORN_CHECK(may_hold_etag(etag, etag_size));
    UNTORN_TRY(const VersionRead read, read_version(path));
    UNTORN_CHECK(hand_over(read.etag, etag, etag_size));
    const std::size_t length = read.content.size();
    void* const copy = std::malloc(length + 1);
    if (copy == nullptr) throw std::bad_alloc();
    std::memcpy(copy, read.content.c_str(), length + 1);
    *data = copy;
    *size = length;
    return {};
  });
}

}  // extern "C"
}  // namespace untorn::c_api
