// SPDX-License-Identifier: Apache-2.0
//
// The lists of pieces that a caller passes as an array of struct iovec.
#pragma once
#include <sys/uio.h>

#include <cstddef>
#include <span>

#include "base/try.h"
#include "c_api/boundary.h"

namespace untorn::c_api {

// NULL only where there are none.
[[nodiscard]] inline Result<std::span<const iovec>> pieces_of(const iovec* pieces,
                                                              std::size_t count) {
  UNTORN_CHECK(expected(pieces != nullptr || count == 0, "the list of pieces is NULL"));
  return std::span(pieces, count);
}

}  // namespace untorn::c_api
