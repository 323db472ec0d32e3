// SPDX-License-Identifier: Apache-2.0
#include "document/set_aside.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/try.h"
#include "document/inspect.h"
#include "filesystem/same_file.h"
#include "write/target.h"

namespace untorn::document {
namespace {

constexpr std::size_t name_bytes_max = 255;
constexpr int attempts_max = 100;

// "x.damaged-12" → 12.
std::optional<std::uint64_t> number_in(std::string_view name) {
  const std::size_t infix = name.rfind(damaged_infix);
  if (infix == std::string_view::npos || infix == 0) return std::nullopt;
  const std::string_view digits = name.substr(infix + damaged_infix.size());
  constexpr std::size_t digits_max = 15;
  if (digits.empty() || digits.size() > digits_max || digits.front() == '0') return std::nullopt;
  std::uint64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto result = std::from_chars(digits.data(), end, number);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return number;
}

// Room for the ending in a name that is as long as names can be.
std::string beginning_of(const std::string& name) {
  constexpr std::size_t ending_bytes_max = damaged_infix.size() + 15;
  return name.substr(0, std::min(name.size(), name_bytes_max - ending_bytes_max)) +
         std::string(damaged_infix);
}

bool links_are_missing(Errno os_errno) {
  const int value = number(os_errno);
  return value == EPERM || value == EMLINK || write::means_unsupported(os_errno);
}

SystemResult<void> rename_beside(const Home& home, const std::string& from, const std::string& to) {
  return home.fs().rename(home.directory(), from, home.directory(), to, RenameMode::no_replace);
}

// Gives the file its second name.
SystemResult<void> name_again(const Home& home, const std::string& name) {
  auto linked = home.fs().link(home.directory(), home.name(), home.directory(), name);
  if (linked || !links_are_missing(linked.error())) return linked;
  return rename_beside(home, home.name(), name);
}

// It was another file, which has its name or gets it back.
void undo(const Home& home, const std::string& name, const Status& status) {
  if (status.links > 1) {
    (void)home.fs().unlink(home.directory(), name);
  } else {
    (void)rename_beside(home, name, home.name());
  }
}

bool is_same_file(const Status& a, const Status& b) {
  return same_file(a, b) && a.size == b.size && a.modified_ns == b.modified_ns;
}

}  // namespace

bool is_set_aside_name(std::string_view candidate) noexcept {
  return number_in(candidate).has_value();
}

Result<std::vector<std::string>> names_set_aside(const Home& home) {
  auto entries = home.fs().list(home.directory());
  if (!entries) return std::unexpected(home.error(entries.error(), Step::inspect));
  const std::string beginning = beginning_of(home.name());
  std::vector<std::string> names;
  for (Entry& entry : *entries) {
    const bool ours = entry.name.starts_with(beginning) &&
                      entry.name.rfind(damaged_infix) + damaged_infix.size() == beginning.size();
    if (ours && is_set_aside_name(entry.name)) names.push_back(std::move(entry.name));
  }
  std::ranges::sort(names, {}, [](const std::string& name) { return *number_in(name); });
  return names;
}

Result<std::string> set_aside(const Home& home, const FileContent& seen) {
  UNTORN_TRY(const std::vector<std::string> names, names_set_aside(home));
  std::uint64_t number = names.empty() ? 1 : *number_in(names.back()) + 1;
  for (int attempt = 0; attempt < attempts_max; ++attempt, ++number) {
    std::string name = beginning_of(home.name()) + std::to_string(number);
    auto named = name_again(home, name);
    if (!named && untorn::number(named.error()) == EEXIST) continue;
    if (!named) return std::unexpected(home.error(named.error(), Step::rename, "to " + name));
    auto status = home.fs().status_at(home.directory(), name);
    if (status && !is_same_file(*status, seen.status)) {
      undo(home, name, *status);
      return std::unexpected(
          home.error(Code::conflict, Step::check, "another program is writing it at this moment"));
    }
    auto synced = home.fs().sync(home.directory());
    if (!synced && !write::means_unsupported(synced.error())) {
      return std::unexpected(home.error(synced.error(), Step::sync_directory, name));
    }
    return name;
  }
  return std::unexpected(
      home.error(Code::already_exists, Step::rename, "no free name for the damaged file"));
}

}  // namespace untorn::document
