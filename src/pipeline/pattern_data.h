// SPDX-License-Identifier: Apache-2.0
//
// What patterns.json holds, and how an execution changes it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "document/format.h"
#include "untorn/error.h"
#include "untorn/json.h"
#include "untorn/pipeline/pattern_store.h"
#include "untorn/pipeline/pipeline_state.h"

namespace untorn::pipeline {

inline constexpr document::Format pattern_format = {
    .name = "pattern-store", .version = 1, .oldest_reader = 1};
inline constexpr std::size_t pattern_examples_max = 10;
inline constexpr std::size_t pattern_text_bytes_max = 200;

// In each of these, `source` is as in pipeline_state.h.

struct StoredTool {
  std::string phase;
  std::string tool;
  std::int64_t uses = 0;
  std::int64_t successes = 0;
  double duration_s = 0;  // in all
  std::string last_used;
  std::vector<std::string> tasks;  // that succeeded, newest first
  JsonValue source;
};

struct StoredFailure {
  std::string tool;
  std::string phase;
  std::string signature;
  std::string example;
  std::int64_t count = 0;
  std::string last_seen;
  Table<std::int64_t> helped;
  JsonValue source;
};

struct StoredTransition {
  std::string from;
  std::string to;
  std::int64_t count = 0;
  std::int64_t successes = 0;
  std::string last_seen;
  JsonValue source;
};

// A task whose last execution failed.
struct StoredOpen {
  std::string task;
  std::string tool;
  std::string signature;
  JsonValue source;
};

// Operation ids, as the first 64 bits of their hash in 16 digits, one after the other.
struct StoredIds {
  std::int64_t latest_ns = 0;  // when the latest of them happened
  std::string ids;
  JsonValue source;

  static constexpr std::size_t id_digits = 16;
  static constexpr std::size_t count_max = 1000;
  [[nodiscard]] std::size_t count() const noexcept { return ids.size() / id_digits; }
};

struct PatternData {
  JsonValue untorn = document::format_value(pattern_format);
  std::string updated;
  std::int64_t executions = 0;
  std::int64_t successes = 0;
  double duration_s = 0;
  std::string last_phase;
  std::vector<StoredTool> tools;
  std::vector<StoredFailure> failures;
  std::vector<StoredTransition> transitions;
  std::vector<StoredOpen> open_failures;  // oldest first
  std::vector<StoredIds> operations;      // oldest first
  std::int64_t forgotten_until_ns = 0;    // N3
  JsonValue source;

  // N4.
  [[nodiscard]] static Result<PatternData> from_json(const JsonValue& value,
                                                     const std::string& path);
  [[nodiscard]] JsonValue to_json() const;

  [[nodiscard]] bool remembers(std::string_view operation_id) const;
  [[nodiscard]] std::size_t remembered() const noexcept;
  // Counts it. Its texts fit already.
  void record(std::string_view operation_id, const Execution& execution, std::int64_t happened_ns);
};

}  // namespace untorn::pipeline
