// SPDX-License-Identifier: Apache-2.0
#include "prove/repair/virtual_syncs.h"

#include <algorithm>
#include <utility>

namespace untorn::prove {

std::size_t end_of_call(const OperationLog& log, std::size_t index) noexcept {
  const std::uint32_t call = log.operations[index].call;
  std::size_t end = index + 1;
  for (std::size_t i = end; call != no_index && i < log.operations.size(); ++i) {
    if (log.operations[i].call == call) end = i + 1;
    if (log.operations[i].call != call && log.operations[i].call != no_index) break;
  }
  return end;
}

std::uint32_t free_call(const OperationLog& log) noexcept {
  std::uint32_t call = 0;
  for (const Operation& operation : log.operations) {
    if (operation.call != no_index) call = std::max(call, operation.call + 1);
  }
  return call;
}

EditedLog insert_syncs(const OperationLog& log, std::vector<VirtualSync> syncs) {
  std::sort(syncs.begin(), syncs.end());
  EditedLog edited;
  edited.log.inodes = log.inodes;
  edited.log.names = log.names;
  edited.log.operations.reserve(log.operations.size() + syncs.size());
  std::uint32_t call = free_call(log);
  std::vector<std::uint32_t> moved(log.operations.size() + 1);  // by index in the old log
  auto next = syncs.begin();
  const auto put_syncs = [&](std::size_t index) {
    for (; next != syncs.end() && next->before <= index; ++next) {
      Operation sync;
      sync.kind = next->directory ? OperationKind::sync_directory : OperationKind::sync_file;
      sync.inode = next->inode;
      sync.call = call++;
      sync.call_name = "fsync";
      edited.log.operations.push_back(std::move(sync));
      edited.origin.push_back(index == 0 ? 0 : index - 1);
    }
  };
  for (std::size_t i = 0; i < log.operations.size(); ++i) {
    put_syncs(i);
    moved[i] = static_cast<std::uint32_t>(edited.log.operations.size());
    edited.log.operations.push_back(log.operations[i]);
    edited.origin.push_back(i);
    std::uint32_t& entered = edited.log.operations.back().entered;
    if (entered != no_index) entered = moved[entered];
  }
  put_syncs(log.operations.size());
  return edited;
}

}  // namespace untorn::prove
