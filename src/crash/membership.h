// SPDX-License-Identifier: Apache-2.0
//
// Is a tree that was found after a real crash one of the states that a model has for a log?
//
//   crash::Membership states(history, crash::Model::ext4);
//   if (states.contains(tree, completed) == crash::Membership::Answer::outside) …
//
// Nothing is enumerated: names are looked up among what the elements of each epoch may leave, and
// each file is compared with its chains block by block, so that files of any size and logs of
// hundreds of operations are decided in well under a millisecond for each epoch. To make the object
// costs about as much as counting the states.
//
// Only names, types and contents count: not modes, and not which names are links to one file.
//
// Threads: one object is used by one thread. The history must outlive it.
#pragma once
#include <memory>
#include <utility>
#include <vector>

#include "crash/engine.h"

namespace untorn::crash {

class Membership {
 public:
  using Tree = std::vector<std::pair<Path, History::File>>;
  enum class Answer : std::uint8_t {
    inside,
    outside,
    undecided,  // some epoch has more than 65,536 ways to keep names that depend on each other, or
                // so many calls overlapped that not all states of `kill` are listed
  };

  Membership(const History& history, Model model);
  ~Membership();
  Membership(Membership&&) noexcept;

  // Does some state with begun() >= `completed` hold exactly this tree: all files, directories and
  // symbolic links, in any order? `completed`: how many operations had returned before the crash,
  // so that the syncs among them had their effect.
  [[nodiscard]] Answer contains(const Tree& tree, std::size_t completed = 0) const;

 private:
  class Kill;
  class Power;
  std::unique_ptr<Kill> kill_;
  std::unique_ptr<Power> power_;
};

}  // namespace untorn::crash
