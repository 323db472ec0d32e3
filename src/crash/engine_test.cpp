// SPDX-License-Identifier: Apache-2.0
#include "crash/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "crash/describe.h"
#include "crash/log_maker.h"

namespace untorn::crash {
namespace {

using testing::ElementsAre;

Enumeration count(const LogMaker& maker, Model model, const std::vector<Path>& footprint = {},
                  const Budget& budget = {}) {
  const History history(maker.log());
  return enumerate(history, model, footprint, budget, [](const CrashState&) { return true; });
}

void replace(LogMaker& maker, const std::string& path, std::string_view content) {
  maker.create(path + ".tmp");
  maker.write(path + ".tmp", 0, content);
  maker.sync(path + ".tmp");
  maker.rename(path + ".tmp", path);
  maker.sync_directory("");
}

TEST(PortableModel, has_four_states_of_the_target_of_a_replacement) {
  LogMaker maker;
  maker.initial_file("a", "old");
  replace(maker, "a", fill(10000, 'n'));
  const Enumeration found = count(maker, Model::portable, {"a"});
  EXPECT_EQ(found.total.value, 4U);
  EXPECT_EQ(found.distinct, 2U);
  EXPECT_TRUE(found.exhaustive);
}

TEST(PortableModel, varies_nothing_outside_the_footprint) {
  LogMaker maker;
  maker.initial_file("a", "old");
  maker.write("a", 0, "new");
  const std::uint64_t alone = count(maker, Model::portable, {"a"}).total.value;
  for (int i = 0; i < 100; ++i) {
    const std::string other = "other" + std::to_string(i);
    maker.create(other);
    maker.write(other, 0, fill(9000, 'x'));
    maker.sync_directory("");
  }
  EXPECT_EQ(count(maker, Model::portable, {"a"}).total.value, alone);
}

TEST(PortableModel, says_what_was_lost_and_what_was_kept) {
  LogMaker maker;
  maker.create("t");
  maker.write("t", 0, "new");
  maker.rename("t", "a");
  const History history(maker.log());
  std::set<std::string> descriptions;
  (void)enumerate(history, Model::portable, {}, {}, [&](const CrashState& state) {
    descriptions.insert(describe_state(history, state));
    EXPECT_EQ(state.lost_count(), state.lost().size());
    EXPECT_EQ(state.begun(), 3U);
    return true;
  });
  EXPECT_TRUE(descriptions.contains("kept: rename t → a; lost: write t 0+3"));
  EXPECT_TRUE(descriptions.contains("nothing lost, cut before operation 3"));
}

TEST(PortableModel, shows_the_state_without_a_loss_first) {
  LogMaker maker;
  maker.create("a");
  maker.write("a", 0, fill(20000, 'n'));
  const History history(maker.log());
  std::vector<std::size_t> losses;
  (void)enumerate(history, Model::portable, {}, {}, [&](const CrashState& state) {
    losses.push_back(state.lost_count());
    return true;
  });
  ASSERT_FALSE(losses.empty());
  EXPECT_EQ(losses.front(), 0U);
}

TEST(PortableModel, never_tears_what_a_sync_forced) {
  LogMaker maker;
  maker.create("a");
  maker.sync_directory("");
  maker.write("a", 0, fill(2000, 'n'));
  maker.sync("a");
  maker.acknowledge("saved");
  const History history(maker.log());
  (void)enumerate(history, Model::portable, {"a"}, {}, [&](const CrashState& state) {
    if (state.begun() == maker.log().operations.size()) {
      EXPECT_EQ(state.file("a")->content.text(), fill(2000, 'n'));
    }
    return true;
  });
}

TEST(KillModel, has_a_later_call_before_an_earlier_one_that_it_overlapped) {
  LogMaker maker;
  maker.create("a");
  maker.create("b");
  maker.overlap(1, 0);
  maker.create("c");  // of the first thread, after `a` and `b`
  const History history(maker.log());
  std::set<std::vector<Path>> trees;
  const Enumeration found = enumerate(history, Model::kill, {}, {}, [&](const CrashState& state) {
    std::vector<Path> names;
    for (const auto& [path, file] : state.tree()) names.push_back(path);
    trees.insert(names);
    if (names == std::vector<Path>{"b"}) {
      EXPECT_THAT(state.lost(), ElementsAre(0U));
      EXPECT_THAT(state.kept(), ElementsAre(1U));
      EXPECT_EQ(state.begun(), 1U);
    }
    return true;
  });
  EXPECT_THAT(trees, testing::UnorderedElementsAre(
                         std::vector<Path>{}, std::vector<Path>{"a"}, std::vector<Path>{"b"},
                         std::vector<Path>{"a", "b"}, std::vector<Path>{"a", "b", "c"}));
  EXPECT_EQ(found.total.value, 5U);
  EXPECT_TRUE(found.exhaustive);
}

TEST(KillModel, has_every_prefix_and_every_page_boundary_of_a_large_write) {
  LogMaker maker;
  maker.create("a");
  maker.write("a", 100, fill(12288, 'x'));  // ends at 12388: boundaries 4096, 8192, 12288
  maker.unlink("a");
  EXPECT_EQ(count(maker, Model::kill).total.value, 4U + 3U);
  std::set<std::uint64_t> sizes;
  const History history(maker.log());
  (void)enumerate(history, Model::kill, {"a"}, {}, [&](const CrashState& state) {
    if (const auto file = state.file("a")) sizes.insert(file->content.size());
    return true;
  });
  EXPECT_THAT(sizes, ElementsAre(0U, 4096U, 8192U, 12288U, 12388U));
}

TEST(KillModel, never_tears_a_write_within_one_page) {
  LogMaker maker;
  maker.initial_file("a", fill(4096, 'o'));
  maker.write("a", 1, fill(4095, 'n'));
  EXPECT_EQ(count(maker, Model::kill).total.value, 2U);
}

TEST(KillModel, loses_the_call_that_was_in_flight) {
  LogMaker maker;
  maker.create("a");
  maker.acknowledge("made");
  maker.write("a", 0, "1");
  const History history(maker.log());
  std::vector<std::pair<std::size_t, std::vector<std::size_t>>> seen;
  (void)enumerate(history, Model::kill, {}, {}, [&](const CrashState& state) {
    seen.emplace_back(state.begun(), state.lost());
    return true;
  });
  using Losses = std::vector<std::size_t>;
  EXPECT_THAT(seen, ElementsAre(std::pair(1U, Losses{0}), std::pair(3U, Losses{2}),
                                std::pair(3U, Losses{})));
}

TEST(KillModel, samples_the_boundaries_of_a_huge_write_that_it_sees) {
  LogMaker maker;
  maker.create("t");
  maker.write("t", 0, fill(std::size_t{2000} * 4096, 'x'));
  maker.rename("t", "a");
  const Enumeration all = count(maker, Model::kill);
  EXPECT_EQ(all.total.value, 4U + 1999U);
  EXPECT_FALSE(all.exhaustive);
  EXPECT_LT(all.checked, 200U);
  EXPECT_GT(all.checked, 20U);
  // The name `a` leads to the file only once it is whole.
  const Enumeration target = count(maker, Model::kill, {"a"});
  EXPECT_EQ(target.total.value, 2U);
  EXPECT_TRUE(target.exhaustive);
}

// Many files, each replaced without a sync: far more states than can be enumerated.
LogMaker unsynced_replacements(int files) {
  LogMaker maker;
  for (int i = 0; i < files; ++i) maker.initial_file("f" + std::to_string(i), "old");
  for (int i = 0; i < files; ++i) {
    const std::string path = "f" + std::to_string(i);
    maker.create("tmp" + std::to_string(i));
    maker.write("tmp" + std::to_string(i), 0, "new content");
    maker.rename("tmp" + std::to_string(i), path);
  }
  return maker;
}

struct Sample {
  Enumeration result;
  std::set<std::pair<std::uint64_t, std::uint64_t>> hashes;
  std::size_t empty_files = 0;
};

Sample sample(const LogMaker& maker, std::uint64_t seed) {
  const History history(maker.log());
  Sample found;
  Budget budget;
  budget.states = 3000;
  budget.seed = seed;
  found.result = enumerate(history, Model::portable, {}, budget, [&](const CrashState& state) {
    found.hashes.insert(state.hash());
    if (const auto file = state.file("f7"); file && file->content.size() == 0) {
      ++found.empty_files;
    }
    return true;
  });
  return found;
}

TEST(Sampling, finds_the_planted_bug_among_more_states_than_can_be_counted) {
  const LogMaker maker = unsynced_replacements(40);
  const Sample found = sample(maker, 1);
  EXPECT_FALSE(found.result.exhaustive);
  EXPECT_FALSE(found.result.total.exact);
  EXPECT_LE(found.result.checked, 3000U);
  EXPECT_GT(found.result.checked, 2000U);
  EXPECT_EQ(found.result.seed, 1U);
  EXPECT_GT(found.empty_files, 0U);
}

TEST(Sampling, draws_the_same_states_from_the_same_seed) {
  const LogMaker maker = unsynced_replacements(40);
  const Sample first = sample(maker, 7);
  EXPECT_EQ(first.hashes, sample(maker, 7).hashes);
  EXPECT_NE(first.hashes, sample(maker, 8).hashes);
}

TEST(Sampling, counts_exactly_what_it_does_not_enumerate) {
  // Each file: old, or with 2 sizes and 2 contents under either name, or no temporary yet.
  const LogMaker maker = unsynced_replacements(10);
  Budget budget;
  budget.states = 100;
  const Enumeration found = count(maker, Model::portable, {}, budget);
  std::uint64_t expected = 1;
  for (int i = 0; i < 10; ++i) expected *= 1 + 4 + 4;
  EXPECT_TRUE(found.total.exact);
  EXPECT_EQ(found.total.value, expected);
  EXPECT_FALSE(found.exhaustive);
  EXPECT_LE(found.checked, 100U);
}

TEST(Enumeration, ends_when_the_visitor_says_so) {
  const LogMaker maker = unsynced_replacements(3);
  const History history(maker.log());
  for (const Model model : {Model::kill, Model::portable}) {
    int visits = 0;
    const Enumeration found =
        enumerate(history, model, {}, {}, [&](const CrashState&) { return ++visits < 3; });
    EXPECT_EQ(visits, 3);
    EXPECT_FALSE(found.exhaustive);
  }
}

TEST(Enumeration, ends_when_its_time_is_over_or_it_is_stopped) {
  const LogMaker maker = unsynced_replacements(3);
  for (const Model model : {Model::kill, Model::portable}) {
    Budget late;
    late.deadline = std::chrono::steady_clock::now();
    EXPECT_FALSE(count(maker, model, {}, late).exhaustive);
    const bool stop = true;
    Budget stopped;
    stopped.stop = &stop;
    EXPECT_FALSE(count(maker, model, {}, stopped).exhaustive);
    EXPECT_EQ(count(maker, model, {}, stopped).distinct, 0U);
  }
}

TEST(Enumeration, of_an_empty_log_has_one_state) {
  LogMaker maker;
  maker.initial_file("a", "old");
  for (const Model model : {Model::kill, Model::portable}) {
    const Enumeration found = count(maker, model);
    EXPECT_EQ(found.total.value, 1U);
    EXPECT_TRUE(found.exhaustive);
  }
}

TEST(Enumeration, gives_equal_trees_equal_hashes) {
  // Both files hold the same at every moment, whichever inode it is.
  LogMaker maker;
  maker.initial_file("a", "same");
  maker.create("t");
  maker.write("t", 0, "same");
  maker.sync("t");
  maker.rename("t", "a");
  EXPECT_EQ(count(maker, Model::portable, {"a"}).distinct, 1U);
  EXPECT_EQ(count(maker, Model::kill, {"a"}).distinct, 1U);
}

TEST(Enumeration, of_a_long_log_shares_its_bytes) {
  // Every record is synced, so each epoch has one open record; contents are views of the last one.
  LogMaker maker;
  maker.create("log");
  maker.sync_directory("");
  const std::size_t records = 2000;
  for (std::size_t i = 0; i < records; ++i) {
    maker.append("log", fill(4096, static_cast<char>('a' + i % 26)));
    maker.sync_data("log");
  }
  const History history(maker.log());
  std::size_t views = 0;
  const std::byte* buffer = nullptr;
  for (const Model model : {Model::kill, Model::portable}) {
    const Enumeration found = enumerate(history, model, {"log"}, {}, [&](const CrashState& state) {
      const auto file = state.file("log");
      if (!file || file->content.size() == 0) return true;
      if (buffer == nullptr) buffer = file->content.view().data();
      if (file->content.view().data() == buffer) ++views;
      return true;
    });
    EXPECT_TRUE(found.exhaustive);
  }
  EXPECT_GE(views, 2 * records);
}

TEST(History, tells_files_and_trees_at_each_moment) {
  LogMaker maker;
  maker.initial_file("a", "old");
  maker.make_directory("d");
  maker.rename("a", "d/b");
  maker.write("d/b", 1, "LD and more");
  maker.truncate("d/b", 2);
  const History history(maker.log());
  EXPECT_EQ(history.file_at(0, "a")->content.text(), "old");
  EXPECT_EQ(history.file_at(2, "a"), std::nullopt);
  EXPECT_EQ(history.file_at(2, "d/b")->content.text(), "old");
  EXPECT_EQ(history.file_at(3, "d/b")->content.text(), "oLD and more");
  EXPECT_EQ(history.file_at(4, "d/b")->content.text(), "oL");
  EXPECT_EQ(history.file_at(4, "d/b/c"), std::nullopt);
  std::vector<Path> paths;
  for (const auto& [path, file] : history.tree_at(4)) paths.push_back(path);
  EXPECT_THAT(paths, ElementsAre("d", "d/b"));
}

TEST(History, knows_the_paths_that_were_touched) {
  LogMaker maker;
  maker.initial_file("untouched", "1");
  maker.initial_directory("d");
  maker.initial_file("d/moved", "2");
  maker.initial_file("renamed", "3");
  maker.rename("d", "e");
  maker.create("t");
  maker.rename("t", "renamed");
  maker.write("e/moved", 0, "4");
  const History history(maker.log());
  EXPECT_THAT(history.touched_paths(), ElementsAre("d/moved", "e/moved", "renamed", "t"));
}

TEST(History, names_an_inode_by_the_path_of_the_moment) {
  LogMaker maker;
  maker.make_directory("d");
  maker.create("d/t");                             // 1
  const InodeId file = maker.find("d/t");          //
  maker.rename("d/t", "d/a");                      // 2
  maker.rename("d", "e");                          // 3
  maker.unlink("e/a");                             // 4
  const InodeId unnamed = maker.create_unnamed();  // 5
  const History history(maker.log());
  EXPECT_EQ(history.path_of(file, 2), "d/t");
  EXPECT_EQ(history.path_of(file, 3), "d/a");
  EXPECT_EQ(history.path_of(file, 4), "e/a");
  EXPECT_EQ(history.path_of(file, 6), "e/a");
  EXPECT_EQ(history.path_of(unnamed, 6), "");
}

TEST(History, carries_modes_that_no_model_varies) {
  OperationLog log;
  log.inodes.push_back({FileType::regular, 0600, true, Bytes(std::string_view("x"))});
  log.names.push_back({root_inode, "a", 1});
  Operation mode;
  mode.kind = OperationKind::set_metadata;
  mode.inode = 1;
  mode.name = "mode";
  mode.size = 0640;
  log.operations.push_back(mode);
  const History history(log);
  EXPECT_EQ(history.file_at(0, "a")->mode, 0600U);
  EXPECT_EQ(history.file_at(1, "a")->mode, 0640U);
}

}  // namespace
}  // namespace untorn::crash
