// SPDX-License-Identifier: Apache-2.0
//
// Who reads and who writes which path of the project.
//
// Two operations speak of one file if their paths have equal keys, or name the same constant file.
// Between two files of the source the name must be one that a program gives to its own data:
// "README.md" and "index.html" are everybody's. A function that reads or writes a path that it is
// given counts for its callers.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "languages/facts.h"
#include "rules/call_graph.h"
#include "rules/link.h"
#include "rules/operation_index.h"

namespace untorn::rules {

struct Access {
  FunctionId function;  // who asks for it: a caller, where a function is given the path
  std::uint32_t line = 0;
  std::uint32_t place = 0;  // byte in the text
  bool is_direct = true;    // not by a function that it calls
};

class AccessIndex {
 public:
  AccessIndex(std::span<const SourceFacts> files, const OperationIndex& operations);

  // A read of `path` by another function than `writer`; nullptr if there is none. Reads by tests
  // count for tests alone.
  [[nodiscard]] const Access* read_elsewhere(FunctionId writer,
                                             const languages::PathFacts& path) const;
  // A read of the same path by `writer` itself before `place`, and not by what it calls: a function
  // that gives a path to its reader or to its writer does not edit.
  [[nodiscard]] const Access* read_before(FunctionId writer, const languages::PathFacts& path,
                                          std::uint32_t place) const;
  // A write of `path` that may follow when `reader` gave up at `place`: by another function, or by
  // `reader` further down. Where there is none, and the path says that it holds a state, a registry
  // or credentials: a write by another method of the same class below the same attribute, whose
  // name says that it saves.
  [[nodiscard]] const Access* written(FunctionId reader, const languages::PathFacts& path,
                                      std::uint32_t place) const;
  // "load() at line 20", with the file's path if that is another than `from`.
  [[nodiscard]] std::string describe(const Access& access, std::uint32_t from) const;

 private:
  using List = std::vector<Access>;
  struct Paths {
    std::unordered_map<std::string_view, List> by_key;
    std::unordered_map<std::string_view, List> by_name;
    std::unordered_map<std::string_view, List> by_attribute;  // "app.Store.folder"
  };

  void index_operation(std::uint32_t file, std::uint32_t index);
  // Of the functions that `untorn fix` puts in: what they write is written, although no site.
  void index_safe_writes(std::uint32_t file);
  static void add(Paths& paths, const languages::PathFacts& path, const Access& access);
  template <typename Accepts>
  [[nodiscard]] static const Access* find(const Paths& paths, const languages::PathFacts& path,
                                          std::uint32_t file, const Accepts& accepts);

  [[nodiscard]] std::string_view name_of(FunctionId function) const;

  std::span<const SourceFacts> files_;
  const OperationIndex& operations_;
  Paths reads_;
  Paths writes_;
};

// What a function is called in a sentence: "save()" of "StateManager.save".
[[nodiscard]] std::string spoken_name(const languages::Function& function);

}  // namespace untorn::rules
