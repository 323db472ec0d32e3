// SPDX-License-Identifier: Apache-2.0
//
// A file that is changed through shared mappings: no call tells of the change, so what the file
// holds is compared with what it is known to hold.
//
//   MappedFile file(std::move(reader));
//   ... the program runs ...
//   for (PageChange& change : file.changes()) { ... }
//
// Invariant: after changes(), and after write() and truncate() for every recorded call on the file,
// the known bytes are the bytes that the log gives to it.
//
// Cost: one lseek and one read for each 256 KiB of data, holes excepted; memory as large as the
// data.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "prove/sandbox/descriptor.h"

namespace untorn::prove {

// Never reaches over the border of a page.
struct PageChange {
  std::uint64_t offset = 0;
  std::vector<std::byte> bytes;
};

class MappedFile {
 public:
  // Takes what the file holds now. `reader` is open for reading.
  explicit MappedFile(Descriptor reader);

  // By recorded calls.
  void write(std::uint64_t offset, std::span<const std::byte> bytes);
  void truncate(std::uint64_t size);

  // Where other bytes stand than those known, in order; they are known from then on.
  [[nodiscard]] std::vector<PageChange> changes();

  // Of the pages that hold something, after the last look.
  [[nodiscard]] std::uint64_t data_bytes() const noexcept { return pages_.size() * page_bytes; }
  // The last look could not read everything.
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] std::uint64_t size() const;
  // Nothing else may be asked afterwards.
  [[nodiscard]] Descriptor take_reader() noexcept { return std::move(reader_); }

 private:
  static constexpr std::size_t page_bytes = 4096;
  using Page = std::array<std::byte, page_bytes>;

  void look_at_data(std::uint64_t begin, std::uint64_t end, std::vector<PageChange>& changes);
  void look_at_page(std::uint64_t number, std::span<const std::byte> now,
                    std::vector<PageChange>& changes);
  // Known pages from `begin` up to `end`, which the file holds as a hole now.
  void look_at_hole(std::uint64_t begin, std::uint64_t end, std::vector<PageChange>& changes);

  Descriptor reader_;
  std::map<std::uint64_t, Page> pages_;  // by number; what is absent is zero
  bool failed_ = false;
};

}  // namespace untorn::prove
