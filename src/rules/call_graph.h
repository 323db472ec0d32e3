// SPDX-License-Identifier: Apache-2.0
//
// Which function of the project calls which, over all files.
//
//   CallGraph graph(files);
//   for (const ProjectCall& call : graph.calls_of({file, function})) …
//
// A callee is looked up by the module path that its file imports it by. The scanned root may lie
// above the package (a module is then found by the end of its dotted name) or inside it (the
// package's own name is then left out). A package that imports a function from one of its modules
// may be named in that module's place. What fits two functions equally well is no call.
//
// Only functions that do something to files are known; others have no calls.
#pragma once
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "languages/facts.h"
#include "rules/link.h"

namespace untorn::rules {

// A function by its file's index and its own in FileFacts::functions.
struct FunctionId {
  std::uint32_t file = 0;
  std::uint32_t function = 0;
  friend constexpr auto operator<=>(const FunctionId&, const FunctionId&) = default;
};

struct ProjectCall {
  FunctionId caller;
  FunctionId callee;
  const languages::Call* call = nullptr;
};

class CallGraph {
 public:
  explicit CallGraph(std::span<const SourceFacts> files);

  // By caller's file and place in its text.
  [[nodiscard]] std::span<const ProjectCall> calls_of(FunctionId callee) const;
  // In the order of the text.
  [[nodiscard]] std::span<const ProjectCall> calls_in(FunctionId caller) const;
  // A function by its full name, "pkg.files.save"; nothing if there is none.
  [[nodiscard]] std::optional<FunctionId> find(std::string_view full_name) const;

 private:
  // A name within a file (by its index), or within all modules of a package (by its first file's).
  struct Name {
    std::size_t scope = 0;
    std::string_view name;
    friend bool operator==(const Name&, const Name&) = default;
  };
  struct NameHash {
    std::size_t operator()(const Name& key) const noexcept {
      return std::hash<std::string_view>{}(key.name) ^ (key.scope * 0x9E3779B97F4A7C15);
    }
  };
  // What bears a name; `count` tells whether the name is unique.
  struct Named {
    FunctionId function;
    std::uint32_t count = 0;
  };

  void index_modules();
  void index_functions();
  void index_function(FunctionId id, std::string_view name);
  void resolve_calls();
  [[nodiscard]] std::optional<FunctionId> resolve(std::uint32_t file,
                                                  std::string_view callee) const;
  [[nodiscard]] std::optional<FunctionId> resolve_here(std::uint32_t file,
                                                       std::string_view callee) const;
  [[nodiscard]] std::optional<FunctionId> resolve_relative(std::uint32_t file,
                                                           std::string_view callee) const;
  [[nodiscard]] std::optional<FunctionId> resolve_absolute(std::uint32_t file,
                                                           std::string_view callee) const;
  [[nodiscard]] std::optional<FunctionId> function_in(std::uint32_t file,
                                                      std::string_view name) const;
  [[nodiscard]] std::optional<std::uint32_t> module_named(std::string_view module) const;
  [[nodiscard]] std::optional<std::uint32_t> module_ending(std::string_view module,
                                                           std::uint32_t from) const;
  [[nodiscard]] std::optional<std::uint32_t> module_below_root(std::string_view module) const;

  std::span<const SourceFacts> files_;
  std::unordered_map<std::string_view, std::uint32_t> modules_;
  std::unordered_map<std::string_view, std::vector<std::uint32_t>> module_ends_;
  bool root_is_package_ = false;
  std::unordered_map<Name, FunctionId, NameHash> functions_;  // by file
  std::unordered_map<Name, Named, NameHash> methods_;         // by file and last part of the name
  std::unordered_map<Name, Named, NameHash> exported_;        // by package
  std::vector<ProjectCall> by_callee_;
  std::vector<ProjectCall> by_caller_;
};

// What `call` passes for a parameter of `callee`; nullptr if that is not seen.
[[nodiscard]] const languages::Argument* argument_for(const languages::Call& call,
                                                      const languages::Function& callee,
                                                      std::int32_t parameter);

}  // namespace untorn::rules
