// SPDX-License-Identifier: Apache-2.0
//
// The operations of all files by function, with the kind that their callers' modes give them.
//
//   OperationIndex operations(files, graph);
//   for (std::uint32_t index : operations.of({file, function})) …
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "languages/facts.h"
#include "rules/call_graph.h"
#include "rules/link.h"

namespace untorn::rules {

// Whether the operation puts content, or another file, under its target's name.
[[nodiscard]] bool writes(languages::OperationKind kind) noexcept;

class OperationIndex {
 public:
  OperationIndex(std::span<const SourceFacts> files, const CallGraph& graph);

  // Indices in FileFacts::operations, in the order of the text.
  [[nodiscard]] std::span<const std::uint32_t> of(FunctionId function) const;
  [[nodiscard]] languages::OperationKind kind(std::uint32_t file, std::uint32_t operation) const {
    return kinds_[file][operation];
  }
  [[nodiscard]] const languages::Operation& operation(std::uint32_t file,
                                                      std::uint32_t operation) const {
    return files_[file].facts.operations[operation];
  }
  // By the function's or its file's marks.
  [[nodiscard]] bool is_test(FunctionId function) const;
  // Callers as they count for `function`: those of tests only if it is a test itself.
  [[nodiscard]] std::vector<const ProjectCall*> callers(FunctionId function) const;

 private:
  [[nodiscard]] languages::OperationKind kind_by_mode(FunctionId function,
                                                      const languages::Operation& operation) const;

  std::span<const SourceFacts> files_;
  const CallGraph& graph_;
  std::vector<std::vector<languages::OperationKind>> kinds_;
  std::vector<std::vector<std::uint32_t>> order_;  // by function, then place
};

}  // namespace untorn::rules
