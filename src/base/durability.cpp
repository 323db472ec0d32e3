// SPDX-License-Identifier: Apache-2.0
#include "untorn/durability.h"

namespace untorn {

std::string_view to_string(Durability durability) noexcept {
  switch (durability) {
    case Durability::process:
      return "process";
    case Durability::ordered:
      return "ordered";
    case Durability::durable:
      return "durable";
  }
  return "unknown";
}

}  // namespace untorn
