// SPDX-License-Identifier: Apache-2.0
#include "rules/call_graph.h"

#include <algorithm>
#include <string>
#include <tuple>

namespace untorn::rules {
namespace {

using languages::Argument;
using languages::Call;
using languages::Function;

constexpr std::size_t splits_max = 3;  // module.function, module.Class.method, one to spare

std::string_view parent_of(std::string_view dotted) {
  const std::size_t dot = dotted.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : dotted.substr(0, dot);
}

std::string_view last_of(std::string_view dotted) {
  const std::size_t dot = dotted.rfind('.');
  return dot == std::string_view::npos ? dotted : dotted.substr(dot + 1);
}

std::string_view without_first(std::string_view dotted) {
  const std::size_t dot = dotted.find('.');
  return dot == std::string_view::npos ? std::string_view{} : dotted.substr(dot + 1);
}

bool is_package(const SourceFacts& source) {
  constexpr std::string_view file_name = "__init__.py";
  const std::string_view path = source.path;
  return path.ends_with(file_name) &&
         (path.size() == file_name.size() || path[path.size() - file_name.size() - 1] == '/');
}

// The package that a relative import of this file starts from.
std::string_view package_of(const SourceFacts& source) {
  const std::string_view module = source.facts.module;
  return is_package(source) ? module : parent_of(module);
}

}  // namespace

CallGraph::CallGraph(std::span<const SourceFacts> files) : files_(files) {
  index_modules();
  index_functions();
  resolve_calls();
}

void CallGraph::index_modules() {
  for (std::uint32_t file = 0; file < files_.size(); ++file) {
    const std::string_view module = files_[file].facts.module;
    modules_.try_emplace(module, file);
    if (is_package(files_[file]) && files_[file].path.find('/') == std::string::npos)
      root_is_package_ = true;
    for (std::string_view end = module; !end.empty(); end = without_first(end))
      module_ends_[end].push_back(file);
  }
}

void CallGraph::index_functions() {
  for (std::uint32_t file = 0; file < files_.size(); ++file) {
    const auto& facts = files_[file].facts;
    for (const auto& operation : facts.operations) {
      if (operation.function >= facts.functions.size()) continue;
      const std::string_view name = facts.functions[operation.function].name;
      if (!name.empty()) index_function({file, operation.function}, name);
    }
  }
}

void CallGraph::index_function(FunctionId id, std::string_view name) {
  if (!functions_.try_emplace({id.file, name}, id).second) return;
  if (last_of(name) != name) {
    Named& methods = methods_[{id.file, last_of(name)}];
    methods = {id, methods.count + 1};
  }
  constexpr std::string_view constructor = ".__init__";
  if (name.ends_with(constructor))
    functions_.try_emplace({id.file, name.substr(0, name.size() - constructor.size())}, id);
  const auto package = modules_.find(parent_of(files_[id.file].facts.module));
  if (package == modules_.end()) return;
  Named& exported = exported_[{package->second, name}];
  exported = {id, exported.count + 1};
}

void CallGraph::resolve_calls() {
  for (std::uint32_t file = 0; file < files_.size(); ++file) {
    for (const Call& call : files_[file].facts.calls) {
      const std::optional<FunctionId> callee = resolve(file, call.callee);
      if (callee) by_callee_.push_back({{file, call.function}, *callee, &call});
    }
  }
  by_caller_ = by_callee_;
  const auto place = [](const ProjectCall& call) { return call.call->range.span.begin; };
  std::ranges::sort(by_callee_, {}, [&](const ProjectCall& call) {
    return std::tuple(call.callee, call.caller.file, place(call));
  });
  std::ranges::sort(by_caller_, {}, [&](const ProjectCall& call) {
    return std::tuple(call.caller, place(call), call.callee);
  });
}

std::span<const ProjectCall> CallGraph::calls_of(FunctionId callee) const {
  return std::ranges::equal_range(by_callee_, callee, {}, &ProjectCall::callee);
}

std::span<const ProjectCall> CallGraph::calls_in(FunctionId caller) const {
  return std::ranges::equal_range(by_caller_, caller, {}, &ProjectCall::caller);
}

std::optional<FunctionId> CallGraph::find(std::string_view full_name) const {
  std::string_view module = full_name;
  for (std::size_t split = 0; split < splits_max && !module.empty(); ++split) {
    module = parent_of(module);
    const std::size_t skip = module.empty() ? 0 : module.size() + 1;
    const auto ends = module_ends_.find(module);
    const bool is_only = ends != module_ends_.end() && ends->second.size() == 1;
    const auto file = is_only ? std::optional(ends->second[0]) : module_named(module);
    if (!file) continue;
    const auto function = function_in(*file, full_name.substr(skip));
    if (function) return function;
  }
  return std::nullopt;
}

std::optional<FunctionId> CallGraph::resolve(std::uint32_t file, std::string_view callee) const {
  if (callee.starts_with('.')) return resolve_relative(file, callee);
  const std::optional<FunctionId> here = resolve_here(file, callee);
  if (here || callee.find('.') == std::string_view::npos) return here;
  return resolve_absolute(file, callee);
}

std::optional<FunctionId> CallGraph::resolve_here(std::uint32_t file,
                                                  std::string_view callee) const {
  const auto function = functions_.find({file, callee});
  if (function != functions_.end()) return function->second;
  // A method that another class of the file defines, such as a base class.
  const bool is_method = last_of(callee) != callee && callee[0] >= 'A' && callee[0] <= 'Z';
  if (!is_method) return std::nullopt;
  const auto methods = methods_.find({file, last_of(callee)});
  if (methods == methods_.end() || methods->second.count != 1) return std::nullopt;
  return methods->second.function;
}

// ".files:save", "..:save", ".:files.save": dots, the rest of the module's name, and what it names.
std::optional<FunctionId> CallGraph::resolve_relative(std::uint32_t file,
                                                      std::string_view callee) const {
  const std::size_t dots = std::min(callee.find_first_not_of('.'), callee.size());
  std::string_view package = package_of(files_[file]);
  for (std::size_t level = 1; level < dots; ++level) package = parent_of(package);
  std::string name(package);
  std::string_view rest = callee.substr(dots);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find_first_of(":."), rest.size());
    if (end > 0 && !name.empty()) name += '.';
    name += rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  std::string_view module = name;
  for (std::size_t split = 0; split < splits_max && !module.empty(); ++split) {
    module = parent_of(module);
    const std::optional<std::uint32_t> found = module_named(module);
    const std::size_t skip = module.empty() ? 0 : module.size() + 1;
    if (!found) continue;
    const auto function = function_in(*found, std::string_view(name).substr(skip));
    if (function) return function;
  }
  return std::nullopt;
}

