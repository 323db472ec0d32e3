// SPDX-License-Identifier: Apache-2.0
#include "health/set_aside.h"

#include "document/inspect.h"
#include "filesystem/kept_folder.h"
#include "health/temporaries.h"
#include "transaction/paths.h"
#include "write/temporary_name.h"

namespace untorn::health {
namespace {

constexpr std::string_view unapplied_infix = ".unapplied-";
constexpr std::string_view counters_folder = ".untorn/counters";
constexpr std::string_view damaged_counters_prefix = "damaged-";

// "<something><infix><number>".
bool has_number_after(std::string_view name, std::string_view infix) noexcept {
  const std::size_t at = name.rfind(infix);
  if (at == std::string_view::npos || at == 0) return false;
  const std::string_view digits = name.substr(at + infix.size());
  return !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos;
}

// The last components of `path` are `end`.
bool ends_with_path(std::string_view path, std::string_view end) noexcept {
  if (!path.ends_with(end)) return false;
  return path.size() == end.size() || path[path.size() - end.size() - 1] == '/';
}

}  // namespace

bool is_displaced(std::string_view name) noexcept {
  return has_number_after(name, write::displaced_infix);
}

bool is_set_aside(std::string_view folder, std::string_view name) noexcept {
  if (is_set_aside_name(name) || document::is_set_aside_name(name)) return true;
  if (has_number_after(name, unapplied_infix) || is_displaced(name)) return true;
  if (ends_with_path(folder, kept_folder_name)) {
    return name.starts_with(transaction::intent_name) &&
           has_number_after(name, transaction::foreign_infix);
  }
  return ends_with_path(folder, counters_folder) && name.starts_with(damaged_counters_prefix);
}

}  // namespace untorn::health
