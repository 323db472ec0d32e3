// SPDX-License-Identifier: Apache-2.0
//
// Where a piece of code parses the content of a file.
//
//   std::optional<Load> load = LoadFinder(evaluator).find(body);
//
// A load is a call that parses (json.load, yaml.safe_load, ConfigParser.read, …) and whose text
// comes from a file: from a handle that the code opened, from read_text() of a path, or by a
// function of the same file that does so. Text from a network, from standard input or from a
// parameter is none.
//
// Threads: not to be shared.
#pragma once
#include <optional>
#include <string_view>

#include "languages/facts.h"
#include "languages/python/evaluator.h"

namespace untorn::languages {

// Parses text or an open file: "json.load".
[[nodiscard]] bool is_parser(std::string_view api) noexcept;

struct Load {
  NodeId call = NodeId::none;
  PathFacts path;
};

class LoadFinder {
 public:
  explicit LoadFinder(Evaluator& evaluator)
      : evaluator_(evaluator),
        module_(evaluator.module()),
        tree_(module_.tree()),
        grammar_(Grammar::get()) {}

  // The first load below `node` that no inner `try` guards. Functions with more than 4,000 nodes
  // are not searched.
  [[nodiscard]] std::optional<Load> find(NodeId node);

 private:
  std::optional<Load> find_in(NodeId node, int calls);
  std::optional<Load> load_of(NodeId call, int calls);
  std::optional<Load> load_of_function(NodeId call, const Callee& callee, int calls);
  // The path of the file that a handle reads or a text comes from.
  NodeId file_behind(NodeId expression);
  NodeId file_behind_call(NodeId call, NodeId& next);

  Evaluator& evaluator_;
  const Module& module_;
  const SyntaxTree& tree_;
  const Grammar& grammar_;
};

}  // namespace untorn::languages