std::optional<FunctionId> CallGraph::resolve_absolute(std::uint32_t file,
                                                      std::string_view callee) const {
  std::string_view module = callee;
  for (std::size_t split = 0; split < splits_max; ++split) {
    module = parent_of(module);
    if (module.empty()) break;
    std::optional<std::uint32_t> found = module_ending(module, file);
    if (!found && root_is_package_) found = module_below_root(module);
    if (!found) continue;
    const auto function = function_in(*found, callee.substr(module.size() + 1));
    if (function) return function;
  }
  return std::nullopt;
}

std::optional<FunctionId> CallGraph::function_in(std::uint32_t file, std::string_view name) const {
  const auto function = functions_.find({file, name});
  if (function != functions_.end()) return function->second;
  if (!is_package(files_[file])) return std::nullopt;
  const auto exported = exported_.find({file, name});
  if (exported == exported_.end() || exported->second.count != 1) return std::nullopt;
  return exported->second.function;
}

std::optional<std::uint32_t> CallGraph::module_named(std::string_view module) const {
  const auto found = modules_.find(module);
  return found == modules_.end() ? std::nullopt : std::optional(found->second);
}

// The module whose full name ends so: the one nearest above the file that imports it, else the only
// one. A name of one part must be a neighbour: `utils` is any folder's.
std::optional<std::uint32_t> CallGraph::module_ending(std::string_view module,
                                                      std::uint32_t from) const {
  if (const auto exact = module_named(module)) return exact;
  const bool must_be_neighbour = last_of(module) == module;
  std::string_view package = files_[from].facts.module;
  while (!package.empty()) {
    package = parent_of(package);
    if (package.empty()) break;
    const auto found = module_named(std::string(package) + '.' + std::string(module));
    if (found) return found;
    if (must_be_neighbour) return std::nullopt;
  }
  const auto found = module_ends_.find(module);
  const bool is_only = found != module_ends_.end() && found->second.size() == 1;
  return is_only && !must_be_neighbour ? std::optional(found->second[0]) : std::nullopt;
}

std::optional<std::uint32_t> CallGraph::module_below_root(std::string_view module) const {
  while (!module.empty()) {
    module = without_first(module);
    const std::optional<std::uint32_t> found = module_named(module);
    if (found) return found;
  }
  return std::nullopt;
}

const Argument* argument_for(const Call& call, const Function& callee, std::int32_t parameter) {
  if (parameter < 0 || static_cast<std::size_t>(parameter) >= callee.parameters.size())
    return nullptr;
  const std::size_t position = static_cast<std::size_t>(parameter);
  std::size_t positional = 0;
  for (const Argument& argument : call.arguments) {
    const bool matches = argument.name.empty() ? positional == position
                                               : argument.name == callee.parameters[position].name;
    if (matches) return &argument;
    if (argument.name.empty()) ++positional;
  }
  return nullptr;
}

}  // namespace untorn::rules
