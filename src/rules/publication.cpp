// SPDX-License-Identifier: Apache-2.0
#include "rules/publication.h"

#include <algorithm>
#include <array>
#include <string>

#include "rules/role_words.h"

namespace untorn::rules {
namespace {

using languages::Argument;
using languages::Operation;
using languages::OperationKind;
using languages::PathFacts;

bool is_rename(OperationKind kind) {
  return kind == OperationKind::rename || kind == OperationKind::move;
}

// What puts content into a temporary; a rename only brings it.
bool fills(OperationKind kind) {
  return (writes(kind) && !is_rename(kind)) || kind == OperationKind::link;
}

// `link_or_copy(source, name)`: what it names was whole before.
bool says_link(std::string_view function) {
  const std::vector<std::string> words = split_words(function);
  return std::ranges::any_of(words, [](const std::string& word) {
    return word == "link" || word == "hardlink" || word == "symlink";
  });
}

// A database's own library syncs what it writes.
bool says_database(const PathFacts& path) {
  constexpr std::array<std::string_view, 4> words = {"database", "db", "sqlite", "sqlite3"};
  return std::ranges::any_of(words, [&](std::string_view word) {
    return std::ranges::find(path.words, word) != path.words.end();
  });
}

bool says_temporary(const PathFacts& path) {
  return path.looks_temporary || path.is_unique || path.in_system_temp || path.never_leaves ||
         !path.made_from.empty();
}

// What is kept under a name like this was whole before: moving it there, or back, publishes
// nothing.
bool says_backup(const PathFacts& path) {
  constexpr std::array<std::string_view, 7> words = {"archive", "backup",  "bak",  "old",
                                                     "orig",    "rotated", "saved"};
  return std::ranges::any_of(path.words, [&](const std::string& word) {
    return std::ranges::find(words, word) != words.end();
  });
}

// A name made from the source's own: the rotation of a log, a backup.
bool is_moved_away(const Operation& operation) {
  const PathFacts& source = operation.source;
  const PathFacts& target = operation.target;
  if (says_temporary(source)) return false;
  const bool is_made_from =
      !source.key.empty() && (target.made_from == source.key ||
                              (target.key != source.key && target.key.starts_with(source.key)));
  return is_made_from || says_backup(target);
}

std::string_view class_of(std::string_view function) {
  const std::size_t dot = function.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : function.substr(0, dot);
}

}  // namespace

Publications::Publications(std::span<const SourceFacts> files, const CallGraph& graph,
                           const OperationIndex& operations)
    : files_(files),
      graph_(graph),
      operations_(operations),
      publications_(files.size()),
      published_(files.size()),
      file_syncs_(files.size()) {
  std::set<FunctionId> complete;
  for (std::uint32_t file = 0; file < files.size(); ++file) {
    const languages::FileFacts& facts = files[file].facts;
    published_[file].resize(facts.operations.size());
    file_syncs_[file] = std::ranges::any_of(facts.functions, &languages::Function::syncs);
  }
  for (std::uint32_t file = 0; file < files.size(); ++file) {
    for (std::uint32_t index = 0; index < published_[file].size(); ++index) {
      if (!is_rename(operations.kind(file, index))) continue;
      const FunctionId function{file, operations.operation(file, index).function};
      judge_rename(function, index);
      const Publication* found = of(file, index);
      if (found == nullptr || !found->publishes || !found->writes_seen) continue;
      if (found->synced && found->directory_synced && found->own_name) complete.insert(function);
    }
  }
  find_atomic_writers(complete);
}

const Publication* Publications::of(std::uint32_t file, std::uint32_t operation) const {
  const auto found = publications_[file].find(operation);
  return found == publications_[file].end() ? nullptr : &found->second;
}

bool Publications::is_published(std::uint32_t file, std::uint32_t operation) const {
  return published_[file][operation];
}

bool Publications::is_published(const languages::Call& call, std::int32_t parameter) const {
  return passed_.contains({&call, parameter});
}

bool Publications::is_atomic_writer(FunctionId function) const {
  return atomic_writers_.contains(function);
}

void Publications::judge_rename(FunctionId function, std::uint32_t index) {
  const Operation& operation = operations_.operation(function.file, index);
  const std::uint32_t place = operation.range.span.begin;
  if (is_moved_away(operation)) return;
  Evidence evidence;
  bool temporary = says_temporary(operation.source);
  add_source(function, operation.source, place, evidence);
  const auto callers = operations_.callers(function);
  bool callers_sync_directory = !callers.empty();
  const auto& callee = files_[function.file].facts.functions[function.function];
  for (const ProjectCall* call : callers) {
    const std::uint32_t begin = call->call->range.span.begin;
    callers_sync_directory = callers_sync_directory && directory_synced_after(call->caller, begin);
    if (!operation.source.is_whole_parameter) continue;
    const Argument* argument = argument_for(*call->call, callee, operation.source.parameter);
    if (argument == nullptr) continue;
    temporary = temporary || says_temporary(argument->path);
    add_source(call->caller, argument->path, begin, evidence);
  }
  Publication found;
  found.writes_seen = evidence.seen;
  found.publishes =
      evidence.seen ? !is_moved_away(operation) : temporary && !says_backup(operation.source);
  found.synced = evidence.seen ? evidence.synced : file_syncs_[function.file];
  if (!evidence.filled && says_database(operation.target)) found.synced = true;
  // What was written out of sight may have been named there, too.
  const bool is_named_here =
      !operation.source.made_from.empty() || !operation.source.file_name.empty();
  found.own_name = operation.source.is_unique || operation.source.never_leaves ||
                   operation.source.in_system_temp ||
                   (evidence.seen ? evidence.own_name : !is_named_here);
  found.directory_synced = directory_synced_after(function, place) || callers_sync_directory;
  publications_[function.file].emplace(index, found);
}

// L1 and L2 for one source, in the function that has its key.
void Publications::add_source(FunctionId function, const PathFacts& source, std::uint32_t place,
                              Evidence& evidence) {
  if (source.key.empty()) return;
  WritesByKey& writes = writes_in(function);
  const auto found = writes.find(source.key);
  if (found != writes.end() && found->second.list.front().place < place) {
    Writes& list = found->second;
    const auto end = std::ranges::lower_bound(list.list, place, {}, &Write::place);
    const Write& last = *std::prev(end);
    const bool trusted = last.synced || (last.out_of_sight && syncs(function));
    add(evidence, trusted,
        std::any_of(list.list.begin(), end, [](const Write& write) { return write.own_name; }));
    evidence.filled |=
        std::any_of(list.list.begin(), end, [](const Write& write) { return write.fills; });
    publish(list, static_cast<std::size_t>(end - list.list.begin()), function.file);
  } else if (says_temporary(source)) {
    add_writes_elsewhere(function, source.key, evidence);
  }
}

void Publications::add(Evidence& evidence, bool synced, bool own_name) {
  evidence.synced = evidence.synced && synced;
  evidence.own_name = evidence.own_name && own_name;
  evidence.seen = true;
}

// The temporary is written by one method and renamed by another.
void Publications::add_writes_elsewhere(FunctionId function, std::string_view key,
                                        Evidence& evidence) {
  const auto& by_key = writes_of_file(function.file);
  const auto found = by_key.find(key);
  if (found == by_key.end()) return;
  for (const std::uint32_t index : found->second) {
    if (published_[function.file][index]) continue;
    const Write write = describe(function.file, index);
    const bool trusted = write.synced || (write.out_of_sight && file_syncs_[function.file]);
    add(evidence, trusted, write.own_name);
    evidence.filled |= write.fills;
    published_[function.file][index] = true;
  }
}

// Those before a place are the first in the list: what a later rename of the same key publishes
// again is counted once, so that many renames cost no more than many writes.
void Publications::publish(Writes& writes, std::size_t count, std::uint32_t file) {
  for (; writes.published < count; ++writes.published) {
    const Write& write = writes.list[writes.published];
    if (write.call == nullptr)
      published_[file][write.operation] = true;
    else
      passed_.insert({write.call, write.parameter});
  }
}

Publications::Write Publications::describe(std::uint32_t file, std::uint32_t index) const {
  const Operation& operation = operations_.operation(file, index);
  const OperationKind kind = operations_.kind(file, index);
  Write write;
  write.place = operation.range.span.begin;
  write.operation = index;
  // A link is never half there, and is not made where its name is taken.
  const bool is_link = kind == OperationKind::link;
  write.synced = operation.synced || is_link;
  write.out_of_sight = operation.escapes;
  write.own_name = kind == OperationKind::create_exclusively || operation.target.is_unique ||
                   operation.target.never_leaves || is_link;
  write.fills = !operation.writes_nothing;
  return write;
}

Publications::WritesByKey& Publications::writes_in(FunctionId function) {
  const auto [place, is_new] = writes_.try_emplace(function);
  WritesByKey& writes = place->second;
  if (!is_new) return writes;
  for (const std::uint32_t index : operations_.of(function)) {
    const PathFacts& target = operations_.operation(function.file, index).target;
    if (fills(operations_.kind(function.file, index)) && !target.key.empty())
      writes[target.key].list.push_back(describe(function.file, index));
  }
  for (const ProjectCall& call : graph_.calls_in(function)) add_passed(call, writes);
  for (auto& [key, list] : writes) std::ranges::stable_sort(list.list, {}, &Write::place);
  return writes;
}

// Writes of the called function to a path that the call passes.
void Publications::add_passed(const ProjectCall& call, WritesByKey& writes) const {
  const auto& callee = files_[call.callee.file].facts.functions[call.callee.function];
  for (const std::uint32_t index : operations_.of(call.callee)) {
    const PathFacts& target = operations_.operation(call.callee.file, index).target;
    if (!target.is_whole_parameter || !fills(operations_.kind(call.callee.file, index))) continue;
    const Argument* argument = argument_for(*call.call, callee, target.parameter);
    if (argument == nullptr || argument->path.key.empty()) continue;
    Write write = describe(call.callee.file, index);
    write.place = call.call->range.span.begin;
    write.own_name = write.own_name || argument->path.is_unique;
    write.call = call.call;
    write.parameter = target.parameter;
    writes[argument->path.key].list.push_back(write);
  }
  if (call.call->arguments.empty() || !says_link(callee.name)) return;
  const PathFacts& linked = call.call->arguments.back().path;
  if (linked.key.empty()) return;
  Write write;
  write.place = call.call->range.span.begin;
  write.synced = true;
  write.own_name = linked.is_unique;
  write.call = call.call;
  writes[linked.key].list.push_back(write);
}

const Publications::OperationsByKey& Publications::writes_of_file(std::uint32_t file) {
  const auto [place, is_new] = file_writes_.try_emplace(file);
  if (!is_new) return place->second;
  for (std::uint32_t index = 0; index < published_[file].size(); ++index) {
    const PathFacts& target = operations_.operation(file, index).target;
    if (fills(operations_.kind(file, index)) && !target.key.empty())
      place->second[target.key].push_back(index);
  }
  return place->second;
}

bool Publications::syncs(FunctionId function) const {
  return files_[function.file].facts.functions[function.function].syncs;
}

// L3 for one function: its last sync of a directory, by itself or by what it calls, comes later.
bool Publications::directory_synced_after(FunctionId function, std::uint32_t place) {
  const auto [known, is_new] = directory_syncs_.try_emplace(function, 0);
  if (is_new) {
    const auto is_sync = [](const OperationIndex& all, FunctionId of, std::uint32_t index) {
      return all.kind(of.file, index) == OperationKind::sync_directory;
    };
    for (const std::uint32_t index : operations_.of(function))
      if (is_sync(operations_, function, index))
        known->second = operations_.operation(function.file, index).range.span.begin;
    for (const ProjectCall& call : graph_.calls_in(function)) {
      const bool found = std::ranges::any_of(operations_.of(call.callee), [&](std::uint32_t index) {
        return is_sync(operations_, call.callee, index);
      });
      if (found) known->second = std::max(known->second, call.call->range.span.begin);
    }
  }
  return known->second > place;
}

void Publications::find_atomic_writers(const std::set<FunctionId>& complete) {
  atomic_writers_ = complete;
  std::set<std::pair<std::uint32_t, std::string_view>> classes;
  for (const FunctionId function : complete) {
    const std::string_view owner =
        class_of(files_[function.file].facts.functions[function.function].name);
    if (!owner.empty()) classes.insert({function.file, owner});
    for (const ProjectCall& call : graph_.calls_in(function))
      if (call.callee.file == function.file) atomic_writers_.insert(call.callee);
    for (const ProjectCall& call : graph_.calls_of(function))
      if (call.caller.file == function.file) atomic_writers_.insert(call.caller);
  }
  std::set<std::uint32_t> files;
  for (const auto& [file, owner] : classes) files.insert(file);
  for (const std::uint32_t file : files) {
    const auto& functions = files_[file].facts.functions;
    for (std::uint32_t index = 0; index < functions.size(); ++index)
      if (classes.contains({file, class_of(functions[index].name)}))
        atomic_writers_.insert({file, index});
  }
}

}  // namespace untorn::rules
