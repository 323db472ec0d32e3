// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_scratch.h"

#include <charconv>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/try.h"
#include "filesystem/posix_mount.h"
#include "filesystem/random_hex.h"

namespace untorn::cli {
namespace {

constexpr std::uint32_t private_mode = 0700;

Error failed(Errno reason, Step step, const std::string& path) {
  return Error::from_errno(number(reason), step, Outcome::not_applied, path);
}

}  // namespace

Result<BenchScratch> BenchScratch::make(FileSystem& fs, const std::string& folder) {
  const OpenOptions as_folder = {.access = Access::directory};
  const auto parent = fs.open(Handle::working_directory, folder, as_folder);
  if (!parent) return std::unexpected(failed(parent.error(), Step::open_directory, folder));
  BenchScratch scratch(fs, OwnedHandle(fs, *parent), folder, "untorn-bench-" + random_hex(fs));
  const auto made = fs.make_directory(scratch.parent_.get(), scratch.name_, private_mode);
  if (!made) return std::unexpected(failed(made.error(), Step::create_temporary, scratch.path_));
  const auto opened = fs.open(scratch.parent_.get(), scratch.name_, as_folder);
  if (!opened) {
    (void)fs.remove_directory(scratch.parent_.get(), scratch.name_);
    return std::unexpected(failed(opened.error(), Step::open_directory, scratch.path_));
  }
  scratch.folder_ = OwnedHandle(fs, *opened);
  return scratch;
}

BenchScratch::~BenchScratch() {
  (void)remove();
}

std::string BenchScratch::path(std::size_t index) const {
  return path_ + "/" + std::to_string(index);
}

Result<void> BenchScratch::remove() {
  if (folder_.get() == Handle::none) return {};
  const OwnedHandle folder = std::move(folder_);
  const auto entries = fs_->list(folder.get());
  if (!entries) return std::unexpected(failed(entries.error(), Step::clean_up, path_));
  for (const Entry& entry : *entries) {
    const auto removed = fs_->unlink(folder.get(), entry.name);
    if (!removed) return std::unexpected(failed(removed.error(), Step::clean_up, path_));
  }
  const auto removed = fs_->remove_directory(parent_.get(), name_);
  if (!removed) return std::unexpected(failed(removed.error(), Step::clean_up, path_));
  return {};
}

// A Status holds the major number above 32 bits of the minor one.
FlushCounter::FlushCounter(std::uint64_t device) {
  const std::string folder = "/sys/dev/block/" + std::to_string(device >> 32U) + ":" +
                             std::to_string(device & 0xFFFFFFFFU);
  // The kernel does not count the flushes of a partition: its disk does.
  const bool is_partition = read_pseudo_file(folder + "/partition").has_value();
  path_ = folder + (is_partition ? "/../stat" : "/stat");
}

std::optional<std::uint64_t> FlushCounter::read() const {
  constexpr std::size_t flush_field = 15;  // Documentation/block/stat.rst: "flush I/Os"
  const auto text = read_pseudo_file(path_);
  if (!text) return std::nullopt;
  std::size_t field = 0;
  std::optional<std::uint64_t> flushes;
  for_each_piece(*text, ' ', [&](std::string_view piece) {
    if (piece.empty()) return true;
    if (field++ < flush_field) return true;
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(piece.data(), piece.data() + piece.size(), value);
    if (problem == std::errc() && end != piece.data()) flushes = value;
    return false;
  });
  return flushes;
}

}  // namespace untorn::cli
