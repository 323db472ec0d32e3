// SPDX-License-Identifier: Apache-2.0
//
// What a command would read in a crash state, as hashes: the state is not built for it.
//
// Threads: pure functions of the history after construction.
#pragma once
#include <cstddef>
#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "crash/engine.h"
#include "prove/judge/read_set.h"

namespace untorn::prove {

class StateView {
 public:
  // Borrows the history.
  explicit StateView(const crash::History& history);

  // Can what is read there differ between two states of the history?
  [[nodiscard]] bool varies(const Read& read) const;
  // What the state holds there; `told` is how many lines of output had been acknowledged. Equal
  // hashes: the command reads the same.
  [[nodiscard]] Hash128 value(const Read& read, const crash::CrashState& state,
                              std::size_t told) const;
  // The paths whose content decides what is read there. Nothing: it takes the whole tree to tell.
  [[nodiscard]] std::optional<std::vector<crash::Path>> footprint(const Read& read) const;

 private:
  // A folder that was made, moved or removed, or something below one: then names may stand there
  // that stood there at no time of the run.
  [[nodiscard]] bool is_unsettled(std::string_view path) const;
  [[nodiscard]] Hash128 names_in(const crash::Path& folder, const crash::CrashState& state) const;

  std::set<crash::Path, std::less<>> touched_;
  std::set<crash::Path, std::less<>> moved_folders_;
  std::map<crash::Path, std::vector<crash::Path>, std::less<>> touched_in_;  // by folder
};

}  // namespace untorn::prove
