// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include "untorn/untorn.h"

uint32_t untorn_abi() noexcept {
  return UNTORN_ABI;
}

const char* untorn_version() noexcept {
  return UNTORN_VERSION;
}

void untorn_free(void* data) noexcept {
  std::free(data);
}
