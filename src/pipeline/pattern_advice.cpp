// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pattern_advice.h"

#include <algorithm>
#include <map>
#include <utility>

namespace untorn::pipeline {
namespace {

using Kind = Recommendation::Kind;

// From which share of failures on a tool is advised against, and how alike errors must be.
constexpr double failure_confidence_min = 0.5;
constexpr double similarity_min = 0.5;

std::uint64_t count_of(std::int64_t number) {
  return number < 0 ? 0 : static_cast<std::uint64_t>(number);
}

double confidence_of(std::int64_t part, std::int64_t whole) {
  return PatternStore::confidence(count_of(part), count_of(whole));
}

bool is_in(std::string_view phase, const StoredTool& tool) {
  return phase.empty() || tool.phase == phase;
}

std::string of_uses(std::int64_t part, const StoredTool& tool) {
  return std::to_string(part) + " of " + std::to_string(tool.uses) +
         (tool.uses == 1 ? " use in " : " uses in ") + tool.phase;
}

double score(double confidence, double similarity) {
  return confidence * (1 + similarity) / 2;
}

std::map<std::string, std::int64_t> uses_by_tool(const PatternData& data) {
  std::map<std::string, std::int64_t> uses;
  for (const StoredTool& tool : data.tools) uses[tool.tool] += tool.uses;
  return uses;
}

struct Likeness {
  double similarity = 0;
  std::string task;
};
Likeness most_alike(const StoredTool& tool, const std::string& task) {
  Likeness best;
  if (task.empty()) return best;
  for (const std::string& known : tool.tasks) {
    const double similarity = PatternStore::similarity(known, task);
    if (similarity > best.similarity) best = {.similarity = similarity, .task = known};
  }
  return best;
}

// Collects recommendations; of two about the same thing the better one stays.
class Advice {
 public:
  Advice(const PatternData& data, const PatternContext& context) : data_(data), context_(context) {}

  std::vector<Recommendation> give() {
    for (const StoredTool& tool : data_.tools) {
      if (is_in(context_.phase, tool)) judge(tool);
    }
    if (!context_.error.empty()) {
      for (const StoredFailure& failure : data_.failures) look_for_help(failure);
    }
    if (!context_.phase.empty()) follow_phase();
    return take_best();
  }

 private:
  void judge(const StoredTool& tool) {
    const Likeness alike = most_alike(tool, context_.task);
    std::string like = alike.task.empty() ? "" : "; like \"" + alike.task + "\"";
    add({.kind = Kind::use_tool,
         .subject = tool.tool,
         .confidence = confidence_of(tool.successes, tool.uses),
         .similarity = alike.similarity,
         .reason = "succeeded in " + of_uses(tool.successes, tool) + like});
    const std::int64_t failures = tool.uses - tool.successes;
    const double fails = confidence_of(failures, tool.uses);
    if (fails < failure_confidence_min) return;
    add({.kind = Kind::avoid_tool,
         .subject = tool.tool,
         .confidence = fails,
         .similarity = 0,
         .reason = "failed in " + of_uses(failures, tool)});
  }

  void look_for_help(const StoredFailure& failure) {
    const std::string signature = PatternStore::signature(context_.error);
    const bool is_same = signature == failure.signature;
    const double similarity = is_same ? 1 : PatternStore::similarity(signature, failure.signature);
    if (similarity < similarity_min) return;
    for (const auto& [tool, times] : failure.helped) {
      add({.kind = Kind::try_tool,
           .subject = tool,
           .confidence = confidence_of(times, failure.count),
           .similarity = similarity,
           .reason = "helped " + std::to_string(times) + (times == 1 ? " time" : " times") +
                     " after \"" + failure.signature + "\""});
    }
  }

  void follow_phase() {
    std::int64_t all = 0;
    for (const StoredTransition& each : data_.transitions) {
      if (each.from == context_.phase) all += each.count;
    }
    for (const StoredTransition& each : data_.transitions) {
      if (each.from != context_.phase) continue;
      add({.kind = Kind::next_phase,
           .subject = each.to,
           .confidence = confidence_of(each.count, all),
           .similarity = 0,
           .reason = "followed " + context_.phase + " " + std::to_string(each.count) + " of " +
                     std::to_string(all) + " times"});
    }
  }

  void add(Recommendation recommendation) {
    recommendation.score = score(recommendation.confidence, recommendation.similarity);
    if (recommendation.score <= 0) return;
    const auto key = std::pair(recommendation.kind, recommendation.subject);
    const auto [place, is_new] = best_.try_emplace(key, recommendation);
    if (!is_new && place->second.score < recommendation.score) {
      place->second = std::move(recommendation);
    }
  }

  std::vector<Recommendation> take_best() {
    std::vector<Recommendation> list;
    list.reserve(best_.size());
    for (auto& [key, recommendation] : best_) list.push_back(std::move(recommendation));
    std::ranges::stable_sort(list, std::ranges::greater(), &Recommendation::score);
    if (list.size() > context_.limit) list.resize(context_.limit);
    return list;
  }

