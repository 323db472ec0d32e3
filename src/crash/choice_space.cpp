// SPDX-License-Identifier: Apache-2.0
#include "crash/choice_space.h"

#include <utility>

namespace untorn::crash {

ChoiceSpace::NodeId ChoiceSpace::leaf(const Leaf& leaf) {
  Node node;
  node.kind = Kind::leaf;
  node.leaf = static_cast<std::uint32_t>(leaves_.size());
  node.combinations = leaf.states.plain > 0 ? TornCount{1, 0} : TornCount{0, 1};
  node.states = leaf.states;
  leaves_.push_back(leaf);
  nodes_.push_back(std::move(node));
  return static_cast<NodeId>(nodes_.size() - 1);
}

ChoiceSpace::NodeId ChoiceSpace::any_of(std::vector<Child> children) {
  Node node;
  node.kind = Kind::any_of;
  for (const Child& child : children) {
    node.combinations += nodes_[child.node].combinations;
    node.states += nodes_[child.node].states;
  }
  node.children = std::move(children);
  nodes_.push_back(std::move(node));
  return static_cast<NodeId>(nodes_.size() - 1);
}

ChoiceSpace::NodeId ChoiceSpace::all_of(std::vector<Child> children) {
  Node node;
  node.kind = Kind::all_of;
  node.combinations = {1, 0};
  node.states = {1, 0};
  for (const Child& child : children) {
    node.combinations = node.combinations * nodes_[child.node].combinations;
    node.states = node.states * nodes_[child.node].states;
  }
  node.children = std::move(children);
  nodes_.push_back(std::move(node));
  return static_cast<NodeId>(nodes_.size() - 1);
}

// A depth-first walk. What is still to be done is a list whose links lie in the frames of the walk
// itself, so that nothing is allocated per state.
class ChoiceSpace::Walk {
 public:
  Walk(const ChoiceSpace& space, const Visit& visit) : space_(space), visit_(visit) {}

  struct Pending {
    NodeId node;
    HashSum factor;
    const Pending* next;
  };

  bool run(const Pending* pending, HashSum hash, TornCount states) {
    if (pending == nullptr) return visit_(leaves_, hash, states.all());
    const Node& node = space_.nodes_[pending->node];
    switch (node.kind) {
      case Kind::leaf: {
        const Leaf& leaf = space_.leaves_[node.leaf];
        const TornCount product = states * leaf.states;
        // A second torn request: not a state.
        if (product.plain == 0 && product.torn == 0) return true;
        leaves_.push_back(&leaf);
        const bool go_on = run(pending->next, hash + leaf.hash * pending->factor, product);
        leaves_.pop_back();
        return go_on;
      }
      case Kind::any_of:
        for (const Child& child : node.children) {
          const Pending choice{child.node, pending->factor * child.factor, pending->next};
          if (!run(&choice, hash, states)) return false;
        }
        return true;
      case Kind::all_of:
        return push(node, 0, *pending, pending->next, hash, states);
    }
    return true;
  }

 private:
  // Puts the children of an all_of node in front of what follows it, one frame each.
  bool push(const Node& node, std::size_t done, const Pending& parent, const Pending* next,
            HashSum hash, TornCount states) {
    if (done == node.children.size()) return run(next, hash, states);
    const Child& child = node.children[node.children.size() - 1 - done];
    const Pending first{child.node, parent.factor * child.factor, next};
    return push(node, done + 1, parent, &first, hash, states);
  }

  const ChoiceSpace& space_;
  const Visit& visit_;
  std::vector<const Leaf*> leaves_;
};

bool ChoiceSpace::enumerate(NodeId root, HashSum base, const Visit& visit) const {
  const Walk::Pending first{root, {1, 1}, nullptr};
  return Walk(*this, visit).run(&first, base, {1, 0});
}

}  // namespace untorn::crash
