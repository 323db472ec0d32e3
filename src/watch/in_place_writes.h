// SPDX-License-Identifier: Apache-2.0
//
// Documents that were written under their name instead of being replaced.
//
// What counts as one time: the changes of a file from the first one to the closing of the file, or
// to a pause of a second, whichever comes first. Several programs that write the same file at once
// count as one. The number is exact as long as the kernel drops nothing; the list is the latest.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "watch/picture.h"

namespace untorn::watch {

class InPlaceWrites {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  static constexpr std::size_t listed_max = 100;

  // The file was changed. True: this begins a new time.
  bool changed(const std::string& path, Instant now, std::int64_t now_ns);
  // It was closed, or its name leads elsewhere now.
  void ended(const std::string& path) { open_.erase(path); }
  // Who changed the file at about this instant; the two may be announced in either order.
  void name_writer(const std::string& path, const std::string& writer, Instant now);
  // Forgets what a pause has ended.
  void forget(Instant now);

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  // The latest first.
  [[nodiscard]] std::vector<InPlaceWrite> list() const;

 private:
  struct Writer {
    std::string words;
    Instant at;
  };
  std::unordered_map<std::string, Instant> open_;    // by path: when it was changed last
  std::unordered_map<std::string, Writer> writers_;  // by path: the last one, for a while
  std::vector<InPlaceWrite> listed_;                 // the latest last
  std::uint64_t count_ = 0;
};

}  // namespace untorn::watch
