// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/blockdev/disk.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

namespace untorn::lab {
namespace {

// Reserved, not used: pages come when they are written.
constexpr std::size_t records_max = std::size_t{1} << 20U;
constexpr std::size_t store_bytes_max = std::size_t{4} << 30U;

struct Extent {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Where a file in memory holds something; multiples of a page.
std::vector<Extent> extents_of(const SharedMemory& memory) {
  std::vector<Extent> extents;
  const auto size = static_cast<off_t>(memory.bytes().size());
  for (off_t begin = 0; begin < size;) {
    begin = lseek(memory.file(), begin, SEEK_DATA);
    if (begin < 0) break;
    const off_t end = lseek(memory.file(), begin, SEEK_HOLE);
    extents.push_back({static_cast<std::size_t>(begin), static_cast<std::size_t>(end)});
    begin = end;
  }
  return extents;
}

bool free_range(const SharedMemory& memory, std::uint64_t offset, std::uint64_t length) {
  return fallocate(memory.file(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                   static_cast<off_t>(offset), static_cast<off_t>(length)) == 0;
}

}  // namespace

SharedMemory::SharedMemory(std::size_t size) : file_(memfd_create("untorn-lab", MFD_CLOEXEC)) {
  void* memory = MAP_FAILED;
  if (file_ >= 0 && ftruncate(file_, static_cast<off_t>(size)) == 0) {
    memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file_, 0);
  }
  if (memory == MAP_FAILED) {
    std::perror("the lab needs memory");
    std::abort();
  }
  bytes_ = {static_cast<std::byte*>(memory), size};
}

SharedMemory::~SharedMemory() {
  (void)munmap(bytes_.data(), bytes_.size());
  close(file_);
}

Disk::Disk(std::size_t size)
    : content_(size),
      head_(sizeof(Head)),
      records_(records_max * sizeof(Record)),
      store_(store_bytes_max),
      start_(size) {
  new (head_.bytes().data()) Head();
}

Disk::Head& Disk::head() const noexcept {
  return *std::launder(reinterpret_cast<Head*>(head_.bytes().data()));
}

bool Disk::fits(std::uint64_t offset, std::uint64_t length) const noexcept {
  return offset <= size() && length <= size() - offset;
}

bool Disk::remember(const Record& record, std::span<const std::byte> bytes) {
  Head& at = head();
  if (!at.recording.load(std::memory_order_acquire)) return true;
  const std::uint64_t index = at.records.load(std::memory_order_relaxed);
  const std::uint64_t stored = at.stored.load(std::memory_order_relaxed);
  if (index == records_max || bytes.size() > store_bytes_max - stored) return false;
  Record kept = record;
  kept.data = stored;
  std::ranges::copy(bytes, store_.bytes().begin() + static_cast<std::ptrdiff_t>(stored));
  new (records_.bytes().data() + index * sizeof(Record)) Record(kept);
  at.stored.store(stored + bytes.size(), std::memory_order_relaxed);
  at.records.store(index + 1, std::memory_order_release);
  return true;
}

bool Disk::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (!fits(offset, bytes.size())) return false;
  if (!remember({.kind = Record::Kind::write, .offset = offset, .length = bytes.size()}, bytes)) {
    return false;
  }
  std::ranges::copy(bytes, content_.bytes().begin() + static_cast<std::ptrdiff_t>(offset));
  return true;
}

bool Disk::discard(std::uint64_t offset, std::uint64_t length) {
  if (!fits(offset, length)) return false;
  if (!remember({.kind = Record::Kind::discard, .offset = offset, .length = length}, {})) {
    return false;
  }
  return length == 0 || free_range(content_, offset, length);
}

bool Disk::flush() {
  return remember({.kind = Record::Kind::flush}, {});
}

std::span<const std::byte> Disk::read(std::uint64_t offset, std::size_t length) const {
  if (offset >= size()) return {};
  return content_.bytes().subspan(offset, std::min<std::size_t>(length, size() - offset));
}

void Disk::begin_recording() {
  for (const Extent& extent : extents_of(content_)) {
    const auto from = content_.bytes().subspan(extent.begin, extent.end - extent.begin);
    std::ranges::copy(from, start_.bytes().begin() + static_cast<std::ptrdiff_t>(extent.begin));
  }
  head().recording.store(true, std::memory_order_release);
}

void Disk::end_recording() {
  head().recording.store(false, std::memory_order_release);
}

std::size_t Disk::record_count() const {
  return head().records.load(std::memory_order_acquire);
}

std::span<const Record> Disk::records() const {
  return {std::launder(reinterpret_cast<const Record*>(records_.bytes().data())), record_count()};
}

std::span<const std::byte> Disk::data_of(const Record& record) const {
  return std::span<const std::byte>(store_.bytes()).subspan(record.data, record.length);
}

// ------------------------------------------------------------------ replay

DiskReplay::DiskReplay(Disk& disk) : disk_(disk) {
  restart();
}

DiskReplay::~DiskReplay() {
  (void)munmap(base_.data(), base_.size());
}

void DiskReplay::map_base() {
  if (!base_.empty()) (void)munmap(base_.data(), base_.size());
  void* memory = mmap(nullptr, disk_.size(), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    std::perror("the lab needs memory");
    std::abort();
  }
  base_ = {static_cast<std::byte*>(memory), disk_.size()};
}

void DiskReplay::restart() {
  map_base();
  used_.assign(disk_.size() / disk_page_bytes, false);
  position_ = 0;
  for (const Extent& extent : extents_of(disk_.start_)) {
    const auto from = disk_.start_.bytes().subspan(extent.begin, extent.end - extent.begin);
    std::ranges::copy(from, base_.begin() + static_cast<std::ptrdiff_t>(extent.begin));
    mark(extent.begin, from.size());
  }
}

void DiskReplay::mark(std::uint64_t offset, std::uint64_t length) {
  if (length == 0) return;
  const std::size_t last = (offset + length - 1) / disk_page_bytes;
  for (std::size_t page = offset / disk_page_bytes; page <= last; ++page) used_[page] = true;
}

void DiskReplay::put(const Record& record, const KeptPart& part,
                     std::span<std::byte> target) const {
  const std::uint64_t length = part.length == 0 ? record.length - part.from : part.length;
  const auto to = target.subspan(record.offset + part.from, length);
  if (record.kind == Record::Kind::discard) {
    std::ranges::fill(to, std::byte{0});
  } else {
    std::ranges::copy(disk_.data_of(record).subspan(part.from, length), to.begin());
  }
}

void DiskReplay::advance_to(std::size_t base) {
  const std::span<const Record> records = disk_.records();
  for (; position_ < base; ++position_) {
    const Record& record = records[position_];
    if (record.kind == Record::Kind::flush) continue;
    put(record, {}, base_);
    if (record.kind == Record::Kind::write) mark(record.offset, record.length);
  }
}

void DiskReplay::restore() {
  for (const Extent& extent : extents_of(disk_.content_)) {
    for (std::size_t at = extent.begin; at < extent.end; at += disk_page_bytes) {
      // Where the base holds nothing, the disk shall hold nothing.
      if (!used_[at / disk_page_bytes]) (void)free_range(disk_.content_, at, disk_page_bytes);
    }
  }
  for (std::size_t page = 0; page < used_.size(); ++page) {
    if (!used_[page]) continue;
    std::byte* const now = disk_.content_.bytes().data() + page * disk_page_bytes;
    const std::byte* const wanted = base_.data() + page * disk_page_bytes;
    if (std::memcmp(now, wanted, disk_page_bytes) != 0) std::memcpy(now, wanted, disk_page_bytes);
  }
}

void DiskReplay::show(const DiskState& state) {
  if (state.base < position_) restart();
  advance_to(state.base);
  restore();
  for (const KeptPart& part : state.kept) {
    const Record& record = disk_.records()[part.record];
    if (record.kind != Record::Kind::flush) put(record, part, disk_.content_.bytes());
  }
}

}  // namespace untorn::lab
