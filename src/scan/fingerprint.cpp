// SPDX-License-Identifier: Apache-2.0
#include "scan/fingerprint.h"

#include <algorithm>
#include <iterator>

#include "scan/hex.h"

namespace untorn::scan {

Hash128 hash_of_call(std::string_view text) {
  constexpr std::string_view layout = " \t\r\n\f\v\\";
  std::string dense;
  dense.reserve(text.size());
  std::copy_if(text.begin(), text.end(), std::back_inserter(dense),
               [&](char byte) { return layout.find(byte) == std::string_view::npos; });
  return hash128(dense);
}

std::string fingerprint(const FingerprintParts& parts) {
  Hash128 hash = hash128(parts.code);
  hash = hash128(parts.path, hash);
  hash = hash128(parts.function, hash);
  hash = combine(hash, parts.call);
  return to_hex(combine(hash, parts.ordinal));
}

}  // namespace untorn::scan
