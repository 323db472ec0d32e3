// SPDX-License-Identifier: Apache-2.0
#include "stream.h"

#include <unistd.h>

#include <utility>

namespace untorn::python {

Stream::Stream(std::string path, const ReplaceOptions& options)
    : path_(std::move(path)), options_(options), process_(getpid()) {}

std::unique_lock<std::mutex> Stream::lock() {
  if (getpid() != process_) return {};
  return std::unique_lock(mutex_);
}

Result<void> Stream::open() {
  auto opened = FileReplacer::open(path_, options_);
  if (!opened) return std::unexpected(opened.error());
  replacer_.emplace(std::move(*opened));
  return {};
}

Result<void> Stream::write(std::string_view bytes) {
  const auto held = lock();
  if (discarded_) return {};
  auto written = replacer_->write(bytes);
  if (written) bytes_ += bytes.size();
  return written;
}

Result<Receipt> Stream::commit() {
  const auto held = lock();
  closed_ = true;
  return std::move(*replacer_).commit();
}

void Stream::discard() {
  const auto held = lock();
  discarded_ = true;
  replacer_->discard();
}

void Stream::break_off() {
  const auto held = lock();
  replacer_->discard();
}

bool Stream::closed() {
  const auto held = lock();
  return closed_;
}

std::uint64_t Stream::bytes() {
  const auto held = lock();
  return bytes_;
}

}  // namespace untorn::python
