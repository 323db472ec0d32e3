// SPDX-License-Identifier: Apache-2.0
#include "rules/access_index.h"

#include <algorithm>
#include <array>

#include "rules/role_words.h"

namespace untorn::rules {
namespace {

using languages::Argument;
using languages::Operation;
using languages::OperationKind;
using languages::PathFacts;

// Names that unrelated parts of a program give to unrelated files.
constexpr auto everybodys_names = std::to_array<std::string_view>(
    {"__init__.py", "changelog.md",     "conftest.py",   "data.json",      "data.txt",
     "dockerfile",  "index.html",       "license",       "main.py",        "makefile",
     "manifest.in", "metadata",         "metadata.json", "out.txt",        "output.json",
     "output.txt",  "package.json",     "pkg-info",      "pyproject.toml", "readme.md",
     "record",      "requirements.txt", "result.json",   "results.json",   "setup.cfg",
     "setup.py",    "test.txt"});

// Accesses of one path beyond this number add nothing to what is known of it.
constexpr std::size_t accesses_max = 64;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& letter : result)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return result;
}

// "..atomic_file:atomic_write_text", "atomic_open", "untorn.write_text".
bool writes_safely(std::string_view callee) {
  constexpr auto anywhere = std::to_array<std::string_view>(
      {"atomic_open", "atomic_write", "atomic_write_bytes", "atomic_write_text"});
  constexpr auto of_package = std::to_array<std::string_view>(
      {"untorn.open", "untorn.write_bytes", "untorn.write_json", "untorn.write_text"});
  const std::string_view name = callee.substr(callee.find_last_of(".:") + 1);
  return std::ranges::find(anywhere, name) != anywhere.end() ||
         std::ranges::find(of_package, callee) != of_package.end();
}

// "app.Store.folder" of "app.Store.folder/*.json": the files of one folder of one object.
std::string_view attribute_of(std::string_view key) {
  return key.substr(0, key.find('/'));
}

std::string_view class_of(std::string_view function) {
  const std::size_t dot = function.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : function.substr(0, dot);
}

bool says_saving(std::string_view function) {
  constexpr auto saving = std::to_array<std::string_view>(
      {"add", "checkpoint", "commit", "dump", "flush", "persist", "put", "record", "register",
       "save", "set", "store", "update", "write"});
  const std::string_view own = function.substr(function.rfind('.') + 1);
  return std::ranges::any_of(split_words(own), [&](const std::string& word) {
    return std::ranges::find(saving, word) != saving.end();
  });
}

bool must_not_be_lost(const PathFacts& path) {
  const auto named = role_of_words(path.words);
  return named && (named->role == Role::state || named->role == Role::registry ||
                   named->role == Role::credential);
}

bool is_own_name(std::string_view file_name) {
  return std::ranges::find(everybodys_names, lower(file_name)) == everybodys_names.end();
}

}  // namespace

std::string spoken_name(const languages::Function& function) {
  if (function.name.empty()) return "the module";
  const std::size_t dot = function.name.rfind('.');
  return (dot == std::string::npos ? function.name : function.name.substr(dot + 1)) + "()";
}

AccessIndex::AccessIndex(std::span<const SourceFacts> files, const OperationIndex& operations)
    : files_(files), operations_(operations) {
  for (std::uint32_t file = 0; file < files.size(); ++file) {
    for (std::uint32_t index = 0; index < files[file].facts.operations.size(); ++index)
      index_operation(file, index);
    index_safe_writes(file);
  }
}

void AccessIndex::index_safe_writes(std::uint32_t file) {
  for (const languages::Call& call : files_[file].facts.calls) {
    if (call.arguments.empty() || !writes_safely(call.callee)) continue;
    const languages::Range& range = call.range;
    add(writes_, call.arguments.front().path,
        {{file, call.function}, range.first.line, range.span.begin, false});
  }
}

