// SPDX-License-Identifier: Apache-2.0
#include "scan/impact.h"

#include <algorithm>

namespace untorn::scan {
namespace {

using rules::Role;

constexpr std::array<Impact, 13> impacts = {
    {{.role = Role::state,
      .title = "State",
      .scenario = "The process dies while it saves its state.",
      .results = {"The state file is empty or ends in the middle.",
                  "The program cannot load it at the next start, or begins as if it were new.",
                  "All progress since the last copy is lost."},
      .impact = "complete loss of work"},
     {.role = Role::config,
      .title = "Configuration",
      .scenario = "The process dies while it saves settings.",
      .results = {"The file is empty or ends in the middle.",
                  "The program does not start, or starts with its defaults.",
                  "What a person has set up must be set up again."},
      .impact = "the program is down until somebody repairs the file"},
     {.role = Role::registry,
      .title = "Registry",
      .scenario = "The process dies while it saves a specification or an index.",
      .results = {"The entry cannot be read.",
                  "What it describes is no longer available, though it still exists.",
                  "Entries that name each other disagree."},
      .impact = "features disappear until somebody repairs the file"},
     {.role = Role::credential,
      .title = "Credentials",
      .scenario = "The process dies while it saves a token or a key.",
      .results = {"The old secret is gone and the new one is not whole.",
                  "The program cannot log in.", "A key that exists nowhere else is lost for good."},
      .impact = "no access, possibly for ever"},
     {.role = Role::code,
      .title = "Source code",
      .scenario = "The process dies while it changes a source file.",
      .results = {"The file is empty or ends in the middle.", "The build and the tests fail.",
                  "What was not committed is lost."},
      .impact = "the integrity of the code"},
     {.role = Role::patch,
      .title = "Patches",
      .scenario = "The process dies while it writes a patch.",
      .results = {"The patch ends in the middle.", "It does not apply, or applies in part.",
                  "The change that it held must be made again."},
      .impact = "a change is lost or half made"},
     {.role = Role::backup,
      .title = "Backups",
      .scenario = "The process dies while it writes a backup.",
      .results = {"The backup is not whole, and looks like one.",
                  "If it replaced an older one, that is gone too.",
                  "This shows when it is needed."},
      .impact = "recovery fails when it is needed"},
     {.role = Role::document,
      .title = "Documents",
      .scenario = "The process dies while it writes a document.",
      .results = {"The document is empty or ends in the middle.",
                  "What people wrote into the old one is gone.",
                  "If it can be generated, it must be generated again."},
      .impact = "lost or misleading text"},
     {.role = Role::log,
      .title = "Logs",
      .scenario = "The process dies while it writes to a log.",
      .results = {"The last line is torn, or joined to the next one.",
                  "A log that is rewritten whole loses its past.",
                  "The record of the crash itself may be missing."},
      .impact = "the trail ends where it is needed most"},
     {.role = Role::report,
      .title = "Reports",
      .scenario = "The process dies while it writes a report.",
      .results = {"The report is empty or ends in the middle.",
                  "Whoever reads it may take it for the whole.",
                  "The work behind it must be repeated."},
      .impact = "misleading results"},
     {.role = Role::cache,
      .title = "Caches",
      .scenario = "The process dies while it writes a cache.",
      .results = {"The entry is not whole.",
                  "A reader that does not check it uses wrong data or fails until it is removed.",
                  "A reader that checks it makes it again."},
      .impact = "errors that a clean start hides"},
     {.role = Role::temporary,
      .title = "Temporaries",
      .scenario = "The process dies while it writes a temporary.",
      .results = {"The temporary is not whole.", "It stays behind.",
                  "Nothing that lasts is harmed unless somebody reads it."},
      .impact = "litter"},
     {.role = Role::unknown,
      .title = "Other files",
      .scenario = "The process dies while it writes the file.",
      .results = {"The file is empty or ends in the middle.", "Its old content is gone.",
                  "Whoever reads it next fails, or works with half of it."},
      .impact = "depends on who reads the file"}}};

}  // namespace

const Impact& impact_of(Role role) {
  const auto* found = std::find_if(impacts.begin(), impacts.end(),
                                   [&](const Impact& each) { return each.role == role; });
  return found == impacts.end() ? impacts.back() : *found;
}

}  // namespace untorn::scan
