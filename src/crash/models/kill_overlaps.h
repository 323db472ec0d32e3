// SPDX-License-Identifier: Apache-2.0
//
// The states of rule K4: calls of several threads overlapped, and of those a later one in the log
// had happened when the kill came and an earlier one had not.
//
// A state is named by its first operation that had not happened and by the later ones that had:
// each of these was entered before the first had its place in the log, by another thread. Where two
// of them change the same name or block the order of the log stands, because a state in another
// order would need contents that the log does not tell.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "crash/content_buffers.h"
#include "crash/engine.h"
#include "crash/epoch.h"
#include "crash/epoch_space.h"

namespace untorn::crash {

class KillOverlaps {
 public:
  // Operations [0, missing) had happened, and those in `early`, which come after `missing`.
  struct Choice {
    std::uint32_t missing = 0;
    std::vector<std::uint32_t> early;
  };

  KillOverlaps(const History::Impl& history, const Footprint& footprint);

  // In the order of the log. Not all of them if there are very many.
  [[nodiscard]] const std::vector<Choice>& choices() const noexcept { return choices_; }
  [[nodiscard]] bool complete() const noexcept { return complete_; }
  // A choice that calls can have made: those of this footprint are always.
  [[nodiscard]] bool is_possible(const Choice& choice) const;

  // Makes a state and calls visit(state, hash). False, without a call, if the order of one name or
  // block forbids it.
  using Visit = std::function<void(const CrashState&, HashSum)>;
  bool make(const Choice& choice, FileHashes& hashes, ContentBuffers& buffers,
            const Visit& visit) const;

 private:
  [[nodiscard]] bool is_relevant(std::uint32_t operation) const;
  // Does the later one wait for the earlier one on one name, size or block?
  [[nodiscard]] bool is_ordered(std::uint32_t first, std::uint32_t second) const;
  void add_choices(std::uint32_t missing, const std::vector<std::uint32_t>& candidates);
  [[nodiscard]] EpochBounds bounds_of(const Choice& choice) const;

  const History::Impl& history_;
  const Footprint& footprint_;
  std::vector<bool> has_unit_;  // by operation: it changes a name that the footprint sees
  std::vector<Choice> choices_;
  bool complete_ = true;
};

}  // namespace untorn::crash