  const PatternData& data_;
  const PatternContext& context_;
  std::map<std::pair<Kind, std::string>, Recommendation> best_;
};

void add_total(std::map<std::string, PatternTotal>& totals, const std::string& name,
               const StoredTool& tool) {
  PatternTotal& total = totals[name];
  total.name = name;
  total.uses += count_of(tool.uses);
  total.successes += count_of(tool.successes);
  total.duration_s += tool.duration_s;
}

std::vector<PatternTotal> most_used_first(const std::map<std::string, PatternTotal>& totals) {
  std::vector<PatternTotal> list;
  for (const auto& [name, total] : totals) list.push_back(total);
  std::ranges::stable_sort(list, std::ranges::greater(), &PatternTotal::uses);
  return list;
}

}  // namespace

std::vector<ToolPattern> tool_patterns_of(const PatternData& data, std::string_view phase) {
  std::vector<ToolPattern> list;
  for (const StoredTool& tool : data.tools) {
    if (!is_in(phase, tool)) continue;
    list.push_back(
        {.phase = tool.phase,
         .tool = tool.tool,
         .uses = count_of(tool.uses),
         .successes = count_of(tool.successes),
         .duration_s = tool.uses > 0 ? tool.duration_s / static_cast<double>(tool.uses) : 0,
         .confidence = confidence_of(tool.successes, tool.uses),
         .last_used = tool.last_used});
  }
  std::ranges::stable_sort(list, std::ranges::greater(), &ToolPattern::confidence);
  return list;
}

std::vector<FailurePattern> failure_patterns_of(const PatternData& data) {
  const auto uses = uses_by_tool(data);
  std::vector<FailurePattern> list;
  for (const StoredFailure& failure : data.failures) {
    const auto used = uses.find(failure.tool);
    FailurePattern pattern = {.tool = failure.tool,
                              .phase = failure.phase,
                              .signature = failure.signature,
                              .example = failure.example,
                              .count = count_of(failure.count),
                              .confidence = confidence_of(
                                  failure.count, used == uses.end() ? failure.count : used->second),
                              .helped = {},
                              .last_seen = failure.last_seen};
    for (const auto& [tool, times] : failure.helped) {
      pattern.helped.emplace_back(tool, count_of(times));
    }
    std::ranges::stable_sort(pattern.helped, std::ranges::greater(),
                             &std::pair<std::string, std::uint64_t>::second);
    list.push_back(std::move(pattern));
  }
  std::ranges::stable_sort(list, std::ranges::greater(), &FailurePattern::count);
  return list;
}

std::vector<SuccessPattern> success_patterns_of(const PatternData& data, std::string_view phase) {
  std::vector<SuccessPattern> list;
  for (const StoredTool& tool : data.tools) {
    if (tool.successes <= 0 || !is_in(phase, tool)) continue;
    list.push_back({.phase = tool.phase,
                    .tool = tool.tool,
                    .count = count_of(tool.successes),
                    .confidence = confidence_of(tool.successes, tool.uses),
                    .tasks = tool.tasks});
  }
  std::ranges::stable_sort(list, std::ranges::greater(), &SuccessPattern::count);
  return list;
}

std::vector<PhasePattern> phase_patterns_of(const PatternData& data) {
  std::map<std::string, std::int64_t> leaving;
  for (const StoredTransition& each : data.transitions) leaving[each.from] += each.count;
  std::vector<PhasePattern> list;
  for (const StoredTransition& each : data.transitions) {
    list.push_back({.from = each.from,
                    .to = each.to,
                    .count = count_of(each.count),
                    .successes = count_of(each.successes),
                    .confidence = confidence_of(each.count, leaving[each.from])});
  }
  std::ranges::stable_sort(list, std::ranges::greater(), &PhasePattern::count);
  return list;
}

std::vector<Recommendation> recommendations_of(const PatternData& data,
                                               const PatternContext& context) {
  return Advice(data, context).give();
}

PatternStatistics statistics_of(const PatternData& data) {
  PatternStatistics result;
  result.executions = count_of(data.executions);
  result.successes = count_of(data.successes);
  result.failures = result.executions - result.successes;
  if (result.executions > 0) {
    result.success_rate =
        static_cast<double>(result.successes) / static_cast<double>(result.executions);
  }
  result.duration_s = data.duration_s;
  std::map<std::string, PatternTotal> tools;
  std::map<std::string, PatternTotal> phases;
  for (const StoredTool& tool : data.tools) {
    add_total(tools, tool.tool, tool);
    add_total(phases, tool.phase, tool);
  }
  result.tools = most_used_first(tools);
  result.phases = most_used_first(phases);
  result.tool_patterns = data.tools.size();
  result.failure_patterns = data.failures.size();
  result.phase_patterns = data.transitions.size();
  result.remembered = data.remembered();
  return result;
}

}  // namespace untorn::pipeline
