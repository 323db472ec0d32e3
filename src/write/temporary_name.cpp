// SPDX-License-Identifier: Apache-2.0
#include "write/temporary_name.h"

#include <algorithm>
#include <cstddef>

#include "base/text.h"

namespace untorn::write {

bool is_random_name(std::string_view name, std::string_view prefix) noexcept {
  constexpr std::size_t digits = 32;
  if (name.size() != prefix.size() + digits || !name.starts_with(prefix)) return false;
  return std::ranges::all_of(name.substr(prefix.size()), [](char each) {
    return is_digit(each) || (each >= 'a' && each <= 'f');
  });
}

bool is_temporary_name(std::string_view name) noexcept {
  return is_random_name(name, temporary_prefix);
}

bool is_set_aside_name(std::string_view name) noexcept {
  return is_random_name(name, set_aside_prefix);
}

}  // namespace untorn::write
