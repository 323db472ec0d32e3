// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pattern_data.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/hash.h"
#include "base/try.h"
#include "pipeline/clock.h"
#include "pipeline/fields.h"
#include "pipeline/pattern_fields.h"
#include "pipeline/pattern_text.h"

namespace untorn::pipeline {
namespace {

constexpr std::size_t open_failures_max = 200;

std::string hash_text(std::string_view operation_id) {
  constexpr std::string_view digits = "0123456789abcdef";
  const std::uint64_t hash = hash128(operation_id).first;
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += digits[(hash >> shift) & 0xFU];
  return text;
}

bool holds(const StoredIds& block, std::string_view id) {
  const std::string_view ids = block.ids;
  for (std::size_t at = 0; at + StoredIds::id_digits <= ids.size(); at += StoredIds::id_digits) {
    if (ids.substr(at, StoredIds::id_digits) == id) return true;
  }
  return false;
}

// The least frequent goes, and of those the one that was not seen for longest; never the last one,
// which has just come.
template <class T, class Count, class Seen>
void make_room(std::vector<T>& patterns, Count count, Seen seen) {
  if (patterns.size() <= PatternStore::patterns_max) return;
  const auto least =
      std::min_element(patterns.begin(), patterns.end() - 1, [&](const T& a, const T& b) {
        return std::invoke(count, a) != std::invoke(count, b)
                   ? std::invoke(count, a) < std::invoke(count, b)
                   : std::invoke(seen, a) < std::invoke(seen, b);
      });
  patterns.erase(least);
}

template <class T, class Matches>
T& find_or_add(std::vector<T>& patterns, const Matches& matches) {
  const auto found = std::ranges::find_if(patterns, matches);
  return found == patterns.end() ? patterns.emplace_back() : *found;
}

void remember_task(StoredTool& tool, const std::string& task) {
  if (task.empty()) return;
  std::erase(tool.tasks, task);
  tool.tasks.insert(tool.tasks.begin(), task);
  if (tool.tasks.size() > pattern_examples_max) tool.tasks.resize(pattern_examples_max);
}

void record_tool(PatternData& data, const Execution& execution, const std::string& task) {
  StoredTool& tool = find_or_add(data.tools, [&](const StoredTool& each) {
    return each.tool == execution.tool && each.phase == execution.phase;
  });
  tool.phase = execution.phase;
  tool.tool = execution.tool;
  ++tool.uses;
  tool.duration_s += execution.duration_s;
  tool.last_used = data.updated;
  if (execution.success) {
    ++tool.successes;
    remember_task(tool, task);
  }
  make_room(data.tools, &StoredTool::uses, &StoredTool::last_used);
}

StoredFailure* find_failure(PatternData& data, const std::string& tool,
                            const std::string& signature) {
  const auto found = std::ranges::find_if(data.failures, [&](const StoredFailure& each) {
    return each.tool == tool && each.signature == signature;
  });
  return found == data.failures.end() ? nullptr : &*found;
}

void record_failure(PatternData& data, const Execution& execution, const std::string& task) {
  const std::string signature = PatternStore::signature(execution.error);
  StoredFailure* failure = find_failure(data, execution.tool, signature);
  if (failure == nullptr) failure = &data.failures.emplace_back();
  failure->tool = execution.tool;
  failure->phase = execution.phase;
  failure->signature = signature;
  failure->example = beginning(execution.error, pattern_text_bytes_max);
  ++failure->count;
  failure->last_seen = data.updated;
  make_room(data.failures, &StoredFailure::count, &StoredFailure::last_seen);
  if (task.empty()) return;
  std::erase_if(data.open_failures, [&task](const StoredOpen& open) { return open.task == task; });
  data.open_failures.push_back(
      {.task = task, .tool = execution.tool, .signature = signature, .source = {}});
  if (data.open_failures.size() > open_failures_max) {
    data.open_failures.erase(data.open_failures.begin());
  }
}

// The same task went wrong before: what helped?
void record_help(PatternData& data, const Execution& execution, const std::string& task) {
  const auto open = std::ranges::find(data.open_failures, task, &StoredOpen::task);
  if (task.empty() || open == data.open_failures.end()) return;
  if (StoredFailure* failure = find_failure(data, open->tool, open->signature)) {
    ++failure->helped[execution.tool];
  }
  data.open_failures.erase(open);
}

void record_phase(PatternData& data, const Execution& execution) {
  if (!data.last_phase.empty() && data.last_phase != execution.phase) {
    StoredTransition& transition = find_or_add(data.transitions, [&](const StoredTransition& each) {
      return each.from == data.last_phase && each.to == execution.phase;
    });
    transition.from = data.last_phase;
    transition.to = execution.phase;
    ++transition.count;
    transition.successes += execution.success ? 1 : 0;
    transition.last_seen = data.updated;
    make_room(data.transitions, &StoredTransition::count, &StoredTransition::last_seen);
  }
  data.last_phase = execution.phase;
}

void remember(PatternData& data, std::string_view operation_id, std::int64_t happened_ns) {
  if (data.operations.empty() || data.operations.back().count() >= StoredIds::count_max) {
    data.operations.emplace_back();
  }
  StoredIds& block = data.operations.back();
  block.ids += hash_text(operation_id);
  block.latest_ns = std::max(block.latest_ns, happened_ns);
  const StoredIds& oldest = data.operations.front();
  if (data.remembered() < PatternStore::remembered_max + oldest.count()) return;
  data.forgotten_until_ns = std::max(data.forgotten_until_ns, oldest.latest_ns);
  data.operations.erase(data.operations.begin());
}

std::unexpected<Error> refused(const std::string& path, std::string why) {
  return std::unexpected(
      Error(Code::invalid_argument, Step::inspect, Outcome::not_applied, 0, path, std::move(why)));
}

// What the reader cannot know: counts that are none, ids that were cut.
std::string problem_of(const PatternData& data) {
  const auto is_count = [](std::int64_t part, std::int64_t whole) {
    return part >= 0 && part <= whole;
  };
  if (!is_count(data.successes, data.executions)) return "successes: not within executions";
  for (const StoredTool& tool : data.tools) {
    if (!is_count(tool.successes, tool.uses)) return "tools: successes are not within uses";
  }
  for (const StoredFailure& failure : data.failures) {
    if (failure.count < 0) return "failures: a count is negative";
  }
  for (const StoredTransition& transition : data.transitions) {
    if (!is_count(transition.successes, transition.count)) {
      return "transitions: successes are not within their count";
    }
  }
  for (const StoredIds& block : data.operations) {
    if (block.ids.size() % StoredIds::id_digits != 0) return "operations: ids of 16 digits wanted";
  }
  return {};
}

}  // namespace

Result<PatternData> PatternData::from_json(const JsonValue& value, const std::string& path) {
  // What an older program wrote has no format; its members stay beside ours.
  if (value.find(document::format_member_name) != nullptr) {
    UNTORN_CHECK(document::check_format(value, pattern_format, path));
  }
  PatternData data;
  FieldReader reader;
  reader.read(value, data);
  if (!reader.problem().empty()) return refused(path, reader.problem());
  if (std::string problem = problem_of(data); !problem.empty()) {
    return refused(path, std::move(problem));
  }
  return data;
}

JsonValue PatternData::to_json() const {
  JsonValue json = write_struct(*this);
  if (json.find(document::format_member_name) == nullptr) {
    json.set(document::format_member_name, untorn);
  }
  // A file that begins with it tells what it is in its first bytes.
  std::vector<JsonMember>& members = json.edit_members();
  const auto format = std::ranges::find_if(members, [](const JsonMember& member) {
    return member.is_named(document::format_member_name);
  });
  std::rotate(members.begin(), format, format + 1);
  return json;
}

bool PatternData::remembers(std::string_view operation_id) const {
  const std::string id = hash_text(operation_id);
  return std::ranges::any_of(operations,
                             [&id](const StoredIds& block) { return holds(block, id); });
}

std::size_t PatternData::remembered() const noexcept {
  return std::accumulate(
      operations.begin(), operations.end(), std::size_t{0},
      [](std::size_t sum, const StoredIds& block) { return sum + block.count(); });
}

void PatternData::record(std::string_view operation_id, const Execution& execution,
                         std::int64_t happened_ns) {
  updated = now_text();
  const std::string task = beginning(execution.task, pattern_text_bytes_max);
  ++executions;
  successes += execution.success ? 1 : 0;
  duration_s += execution.duration_s;
  record_tool(*this, execution, task);
  if (execution.success) {
    record_help(*this, execution, task);
  } else {
    record_failure(*this, execution, task);
  }
  record_phase(*this, execution);
  remember(*this, operation_id, happened_ns);
}

}  // namespace untorn::pipeline
