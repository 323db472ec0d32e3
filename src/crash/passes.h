// SPDX-License-Identifier: Apache-2.0
//
// Chosen states of an epoch, simple ones first: every prefix, one thing lost, one thing early, two
// things lost, then random ones. They come first in every enumeration, and are all there is where
// the states are too many.
#pragma once
#include <functional>
#include <vector>

#include "crash/epoch_space.h"
#include "crash/random.h"

namespace untorn::crash {

// Returns false to end the pass.
using ShowSelection = std::function<bool(Selection&&)>;

// Something that a pass loses: an operation, or a part of it.
struct Item {
  std::uint32_t operation = 0;
  bool sizes = true;               // its units and its size steps
  bool blocks = true;              // its block steps
  std::uint64_t block = no_block;  // only this one

  static constexpr std::uint64_t no_block = ~std::uint64_t{0};

  [[nodiscard]] bool covers(std::uint32_t other, Part part, std::uint64_t at) const noexcept {
    if (other != operation) return false;
    return part == Part::size ? sizes : blocks && (block == no_block || block == at);
  }
};

class Passes {
 public:
  explicit Passes(const Epoch& epoch);

  bool prefixes(const ShowSelection& show) const;
  bool one_lost(const ShowSelection& show) const;
  bool one_early(const ShowSelection& show) const;
  // Two operations of different calls lost, and one lost with the cut soon after it.
  bool pairs(const ShowSelection& show) const;
  [[nodiscard]] Selection random(Random& random) const;
  // Everything but what `keep` refuses and what waits for it.
  [[nodiscard]] Selection without(const Keep& keep) const;

 private:
  [[nodiscard]] std::vector<bool> refused(const Keep& keep) const;
  void raise_element(Selection& selection, std::uint32_t element) const;
  void add_parts(const FileVariants& file, std::vector<Item>& parts);
  void tear_one(Selection& selection, Random& random) const;
  [[nodiscard]] FileVariant random_variant(const FileVariants& file, Random& random) const;

  const Epoch& epoch_;
  std::vector<std::uint32_t> operations_;  // those of which something is open
  std::vector<Item> items_;
};

}  // namespace untorn::crash
