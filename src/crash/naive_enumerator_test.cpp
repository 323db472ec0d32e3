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

class EverySampleLog : public testing::TestWithParam<SampleLog> {
 protected:
  void SetUp() override { GetParam().make(maker_); }
  LogMaker maker_;
};

TEST_P(EverySampleLog, has_the_power_states_that_brute_force_finds) {
  const EngineStates engine = engine_states(maker_.log(), Model::portable);
  EXPECT_EQ(difference(engine, naive_power_states(maker_.log())), "");
}

TEST_P(EverySampleLog, has_as_many_power_states_as_brute_force_counts) {
  const EngineStates engine = engine_states(maker_.log(), Model::portable);
  EXPECT_TRUE(engine.result.total.exact);
  EXPECT_EQ(engine.result.total.value, naive_power_count(maker_.log()));
}

TEST_P(EverySampleLog, has_the_kill_states_that_brute_force_finds) {
  const EngineStates engine = engine_states(maker_.log(), Model::kill);
  EXPECT_EQ(difference(engine, naive_kill_states(maker_.log())), "");
}

// What a footprint sees is what all states show of it.
void expect_footprint_is_a_projection(const OperationLog& log, Model model,
                                      const std::vector<Path>& footprint) {
  const auto all = model == Model::portable ? naive_power_states(log) : naive_kill_states(log);
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
      expect_footprint_is_a_projection(maker_.log(), Model::portable, {path, other});
      expect_footprint_is_a_projection(maker_.log(), Model::kill, {path, other});
    }
  }
  expect_footprint_is_a_projection(maker_.log(), Model::portable, paths);
}

INSTANTIATE_TEST_SUITE_P(hand_made, EverySampleLog, testing::ValuesIn(sample_logs()),
                         [](const auto& sample) { return sample.param.name; });

// A random program: paths, sizes and offsets that meet often, syncs in between.
struct RandomProgram {
  std::vector<std::array<std::uint8_t, 4>> steps;

  [[nodiscard]] LogMaker run() const {
    LogMaker maker;
    maker.initial_directory("d");
    maker.initial_file("a", fill(1300, 'o'));
    maker.initial_file("d/b", "old");
    LogMaker smaller = maker;
    for (const auto& step : steps) {
      apply(maker, step);
      // Brute force takes two to the power of this.
      if (naive_size(maker.log()) > 11) return smaller;
      smaller = maker;
    }
    return maker;
  }

 private:
  static void apply(LogMaker& maker, const std::array<std::uint8_t, 4>& step) {
    static const std::vector<std::string> paths = {"a", "d/b", "c", "d/c", "e/a", "d", "e"};
    static const std::vector<std::uint64_t> offsets = {0, 600, 1300, 4000, 4096};
    static const std::vector<std::uint64_t> sizes = {1, 300, 700, 4200};
    const std::string& path = paths[step[1] % paths.size()];
    const std::string& other = paths[step[2] % paths.size()];
    const std::uint64_t offset = offsets[step[2] % offsets.size()];
    const char letter = static_cast<char>('A' + step[3] % 26);
    switch (step[0] % 16) {
      case 0:
        maker.create(path);
        break;
      case 1:
        maker.make_directory(path);
        break;
      case 2:
        maker.link(path, other);
        break;
      case 3:
        maker.unlink(path) || maker.remove_directory(path);
        break;
      case 4:
      case 5:
        maker.rename(path, other);
        break;
      case 6:
        maker.exchange(path, other);
        break;
      case 7:
      case 8:
        maker.write(path, offset, fill(sizes[step[3] % sizes.size()], letter));
        break;
      case 9:
        maker.append(path, fill(sizes[step[2] % sizes.size()], letter));
        break;
      case 10:
      case 11:
        maker.truncate(path, offset);
        break;
      case 12:
        maker.sync(path) || maker.sync_directory(path);
        break;
      case 13:
        maker.sync_directory("");
        break;
      case 14:
        maker.acknowledge("so far");
        break;
      default:
        if (step[3] % 4 == 0) maker.sync_all();
        break;
    }
  }
};

// RapidCheck tries a hundred cases; each has several programs.
constexpr int programs_per_case = 10;

void random_logs(const std::function<void(const OperationLog&)>& property) {
  const bool held = rc::check([&] {
    for (int i = 0; i < programs_per_case; ++i) {
      const RandomProgram program{*rc::gen::container<std::vector<std::array<std::uint8_t, 4>>>(
          rc::gen::container<std::array<std::uint8_t, 4>>(rc::gen::arbitrary<std::uint8_t>()))};
      const LogMaker maker = program.run();
      property(maker.log());
    }
  });
  EXPECT_TRUE(held);
}

TEST(RandomLogs, have_the_power_states_that_brute_force_finds) {
  random_logs([](const OperationLog& log) {
    RC_ASSERT(difference(engine_states(log, Model::portable), naive_power_states(log)) == "");
  });
}

TEST(RandomLogs, have_the_kill_states_that_brute_force_finds) {
  random_logs([](const OperationLog& log) {
    RC_ASSERT(difference(engine_states(log, Model::kill), naive_kill_states(log)) == "");
  });
}

TEST(RandomLogs, have_as_many_power_states_as_brute_force_counts) {
  random_logs([](const OperationLog& log) {
    RC_ASSERT(engine_states(log, Model::portable).result.total.value == naive_power_count(log));
  });
}

}  // namespace
}  // namespace untorn::crash
