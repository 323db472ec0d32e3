// SPDX-License-Identifier: Apache-2.0
#include "c_api/values.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/refusal.h"
#include "c_api/boundary.h"

namespace untorn::c_api {
namespace {

// What the first header had: nothing shorter was ever compiled.
constexpr std::size_t first_info_bytes =
    offsetof(untorn_info, metadata_lost) + sizeof(untorn_info::metadata_lost);
constexpr std::size_t first_entry_bytes = offsetof(untorn_entry, why) + sizeof(const char*);

// Returns whether all of it had place. There is always a NUL behind it.
bool copy_text(std::string_view text, std::span<char> into) {
  const std::size_t length = std::min(text.size(), into.size() - 1);
  std::copy_n(text.begin(), length, into.begin());
  into[length] = '\0';
  return length == text.size();
}

void set_why_lower(untorn_info& info, std::string_view why) {
  if (!copy_text(why, info.why_lower)) info.flags |= UNTORN_WHY_LOWER_CUT;
}

void set_metadata_lost(untorn_info& info, const std::vector<std::string>& names) {
  std::string lines;
  for (const std::string& name : names) {
    if (lines.size() + name.size() + 1 < sizeof(info.metadata_lost)) {
      lines += name + "\n";
    } else {
      info.flags |= UNTORN_METADATA_LOST_CUT;
    }
  }
  (void)copy_text(lines, info.metadata_lost);
}

void set_flag(untorn_info& info, bool condition, untorn_flag flag) {
  if (condition) info.flags |= static_cast<std::uint32_t>(flag);
}

template <class T>
void hand_over_bytes(const T& from, T* into) {
  if (into == nullptr) return;
  const std::size_t size = into->size;
  auto* const bytes = reinterpret_cast<std::byte*>(into);
  const auto* const source = reinterpret_cast<const std::byte*>(&from);
  std::copy_n(source, std::min(size, sizeof(T)), bytes);
  if (size > sizeof(T)) std::fill_n(bytes + sizeof(T), size - sizeof(T), std::byte{0});
  into->size = size;
}

}  // namespace

Result<void> fits(const untorn_info* info) {
  return expected(info == nullptr || info->size >= first_info_bytes,
                  "info->size is not sizeof(untorn_info)");
}

Result<void> fits(const untorn_entry* entry) {
  return expected(entry != nullptr && entry->size >= first_entry_bytes,
                  "entry is NULL, or entry->size is not sizeof(untorn_entry)");
}

untorn_info info_of(const Receipt& receipt) {
  untorn_info info = {};
  info.outcome = static_cast<std::int32_t>(receipt.outcome);
  info.requested = static_cast<std::int32_t>(receipt.requested);
  info.achieved = static_cast<std::int32_t>(receipt.achieved);
  info.protocol = static_cast<std::int32_t>(receipt.protocol);
  info.syncs = receipt.syncs;
  info.commits = receipt.commits;
  info.retries = receipt.retries;
  info.bytes = receipt.bytes;
  info.count = 1;
  set_flag(info, receipt.existed, UNTORN_EXISTED);
  set_flag(info, receipt.unchanged, UNTORN_UNCHANGED);
  set_flag(info, receipt.hard_links_split, UNTORN_HARD_LINKS_SPLIT);
  if (!copy_text(receipt.etag, info.etag)) info.etag[0] = '\0';
  set_why_lower(info, receipt.why_lower);
  set_metadata_lost(info, receipt.metadata_lost);
  return info;
}

untorn_info info_of(const BatchReceipt& receipt) {
  untorn_info info = {};
  info.outcome = receipt.failed == 0 ? UNTORN_APPLIED : UNTORN_OUTCOME_UNKNOWN;
  info.requested = static_cast<std::int32_t>(receipt.requested);
  info.achieved = static_cast<std::int32_t>(receipt.achieved);
  info.protocol = static_cast<std::int32_t>(receipt.protocol);
  info.syncs = receipt.syncs;
  info.commits = receipt.commits;
  info.bytes = receipt.bytes;
  info.count = receipt.files.size();
  info.failed = receipt.failed;
  return info;
}

untorn_info info_of(const TransactionReceipt& receipt) {
  untorn_info info = {};
  info.outcome = UNTORN_APPLIED;
  info.requested = UNTORN_DURABLE;
  info.achieved = static_cast<std::int32_t>(receipt.achieved);
  info.syncs = receipt.syncs;
  info.bytes = receipt.bytes;
  info.count = receipt.operations;
  set_why_lower(info, receipt.why_lower);
  set_metadata_lost(info, receipt.metadata_lost);
  return info;
}

untorn_info info_of(const AppendReceipt& receipt) {
  untorn_info info = {};
  info.outcome = UNTORN_APPLIED;
  info.achieved = static_cast<std::int32_t>(receipt.achieved);
  info.syncs = receipt.syncs;
  info.bytes = receipt.bytes;
  info.count = receipt.lines;
  set_flag(info, receipt.synced, UNTORN_SYNCED);
  set_flag(info, receipt.rotated, UNTORN_ROTATED);
  set_why_lower(info, receipt.why_lower);
  return info;
}

untorn_entry entry_of(const untorn_report::Entry& entry) {
  untorn_entry shown = {};
  shown.finding = entry.finding;
  shown.bytes = entry.bytes;
  shown.path = entry.path.c_str();
  shown.why = entry.why.c_str();
  return shown;
}

void hand_over(const untorn_info& from, untorn_info* into) {
  hand_over_bytes(from, into);
}

void hand_over(const untorn_entry& from, untorn_entry* into) {
  hand_over_bytes(from, into);
}

Result<void> may_hold_etag(const char* into, std::size_t size) {
  return expected(into != nullptr && size >= UNTORN_ETAG_SIZE,
                  "the buffer for the etag is NULL or smaller than UNTORN_ETAG_SIZE");
}

Result<void> hand_over(std::string_view etag, char* into, std::size_t size) {
  if (copy_text(etag, {into, size})) return {};
  into[0] = '\0';
  return refused(Code::internal, {}, "the etag is longer than UNTORN_ETAG_SIZE");
}

}  // namespace untorn::c_api
