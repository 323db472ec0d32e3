// SPDX-License-Identifier: Apache-2.0
//
// Loaders that answer "new" for a damaged file.
//
//   RecoveryReader(evaluator).read(try_statement, facts.recovery_flaws);
//
// A flaw is an except clause
//   1. of a `try` whose body parses the content of a file (loads.h),
//   2. that catches what a damaged file raises: not FileNotFoundError or OSError alone,
//   3. that goes on with an empty or new value: it returns one, binds the name or attribute that
//      the body binds to one, or passes to code behind the `try` that does so; or leaves the object
//      as it was made, where what was loaded would have gone into it,
//   4. and neither raises, nor exits, nor sets the damaged file aside.
// An answer of None alone is no flaw: a caller must tell it from a state. Nor is `continue`, which
// leaves out one item of many.
//
// Threads: not to be shared.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "languages/facts.h"
#include "languages/python/evaluator.h"
#include "languages/python/loads.h"

namespace untorn::languages {

class RecoveryReader {
 public:
  explicit RecoveryReader(Evaluator& evaluator)
      : evaluator_(evaluator),
        module_(evaluator.module()),
        tree_(module_.tree()),
        grammar_(Grammar::get()),
        loads_(evaluator) {}

  // Appends the flaws of one `try`.
  void read(NodeId try_statement, std::vector<RecoveryFlaw>& flaws);

 private:
  // The names and attributes, as written, that assignments below the node bind.
  [[nodiscard]] std::vector<std::string_view> bound_below(NodeId node) const;
  [[nodiscard]] bool catches_damage(NodeId clause);
  bool is_damage(NodeId exception);
  [[nodiscard]] bool gives_up_or_saves(NodeId clause);
  std::optional<NodeId> answer(NodeId try_statement, NodeId clause);
  // The clause leaves the object as it is, and the loaded value would have gone into it.
  bool leaves_object_new(NodeId try_statement, NodeId clause, NodeId load);
  NodeId returned_behind(NodeId statement);
  NodeId bound_before(NodeId try_statement, const std::vector<std::string_view>& names);
  bool is_new_value(NodeId expression, std::string_view exception_name);
  bool is_new_call(NodeId call);
  [[nodiscard]] bool mentions(NodeId node, std::string_view name) const;
  [[nodiscard]] std::string_view alias_of(NodeId clause) const;
  [[nodiscard]] NodeId block_of_clause(NodeId clause) const;

  Evaluator& evaluator_;
  const Module& module_;
  const SyntaxTree& tree_;
  const Grammar& grammar_;
  LoadFinder loads_;
};

}  // namespace untorn::languages
