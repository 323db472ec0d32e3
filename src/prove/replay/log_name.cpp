// SPDX-License-Identifier: Apache-2.0
#include "prove/replay/log_name.h"

#include <fmt/format.h>

#include "base/hash.h"

namespace untorn::prove {

std::string log_name(const OperationLog& log) {
  Hash128 hash;
  const auto number = [&](std::uint64_t value) { hash = combine(hash, value); };
  const auto bytes = [&](std::span<const std::byte> view) {
    number(view.size());
    hash = combine(hash, hash128(view));
  };
  const auto text = [&](std::string_view view) {
    bytes(std::as_bytes(std::span(view.data(), view.size())));
  };
  number(log.inodes.size());
  for (const Inode& inode : log.inodes) {
    number(static_cast<std::uint64_t>(inode.type));
    number(inode.mode);
    number(inode.initial ? 1 : 0);
    bytes(inode.content.view());
  }
  number(log.names.size());
  for (const InitialName& name : log.names) {
    number(name.directory);
    text(name.name);
    number(name.inode);
  }
  number(log.operations.size());
  for (const Operation& operation : log.operations) {
    number(static_cast<std::uint64_t>(operation.kind));
    number(operation.inode);
    number(operation.directory);
    number(operation.target_directory);
    number(operation.replaced);
    text(operation.name);
    text(operation.target_name);
    number(operation.offset);
    number(operation.size);
    bytes(operation.payload.view());
    number(operation.call);
    number(operation.entered);
  }
  return fmt::format("{:016x}", hash.first);
}

}  // namespace untorn::prove
