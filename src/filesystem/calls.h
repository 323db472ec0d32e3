// SPDX-License-Identifier: Apache-2.0
//
// The calls of FileSystem by name, for file systems that count them or make them fail.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace untorn {

// One for each member function that makes a system call. kind() and random_bits() are none: they
// cannot fail and change nothing.
enum class Call : std::uint8_t {
  open,
  close,
  write,
  write_at,
  read_at,
  truncate,
  sync,
  sync_data,
  rename,
  link,
  unlink,
  make_directory,
  remove_directory,
  make_symlink,
  read_link,
  status,
  status_at,
  list,
  may_write,
  set_mode,
  set_owner,
  list_attributes,
  get_attribute,
  set_attribute,
  remove_attribute,
  lock,
  unlock,
  map,
  sync_range,
  start_writeback,
  sync_everything,
  list_attributes_at,
};
inline constexpr std::size_t call_count = static_cast<std::size_t>(Call::list_attributes_at) + 1;

// The name of the member function. Static storage, ends with NUL.
[[nodiscard]] std::string_view to_string(Call call) noexcept;

}  // namespace untorn
