// SPDX-License-Identifier: Apache-2.0
//
// A TOML document as plain values that know their line: for reading settings. The parser is behind
// this file alone.
//
//   auto table = settings::parse_toml("untorn.toml", text);
//   if (const auto* value = settings::find(*table, "select")) …
//
// Errors: invalid_argument with the path and the line of what does not parse.
// Threads: pure functions.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "untorn/error.h"

namespace untorn::settings {

struct Value;
using List = std::vector<Value>;
using Table = std::vector<std::pair<std::string, Value>>;  // by name
struct Other {};                                           // a date, a time

struct Value {
  std::variant<bool, std::int64_t, double, std::string, List, Table, Other> data = Other{};
  std::uint32_t line = 0;
};

[[nodiscard]] Result<Table> parse_toml(const std::string& path, std::string_view text);

// nullptr if there is no such name.
[[nodiscard]] const Value* find(const Table& table, std::string_view name);

// "line 3: …" about the file at `path`.
[[nodiscard]] Error settings_error(const std::string& path, std::uint32_t line,
                                   std::string_view problem);

}  // namespace untorn::settings
