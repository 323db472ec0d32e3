// SPDX-License-Identifier: Apache-2.0
//
// A private world for one run: user and mount namespaces with an overlay over the root at its own
// path (or, for a small root, a private copy of it there), a private /tmp, and everything else
// read-only. The real root is never changed, and nothing of it remains when the last process in it
// has gone, however it went: scratch lies in a tmpfs that only these namespaces see.
//
// Where namespaces cannot be had: a copy of the root elsewhere (Isolation::copy), removed at the
// end.
//
// The calling process enters the world itself and cannot leave it: call it in a forked worker.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crash/engine.h"
#include "untorn/error.h"

namespace untorn::prove {

enum class Isolation : std::uint8_t { namespaces, copy };

struct SandboxOptions {
  std::string root;               // absolute, no symbolic links in it
  std::vector<std::string> also;  // the same; none inside another or inside root
  bool force_copy = false;        // do not try namespaces
  std::uint64_t scratch_bytes_max = 4ULL << 30U;
  // A tree up to this size is copied rather than covered by an overlay; 0: never.
  std::uint64_t small_bytes_max = 32ULL << 20U;
};

// One overlay: the directory as the program sees it.
struct Tree {
  std::string path;    // where it is seen: the root itself, or the copy
  std::string prefix;  // "" for the root; the absolute path for an `also` directory
  int lower = -1;      // directory handle of the untouched original
  int upper = -1;      // directory handle of what the run changed (overlay upper, whiteouts are
                       // character devices 0/0); -1 where the run sees a copy: with
                       // Isolation::copy, and for small trees also in namespaces
};

// Where a tree of a state is seen, and what its paths begin with in the log (Tree::prefix).
struct StatePlace {
  std::string path;
  std::string prefix;
};

class Sandbox {
 public:
  // Enters. On failure of the namespaces falls back to a copy, and `why_copy()` says why.
  [[nodiscard]] static Result<std::unique_ptr<Sandbox>> enter(const SandboxOptions& options);
  virtual ~Sandbox() = default;

  [[nodiscard]] virtual Isolation isolation() const = 0;
  [[nodiscard]] virtual const std::string& why_copy() const = 0;
  [[nodiscard]] virtual const std::vector<Tree>& trees() const = 0;  // [0] is the root
  // What differs from a run in the real tree, for the report: one sentence each.
  [[nodiscard]] virtual const std::vector<std::string>& notes() const = 0;
  // A directory of ours on a tmpfs that the program cannot see, for states and checkers.
  [[nodiscard]] virtual int scratch() const = 0;  // directory handle
  // Where it can be reached by path, "" if nowhere. It appears at the first call: ask after the
  // traced run.
  [[nodiscard]] virtual std::string scratch_path() const = 0;

  // Puts a state at the root's own path: `state` lists the paths that differ from the original tree
  // (touched paths), each with its file or nothing. Replaces the state that was there before. Later
  // writes (a recovery, a checker) go to a private layer. Not available with Isolation::copy: there
  // the state is built in a directory of its own and its path returned.
  using Difference = std::vector<std::pair<crash::Path, std::optional<crash::History::File>>>;
  [[nodiscard]] virtual Result<std::string> show_state(const Difference& state) = 0;
  // Lays the same state down a second time, where no command changes it, and gives the trees as a
  // tracer needs them that follows a command in the state that is shown: Tree::lower is the second
  // copy, valid until the next call. Errors: unsupported where states are not plain folders at the
  // root's own path (Isolation::copy, large trees).
  [[nodiscard]] virtual Result<std::vector<Tree>> keep_state(const Difference& state);
  // Takes the last state away again.
  virtual void hide_state() = 0;
  // Where a state's trees are seen, the root's first. The same for all states.
  [[nodiscard]] virtual std::vector<StatePlace> state_places() const;
};

}  // namespace untorn::prove
