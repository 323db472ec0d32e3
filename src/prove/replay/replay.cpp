// SPDX-License-Identifier: Apache-2.0
#include "prove/replay/replay.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "crash/tree.h"
#include "prove/replay/log_name.h"
#include "prove/replay/sources.h"
#include "prove/report/counterexample.h"

namespace untorn::prove {

namespace {

constexpr std::uint32_t permission_bits = 0777;
constexpr std::string_view also_folder = "@also";

using StateTree = std::map<crash::Path, crash::History::File>;

std::unexpected<Error> refuse(std::string detail) {
  return std::unexpected(Error(Code::invalid_argument, Step::inspect, Outcome::not_applied, 0,
                               "the replay token", std::move(detail)));
}

// The run up to the cut without what the state lost: the tree outside the token's paths.
StateTree tree_around(const OperationLog& log, std::size_t begun,
                      const std::vector<std::size_t>& lost) {
  OperationLog shorter;
  shorter.inodes = log.inodes;
  shorter.names = log.names;
  for (std::size_t i = 0; i < begun; ++i) {
    if (!std::binary_search(lost.begin(), lost.end(), i)) {
      shorter.operations.push_back(log.operations[i]);
      shorter.operations.back().entered = no_index;  // the numbers have moved
    }
  }
  const crash::History history(shorter);
  StateTree tree;
  for (auto& [path, file] : history.tree_at(shorter.operations.size())) {
    tree.emplace(path, std::move(file));
  }
  return tree;
}

bool is_below(const crash::Path& path, const crash::Path& folder) {
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

// The tree of a state: its own paths, and around them the tree at the cut.
StateTree whole_tree(const OperationLog& log, const crash::CrashState& state,
                     const std::vector<crash::Path>& footprint) {
  StateTree tree;
  if (!footprint.empty()) {
    tree = tree_around(log, state.begun(), state.lost());
    for (const crash::Path& path : footprint) {
      std::erase_if(tree, [&](const auto& entry) {
        return entry.first == path || is_below(entry.first, path);
      });
    }
  }
  for (auto& [path, file] : state.tree()) tree.insert_or_assign(path, std::move(file));
  return tree;
}

crash::TreeBuilder::Files buildable(const StateTree& tree) {
  StateTree moved;
  for (const auto& [path, file] : tree) {
    crash::Path target = path;
    if (path.empty() || path.front() == '/') {
      target = std::string(also_folder) + (path == "/" ? "" : path);
    }
    crash::History::File copy = file;
    copy.mode &= permission_bits;
    moved.insert_or_assign(std::move(target), std::move(copy));
  }
  return {moved.begin(), moved.end()};
}

}  // namespace

Result<Replayed> replay_state(FileSystem& fs, RecordedRun& run, const ReplayToken& token,
                              Handle directory) {
  const OperationLog& log = run.trace.log;
  if (log_name(log) != token.log) return refuse("it is of another run than this trace");
  const crash::History history(log);
  const auto footprint = footprint_of(history, token);
  if (!footprint) return refuse("it names paths that this run has not");
  Replayed replayed;
  replayed.model = token.model;
  replayed.engine = token.model == crash::Model::kill ? Engine::kill : Engine::power;
  replayed.footprint = *footprint;
  replayed.operations = log.operations.size();
  StateTree tree;
  std::vector<std::size_t> lost;
  const bool found = crash::rebuild(history, token.model, *footprint, token.code,
                                    [&](const crash::CrashState& state) {
                                      replayed.begun = state.begun();
                                      lost = state.lost();
                                      tree = whole_tree(log, state, *footprint);
                                      return true;
                                    });
  if (!found) return refuse("it names no crash state of this run; was it copied whole?");
  const auto files = buildable(tree);
  crash::TreeBuilder builder(fs, directory);
  if (auto built = builder.build(files); !built) return std::unexpected(built.error());
  const std::set<crash::Path> varied(footprint->begin(), footprint->end());
  for (const auto& [path, file] : files) {
    const bool own = varied.empty() || varied.contains(path);
    replayed.files.push_back({path, file.type, file.content.size(), own});
  }
  StoredSources sources(run.stacks);
  const Explainer explainer(history, &sources, run.root);
  for (const std::size_t operation : lost) replayed.lost.push_back(explainer.note(operation));
  return replayed;
}

}  // namespace untorn::prove
