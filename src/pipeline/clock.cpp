// SPDX-License-Identifier: Apache-2.0
#include "pipeline/clock.h"

#include <chrono>
#include <ctime>

namespace untorn::pipeline {
namespace {

std::string formatted(std::chrono::system_clock::time_point at, const char* format) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(at);
  std::tm parts{};
  if (localtime_r(&seconds, &parts) == nullptr) return {};
  std::string text(64, '\0');
  text.resize(std::strftime(text.data(), text.size(), format, &parts));
  return text;
}

}  // namespace

std::string now_text() {
  const auto now = std::chrono::system_clock::now();
  const auto since = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch());
  const std::string micros = std::to_string(since.count() % 1'000'000);
  return formatted(now, "%Y-%m-%dT%H:%M:%S") + "." + std::string(6 - micros.size(), '0') + micros;
}

std::string now_name() {
  return formatted(std::chrono::system_clock::now(), "%Y%m%d_%H%M%S");
}

}  // namespace untorn::pipeline
