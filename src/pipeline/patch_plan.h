// SPDX-License-Identifier: Apache-2.0
//
// What a patch means for the files of a tree, and its way into a transaction.
//
//   auto source = PatchSource::open(fs, root);
//   auto plan = plan_patch(*source, patch, {});       // looks, changes nothing
//   if (!plan->fits()) return tell(plan->problems);
//   auto transaction = Transaction::begin(fs, root);  // before looking, if nobody may change it
//   UNTORN_CHECK(collect(*plan, *source, *transaction));
//
//  G1  Files of one patch are compared with the tree as it was before it, as git does: two files
//      may change their names. A second change of the same file goes on from the first one.
//  G2  What does not fit is a problem, and all problems are found; what a patch must not do at all
//      (a path out of the tree, a link, a folder of ours) is an Error.
//  G3  collect() looks at every file once more after the transaction has taken note of it: a change
//      by another program is found here, or by commit(), and never overwritten.
//  G4  Folders that a patch empties go with their last file, and new ones are made, as git does.
//
// Threads: functions of their arguments.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "patch/patch.h"
#include "pipeline/patch_source.h"
#include "untorn/error.h"
#include "untorn/pipeline/patch_manager.h"
#include "untorn/transaction.h"

namespace untorn::pipeline {

struct PlanOptions {
  // Why this path may not be changed; "" if it may. After patch::check_path.
  std::function<std::string(std::string_view)> check_path = nullptr;
};

// One name of the tree, before and after.
struct PlannedName {
  SourceFile before;
  struct Made {
    std::string content;
    std::optional<std::uint32_t> mode;  // absent: what the file has, or what new files get
    bool is_executable = false;         // of a new file without `mode`
  };
  std::optional<Made> made;
  bool gone = false;         // the file that was there is deleted, or has another name
  std::string renamed_from;  // the content of `made` comes from there
};

struct PatchPlan {
  std::vector<PatchedFile> files;  // as the patch lists them
  std::vector<PatchProblem> problems;
  std::map<std::string, PlannedName, std::less<>> names;

  [[nodiscard]] bool fits() const noexcept { return problems.empty(); }
  // What the patch says stands there already.
  [[nodiscard]] bool changes_nothing() const noexcept;
};

//   invalid_argument  G2; the patch makes a file twice
//   unsupported       a file of the patch is changed and then renamed; those of PatchSource
[[nodiscard]] Result<PatchPlan> plan_patch(const PatchSource& source, const patch::Patch& patch,
                                           const PlanOptions& options);

// For a plan that fits. Code::conflict if a file is not what it was when the plan was made.
[[nodiscard]] Result<void> collect(const PatchPlan& plan, const PatchSource& source, FileSystem& fs,
                                   Transaction& transaction);

// What the patch says about one file.
[[nodiscard]] PatchedFile describe(const patch::FilePatch& file);

}  // namespace untorn::pipeline
