// SPDX-License-Identifier: Apache-2.0
//
// The engine against brute force: the same trees, the same acknowledgements, the same count.
#include "crash/naive_enumerator.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <sstream>

#include "crash/engine.h"
#include "crash/log_maker.h"
#include "crash/membership.h"
#include "crash/random_logs.h"
#include "crash/sample_logs.h"

namespace untorn::crash {
namespace {

std::size_t acknowledged_before(const OperationLog& log, std::size_t count) {
  return static_cast<std::size_t>(std::count_if(
      log.operations.begin(), log.operations.begin() + static_cast<std::ptrdiff_t>(count),
      [](const Operation& operation) { return operation.kind == OperationKind::acknowledge; }));
}

NaiveTree tree_of(const CrashState& state) {
  NaiveTree tree;
  for (const auto& [path, file] : state.tree()) {
    tree[path] = naive_entry(file.type, file.content.text());
  }
  return tree;
}

struct EngineStates {
  std::set<NaiveState> states;
  Enumeration result;
  std::size_t visits = 0;
};

EngineStates engine_states(const OperationLog& log, Model model,
                           const std::vector<Path>& footprint = {}) {
  const History history(log);
  EngineStates found;
  const auto visit = [&](const CrashState& state) {
    ++found.visits;
    found.states.insert({tree_of(state), acknowledged_before(log, state.begun())});
    return true;
  };
  found.result = enumerate(history, model, footprint, {}, visit);
  return found;
}

std::string show(const NaiveState& state) {
  std::ostringstream out;
  out << state.acknowledged << " acknowledged:";
  for (const auto& [path, entry] : state.tree) {
    out << ' ' << path << "=[";
    // Runs of one letter are shortened.
    for (std::size_t at = 0; at < entry.size();) {
      const std::size_t end = std::min(entry.find_first_not_of(entry[at], at), entry.size());
      out << (entry[at] == '\0' ? '0' : entry[at]);
      if (end - at > 1) out << '*' << end - at;
      at = end;
    }
    out << ']';
  }
  return out.str();
}

// What is wrong with the engine's answer, or "" if it is what brute force finds. A state of the
// engine stands for all crash points of its epoch, so it has the acknowledgements of the last one.
std::string difference(const EngineStates& engine, const std::set<NaiveState>& naive) {
  std::map<NaiveTree, std::size_t> most;
  for (const NaiveState& state : engine.states) {
    if (!naive.contains(state)) return "impossible: " + show(state);
    most[state.tree] = std::max(most[state.tree], state.acknowledged);
  }
  for (const NaiveState& state : naive) {
    const auto found = most.find(state.tree);
    if (found == most.end()) return "missed: " + show(state);
    if (found->second < state.acknowledged) return "acknowledged too little: " + show(state);
  }
  if (engine.visits != engine.states.size()) return "a state was shown twice";
  if (!engine.result.exhaustive) return "not exhaustive";
  if (engine.result.checked != engine.result.total.value) return "checked is not total";
  if (engine.result.distinct != engine.visits) return "distinct is not the number of visits";
  return {};
}

constexpr std::array<Model, 5> power_models = {Model::portable, Model::ext4, Model::xfs,
                                               Model::btrfs, Model::posix};

// The trees of one model with the most acknowledgements that each can have.
std::map<NaiveTree, std::size_t> trees_of(const OperationLog& log, Model model) {
  std::map<NaiveTree, std::size_t> most;
  for (const NaiveState& state : engine_states(log, model).states) {
    most[state.tree] = std::max(most[state.tree], state.acknowledged);
  }
  return most;
}

// The first state of the model that the weaker model does not have, or "".
std::string outside(const OperationLog& log, Model model, Model weaker) {
  const std::map<NaiveTree, std::size_t> all = trees_of(log, weaker);
  for (const auto& [tree, acknowledged] : trees_of(log, model)) {
    const auto found = all.find(tree);
    if (found == all.end() || found->second < acknowledged) {
      return std::string(to_string(model)) + " alone has " + show({tree, acknowledged});
    }
  }
  return {};
}

std::string first_outside(const OperationLog& log) {
  for (const Model model : {Model::ext4, Model::xfs, Model::btrfs}) {
    if (std::string found = outside(log, model, Model::portable); !found.empty()) return found;
  }
  return outside(log, Model::portable, Model::posix);
}

void expect_inclusions(const OperationLog& log) {
  EXPECT_EQ(first_outside(log), "");
}

class EverySampleLog : public testing::TestWithParam<SampleLog> {
 protected:
  void SetUp() override { GetParam().make(maker_); }
  LogMaker maker_;
};

TEST_P(EverySampleLog, has_the_power_states_that_brute_force_finds) {
  for (const Model model : power_models) {
    const EngineStates engine = engine_states(maker_.log(), model);
    EXPECT_EQ(difference(engine, naive_power_states(maker_.log(), model)), "") << to_string(model);
  }
}

TEST_P(EverySampleLog, has_as_many_power_states_as_brute_force_counts) {
  for (const Model model : power_models) {
    const EngineStates engine = engine_states(maker_.log(), model);
    EXPECT_TRUE(engine.result.total.exact);
    EXPECT_EQ(engine.result.total.value, naive_power_count(maker_.log(), model))
        << to_string(model);
  }
}

TEST_P(EverySampleLog, has_fewer_states_in_a_model_that_promises_more) {
  expect_inclusions(maker_.log());
}

TEST_P(EverySampleLog, has_the_kill_states_that_brute_force_finds) {
  const EngineStates engine = engine_states(maker_.log(), Model::kill);
  EXPECT_EQ(difference(engine, naive_kill_states(maker_.log())), "");
}

// What a footprint sees is what all states show of it.
void expect_footprint_is_a_projection(const OperationLog& log, Model model,
                                      const std::vector<Path>& footprint) {
  const auto all = model == Model::kill ? naive_kill_states(log) : naive_power_states(log, model);
  std::set<NaiveState> projected;
  for (const NaiveState& state : all) {
    NaiveState part{{}, state.acknowledged};
    for (const Path& path : footprint) {
      const auto entry = state.tree.find(path);
      if (entry != state.tree.end()) part.tree.insert(*entry);
    }
    projected.insert(part);
  }
  EXPECT_EQ(difference(engine_states(log, model, footprint), projected), "");
}

TEST_P(EverySampleLog, seen_through_some_paths_is_a_projection_of_all_states) {
  const History history(maker_.log());
  std::vector<Path> paths = history.touched_paths();
  paths.push_back("absent");
  for (const Path& path : paths) {
    for (const Path& other : paths) {
      if (other < path) continue;
      SCOPED_TRACE(path + " and " + other);
      for (const Model model : {Model::kill, Model::portable, Model::xfs}) {
        expect_footprint_is_a_projection(maker_.log(), model, {path, other});
      }
    }
  }
  for (const Model model : power_models) {
    expect_footprint_is_a_projection(maker_.log(), model, paths);
  }
}

INSTANTIATE_TEST_SUITE_P(hand_made, EverySampleLog, testing::ValuesIn(sample_logs()),
                         [](const auto& sample) { return sample.param.name; });

constexpr std::array<Model, 6> all_models = {Model::kill, Model::portable, Model::ext4,
                                             Model::xfs,  Model::btrfs,    Model::posix};

// What goes wrong when each state of a footprint is made again from its code, or "".
std::string rebuilding(const OperationLog& log, Model model, const std::vector<Path>& footprint) {
  const History history(log);
  std::string wrong;
  std::set<std::string> codes;
  (void)enumerate(history, model, footprint, {}, [&](const CrashState& state) {
    const std::string code = state.code();
    if (!codes.insert(code).second) wrong = "two states have the code " + code;
    const bool found = rebuild(history, model, footprint, code, [&](const CrashState& again) {
      if (again.hash() != state.hash()) wrong = code + " gives another hash";
      if (tree_of(again) != tree_of(state)) wrong = code + " gives another tree";
      if (again.lost() != state.lost()) wrong = code + " loses something else";
      if (again.begun() != state.begun()) wrong = code + " is of another moment";
      if (again.code() != code) wrong = code + " becomes " + again.code();
      return true;
    });
    if (!found) wrong = "no state has the code " + code;
    return wrong.empty();
  });
  return wrong;
}

TEST_P(EverySampleLog, has_states_that_can_be_made_again_from_their_codes) {
  const std::vector<Path> paths = History(maker_.log()).touched_paths();
  for (const Model model : all_models) {
    EXPECT_EQ(rebuilding(maker_.log(), model, {}), "") << to_string(model);
    EXPECT_EQ(rebuilding(maker_.log(), model, paths), "") << to_string(model);
  }
}

// A tree of the naive enumerator as one that was found after a crash.
Membership::Tree observed(const NaiveTree& tree) {
  Membership::Tree files;
  for (const auto& [path, entry] : tree) {
    History::File file;
    file.type = entry == "directory"         ? FileType::directory
                : entry.starts_with("link ") ? FileType::symlink
                                             : FileType::regular;
    if (file.type != FileType::directory) file.content = Bytes(std::string_view(entry).substr(5));
    files.emplace_back(path, std::move(file));
  }
  return files;
}

// Trees that are nearly those of the log: a name, a byte or a size is wrong.
std::set<NaiveTree> spoiled(const NaiveTree& tree) {
  std::set<NaiveTree> trees;
  for (const auto& [path, entry] : tree) {
    NaiveTree other = tree;
    other.erase(path);
    trees.insert(other);
    if (entry == "directory") continue;
    other = tree;
    if (entry.size() > 5) other[path].back() = other[path].back() == 'n' ? 'o' : 'n';
    trees.insert(other);
    other[path] = entry + std::string(1, '\0');
    trees.insert(other);
    other[path] = "file ";
    trees.insert(other);
  }
  NaiveTree more = tree;
  more["another"] = "file ";
  trees.insert(more);
  return trees;
}

// Where membership differs from the states that brute force finds, or "".
std::string wrong_membership(const OperationLog& log, Model model) {
  const History history(log);
  const Membership membership(history, model);
  const std::set<NaiveState> naive =
      model == Model::kill ? naive_kill_states(log) : naive_power_states(log, model);
  std::set<NaiveTree> inside;
  for (const NaiveState& state : naive) inside.insert(state.tree);
  std::set<NaiveTree> all = inside;
  std::size_t spoil = 0;
  for (const NaiveTree& tree : inside) {
    if (spoil++ < 20) all.merge(spoiled(tree));
  }
  for (const NaiveTree& tree : all) {
    const bool is_inside = membership.contains(observed(tree)) == Membership::Answer::inside;
    if (is_inside != inside.contains(tree)) {
      return std::string(is_inside ? "accepted: " : "refused: ") + show({tree, 0});
    }
  }
  return {};
}

TEST_P(EverySampleLog, contains_just_the_trees_that_brute_force_finds) {
  for (const Model model : all_models) {
    EXPECT_EQ(wrong_membership(maker_.log(), model), "") << to_string(model);
  }
}

class RandomLogs : public testing::TestWithParam<Model> {
 protected:
  // Garbage doubles what brute force has to try for each new block.
  [[nodiscard]] static int programs_per_case() { return GetParam() == Model::posix ? 1 : 3; }
};

TEST_P(RandomLogs, have_the_power_states_that_brute_force_finds) {
  random_logs(programs_per_case(), [](const OperationLog& log) {
    RC_ASSERT(difference(engine_states(log, GetParam()), naive_power_states(log, GetParam())) ==
              "");
  });
}

TEST_P(RandomLogs, have_as_many_power_states_as_brute_force_counts) {
  random_logs(programs_per_case(), [](const OperationLog& log) {
    RC_ASSERT(engine_states(log, GetParam()).result.total.value ==
              naive_power_count(log, GetParam()));
  });
}

INSTANTIATE_TEST_SUITE_P(of, RandomLogs, testing::ValuesIn(power_models),
                         [](const auto& model) { return std::string(to_string(model.param)); });

TEST(RandomLogsOfThreads, have_the_kill_states_that_brute_force_finds) {
  random_logs(10, [](const OperationLog& log) {
    RC_ASSERT(difference(engine_states(log, Model::kill), naive_kill_states(log)) == "");
  });
}

TEST(RandomLogsOfModels, have_fewer_states_in_a_model_that_promises_more) {
  random_logs(2, [](const OperationLog& log) { RC_ASSERT(first_outside(log) == ""); });
}

TEST(RandomLogsOfModels, contain_just_the_trees_that_brute_force_finds) {
  random_logs(1, [](const OperationLog& log) {
    for (const Model model : all_models) RC_ASSERT(wrong_membership(log, model) == "");
  });
}

TEST(RandomLogsOfModels, have_states_that_can_be_made_again_from_their_codes) {
  random_logs(2, [](const OperationLog& log) {
    for (const Model model : all_models) RC_ASSERT(rebuilding(log, model, {}) == "");
  });
}

}  // namespace
}  // namespace untorn::crash
