// SPDX-License-Identifier: Apache-2.0
#include "watch/in_place_writes.h"

#include <algorithm>

namespace untorn::watch {
namespace {

constexpr std::chrono::seconds pause{1};

}  // namespace

bool InPlaceWrites::changed(const std::string& path, Instant now, std::int64_t now_ns) {
  const auto [open, inserted] = open_.try_emplace(path, now);
  const bool begins = inserted || now - open->second > pause;
  open->second = now;
  const auto known = std::ranges::find(listed_, path, &InPlaceWrite::path);
  InPlaceWrite write = {.path = path, .writer = {}, .first_ns = now_ns};
  if (known != listed_.end()) {
    write = std::move(*known);
    listed_.erase(known);
  } else if (listed_.size() >= listed_max) {
    listed_.erase(listed_.begin());
  }
  write.last_ns = now_ns;
  if (begins) {
    ++write.times;
    ++count_;
    const auto writer = writers_.find(path);
    const bool recent = writer != writers_.end() && now - writer->second.at <= pause;
    write.writer = recent ? writer->second.words : "";
  }
  listed_.push_back(std::move(write));
  return begins;
}

void InPlaceWrites::name_writer(const std::string& path, const std::string& writer, Instant now) {
  writers_[path] = {.words = writer, .at = now};
  const auto known = std::ranges::find(listed_, path, &InPlaceWrite::path);
  if (known != listed_.end() && known->writer.empty()) known->writer = writer;
}

void InPlaceWrites::forget(Instant now) {
  std::erase_if(open_, [now](const auto& each) { return now - each.second > pause; });
  std::erase_if(writers_, [now](const auto& each) { return now - each.second.at > pause; });
}

std::vector<InPlaceWrite> InPlaceWrites::list() const {
  return {listed_.rbegin(), listed_.rend()};
}

}  // namespace untorn::watch
