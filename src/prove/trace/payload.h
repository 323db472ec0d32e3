// SPDX-License-Identifier: Apache-2.0
//
// The bytes that a call writes, from the memory of the thread that makes it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "prove/trace/recorder.h"

namespace untorn::prove {

// The first `size` bytes of what a call of the family of write was given; nothing if they cannot be
// read.
[[nodiscard]] std::optional<std::vector<std::byte>> read_payload(const PendingCall& call,
                                                                 std::uint64_t size);

// All that it was given; nothing if that is nothing, more than `size_max`, or cannot be read.
[[nodiscard]] std::optional<std::vector<std::byte>> read_whole_payload(const PendingCall& call,
                                                                       std::uint64_t size_max);

}  // namespace untorn::prove
