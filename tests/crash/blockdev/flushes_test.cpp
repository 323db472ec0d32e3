// SPDX-License-Identifier: Apache-2.0
//
// Goal: the device sees exactly the flushes that the receipts and the headers name. Method: the
// counters of the kernel for a loop device, over many calls, since a file system may commit by
// itself (counted_place.h).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tests/crash/blockdev/counted_place.h"
#include "tests/crash/blockdev/hooked_file_system.h"
#include "tests/crash/blockdev/lab.h"
#include "tests/crash/blockdev/setups.h"
#include "tests/crash/blockdev/workload.h"
#include "tests/support/files.h"
#include "tests/support/require.h"
#include "untorn/replace.h"

namespace untorn::lab {
namespace {

constexpr unsigned repetitions = 40;

struct Case {
  Durability level = Durability::durable;
  bool by_ranges = true;  // one_commit, else classic
  bool fresh = false;     // names that were not there
  unsigned commits = 0;   // of one call
};

std::string name_of(const Case& one) {
  return std::string(to_string(one.level)) + (one.by_ranges ? ", one_commit" : ", classic") +
         (one.fresh ? ", new name" : "");
}

// What many calls have cost, and what the last receipt has said of one.
struct Cost {
  unsigned long flushes = 0;
  std::optional<unsigned long> commits;  // of the journal, where the kernel counts them
  unsigned promised_commits = 0;
  Protocol protocol = Protocol::none;
};

Cost cost_of(const CountedPlace& place, FileSystem& fs, const Case& one) {
  const std::string content = testing::pattern(4096, 7);
  const std::string prefix = place / ("file" + std::string(one.by_ranges ? "-ranges-" : "-") +
                                      std::string(to_string(one.level)) + (one.fresh ? "-" : ""));
  Cost cost;
  unsigned number = 0;
  const auto replace = [&] {
    const auto receipt = replace_file(fs, prefix + (one.fresh ? std::to_string(number++) : ""),
                                      std::as_bytes(std::span(content)), {.durability = one.level});
    demand(receipt.has_value(), receipt ? "" : receipt.error().message());
    cost.promised_commits = receipt->commits;
    cost.protocol = receipt->protocol;
  };
  if (!one.fresh) replace();
  place.settle();
  const DeviceCount before = place.count();
  for (unsigned round = 0; round < repetitions; ++round) replace();
  const DeviceCount after = place.count();
  cost.flushes = after.flushes - before.flushes;
  if (after.commits && before.commits) cost.commits = *after.commits - *before.commits;
  return cost;
}

// "" or how the count, or the receipt, differs from what is expected.
std::string problem_of(const LabFileSystem& setup, const Case& one, const Cost& cost) {
  std::string problem;
  const auto differs = [&](const std::string& what) {
    problem += name_of(one) + ": " + what + "\n";
  };
  const unsigned long commits = std::size_t{one.commits} * repetitions;
  const unsigned long flushes = commits * flushes_each_commit;
  const unsigned long flushes_max = flushes + own_flushes_max(flushes);
  // btrfs writes a tree log where it can, which may be cheaper than a commit.
  if (cost.flushes > flushes_max || (setup.type != "btrfs" && cost.flushes < flushes)) {
    differs(std::to_string(cost.flushes) + " flushes for " + std::to_string(repetitions) +
            " calls");
  }
  if (cost.commits && !setup.fast_commit &&
      (*cost.commits < commits || *cost.commits * flushes_each_commit > flushes_max)) {
    differs(std::to_string(*cost.commits) + " commits of the journal");
  }
  if (cost.promised_commits != one.commits) {
    differs("the receipt expects " + std::to_string(cost.promised_commits) + " commits");
  }
  const Protocol wanted =
      one.by_ranges && one.level != Durability::process ? Protocol::one_commit : Protocol::classic;
  if (cost.protocol != wanted) differs("carried out by " + std::string(to_string(cost.protocol)));
  return problem;
}

std::vector<Case> cases_on(const LabFileSystem& setup) {
  std::vector<Case> made;
  for (const bool fresh : {false, true}) {
    const auto add = [&](Durability level, bool by_ranges, unsigned commits) {
      made.push_back({.level = level, .by_ranges = by_ranges, .fresh = fresh, .commits = commits});
    };
    add(Durability::process, false, 0);
    add(Durability::ordered, false, 1);
    add(Durability::durable, false, 2);
    if (!setup.ranges) continue;
    add(Durability::process, true, 0);
    add(Durability::ordered, true, 0);
    add(Durability::durable, true, 1);
  }
  return made;
}

class Flushes : public ::testing::TestWithParam<std::string> {};

TEST_P(Flushes, of_a_replacement_are_those_of_its_level_and_protocol) {
  const std::string no_lab = why_no_lab();
  UNTORN_NEED(no_lab.empty(), "root", no_lab);
  const LabFileSystem& setup = setup_named(GetParam());
  const std::string no_file_system = why_not(setup);
  UNTORN_NEED(no_file_system.empty(), "root", no_file_system);
  EXPECT_EQ(in_lab_world([&setup](const std::string& folder) {
              const CountedPlace place(setup, folder);
              HookedFileSystem with_ranges(
                  posix_file_system(), [](Handle) {},
                  kind_with_ranges(setup.type, setup.fast_commit));
              HookedFileSystem without(
                  posix_file_system(), [](Handle) {}, FileSystemKind{.name = setup.type});
              std::string problems;
              for (const Case& one : cases_on(setup)) {
                FileSystem& fs = one.by_ranges ? with_ranges : without;
                const Cost cost = cost_of(place, fs, one);
                std::printf("  %s: %lu flushes for %u calls\n", name_of(one).c_str(), cost.flushes,
                            repetitions);
                problems += problem_of(setup, one, cost);
              }
              std::fflush(stdout);
              return problems;
            }),
            "");
}

// Whatever the library finds out about the place by itself.
TEST_P(Flushes, of_a_call_without_options_are_those_that_its_receipt_expects) {
  const std::string no_lab = why_no_lab();
  UNTORN_NEED(no_lab.empty(), "root", no_lab);
  const LabFileSystem& setup = setup_named(GetParam());
  const std::string no_file_system = why_not(setup);
  UNTORN_NEED(no_file_system.empty(), "root", no_file_system);
  EXPECT_EQ(in_lab_world([&setup](const std::string& folder) {
              const CountedPlace place(setup, folder);
              const Cost cost = cost_of(place, posix_file_system(), {});
              std::string problems;
              const bool one_commit = cost.protocol == Protocol::one_commit;
              if (cost.promised_commits != (one_commit ? 1U : 2U)) problems += "the receipt; ";
              if (one_commit && !setup.ranges) problems += "one_commit where it does not hold; ";
              const Case found = {.by_ranges = one_commit, .commits = cost.promised_commits};
              return problems + problem_of(setup, found, cost);
            }),
            "");
}

INSTANTIATE_TEST_SUITE_P(, Flushes, ::testing::Values("ext4", "ext4-fast_commit", "xfs", "btrfs"),
                         [](const ::testing::TestParamInfo<std::string>& instance) {
                           std::string name = instance.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace untorn::lab
