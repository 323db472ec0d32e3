// SPDX-License-Identifier: Apache-2.0
#include "filesystem/kind_memory.h"

#include <algorithm>
#include <mutex>

namespace untorn {

KindMemory::Entry* KindMemory::find(const Status& status) noexcept {
  const auto found = std::ranges::find_if(entries_, [&](const Entry& entry) {
    return entry.mount == status.mount && entry.device == status.device;
  });
  return found == entries_.end() ? nullptr : &*found;
}

void KindMemory::remember(const Status& status, Time asked, const FileSystemKind& kind) {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return;
  Entry* entry = find(status);
  // A free entry has the oldest time of all.
  if (entry == nullptr) entry = &*std::ranges::min_element(entries_, {}, &Entry::asked);
  *entry = {.mount = status.mount, .device = status.device, .asked = asked, .kind = kind};
}

FileSystemKind KindMemory::get(const Status& status, const std::function<FileSystemKind()>& ask) {
  if (status.mount == 0) return ask();
  const Time now = now_();
  if (const std::shared_lock lock(mutex_, std::try_to_lock); lock) {
    const Entry* entry = find(status);
    if (entry != nullptr && now - entry->asked < lifetime) return entry->kind;
  }
  FileSystemKind kind = ask();
  // The time before the question: an option that changes meanwhile is not kept longer for it.
  remember(status, now, kind);
  return kind;
}

}  // namespace untorn
