// SPDX-License-Identifier: Apache-2.0
//
// Temporaries that a rename gives their lasting name: the protocol of an atomic write, or a part of
// it.
//
//   Publications publications(files, graph, operations);
//   if (publications.of(file, operation)->synced) …
//
// L1. A write and a rename belong together if the rename's source has the key of the write's target
//     and the write comes before it: in the same function, in a function that the renaming one
//     calls with that path, or in one that calls the renaming function with it; and in other
//     functions of the file if the path says itself that it is temporary.
// L2. Of several writes the last before the rename tells whether the source was synced. Where the
//     write is not seen, or its handle went out of sight, a function that syncs anything has the
//     benefit of the doubt; so has a database, whose library syncs it. What is a link was whole
//     before.
// L3. The directory is synced if that happens after the rename: in the same function, in one that
//     it calls, or in every caller.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "rules/call_graph.h"
#include "rules/link.h"
#include "rules/operation_index.h"

namespace untorn::rules {

class Publications {
 public:
  Publications(std::span<const SourceFacts> files, const CallGraph& graph,
               const OperationIndex& operations);

  // Of a rename or move; nothing for other operations.
  [[nodiscard]] const Publication* of(std::uint32_t file, std::uint32_t operation) const;
  // What this operation writes is a temporary that is published later.
  [[nodiscard]] bool is_published(std::uint32_t file, std::uint32_t operation) const;
  // What this call passes for the parameter is a temporary that the caller publishes later.
  [[nodiscard]] bool is_published(const languages::Call& call, std::int32_t parameter) const;
  // The function keeps the whole protocol, or is a part of what does, so that its other writes are
  // what the protocol does where it cannot be kept: it shares the class, or the call, with it.
  [[nodiscard]] bool is_atomic_writer(FunctionId function) const;

 private:
  // A write to one path, as seen from the function that has the path's key.
  struct Write {
    std::uint32_t place = 0;
    bool synced = false;
    bool out_of_sight = false;  // the handle went where its syncs are not seen
    bool own_name = false;
    bool fills = true;                      // not an empty file, for others to fill
    std::uint32_t operation = 0;            // of the function itself, if call is null
    const languages::Call* call = nullptr;  // that passes the path
    std::int32_t parameter = -1;
  };
  struct Writes {
    std::vector<Write> list;    // in the order of the text
    std::size_t published = 0;  // so many of the first are published
  };
  using WritesByKey = std::unordered_map<std::string_view, Writes>;
  // What is known of the writes to one source.
  struct Evidence {
    bool seen = false;
    bool synced = true;
    bool own_name = true;
    bool filled = false;  // by what was seen
  };

  using OperationsByKey = std::unordered_map<std::string_view, std::vector<std::uint32_t>>;

  void judge_rename(FunctionId function, std::uint32_t index);
  void add_source(FunctionId function, const languages::PathFacts& source, std::uint32_t place,
                  Evidence& evidence);
  void add_writes_elsewhere(FunctionId function, std::string_view key, Evidence& evidence);
  static void add(Evidence& evidence, bool synced, bool own_name);
  void publish(Writes& writes, std::size_t count, std::uint32_t file);
  WritesByKey& writes_in(FunctionId function);
  void add_passed(const ProjectCall& call, WritesByKey& writes) const;
  const OperationsByKey& writes_of_file(std::uint32_t file);
  [[nodiscard]] Write describe(std::uint32_t file, std::uint32_t index) const;
  [[nodiscard]] bool syncs(FunctionId function) const;
  [[nodiscard]] bool directory_synced_after(FunctionId function, std::uint32_t place);
  void find_atomic_writers(const std::set<FunctionId>& complete);

  std::span<const SourceFacts> files_;
  const CallGraph& graph_;
  const OperationIndex& operations_;
  std::vector<std::unordered_map<std::uint32_t, Publication>> publications_;
  std::vector<std::vector<bool>> published_;
  std::vector<bool> file_syncs_;
  std::set<std::pair<const languages::Call*, std::int32_t>> passed_;
  std::map<FunctionId, WritesByKey> writes_;
  std::map<std::uint32_t, OperationsByKey> file_writes_;
  std::map<FunctionId, std::uint32_t> directory_syncs_;  // place of the last
  std::set<FunctionId> atomic_writers_;
};

}  // namespace untorn::rules
