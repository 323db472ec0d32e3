// SPDX-License-Identifier: Apache-2.0
#include "prove/fault/fault_plan.h"

#include <algorithm>
#include <tuple>

namespace untorn::prove {

namespace {

constexpr std::size_t first_occurrences = 12;
constexpr std::size_t last_occurrences = 4;

bool applies(const FaultKind& kind, const SiteCall& call) {
  return kind.shortening == Shortening::none || shortened(kind.shortening, call.bytes).has_value();
}

// The occurrences of a site that concern a judged path, counted from 1.
std::vector<std::uint64_t> selected_occurrences(const SurveyedSite& site) {
  std::vector<std::uint64_t> occurrences;
  for (std::size_t i = 0; i < site.calls.size(); ++i) {
    if (site.calls[i].selected) occurrences.push_back(i + 1);
  }
  return occurrences;
}

}  // namespace

// P1 to P3.
FaultPlan plan_faults(const std::vector<SurveyedSite>& sites) {
  struct Planned {
    std::size_t round = 0;
    bool stays = false;
    std::size_t site = 0;
    Fault fault;
  };
  std::vector<SurveyedSite> ordered = sites;
  std::ranges::stable_sort(ordered, {}, &SurveyedSite::operations);
  FaultPlan plan;
  std::vector<Planned> all;
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    const auto occurrences = selected_occurrences(ordered[i]);
    for (std::size_t round = 0; round < occurrences.size(); ++round) {
      const bool tried =
          round < first_occurrences || round + last_occurrences >= occurrences.size();
      const std::uint64_t occurrence = occurrences[round];
      for (const FaultKind& kind : kinds_of(ordered[i].call)) {
        if (!applies(kind, ordered[i].calls[occurrence - 1])) continue;
        ++plan.total;
        if (tried)
          all.push_back(
              {round, kind.stays, i, {ordered[i].site, ordered[i].call, occurrence, kind}});
      }
    }
    // Of a very long loop only the first calls are known; the others would have met as many.
    const std::uint64_t unseen = ordered[i].occurrences - ordered[i].calls.size();
    if (!occurrences.empty()) plan.total += unseen * kinds_of(ordered[i].call).size();
  }
  std::ranges::stable_sort(all, {}, [](const Planned& planned) {
    return std::tuple(planned.round, planned.stays, planned.site);
  });
  for (const Planned& planned : all) plan.faults.push_back(planned.fault);
  return plan;
}

}  // namespace untorn::prove
