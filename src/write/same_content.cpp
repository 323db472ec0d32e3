// SPDX-License-Identifier: Apache-2.0
#include "write/same_content.h"

#include <algorithm>
#include <array>

namespace untorn::write {

void SameContent::compare(std::span<const std::byte> piece) {
  std::array<std::byte, 65536> buffer;
  while (same_ && !piece.empty()) {
    const std::size_t wanted = std::min(piece.size(), buffer.size());
    auto count = fs_->read_at(file_, offset_, std::span(buffer).first(wanted));
    if (!count || *count == 0) {
      same_ = false;
      return;
    }
    same_ = std::equal(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*count),
                       piece.begin());
    offset_ += *count;
    piece = piece.subspan(*count);
  }
}

bool SameContent::finish() {
  if (!same_) return false;
  std::array<std::byte, 1> beyond;
  auto count = fs_->read_at(file_, offset_, beyond);
  return count && *count == 0;
}

}  // namespace untorn::write
