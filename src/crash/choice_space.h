// SPDX-License-Identifier: Apache-2.0
//
// A set of states as a tree of choices: a leaf decides one thing, any_of takes one of its children,
// all_of takes all of them. It is counted without being enumerated, and enumerated without being
// stored. Leaves that cannot be told apart are one leaf with the number of states that it stands
// for.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "crash/contents.h"
#include "crash/count.h"
#include "crash/tree_hash.h"

namespace untorn::crash {

// What a leaf decides; see selection.h.
enum class Decision : std::uint8_t { units, sizes, block };

struct Leaf {
  HashSum hash;      // what it adds to the hash of the state
  TornCount states;  // no plain state: the choice is a torn request
  Decision decision = Decision::units;
  Tear tear;
  std::uint32_t index = 0;  // of the component or the file
  std::uint32_t block = 0;  // of the open block
  std::uint32_t value = 0;  // which alternative
};

class ChoiceSpace {
 public:
  using NodeId = std::uint32_t;
  struct Child {
    NodeId node = 0;
    HashSum factor{1, 1};  // of everything below
  };

  [[nodiscard]] NodeId leaf(const Leaf& leaf);
  [[nodiscard]] NodeId any_of(std::vector<Child> children);
  [[nodiscard]] NodeId all_of(std::vector<Child> children);

  // How many combinations of leaves there are: the calls that enumerate() makes.
  [[nodiscard]] TornCount combinations(NodeId node) const { return nodes_[node].combinations; }
  // How many states they stand for.
  [[nodiscard]] TornCount states(NodeId node) const { return nodes_[node].states; }
  [[nodiscard]] std::size_t nodes_count() const noexcept { return nodes_.size(); }

  // Calls visit(leaves, hash, states) for each combination, at most one of whose leaves is torn.
  // `visit` returns false to end it; then so does enumerate().
  using Visit = std::function<bool(std::span<const Leaf* const>, HashSum, std::uint64_t states)>;
  bool enumerate(NodeId root, HashSum base, const Visit& visit) const;

 private:
  enum class Kind : std::uint8_t { leaf, any_of, all_of };
  struct Node {
    Kind kind = Kind::leaf;
    std::uint32_t leaf = 0;
    std::vector<Child> children;
    TornCount combinations;
    TornCount states;
  };
  class Walk;

  std::vector<Node> nodes_;
  std::vector<Leaf> leaves_;
};

}  // namespace untorn::crash
