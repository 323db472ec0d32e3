// SPDX-License-Identifier: Apache-2.0
//
// A report with one violation, for the tests of the documents.
#pragma once
#include "prove/prove.h"

namespace untorn::prove::test {

inline ProveReport violated() {
  ProveReport report;
  report.verdict = Verdict::violated;
  report.root = "/srv/app";
  report.command_exit = 0;
  report.operations = 9;
  report.syncs = 2;
  report.acknowledgements = 1;
  report.paths = {{"settings.json", PathClass::whole, 2, {Check::atomic, Check::parse}}};
  report.engines = {{Engine::kill, {4, true}, 4, 4, true, 0, {}, 0.01},
                    {Engine::power, {18, true}, 18, 6, true, 1, {}, 0.1}};
  Violation violation;
  violation.engine = Engine::power;
  violation.check = Check::atomic;
  violation.path = "settings.json";
  violation.observed = Observed::empty;
  violation.observed_also = {Observed::cut_short, Observed::zeros};
  violation.lost =
      OperationNote{"write", "settings.json.tmp", "", 10'000, {}, Source{"app.py", 6, "save"}};
  violation.kept = OperationNote{"rename", "settings.json.tmp",        "settings.json", {},
                                 {},       Source{"app.py", 8, "save"}};
  violation.missing = "fsync of the file between app.py line 6 and app.py line 8";
  violation.states = 6;
  violation.replay = "7f3a-p-0b10";
  violation.bytes = {true, 0, "", 300, 10'000, "", ""};
  violation.window = "ext4 31 s, xfs 15 s, btrfs none seen";
  violation.lost_operations = {2};
  violation.kept_operations = {4};
  violation.begun = 5;
  violation.bytes.old_head = "{\"old\": 1}";
  violation.bytes.new_head = "{\"new\": 2}";
  report.timeline = {{1, {"create", "settings.json.tmp", "", {}, {}, {}}},
                     {2, *violation.lost},
                     {4, *violation.kept},
                     {5, {"acknowledge", "exit 0", "", {}, {}, {}}}};
  report.violations = {violation};
  report.notes = {"a note"};
  report.limits = {"a limit"};
  report.elapsed_s = 0.4;
  return report;
}

// The same, with a fix that was proved.
inline ProveReport fixed() {
  ProveReport report = violated();
  report.violations[0].proved_fix =
      ProvedFix{{{"fsync of settings.json.tmp", Source{"app.py", 6, "save"}, 2},
                 {"fsync of the directory", {}, 4}},
                9,
                "insert os.fsync(f.fileno()) after app.py line 6: 0 bad of 9 states"};
  return report;
}

}  // namespace untorn::prove::test
