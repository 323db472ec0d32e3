// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/answer_memo.h"

#include <algorithm>

namespace untorn::prove {

const AnswerMemo::Known* AnswerMemo::find_below(const Node& node, const Value& value,
                                                Values& values) {
  if (node.known) return &*node.known;
  for (const Branch& branch : node.branches) {
    const auto [place, is_new] = values.try_emplace(branch.read);
    if (is_new) place->second = value(branch.read);
    const auto next = branch.by_value.find(place->second);
    if (next == branch.by_value.end()) continue;
    if (const Known* known = find_below(*next->second, value, values)) return known;
  }
  return nullptr;
}

const AnswerMemo::Known* AnswerMemo::find(const Value& value) const {
  Values values;
  return find_below(*first_, value, values);
}

bool AnswerMemo::add(const std::vector<Read>& reads, const Value& value,
                     const std::optional<Answer>& answer) {
  std::vector<Read> left = reads;
  Node* node = first_.get();
  while (!left.empty()) {
    // Along reads that earlier runs made, as far as this one made them too.
    auto at = left.begin();
    Branch* taken = nullptr;
    for (Branch& branch : node->branches) {
      at = std::find(left.begin(), left.end(), branch.read);
      if (at == left.end()) continue;
      taken = &branch;
      break;
    }
    if (taken == nullptr) {
      at = left.begin();
      taken = &node->branches.emplace_back(Branch{*at, {}});
    }
    std::unique_ptr<Node>& next = taken->by_value[value(*at)];
    if (!next) next = std::make_unique<Node>();
    node = next.get();
    left.erase(at);
  }
  if (node->known) return node->known->answer.has_value() == answer.has_value();
  node->known = Known{answer, runs_++};
  return true;
}

}  // namespace untorn::prove
