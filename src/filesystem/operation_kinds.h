// SPDX-License-Identifier: Apache-2.0
//
// What those who read an operation log ask of a kind most often.
#pragma once
#include "filesystem/operation_log.h"

namespace untorn {

[[nodiscard]] constexpr bool changes_names(OperationKind kind) noexcept {
  switch (kind) {
    case OperationKind::create:
    case OperationKind::make_directory:
    case OperationKind::make_symlink:
    case OperationKind::make_special:
    case OperationKind::link:
    case OperationKind::unlink:
    case OperationKind::remove_directory:
    case OperationKind::rename:
    case OperationKind::exchange:
      return true;
    default:
      return false;
  }
}

[[nodiscard]] constexpr bool changes_content(OperationKind kind) noexcept {
  return kind == OperationKind::write || kind == OperationKind::truncate;
}

// Neither one that failed, nor one of a range: what that promises depends on the file system.
[[nodiscard]] constexpr bool is_sync(OperationKind kind) noexcept {
  return kind == OperationKind::sync_file || kind == OperationKind::sync_data ||
         kind == OperationKind::sync_directory || kind == OperationKind::sync_all;
}

}  // namespace untorn
