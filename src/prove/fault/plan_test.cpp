// SPDX-License-Identifier: Apache-2.0
//
// Which faults are tried (K1, K2, P1 to P3), and the records on their way between processes.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>
#include <vector>

#include "prove/fault/fault.h"
#include "prove/fault/fault_plan.h"
#include "prove/fault/kinds.h"
#include "prove/fault/run_record.h"

namespace untorn::prove {
namespace {

constexpr std::array<FaultCall, 13> all_calls = {
    FaultCall::open,    FaultCall::create, FaultCall::write,     FaultCall::transfer,
    FaultCall::sync,    FaultCall::range,  FaultCall::close,     FaultCall::rename,
    FaultCall::link,    FaultCall::unlink, FaultCall::directory, FaultCall::truncate,
    FaultCall::allocate};

SurveyedSite site_of(FaultCall call, std::uint64_t number, std::vector<SiteCall> calls) {
  SurveyedSite site;
  site.site = {number, number};
  site.call = call;
  site.operations = number;
  site.occurrences = calls.size();
  site.calls = std::move(calls);
  return site;
}

TEST(FaultKinds, every_call_can_fail_and_no_way_is_listed_twice) {
  for (const FaultCall call : all_calls) {
    const auto& kinds = kinds_of(call);
    EXPECT_FALSE(kinds.empty());
    const std::set<FaultKind> distinct(kinds.begin(), kinds.end());
    EXPECT_EQ(distinct.size(), kinds.size());
    for (const FaultKind& kind : kinds) {
      EXPECT_TRUE(meets(kind, call));
      EXPECT_NE(kind.error == 0, kind.shortening == Shortening::none);
    }
  }
}

TEST(FaultKinds, an_interruption_comes_only_once) {
  for (const FaultCall call : all_calls) {
    for (const FaultKind& kind : kinds_of(call)) {
      EXPECT_FALSE(kind.error == EINTR && kind.stays);
    }
  }
}

TEST(FaultKinds, full_disks_broken_ones_and_signals_are_there) {
  const auto fails_with = [](FaultCall call, int error) {
    return std::ranges::any_of(kinds_of(call),
                               [&](const FaultKind& kind) { return kind.error == error; });
  };
  for (const FaultCall call :
       {FaultCall::write, FaultCall::sync, FaultCall::close, FaultCall::rename, FaultCall::create,
        FaultCall::directory, FaultCall::allocate}) {
    for (const int error : {ENOSPC, EDQUOT, EIO}) EXPECT_TRUE(fails_with(call, error));
  }
  for (const FaultCall call :
       {FaultCall::open, FaultCall::create, FaultCall::write, FaultCall::sync, FaultCall::close}) {
    EXPECT_TRUE(fails_with(call, EINTR));
  }
  for (const int error : {EMFILE, ENFILE, EROFS}) EXPECT_TRUE(fails_with(FaultCall::open, error));
}

TEST(FaultKinds, names_say_what_happened) {
  EXPECT_EQ(name_of({.error = ENOSPC}, 0), "ENOSPC");
  EXPECT_EQ(name_of({.error = EIO, .stays = true}, 0), "EIO from then on");
  EXPECT_EQ(name_of({.shortening = Shortening::one_byte}, 1), "short write of 1 byte");
  EXPECT_EQ(name_of({.shortening = Shortening::half}, 150), "short write of 150 bytes");
}

TEST(FaultKinds, a_short_write_writes_something_and_less_than_all) {
  for (std::uint64_t bytes = 0; bytes < 10'000; bytes += 13) {
    for (const Shortening how : {Shortening::half, Shortening::one_byte, Shortening::page}) {
      const auto lowered = shortened(how, bytes);
      if (!lowered) continue;
      EXPECT_GT(*lowered, 0U);
      EXPECT_LT(*lowered, bytes);
    }
  }
  EXPECT_EQ(shortened(Shortening::half, 1), std::nullopt);
  EXPECT_EQ(shortened(Shortening::one_byte, 1), std::nullopt);
  EXPECT_EQ(shortened(Shortening::page, 4096), std::nullopt);
  EXPECT_EQ(shortened(Shortening::page, 4097), 4096U);
}

TEST(FaultPlan, total_is_occurrences_times_kinds_that_apply) {
  const FaultPlan plan = plan_faults({site_of(FaultCall::write, 1, {{6000, true}, {1, true}}),
                                      site_of(FaultCall::rename, 2, {{0, true}})});
  // 6000 bytes: all 11 kinds. One byte cannot be shortened: 4 errors once, 3 to stay.
  EXPECT_EQ(plan.total, 11U + 7U + kinds_of(FaultCall::rename).size());
  EXPECT_EQ(plan.faults.size(), plan.total);
}

TEST(FaultPlan, calls_on_paths_that_nobody_judges_are_left_alone) {
  const FaultPlan plan =
      plan_faults({site_of(FaultCall::sync, 1, {{0, false}, {0, true}, {0, false}}),
                   site_of(FaultCall::write, 2, {{10, false}})});
  EXPECT_EQ(plan.total, kinds_of(FaultCall::sync).size());
  for (const Fault& fault : plan.faults) {
    EXPECT_EQ(fault.site, (Hash128{1, 1}));
    EXPECT_EQ(fault.occurrence, 2U);
  }
}

TEST(FaultPlan, every_site_fails_once_before_any_fails_for_the_second_time) {
  const FaultPlan plan =
      plan_faults({site_of(FaultCall::write, 7, std::vector<SiteCall>(3, {100, true})),
                   site_of(FaultCall::sync, 3, std::vector<SiteCall>(3, {0, true}))});
  std::uint64_t round = 1;
  bool stays = false;
  for (const Fault& fault : plan.faults) {
    EXPECT_GE(fault.occurrence, round);
    if (fault.occurrence > round) stays = false;
    EXPECT_TRUE(fault.kind.stays || !stays) << "once comes before from then on";
    round = fault.occurrence;
    stays = fault.kind.stays;
  }
  EXPECT_EQ(plan.faults.front().site, (Hash128{3, 3})) << "in the order of the run";
}

TEST(FaultPlan, of_a_long_loop_the_ends_are_tried_and_the_total_is_honest) {
  const std::size_t kinds = kinds_of(FaultCall::sync).size();
  SurveyedSite loop = site_of(FaultCall::sync, 1, std::vector<SiteCall>(100, {0, true}));
  loop.occurrences = 1000;
  const FaultPlan plan = plan_faults({loop});
  EXPECT_EQ(plan.total, 1000 * kinds);
  EXPECT_EQ(plan.faults.size(), 16 * kinds);
  std::set<std::uint64_t> tried;
  for (const Fault& fault : plan.faults) tried.insert(fault.occurrence);
  EXPECT_TRUE(tried.contains(1) && tried.contains(12) && tried.contains(97) && tried.contains(100));
  EXPECT_FALSE(tried.contains(13));
}

RunRecord full_record() {
  RunRecord record;
  record.end = RunRecord::End::hung;
  record.exit_code = 137;
  record.why = "why";
  record.elapsed_s = 0.25;
  record.came = true;
  record.failed = {"write", "state.json", "to", 12, 3, Source{"app.c", 7, "save", "text"}, "EIO"};
  record.later_calls = 4;
  record.done = true;
  record.log_name = "0123456789abcdef";
  record.exhaustive = false;
  record.findings.push_back({Check::durable,
                             "state.json",
                             Observed::cut_short,
                             {true, 4, "head", 300, std::nullopt, "old", "new"},
                             "said",
                             "do",
                             true});
  record.undecided.push_back({Reason::flaky_check, "detail"});
  record.sites.push_back(site_of(FaultCall::allocate, 9, {{1, true}, {2, false}}));
  record.trace = std::string("\0\x89 bytes", 8);
  return record;
}

TEST(RunRecord, comes_back_as_it_was) {
  const RunRecord record = full_record();
  const auto back = unpack_run(pack(record));
  ASSERT_TRUE(back);
  EXPECT_EQ(pack(*back), pack(record));
  EXPECT_EQ(back->exit_code, 137);
  EXPECT_DOUBLE_EQ(back->elapsed_s, 0.25);
  EXPECT_EQ(back->failed.source->line, 7U);
  EXPECT_EQ(back->findings.front().bytes.old_size, 300U);
  EXPECT_EQ(back->findings.front().bytes.new_size, std::nullopt);
  EXPECT_EQ(back->sites.front().calls.back().bytes, 2U);
  EXPECT_EQ(back->trace, record.trace);
}

TEST(RunRecord, that_is_cut_anywhere_is_refused) {
  const std::string whole = pack(full_record());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(unpack_run(whole.substr(0, size))) << size;
  }
  EXPECT_FALSE(unpack_run(whole + "x"));
}

TEST(FaultFindings, come_back_as_they_were_and_cut_ones_are_refused) {
  FaultFindings findings;
  findings.engine.states_total = {310, true};
  findings.engine.states_checked = 55;
  findings.engine.exhaustive = false;
  findings.runs = 60;
  Violation violation;
  violation.check = Check::atomic;
  violation.path = "state.json";
  violation.observed = Observed::empty;
  violation.observed_also = {Observed::cut_short};
  violation.lost = OperationNote{"write", "state.json", {}, 12, {}, {}, "ENOSPC"};
  violation.missing = "missing";
  violation.states = 3;
  violation.output = "output";
  findings.violations.push_back(violation);
  findings.undecided.push_back({Reason::budget, "detail"});
  findings.notes.emplace_back("note");
  const std::string whole = pack(findings);
  const auto back = unpack_findings(whole);
  ASSERT_TRUE(back);
  EXPECT_EQ(pack(*back), whole);
  EXPECT_EQ(back->violations.front().lost->fault, "ENOSPC");
  EXPECT_EQ(back->engine.states_total.value, 310U);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(unpack_findings(whole.substr(0, size))) << size;
  }
}

}  // namespace
}  // namespace untorn::prove
