// SPDX-License-Identifier: Apache-2.0
//
// The calls of a file that open, write, read or move files, as facts.
//
//   OperationReader reader(evaluator);
//   reader.read(call, facts.operations);   // for each call, in the order of the text
//   reader.finish(facts.operations);
//
// Threads: not to be shared.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "languages/facts.h"
#include "languages/python/apis.h"
#include "languages/python/evaluator.h"
#include "languages/python/handles.h"

namespace untorn::languages {

class OperationReader {
 public:
  explicit OperationReader(Evaluator& evaluator)
      : evaluator_(evaluator),
        module_(evaluator.module()),
        tree_(module_.tree()),
        grammar_(Grammar::get()),
        tracker_(evaluator) {}

  // Appends what `call` does to files, if it does.
  void read(NodeId call, std::vector<Operation>& operations);
  // What is seen only when all operations are known: a file that is opened again to be synced, a
  // target that is removed just before the rename.
  void finish(std::vector<Operation>& operations) const;

 private:
  std::optional<Operation> read_api(NodeId call, const Api& api);
  std::optional<Operation> read_open(NodeId call, const Api& api, const CallArguments& arguments);
  std::optional<Operation> read_open_flags(NodeId call, const CallArguments& arguments);
  std::optional<Operation> read_temporary(NodeId call, const Api& api,
                                          const CallArguments& arguments);
  std::optional<Operation> read_moving(NodeId call, const Api& api, const CallArguments& arguments);
  std::optional<Operation> read_whole(NodeId call, const Api& api, const CallArguments& arguments);
  std::optional<Operation> read_fileinput(NodeId call, const CallArguments& arguments);
  std::optional<Operation> read_directory_sync(NodeId call);
  std::optional<Operation> read_method(NodeId call);
  std::optional<Operation> read_path_method(NodeId call, std::string_view name,
                                            const Value& object);
  std::optional<Operation> read_path_open(NodeId call, const Value& object);
  std::optional<Operation> read_saving_method(NodeId call, std::string_view name,
                                              const Value& object);

  Operation operation_at(NodeId call, OperationKind kind, std::string api);
  void set_target(NodeId expression, Operation& operation);
  // The mode's constants, or the parameter that it comes from; false: nothing is known of it.
  bool set_mode(NodeId mode, std::string_view standard, Operation& operation);
  void set_handle(NodeId producer, Operation& operation);
  void set_content(NodeId expression, Operation& operation);
  void set_rewrite(NodeId call, Operation& operation);
  bool is_guarded(NodeId expression, const PathFacts& target);
  bool has_private_opener(const CallArguments& arguments);
  [[nodiscard]] bool is_compared_with_minus_one(NodeId expression) const;
  bool is_unknown_context(NodeId expression);
  bool is_directory(NodeId expression, const PathFacts& path);
  [[nodiscard]] bool is_empty_literal(NodeId expression) const;
  [[nodiscard]] bool names_file(const Value& value) const;

  Evaluator& evaluator_;
  const Module& module_;
  const SyntaxTree& tree_;
  const Grammar& grammar_;
  HandleTracker tracker_;
  std::string mode_;  // of the operation that is being read, where it is one constant
};

}  // namespace untorn::languages
