// SPDX-License-Identifier: Apache-2.0
#include "prove/trace/mapped_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace untorn::prove {
namespace {

constexpr std::size_t chunk_bytes = 256U << 10U;

// As many bytes as there are, up to the size of `out`; nothing if the file cannot be read.
std::optional<std::size_t> read_at(int file, std::uint64_t offset, std::span<std::byte> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t count =
        ::pread(file, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

}  // namespace

MappedFile::MappedFile(Descriptor reader) : reader_(std::move(reader)) {
  (void)changes();
}

std::uint64_t MappedFile::size() const {
  struct stat status = {};
  return ::fstat(reader_.get(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

void MappedFile::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const std::size_t within = offset % page_bytes;
    const std::size_t count = std::min(bytes.size(), page_bytes - within);
    Page& page = pages_[offset / page_bytes];  // fresh ones are zero
    std::ranges::copy(bytes.first(count), page.begin() + static_cast<std::ptrdiff_t>(within));
    bytes = bytes.subspan(count);
    offset += count;
  }
}

void MappedFile::truncate(std::uint64_t size) {
  const std::size_t within = size % page_bytes;
  pages_.erase(pages_.lower_bound(size / page_bytes + (within == 0 ? 0 : 1)), pages_.end());
  const auto last = pages_.find(size / page_bytes);
  if (within != 0 && last != pages_.end()) {
    std::fill(last->second.begin() + static_cast<std::ptrdiff_t>(within), last->second.end(),
              std::byte{0});
  }
}

std::vector<PageChange> MappedFile::changes() {
  std::vector<PageChange> found;
  failed_ = false;
  const std::uint64_t end = size();
  std::uint64_t at = 0;
  while (at < end && !failed_) {
    off_t data = ::lseek(reader_.get(), static_cast<off_t>(at), SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;        // a hole up to the end
    if (data < 0) data = static_cast<off_t>(at);  // this file system does not tell
    off_t hole = ::lseek(reader_.get(), data, SEEK_HOLE);
    if (hole <= data) hole = static_cast<off_t>(end);
    // Extents may be shorter than a page; a page that holds any data is data.
    const std::uint64_t begin = static_cast<std::uint64_t>(data) / page_bytes * page_bytes;
    look_at_hole(at, begin, found);
    at = (static_cast<std::uint64_t>(hole) + page_bytes - 1) / page_bytes * page_bytes;
    at = std::min(end, at);
    look_at_data(begin, at, found);
  }
  if (!failed_) look_at_hole(at, end, found);
  return found;
}

void MappedFile::look_at_data(std::uint64_t begin, std::uint64_t end,
                              std::vector<PageChange>& changes) {
  std::vector<std::byte> chunk(chunk_bytes);
  while (begin < end) {
    const std::size_t wanted = std::min<std::uint64_t>(chunk_bytes, end - begin);
    const auto got = read_at(reader_.get(), begin, std::span(chunk).first(wanted));
    if (!got) failed_ = true;
    if (!got || *got == 0) return;
    for (std::size_t done = 0; done < *got; done += page_bytes) {
      const std::size_t count = std::min(page_bytes, *got - done);
      look_at_page((begin + done) / page_bytes, std::span(chunk).subspan(done, count), changes);
    }
    begin += *got;
  }
}

void MappedFile::look_at_page(std::uint64_t number, std::span<const std::byte> now,
                              std::vector<PageChange>& changes) {
  static constexpr Page zeros = {};
  const auto known = pages_.find(number);
  const Page& before = known == pages_.end() ? zeros : known->second;
  const auto first = std::ranges::mismatch(now, before).in1;
  if (first == now.end()) return;
  std::size_t last = now.size();
  while (now[last - 1] == before[last - 1]) --last;
  const auto begin = static_cast<std::size_t>(first - now.begin());
  changes.push_back(
      {number * page_bytes + begin,
       std::vector<std::byte>(first, now.begin() + static_cast<std::ptrdiff_t>(last))});
  std::ranges::copy(now, pages_[number].begin());
}

void MappedFile::look_at_hole(std::uint64_t begin, std::uint64_t end,
                              std::vector<PageChange>& changes) {
  static constexpr Page zeros = {};
  std::vector<std::uint64_t> numbers;
  for (auto page = pages_.lower_bound(begin / page_bytes);
       page != pages_.end() && page->first * page_bytes < end; ++page) {
    if (page->first * page_bytes >= begin) numbers.push_back(page->first);
  }
  for (const std::uint64_t number : numbers) {
    const std::size_t count = std::min<std::uint64_t>(page_bytes, end - number * page_bytes);
    look_at_page(number, std::span(zeros).first(count), changes);
    pages_.erase(number);
  }
}

}  // namespace untorn::prove
