// SPDX-License-Identifier: Apache-2.0
//
// Text that the reader refused: was it torn, or is it in a form that we do not read?
#pragma once
#include <string>
#include <string_view>

#include "document/json_reader.h"
#include "untorn/error.h"

namespace untorn::document {

struct Verdict {
  bool damaged = false;  // else unsupported
  std::string reason;    // "it ends in the middle of a value (line 3, column 7: …)"
};

// By the rules J1 to J5 of untorn/json.h.
[[nodiscard]] Verdict judge(std::string_view text, const JsonFault& fault);

}  // namespace untorn::document
