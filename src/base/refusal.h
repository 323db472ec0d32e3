// SPDX-License-Identifier: Apache-2.0
//
// The error of something that is refused before anything was changed and without a system call
// that failed.
#pragma once
#include <expected>
#include <string>
#include <utility>

#include "untorn/error.h"

namespace untorn {

// `detail` completes the sentence of Error::message().
[[nodiscard]] inline Error refusal(Code code, std::string path, std::string detail,
                                   Step step = Step::inspect) {
  return {code, step, Outcome::not_applied, 0, std::move(path), std::move(detail)};
}

// The same, to be returned as a Result.
[[nodiscard]] inline std::unexpected<Error> refused(Code code, std::string path, std::string detail,
                                                    Step step = Step::inspect) {
  return std::unexpected(refusal(code, std::move(path), std::move(detail), step));
}

}  // namespace untorn
