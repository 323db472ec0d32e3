// SPDX-License-Identifier: Apache-2.0
//
// Owners that a user namespace cannot name.
//
// In such a namespace (a rootless container) a file whose owner has no number there is shown with
// the overflow number, 65534 as a rule. That number may itself belong to somebody, and a file that
// is given to it is then given to a stranger.
#pragma once
#include <cstdint>
#include <string>

namespace untorn::write {

enum class IdKind : std::uint8_t { user, group };

// `id`, as a status shows it, may stand for anybody whom this namespace cannot name. Reads /proc
// for the overflow number alone; where that cannot be read, ids are what they seem.
[[nodiscard]] bool may_be_unmapped(IdKind kind, std::uint32_t id);

// The same by the content of /proc/self/uid_map and /proc/sys/kernel/overflowuid, or gid.
[[nodiscard]] bool may_be_unmapped(std::uint32_t id, const std::string& map,
                                   const std::string& overflow);

}  // namespace untorn::write
