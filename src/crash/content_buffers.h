// SPDX-License-Identifier: Apache-2.0
//
// The bytes of file variants, one after the other. The buffer of the variant before is changed
// where the next one may differ from it, so that a state of a large file costs its blocks that
// differ and not a copy of the file. A buffer that someone still holds is left alone.
//
// Threads: one object per enumeration, used by one thread.
#pragma once
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "crash/history.h"

namespace untorn::crash {

class ContentBuffers {
 public:
  explicit ContentBuffers(const History::Impl& history) : history_(history) {}

  // A content of a regular file: `sizes` steps of the size chain, and of each block chain what
  // operations [0, count) did, but for the chains in `changes`.
  struct Variant {
    std::size_t count = 0;
    std::uint32_t sizes = 0;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> changes;  // (chain, steps), by chain
    std::uint32_t torn = no_index;  // the chain whose last steps are torn
    Tear tear;

    bool operator==(const Variant&) const = default;
  };
  [[nodiscard]] Bytes compose(InodeId inode, Variant&& variant);
  // The content after operations [0, count), of an inode of any type.
  [[nodiscard]] Bytes compose_at(InodeId inode, std::size_t count);

 private:
  struct Buffer {
    std::shared_ptr<std::vector<std::byte>> bytes;
    Variant variant;
  };
  [[nodiscard]] static bool is_prefix(const Contents& contents, const Variant& variant);
  [[nodiscard]] static bool can_change(const Buffer& buffer, const Contents& contents,
                                       const Variant& variant);
  [[nodiscard]] static std::vector<std::uint32_t> stale_chains(const Buffer& buffer,
                                                               const Contents& contents,
                                                               const Variant& variant);

  const History::Impl& history_;
  std::unordered_map<InodeId, Buffer> buffers_;
};

}  // namespace untorn::crash
