// SPDX-License-Identifier: Apache-2.0
//
// Goal: on real file systems no power cut breaks what Untorn promises, the ways that are known to
// be bad are seen to be bad, and everything that is seen is a state of the crash models. Method:
// every request to the disk is recorded; hundreds of the disks that a power cut may leave are
// rebuilt, mounted, read and judged (docs/internals/lab.md). UNTORN_LAB=1 makes it thousands,
// UNTORN_LAB_RESULTS=FOLDER keeps what was counted, UNTORN_LAB_ONLY=TEXT takes the workloads with
// that text in their name.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "tests/crash/blockdev/lab.h"
#include "tests/crash/blockdev/report.h"
#include "tests/crash/blockdev/soundness.h"
#include "tests/support/require.h"

namespace untorn::lab {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

LabOptions options(const LabFileSystem& setup) {
  LabOptions made{.scale = {.sizes = {60, 12000, 250000}}, .only = variable("UNTORN_LAB_ONLY")};
  if (variable("UNTORN_LAB").empty()) return made;
  made.scale.sizes = {60, 4096, 12000, 250000, 2500000};
  made.repetitions = 3;
  made.cuts_per_run_max = 56;
  // More where a promise rests on them, on what most people have.
  const bool common = setup.name == "ext4" || setup.name == "xfs";
  made.cuts_by_ranges_max = common ? 170 : made.cuts_per_run_max;
  return made;
}

// The models that must have every state of this file system.
std::vector<crash::Model> models_of(const std::string& setup) {
  if (setup == "ext4") return {crash::Model::ext4, crash::Model::portable};
  if (setup == "xfs") return {crash::Model::xfs, crash::Model::portable};
  if (setup == "btrfs") return {crash::Model::btrfs, crash::Model::portable};
  return {};
}

// Known bad ways that this file system must show to be bad. Names reach the disk before bytes where
// a sync of another file commits both (not with data=journal, where the bytes are in the journal,
// nor on btrfs, where such a sync writes that file alone).
std::vector<std::string> caught_on(const std::string& setup) {
  std::vector<std::string> caught = {"truncate-sync"};
  if (setup == "ext4-no-journal" || setup == "ext4-journal") return caught;
  caught.emplace_back("rename-directory-new");
  if (setup != "btrfs") caught.emplace_back("rename-new");
  // Ranges where they order nothing: names reach the disk before what they lead to.
  if (setup == "btrfs" || setup.starts_with("overlay-")) {
    caught.emplace_back("one_commit-raw-directory-new");
  }
  return caught;
}

// States that break what can be promised there. Without a journal a rename is several blocks that a
// power cut may part. With fast_commit the kernel loses bytes that it has synced, of any program:
// the rows `lines-…` show it without our code.
std::size_t broken_in(const LabRow& row, const std::string& setup) {
  if (setup == "ext4-no-journal" || row.control) return 0;
  if (setup == "ext4-fast_commit" && row.promise.durable) return row.broken - row.lost();
  return row.broken;
}

std::string problems_of(const LabReport& report) {
  std::string text;
  for (const LabRow& row : report.rows) {
    if (const std::size_t broken = broken_in(row, report.setup); broken != 0) {
      text += row.workload + ": " + std::to_string(broken) + " of " + std::to_string(row.states) +
              " states break its promise\n";
      for (const std::string& example : row.examples) text += "  " + example + "\n";
    }
    if (row.unstable != 0) text += row.workload + ": the lab sees different things each time\n";
  }
  for (const std::string& name : caught_on(report.setup)) {
    const auto row = std::ranges::find(report.rows, name, &LabRow::workload);
    if (row != report.rows.end() && row->bad() == 0) text += name + ": the lab is blind for it\n";
  }
  return text;
}

std::string problems_of(const Soundness& soundness) {
  std::string text;
  for (const Soundness::Answers& answers : soundness.answers()) {
    if (answers.outside == 0) continue;
    text += std::to_string(answers.outside) + " of " + std::to_string(answers.asked) +
            " states are outside the model " + std::string(to_string(answers.model)) + "\n";
    for (const std::string& example : answers.examples) text += example;
  }
  return text;
}

class BlockLab : public ::testing::TestWithParam<std::string> {};

TEST_P(BlockLab, no_power_cut_breaks_a_promise_and_known_bad_ways_are_caught) {
  const std::string no_lab = why_no_lab();
  UNTORN_NEED(no_lab.empty(), "lab", no_lab);
  const LabFileSystem& setup = setup_named(GetParam());
  const std::string no_file_system = why_not(setup);
  UNTORN_NEED(no_file_system.empty(), "lab", no_file_system);
  const std::string problem = in_lab_world([&setup](const std::string& folder) {
    Soundness soundness(models_of(setup.name));
    const Observer observer = soundness.answers().empty() ? Observer() : soundness.observer();
    const LabReport report = run_lab(setup, options(setup), folder, observer);
    if (const std::string results = variable("UNTORN_LAB_RESULTS"); !results.empty()) {
      std::ofstream(results + "/" + setup.name + ".json") << to_json(report, soundness) << '\n';
    }
    return problems_of(report) + problems_of(soundness);
  });
  EXPECT_EQ(problem, "");
}

INSTANTIATE_TEST_SUITE_P(, BlockLab,
                         ::testing::Values("ext4", "ext4-noauto_da_alloc", "ext4-writeback",
                                           "ext4-journal", "ext4-no-journal", "ext4-fast_commit",
                                           "ext4-inline_data", "ext4-bigalloc", "xfs", "btrfs",
                                           "overlay-ext4", "overlay-xfs"),
                         [](const ::testing::TestParamInfo<std::string>& instance) {
                           std::string name = instance.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace untorn::lab
