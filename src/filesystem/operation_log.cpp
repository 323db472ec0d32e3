// SPDX-License-Identifier: Apache-2.0
#include "filesystem/operation_log.h"

#include <utility>

namespace untorn {

Bytes::Bytes(std::vector<std::byte> bytes) {
  if (bytes.empty()) return;
  auto owner = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
  view_ = *owner;
  owner_ = std::move(owner);
}

Bytes::Bytes(std::string_view text) {
  if (text.empty()) return;
  auto owner = std::make_shared<const std::string>(text);
  view_ = std::as_bytes(std::span(owner->data(), owner->size()));
  owner_ = std::move(owner);
}

Bytes::Bytes(std::shared_ptr<const void> owner, std::span<const std::byte> view)
    : owner_(std::move(owner)), view_(view) {}

std::string_view to_string(OperationKind kind) noexcept {
  switch (kind) {
    case OperationKind::create:
      return "create";
    case OperationKind::make_directory:
      return "make_directory";
    case OperationKind::make_symlink:
      return "make_symlink";
    case OperationKind::make_special:
      return "make_special";
    case OperationKind::link:
      return "link";
    case OperationKind::unlink:
      return "unlink";
    case OperationKind::remove_directory:
      return "remove_directory";
    case OperationKind::rename:
      return "rename";
    case OperationKind::exchange:
      return "exchange";
    case OperationKind::write:
      return "write";
    case OperationKind::truncate:
      return "truncate";
    case OperationKind::set_metadata:
      return "set_metadata";
    case OperationKind::sync_file:
      return "sync_file";
    case OperationKind::sync_data:
      return "sync_data";
    case OperationKind::sync_directory:
      return "sync_directory";
    case OperationKind::sync_all:
      return "sync_all";
    case OperationKind::sync_range:
      return "sync_range";
    case OperationKind::sync_failed:
      return "sync_failed";
    case OperationKind::begin_writing:
      return "begin_writing";
    case OperationKind::end_writing:
      return "end_writing";
    case OperationKind::acknowledge:
      return "acknowledge";
    case OperationKind::unmodelled:
      return "unmodelled";
  }
  return "unknown";
}

}  // namespace untorn
