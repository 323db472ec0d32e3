// SPDX-License-Identifier: Apache-2.0
//
// Answers by what they were made from: a command that reads the same gives the same answer, so a
// state that is equal to an earlier one on all that was read there need not be built.
//
//   AnswerMemo memo;
//   memo.add(reads, value_of, answer);
//   if (const auto* known = memo.find(value_of_in_another_state)) return known->answer;
//
// Invariant M1: find() gives an answer only if every read of the run that gave it has the value in
// this state that it had in that one. What a run reads depends on what it has read, so that runs
// form a tree: it is walked from the first read on, and a state costs about as many hashes as its
// run has reads.
//
// Threads: one.
#pragma once
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/hash.h"
#include "prove/judge/plan.h"
#include "prove/judge/read_set.h"

namespace untorn::prove {

class AnswerMemo {
 public:
  struct Known {
    std::optional<Answer> answer;
    std::size_t number = 0;  // which run gave it
  };
  using Value = std::function<Hash128(const Read&)>;

  // nullptr: no run read the same.
  [[nodiscard]] const Known* find(const Value& value) const;
  // A run's reads (those that vary), and its answer. False: the same reads gave another answer
  // before, so the command does not depend on them alone.
  [[nodiscard]] bool add(const std::vector<Read>& reads, const Value& value,
                         const std::optional<Answer>& answer);
  void clear() { *this = AnswerMemo(); }
  [[nodiscard]] std::size_t size() const noexcept { return runs_; }

 private:
  struct Node;
  struct Branch {
    Read read;
    std::map<Hash128, std::unique_ptr<Node>> by_value;
  };
  struct Node {
    std::optional<Known> known;
    std::vector<Branch> branches;
  };
  using Values = std::map<Read, Hash128>;  // of one state, each computed once

  static const Known* find_below(const Node& node, const Value& value, Values& values);

  std::unique_ptr<Node> first_ = std::make_unique<Node>();
  std::size_t runs_ = 0;
};

}  // namespace untorn::prove
