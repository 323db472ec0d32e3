// SPDX-License-Identifier: Apache-2.0
//
// What names a finding from one version of a file to the next.
//
// A fingerprint is the hash (MurmurHash3, 128 bits) of the rule's code, the path, the enclosing
// function, the text of the call without its layout, and how many findings before it in the file
// agree in all of these. So it stays when lines are inserted above, when the call is indented or
// wrapped otherwise, and when an unlike write is added beside it; it changes when the call itself
// does.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/hash.h"

namespace untorn::scan {

// `text` without blanks and line ends, those in string literals included: hashed.
[[nodiscard]] Hash128 hash_of_call(std::string_view text);

struct FingerprintParts {
  std::string_view code;  // "UT001"
  std::string_view path;  // relative to the root, with '/'
  std::string_view function;
  Hash128 call;
  std::uint32_t ordinal = 0;  // among equals in this file
};
// 32 hex digits.
[[nodiscard]] std::string fingerprint(const FingerprintParts& parts);

}  // namespace untorn::scan
