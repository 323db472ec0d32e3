// SPDX-License-Identifier: Apache-2.0
//
// Faults of the caller inside the library: on in every build, because going on could harm a file.
#pragma once
#include <cstdio>
#include <cstdlib>

namespace untorn {

[[noreturn]] inline void assertion_failed(const char* expression, const char* file, int line) {
  (void)std::fprintf(stderr, "untorn: %s:%d: assertion failed: %s\n", file, line, expression);
  std::abort();
}

}  // namespace untorn

#define UNTORN_ASSERT(expression) \
  ((expression) ? void(0) : ::untorn::assertion_failed(#expression, __FILE__, __LINE__))
