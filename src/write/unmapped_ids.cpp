// SPDX-License-Identifier: Apache-2.0
#include "write/unmapped_ids.h"

#include <fstream>
#include <iterator>
#include <sstream>

namespace untorn::write {
namespace {

constexpr std::uint32_t overflow_usual = 65534;
constexpr std::uint32_t all_ids = 0xFFFFFFFF;  // as many as a complete map has

std::string content_of(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

bool may_be_unmapped(std::uint32_t id, const std::string& map, const std::string& overflow) {
  std::uint32_t overflow_id = overflow_usual;
  std::istringstream(overflow) >> overflow_id;
  if (id != overflow_id) return false;
  std::uint32_t inside = 0;
  std::uint32_t outside = 0;
  std::uint32_t count = 0;
  std::istringstream words(map);
  if (!(words >> inside >> outside >> count)) return !map.empty();
  return inside != 0 || outside != 0 || count != all_ids;
}

bool may_be_unmapped(IdKind kind, std::uint32_t id) {
  const bool user = kind == IdKind::user;
  const std::string overflow =
      content_of(user ? "/proc/sys/kernel/overflowuid" : "/proc/sys/kernel/overflowgid");
  return may_be_unmapped(id, content_of(user ? "/proc/self/uid_map" : "/proc/self/gid_map"),
                         overflow);
}

}  // namespace untorn::write
