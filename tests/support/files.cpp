// SPDX-License-Identifier: Apache-2.0
#include "tests/support/files.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <span>
#include <system_error>

namespace untorn::testing {
namespace {

[[noreturn]] void give_up(const std::string& what, int os_errno) {
  std::fprintf(stderr, "the test cannot go on: %s: %s\n", what.c_str(), std::strerror(os_errno));
  std::abort();
}

template <class T>
T must(SystemResult<T> result, const std::string& what) {
  if (!result) give_up(what, number(result.error()));
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

}  // namespace

std::optional<std::string> read_file(FileSystem& fs, const std::string& path) {
  auto opened = fs.open(Handle::working_directory, path, {.access = Access::read});
  if (!opened && number(opened.error()) == ENOENT) return std::nullopt;
  const OwnedHandle file(fs, must(opened, "open " + path));
  std::string content;
  std::array<std::byte, 65536> buffer;
  for (;;) {
    const std::size_t count = must(fs.read_at(file.get(), content.size(), buffer), "read " + path);
    if (count == 0) return content;
    content.append(reinterpret_cast<const char*>(buffer.data()), count);
  }
}

void write_file(FileSystem& fs, const std::string& path, std::string_view content) {
  const OwnedHandle file(fs,
                         must(fs.open(Handle::working_directory, path,
                                      {.access = Access::write, .create = true, .truncate = true}),
                              "open " + path));
  while (!content.empty()) {
    content.remove_prefix(
        must(fs.write(file.get(), std::as_bytes(std::span(content))), "write " + path));
  }
}

std::vector<std::string> names_in(FileSystem& fs, const std::string& directory) {
  const OwnedHandle handle(
      fs, must(fs.open(Handle::working_directory, directory, {.access = Access::directory}),
               "open " + directory));
  std::vector<std::string> names;
  for (Entry& entry : must(fs.list(handle.get()), "list")) names.push_back(std::move(entry.name));
  return names;
}

Status status_of(FileSystem& fs, const std::string& path) {
  return must(fs.status_at(Handle::working_directory, path), "status of " + path);
}

ScratchDirectory::ScratchDirectory() {
  const char* parent = std::getenv("TMPDIR");
  path_ = std::string(parent == nullptr ? "/tmp" : parent) + "/untorn-test-XXXXXX";
  if (mkdtemp(path_.data()) == nullptr) give_up("mkdtemp " + path_, errno);
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string pattern(std::size_t size, unsigned seed) {
  std::string text(size, '\0');
  std::uint32_t state = seed * 2654435761U + 1;
  for (char& byte : text) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>('!' + (state >> 24U) % 90U);  // never NUL, so that holes show
  }
  return text;
}

}  // namespace untorn::testing
