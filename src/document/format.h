// SPDX-License-Identifier: Apache-2.0
//
// What a JSON file of ours begins with, so that a reader knows before anything else whether it may
// read on:
//
//   {"untorn": {"format": "pattern-store", "version": 1, "oldest_reader": 1}, …}
//
// `version` is that of the writer, `oldest_reader` the first version that can read the file. A file
// whose oldest reader is newer than we are is refused, and left alone.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "untorn/error.h"
#include "untorn/json.h"

namespace untorn::document {

inline constexpr std::string_view format_member_name = "untorn";

struct Format {
  std::string_view name;
  std::int64_t version = 1;
  std::int64_t oldest_reader = 1;
};

// The value of the member.
[[nodiscard]] JsonValue format_value(const Format& format);

// Code::unsupported for a newer format; Code::invalid_argument if `root` is no object, has no such
// member, or one of another format. Error::path() is `path`.
[[nodiscard]] Result<void> check_format(const JsonValue& root, const Format& format,
                                        const std::string& path);

}  // namespace untorn::document
