// SPDX-License-Identifier: Apache-2.0
//
// What people write without a library.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <system_error>

#include "serve.h"

namespace {

void check(bool good, const char* what) {
  if (!good) throw std::system_error(errno, std::generic_category(), what);
}

void with_stream(const std::string& path, std::string_view content) {
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  stream << content;
  stream.close();
  check(static_cast<bool>(stream), "ofstream");
}

void in_place(const std::string& path, std::string_view content, bool sync) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  check(fd >= 0, "open");
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    check(written > 0, "write");
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (sync) check(::fsync(fd) == 0, "fsync");
  check(::close(fd) == 0, "close");
}

void truncate_and_write(const std::string& path, std::string_view content) {
  in_place(path, content, false);
}

void truncate_write_and_sync(const std::string& path, std::string_view content) {
  in_place(path, content, true);
}

}  // namespace

int main(int count, char** arguments) {
  const std::array variants = {peers::one_by_one("ofstream", with_stream),
                               peers::one_by_one("truncate", truncate_and_write),
                               peers::one_by_one("truncate+fsync", truncate_write_and_sync)};
  return peers::serve(std::span(arguments, static_cast<std::size_t>(count)), variants);
}
