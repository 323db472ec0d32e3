// SPDX-License-Identifier: Apache-2.0
//
// How much has happened by the time a call returns success, for one name.
//
// Each level includes the ones before it. What a level costs in sync calls depends on the protocol
// that carried it out: the table stands in docs/internals/protocols.md, and the tests in
// tests/crash count the calls.
#pragma once
#include <cstdint>
#include <string_view>

namespace untorn {

enum class Durability : std::uint8_t {
  process = 1,  // Readers, and a process killed at any instant, leave the old content or the new
                // content. A power cut may leave an old, empty or partial file. No sync call.
  ordered = 2,  // As above, and after a power cut this one name holds a whole version: the new
                // one, an older one, or nothing if it was new. It says nothing about two names.
  durable = 3,  // As above, and the new content survives a power cut once the call has returned.
};

[[nodiscard]] std::string_view to_string(Durability) noexcept;

}  // namespace untorn
