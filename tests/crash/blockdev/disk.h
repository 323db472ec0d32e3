// SPDX-License-Identifier: Apache-2.0
//
// A disk that lives in memory and remembers in which order it was written.
//
//   Disk disk(320 << 20);
//   disk.begin_recording();                // a FuseDisk serves it, a file system on it is used
//   DiskReplay replay(disk);               // no more recording from here on
//   replay.show({.base = 17});             // the disk holds what 17 records made of it
//                                          // a loop device on disk.file() can be mounted now
//
// A record is what reached the device in one request: a write, a discard (the range then reads as
// zeros) or a flush. What lies between two flushes is an *epoch*: of its writes a power cut may
// leave any subset, since they wait in the cache of the device; those before a completed flush
// stay.
//
// While a recording runs, every request has to come through write(), discard() and flush(). For a
// replay the content is a file in memory that the kernel reads and writes by itself: what a mount
// changed is found by comparing.
//
// Threads and processes: the memory is shared with the server, a child process. Records are counted
// by an atomic; the workload reads the count from its own process. Nothing may be mounted while
// show() runs.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace untorn::lab {

constexpr std::size_t disk_page_bytes = 4096;
constexpr std::size_t sector_bytes = 512;

struct Record {
  enum class Kind : std::uint8_t { write, discard, flush };
  Kind kind = Kind::flush;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::uint64_t data = 0;  // write: where its bytes lie in the store of the disk
};

// A file in memory, mapped, that child processes share; given back at the end. Takes room only
// where something was written.
class SharedMemory {
 public:
  explicit SharedMemory(std::size_t size);  // ends the program if there is none
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  ~SharedMemory();
  [[nodiscard]] std::span<std::byte> bytes() const noexcept { return bytes_; }
  [[nodiscard]] int file() const noexcept { return file_; }

 private:
  int file_ = -1;
  std::span<std::byte> bytes_;
};

class Disk {
 public:
  explicit Disk(std::size_t size);

  [[nodiscard]] std::size_t size() const noexcept { return content_.bytes().size(); }
  // A descriptor of the content as a file.
  [[nodiscard]] int file() const noexcept { return content_.file(); }

  // For the server: one request each. False if it lies outside the disk, or if the store of a
  // recording is full.
  [[nodiscard]] bool write(std::uint64_t offset, std::span<const std::byte> bytes);
  [[nodiscard]] bool discard(std::uint64_t offset, std::uint64_t length);
  [[nodiscard]] bool flush();
  [[nodiscard]] std::span<const std::byte> read(std::uint64_t offset, std::size_t length) const;

  // From here on every request becomes a record; what the disk holds now is the state of no record.
  void begin_recording();
  void end_recording();
  // Requests that have reached the device.
  [[nodiscard]] std::size_t record_count() const;
  [[nodiscard]] std::span<const Record> records() const;
  [[nodiscard]] std::span<const std::byte> data_of(const Record& record) const;

 private:
  friend class DiskReplay;
  struct Head {
    std::atomic<bool> recording = false;
    std::atomic<std::uint64_t> records = 0;
    std::atomic<std::uint64_t> stored = 0;  // bytes of the store that are used
  };
  [[nodiscard]] bool fits(std::uint64_t offset, std::uint64_t length) const noexcept;
  [[nodiscard]] bool remember(const Record& record, std::span<const std::byte> bytes);
  [[nodiscard]] Head& head() const noexcept;

  SharedMemory content_;
  SharedMemory head_;
  SharedMemory records_;
  SharedMemory store_;
  SharedMemory start_;  // the content when the recording began
};

// A part of a record that persisted although the rest did not. `length` 0: the whole record.
struct KeptPart {
  std::size_t record = 0;
  std::uint64_t from = 0;
  std::uint64_t length = 0;
};

// What a power cut left: everything before `base`, and of what came later the parts in `kept`.
struct DiskState {
  std::size_t base = 0;
  std::vector<KeptPart> kept;
};

class DiskReplay {
 public:
  explicit DiskReplay(Disk& disk);
  DiskReplay(const DiskReplay&) = delete;
  DiskReplay& operator=(const DiskReplay&) = delete;
  ~DiskReplay();

  // Makes the disk hold that state, whatever was written to it since the last one. Cheap when the
  // base is the last one or a later one; an earlier one is built from the start.
  void show(const DiskState& state);

 private:
  void restart();
  void advance_to(std::size_t base);
  void map_base();
  void restore();
  void put(const Record& record, const KeptPart& part, std::span<std::byte> target) const;
  void mark(std::uint64_t offset, std::uint64_t length);

  Disk& disk_;
  std::span<std::byte> base_;  // a mapping that takes room only where it is written
  std::vector<bool> used_;     // pages of the base that may hold something
  std::size_t position_ = 0;
};

}  // namespace untorn::lab