void AccessIndex::index_operation(std::uint32_t file, std::uint32_t index) {
  const Operation& operation = operations_.operation(file, index);
  const OperationKind kind = operations_.kind(file, index);
  if (kind != OperationKind::read && !writes(kind)) return;
  Paths& paths = kind == OperationKind::read ? reads_ : writes_;
  const FunctionId function{file, operation.function};
  add(paths, operation.target, {function, operation.range.first.line, operation.range.span.begin});
  if (!operation.target.is_whole_parameter) return;
  const auto& callee = files_[file].facts.functions[operation.function];
  for (const ProjectCall* call : operations_.callers(function)) {
    const Argument* argument = argument_for(*call->call, callee, operation.target.parameter);
    if (argument == nullptr) continue;
    const auto& range = call->call->range;
    add(paths, argument->path, {call->caller, range.first.line, range.span.begin, false});
  }
}

void AccessIndex::add(Paths& paths, const PathFacts& path, const Access& access) {
  const auto append = [&](List& list) {
    if (list.size() < accesses_max) list.push_back(access);
  };
  if (!path.key.empty()) append(paths.by_key[path.key]);
  if (!path.file_name.empty()) append(paths.by_name[path.file_name]);
  const std::string_view attribute = attribute_of(path.key);
  if (!attribute.empty()) append(paths.by_attribute[attribute]);
}

template <typename Accepts>
const Access* AccessIndex::find(const Paths& paths, const PathFacts& path, std::uint32_t file,
                                const Accepts& accepts) {
  const Access* elsewhere = nullptr;
  const auto search = [&](const auto& map, const std::string& key,
                          bool across_files) -> const Access* {
    const auto list = key.empty() ? map.end() : map.find(key);
    if (list == map.end()) return nullptr;
    for (const Access& access : list->second) {
      if (!accepts(access)) continue;
      if (access.function.file == file) return &access;
      if (across_files && elsewhere == nullptr) elsewhere = &access;
    }
    return nullptr;
  };
  const bool is_own = is_own_name(path.file_name);
  if (const Access* here = search(paths.by_key, path.key, is_own)) return here;
  const Access* here = search(paths.by_name, path.file_name, is_own);
  return here != nullptr ? here : elsewhere;
}

const Access* AccessIndex::read_elsewhere(FunctionId writer, const PathFacts& path) const {
  const bool with_tests = operations_.is_test(writer);
  return find(reads_, path, writer.file, [&](const Access& access) {
    return access.function != writer && (with_tests || !operations_.is_test(access.function));
  });
}

const Access* AccessIndex::read_before(FunctionId writer, const PathFacts& path,
                                       std::uint32_t place) const {
  const Access* found = find(reads_, path, writer.file, [&](const Access& access) {
    return access.function == writer && access.is_direct && access.place < place;
  });
  return found;
}

const Access* AccessIndex::written(FunctionId reader, const PathFacts& path,
                                   std::uint32_t place) const {
  const bool with_tests = operations_.is_test(reader);
  const auto accepts = [&](const Access& access) {
    const bool follows = access.function != reader || access.place > place;
    return follows && (with_tests || !operations_.is_test(access.function));
  };
  if (const Access* found = find(writes_, path, reader.file, accepts)) return found;
  const std::string_view owner = class_of(name_of(reader));
  if (owner.empty() || !must_not_be_lost(path)) return nullptr;
  const auto list = writes_.by_attribute.find(attribute_of(path.key));
  if (list == writes_.by_attribute.end()) return nullptr;
  const auto saves = std::ranges::find_if(list->second, [&](const Access& access) {
    return access.function.file == reader.file && access.function != reader && accepts(access) &&
           class_of(name_of(access.function)) == owner && says_saving(name_of(access.function));
  });
  return saves == list->second.end() ? nullptr : &*saves;
}

std::string_view AccessIndex::name_of(FunctionId function) const {
  return files_[function.file].facts.functions[function.function].name;
}

std::string AccessIndex::describe(const Access& access, std::uint32_t from) const {
  const SourceFacts& source = files_[access.function.file];
  std::string text = spoken_name(source.facts.functions[access.function.function]) + " at ";
  if (access.function.file != from) text += source.path + ' ';
  return text + "line " + std::to_string(access.line);
}

}  // namespace untorn::rules
