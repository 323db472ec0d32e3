// SPDX-License-Identifier: Apache-2.0
#include "rules/link.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "rules/access_index.h"
#include "rules/call_graph.h"
#include "rules/operation_index.h"
#include "rules/publication.h"

namespace untorn::rules {
namespace {

using languages::Argument;
using languages::FileFacts;
using languages::Operation;
using languages::OperationKind;
using languages::PathFacts;

// Callers beyond this number of different paths add nothing to what is known of a function.
constexpr std::size_t targets_max = 32;

// The module that `untorn fix` puts into a project, under whatever name.
bool is_own_module(const FileFacts& facts) {
  constexpr std::array<std::string_view, 3> functions = {"atomic_open", "atomic_write_bytes",
                                                         "atomic_write_text"};
  return std::ranges::all_of(functions, [&](std::string_view name) {
    return std::ranges::find(facts.functions, name, &languages::Function::name) !=
           facts.functions.end();
  });
}

bool is_temporary(const LinkedTarget& target) {
  const PathFacts& path = target.path;
  return target.published || path.never_leaves || path.is_special || path.is_descriptor;
}

class Linker {
 public:
  Linker(std::span<const SourceFacts> files, const LinkOptions& options)
      : files_(files),
        graph_(files),
        operations_(files, graph_),
        accesses_(files, operations_),
        publications_(files, graph_, operations_) {
    for (const std::string& name : options.atomic_writers)
      if (const auto function = graph_.find(name)) declared_.insert(*function);
  }

  [[nodiscard]] LinkedFile link_file(std::uint32_t file) const {
    const FileFacts& facts = files_[file].facts;
    LinkedFile linked{files_[file], {}, {}};
    const bool is_own = is_own_module(facts);
    std::set<std::pair<std::uint32_t, std::string_view>> made;
    for (std::uint32_t index = 0; index < facts.operations.size(); ++index) {
      linked.operations.push_back(link_operation(file, index));
      LinkedOperation& last = linked.operations.back();
      last.in_atomic_writer |= is_own;
      const Operation& operation = facts.operations[index];
      const auto path = std::pair(operation.function, std::string_view(operation.target.key));
      last.made_here = made.contains(path);
      if (last.kind == OperationKind::create_exclusively && !path.second.empty()) made.insert(path);
    }
    for (const auto& flaw : facts.recovery_flaws) {
      const std::uint32_t place = flaw.range.span.begin;
      const Access* write = accesses_.written({file, flaw.function}, flaw.target, place);
      linked.flaws.push_back({write == nullptr ? "" : accesses_.describe(*write, file)});
    }
    return linked;
  }

 private:
  [[nodiscard]] LinkedOperation link_operation(std::uint32_t file, std::uint32_t index) const {
    const Operation& operation = operations_.operation(file, index);
    const FunctionId function{file, operation.function};
    LinkedOperation linked;
    linked.kind = operations_.kind(file, index);
    if (writes(linked.kind)) add_targets_of_callers(function, operation, linked);
    if (linked.targets.empty()) {
      LinkedTarget own;
      own.path = operation.target;
      if (writes(linked.kind)) describe_reads(function, operation.range.span.begin, file, own);
      linked.targets.push_back(std::move(own));
    }
    if (publications_.is_published(file, index))
      for (LinkedTarget& target : linked.targets) target.published = true;
    linked.all_temporary = std::ranges::all_of(linked.targets, is_temporary);
    const bool is_part =
        publications_.is_atomic_writer(function) && operation.target.parameter >= 0;
    linked.in_atomic_writer = is_part || declared_.contains(function);
    if (const Publication* publication = publications_.of(file, index))
      linked.publication = *publication;
    return linked;
  }

  void add_targets_of_callers(FunctionId function, const Operation& operation,
                              LinkedOperation& linked) const {
    if (operation.target.parameter < 0) return;
    const auto& callee = files_[function.file].facts.functions[function.function];
    std::set<std::pair<std::uint32_t, std::string_view>> seen;
    for (const ProjectCall* call : operations_.callers(function)) {
      const Argument* argument = argument_for(*call->call, callee, operation.target.parameter);
      if (argument == nullptr || linked.targets.size() == targets_max) continue;
      const bool is_new = seen.insert({call->caller.file, argument->path.key}).second;
      LinkedTarget target = target_of_call(function, operation, *call, argument->path);
      if (is_new || argument->path.key.empty()) linked.targets.push_back(std::move(target));
    }
  }

  [[nodiscard]] LinkedTarget target_of_call(FunctionId function, const Operation& operation,
                                            const ProjectCall& call, const PathFacts& path) const {
    const SourceFacts& caller = files_[call.caller.file];
    LinkedTarget target;
    target.called_by =
        accesses_.describe({call.caller, call.call->range.first.line, 0, true}, function.file);
    target.caller_function = caller.facts.functions[call.caller.function].name;
    target.caller_module = caller.facts.module;
    target.published = publications_.is_published(*call.call, operation.target.parameter);
    if (operation.target.is_whole_parameter) {
      target.path = path;
      describe_reads(call.caller, call.call->range.span.begin, function.file, target);
    } else {
      // A path inside what is passed: it lives where that lives, and has a name of its own.
      target.path = operation.target;
      target.path.never_leaves = path.never_leaves || operation.target.never_leaves;
      const bool is_below =
          !target.path.file_name.empty() || target.path.key.find('/') != std::string::npos;
      target.in_temporary = is_below && (path.looks_temporary || path.in_system_temp);
      describe_reads(function, operation.range.span.begin, function.file, target);
    }
    return target;
  }

  void describe_reads(FunctionId writer, std::uint32_t place, std::uint32_t from,
                      LinkedTarget& target) const {
    if (const Access* read = accesses_.read_elsewhere(writer, target.path))
      target.read_back = accesses_.describe(*read, from);
    if (const Access* read = accesses_.read_before(writer, target.path, place))
      target.edited_at = read->line;
  }

  std::span<const SourceFacts> files_;
  CallGraph graph_;
  OperationIndex operations_;
  AccessIndex accesses_;
  Publications publications_;
  std::set<FunctionId> declared_;
};

}  // namespace

std::vector<LinkedFile> link(std::span<const SourceFacts> files, const LinkOptions& options) {
  const Linker linker(files, options);
  std::vector<LinkedFile> linked;
  linked.reserve(files.size());
  for (std::uint32_t file = 0; file < files.size(); ++file)
    linked.push_back(linker.link_file(file));
  return linked;
}

}  // namespace untorn::rules
