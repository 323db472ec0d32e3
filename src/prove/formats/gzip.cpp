// SPDX-License-Identifier: Apache-2.0
//
// gzip: RFC 1952. Members follow one another; zlib looks at header, checksum and length of each.
#include "prove/formats/inflate.h"
#include "prove/formats/parsers.h"

namespace untorn::prove {

namespace {

std::string at_byte(std::size_t at, std::string_view problem) {
  return "in the member at byte " + std::to_string(at) + ": " + std::string(problem);
}

}  // namespace

std::string problem_with_gzip(std::string_view content) {
  if (content.empty()) return "it is empty";
  Inflater inflater(Inflater::Wrapping::gzip, inflated_bytes_max);
  std::size_t at = 0;
  while (at < content.size()) {
    const std::string_view rest = content.substr(at);
    // Tapes and block devices pad with NUL, and gzip itself reads on.
    if (at > 0 && rest.find_first_not_of('\0') == std::string_view::npos) return {};
    switch (inflater.feed(rest)) {
      case Inflater::Result::ended:
        break;
      case Inflater::Result::wants_more:
        return at_byte(at, "the data ends early");
      case Inflater::Result::damaged:
        return at_byte(at, inflater.problem());
      case Inflater::Result::too_large:
        return std::string(too_large_words);
    }
    at += inflater.consumed();
    inflater.next();
  }
  return {};
}

}  // namespace untorn::prove
