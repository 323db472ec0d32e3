// SPDX-License-Identifier: Apache-2.0
#include "watch/picture.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <ctime>

namespace untorn::watch {
namespace {

// Kinds that say: the bytes of this file are not what its writer wrote.
constexpr std::array corrupted = {health::Kind::corrupt_document, health::Kind::torn_log,
                                  health::Kind::torn_journal, health::Kind::registry_mismatch};

}  // namespace

bool is_open(const health::Problem& problem) noexcept {
  return problem.severity >= health::Severity::warning && !problem.repaired;
}

ProblemCounts count_problems(const Picture& picture) {
  ProblemCounts counts = {};
  for (const health::Problem& problem : picture.problems) {
    const auto* const kind = std::ranges::find(health::all_kinds, problem.kind);
    if (is_open(problem) && kind != health::all_kinds.end()) {
      ++counts[static_cast<std::size_t>(kind - health::all_kinds.begin())];
    }
  }
  return counts;
}

std::uint64_t count_corrupted(const Picture& picture) {
  const auto count = std::ranges::count_if(picture.problems, [](const health::Problem& problem) {
    return is_open(problem) && std::ranges::find(corrupted, problem.kind) != corrupted.end();
  });
  return static_cast<std::uint64_t>(count);
}

Stale count_stale(const Picture& picture) {
  Stale stale;
  for (const health::Problem& problem : picture.problems) {
    if (problem.kind != health::Kind::stale_temporary || !is_open(problem)) continue;
    ++stale.files;
    if (problem.temporary) stale.size_bytes += problem.temporary->size_bytes;
  }
  return stale;
}

bool is_healthy(const Picture& picture) {
  return picture.look.complete && std::ranges::none_of(picture.problems, is_open);
}

std::string utc_words(std::int64_t at_ns) {
  constexpr std::int64_t nanoseconds_per_second = 1'000'000'000;
  const std::time_t at = at_ns / nanoseconds_per_second;
  std::tm broken_down = {};
  if (gmtime_r(&at, &broken_down) == nullptr) return "";
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", broken_down);
}

}  // namespace untorn::watch
