// SPDX-License-Identifier: Apache-2.0
//
// One version of a file, as an etag names it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "untorn/filesystem.h"

namespace untorn::write {

struct Version {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;  // bytes
  std::uint64_t changed_ns = 0;
  Hash128 content;

  // Everything but the content fits.
  [[nodiscard]] bool could_be(const Status& status) const noexcept;
  friend bool operator==(const Version&, const Version&) = default;
};

[[nodiscard]] Version version_of(const Status& status, const Hash128& content) noexcept;

// "u2-<device>-<inode>-<size>-<change time>-<hash>-<hash>", all hexadecimal.
[[nodiscard]] std::string to_etag(const Version& version);
// Nothing if it is no etag of this form, or not written as to_etag() writes it.
[[nodiscard]] std::optional<Version> parse_etag(std::string_view etag);

// Of all bytes of an open file, in constant memory.
[[nodiscard]] SystemResult<Hash128> hash_content(FileSystem& fs, Handle file);

}  // namespace untorn::write
