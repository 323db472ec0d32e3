// SPDX-License-Identifier: Apache-2.0
//
// What Untorn keeps of a tree as a whole: its transaction, its logs, its registries. Documents and
// temporaries are judged one by one (documents.h, temporaries.h).
//
// The order matters to a repair. A transaction is recovered before anything else in its tree is
// looked at: until then some of its files may be new while others are old, and its temporaries hold
// the only copy of committed content.
#pragma once
#include <string>
#include <vector>

#include "health/problem.h"
#include "health/repair_policy.h"
#include "untorn/filesystem.h"

namespace untorn::health {

struct TreePlace {
  const std::string& real;  // absolute
  const std::string& path;  // for problems; "" for the root of the report
  const RepairPolicy& policy;
};

// Interrupted, of another tree, damaged. One that somebody is at work on is no problem. False: one
// is under way, or was left as it is, so that whoever reads under the tree's lock would wait for it
// or recover it.
[[nodiscard]] bool judge_transaction(FileSystem& fs, const TreePlace& tree, Findings& findings);

// Logs that a mark names. `moved` gets what was moved away from them before: paths below the tree.
void judge_logs(FileSystem& fs, const TreePlace& tree, Findings& findings,
                std::vector<std::string>& moved);

// Registries that the tree knows of. Not while a transaction is under way or unrecovered.
void judge_registries(FileSystem& fs, const TreePlace& tree, Findings& findings);

// A temporary of a transaction that was listed in `folder`, if nothing can come to need it. `path`
// is for the problem.
void judge_staged(FileSystem& fs, Handle folder, const std::string& name, const std::string& path,
                  const RepairPolicy& policy, Findings& findings);

// "a/b", "" → "a/b".
[[nodiscard]] std::string join_path(const std::string& folder, const std::string& name);

}  // namespace untorn::health
