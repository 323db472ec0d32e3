// SPDX-License-Identifier: Apache-2.0
//
// Git repositories that a run changed: each is one thing, and git is the judge.
//
//   for (const Repository& each : find_repositories(history, root)) {
//     TreeCommandOptions options;
//     options.check = Check::parse;
//     options.arguments = repository_check(each);
//   }
//
// A state is good if `git fsck --full` finds nothing wrong (objects, references, HEAD) and git can
// read the index. Dangling objects and an unborn branch are nothing wrong. A repository that the
// run itself makes may still be without HEAD: git does not take it for one yet.
//
// Threads: pure functions. Cost: one look at HEAD for each folder that may be a repository; a check
// starts three processes.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "crash/engine.h"

namespace untorn::prove {

struct Repository {
  crash::Path folder;   // ".git", "mirror.git": what holds HEAD
  bool is_new = false;  // the run made it
};

// The repositories below `root` of which the run touched something, by path.
[[nodiscard]] std::vector<Repository> find_repositories(const crash::History& history,
                                                        const std::string& root);

// The command that judges it, for TreeCommand. It runs in the root of a state.
[[nodiscard]] std::vector<std::string> repository_check(const Repository& repository);

// Is there a git on PATH?
[[nodiscard]] bool has_git();

// Files of a repository that git writes for its own use and can do without (COMMIT_EDITMSG, logs):
// their bytes are asked nothing, only git is.
[[nodiscard]] bool is_scratch(const Repository& repository, std::string_view path);

}  // namespace untorn::prove
