// SPDX-License-Identifier: Apache-2.0
//
// What the models of a power cut differ in, one example each; naive_enumerator_test.cpp holds all
// of them against brute force.

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <utility>

#include "crash/engine.h"
#include "crash/log_maker.h"
#include "crash/membership.h"

namespace untorn::crash {
namespace {

std::uint64_t total_of(const LogMaker& maker, Model model) {
  const History history(maker.log());
  Budget budget;
  budget.states = 1;  // to count is enough
  const Enumeration found =
      enumerate(history, model, {}, budget, [](const CrashState&) { return true; });
  EXPECT_TRUE(found.total.exact);
  return found.total.value;
}

// A database in the manner of a rollback journal: before each transaction overwrites `pages` pages
// of the database, the old ones go to a journal, which is unlinked afterwards.
LogMaker rollback_journal(std::uint64_t transactions, std::uint64_t pages) {
  LogMaker maker;
  maker.initial_file("db", fill(pages * 4096, 'o'));
  for (std::uint64_t transaction = 0; transaction < transactions; ++transaction) {
    maker.create("journal");
    maker.write("journal", 0, fill(4096, 'j'));
    maker.sync("journal");
    for (std::uint64_t page = 0; page < pages; ++page) {
      maker.write("db", page * 4096, fill(4096, static_cast<char>('a' + transaction)));
    }
    maker.sync_data("db");
    maker.unlink("journal");
  }
  return maker;
}

TEST(Counting, follows_the_closed_form_of_a_rollback_journal) {
  const std::uint64_t transactions = 3;
  for (const std::uint64_t pages : {1U, 3U, 8U}) {
    // Each page is old or new, or one of them is torn in one of two ways.
    const std::uint64_t databases = (std::uint64_t{1} << pages) * (1 + pages);
    // The journal has two sizes and its block, which may be torn, two contents.
    const std::uint64_t journals = std::uint64_t{2} * (2 + 2);
    std::uint64_t portable = 0;
    std::uint64_t ext4 = 0;
    for (std::uint64_t done = 0; done < transactions; ++done) {
      // Nothing forces a name: the journals of before come and go one after the other.
      portable += 2 * done + 1 + journals;
      portable += 2 * (done + 1) * databases;
      // The sync of a journal commits its name and the unlink before it.
      ext4 += (done == 0 ? 1 : 2) + journals;
      ext4 += databases;
    }
    portable += 2 * transactions + 1;
    ext4 += 2;
    const LogMaker maker = rollback_journal(transactions, pages);
    EXPECT_EQ(total_of(maker, Model::portable), portable);
    EXPECT_EQ(total_of(maker, Model::ext4), ext4);
  }
}

TEST(Counting, follows_the_closed_form_of_blocks_that_are_written_again) {
  for (const std::uint64_t pages : {1U, 2U, 5U}) {
    for (const std::uint64_t writes : {1U, 2U, 7U}) {
      LogMaker maker;
      maker.initial_file("a", fill(pages * 4096, 'o'));
      for (std::uint64_t write = 0; write < writes * pages; ++write) {
        maker.write("a", write % pages * 4096, fill(4096, static_cast<char>('a' + write % 26)));
      }
      // Each page holds any of its writes or what was before. Or one page is torn, in one of two
      // places, between any two of these contents: writes (writes + 1) / 2 pairs.
      std::uint64_t others = 1;
      for (std::uint64_t page = 1; page < pages; ++page) others *= writes + 1;
      const std::uint64_t whole = others * (writes + 1);
      const std::uint64_t torn = pages * (2 * writes * (writes + 1) / 2) * others;
      for (const Model model : {Model::portable, Model::ext4, Model::xfs}) {
        EXPECT_EQ(total_of(maker, model), whole + torn);
      }
      EXPECT_EQ(total_of(maker, Model::btrfs), whole);
    }
  }
}

// Writes the end of a block and then its beginning, as was seen on ext4.
LogMaker two_writes_of_a_block(std::uint64_t size_before, bool with_sync) {
  LogMaker maker;
  maker.initial_file("a", fill(size_before, 'o'));
  maker.write("a", 3072, fill(1024, '1'));
  if (with_sync) maker.sync_data("a");
  maker.write("a", 0, fill(3072, '2'));
  return maker;
}

TEST(Counting, joins_two_writes_of_a_block_unless_a_sync_lies_between) {
  // The first write lies over 2 sectors, the second over 6, both over 8: 1, 2 and 2 tears.
  const LogMaker joined = two_writes_of_a_block(3072, false);
  EXPECT_EQ(total_of(joined, Model::portable), 2U * (3 + 1 + 2 + 2));
  EXPECT_EQ(total_of(joined, Model::ext4), 2U * (3 + 1 + 2 + 2));
  // The size waits for the first write, which is then whole.
  EXPECT_EQ(total_of(joined, Model::xfs), (3U + 1 + 2 + 2) + (2 + 2));
  EXPECT_EQ(total_of(joined, Model::btrfs), 3U + 2);
  const LogMaker synced = two_writes_of_a_block(3072, true);
  EXPECT_EQ(total_of(synced, Model::portable), 2U * (2 + 1) + (2 + 2));
  EXPECT_EQ(total_of(synced, Model::ext4), 2U * (2 + 1) + (2 + 2));
  EXPECT_EQ(total_of(synced, Model::xfs), (2U + 1) + 1 + (2 + 2));
  EXPECT_EQ(total_of(synced, Model::btrfs), 2U + 1 + 2);
}

// Both writes, torn before the last sector of the block, which holds `last`.
bool may_be_torn_as_one(const LogMaker& maker, Model model, char last) {
  const History history(maker.log());
  History::File file;
  const std::string content = fill(3072, '2') + fill(512, '1') + fill(512, last);
  file.content = Bytes(std::string_view(content));
  return Membership(history, model).contains({{"a", file}}, 0) == Membership::Answer::inside;
}

TEST(TornWrites, of_one_block_are_torn_as_one_over_what_was_before_the_first) {
  const LogMaker grown = two_writes_of_a_block(3072, false);
  EXPECT_TRUE(may_be_torn_as_one(grown, Model::portable, '\0'));
  EXPECT_TRUE(may_be_torn_as_one(grown, Model::ext4, '\0'));
  EXPECT_TRUE(may_be_torn_as_one(grown, Model::posix, '\0'));
  // X3: a size that grew waits for the write that ends at it.
  EXPECT_FALSE(may_be_torn_as_one(grown, Model::xfs, '\0'));
  const LogMaker overwritten = two_writes_of_a_block(4096, false);
  for (const Model model : {Model::portable, Model::ext4, Model::xfs, Model::posix}) {
    EXPECT_TRUE(may_be_torn_as_one(overwritten, model, 'o')) << to_string(model);
  }
  // B3: a block never tears.
  EXPECT_FALSE(may_be_torn_as_one(grown, Model::btrfs, '\0'));
  EXPECT_FALSE(may_be_torn_as_one(overwritten, Model::btrfs, 'o'));
}

TEST(TornWrites, are_not_torn_over_what_a_sync_forced) {
  for (const Model model : {Model::portable, Model::ext4, Model::xfs, Model::btrfs, Model::posix}) {
    EXPECT_FALSE(may_be_torn_as_one(two_writes_of_a_block(3072, true), model, '\0'));
    EXPECT_FALSE(may_be_torn_as_one(two_writes_of_a_block(4096, true), model, 'o'));
  }
}

TEST(OrderedModel, commits_what_stood_before_the_newest_change_of_the_synced_file) {
  const auto loses_rename = [](Model model, const std::function<void(LogMaker&)>& sync) {
    LogMaker maker;
    maker.initial_file("other", "x");
    maker.initial_file("a", "new");
    maker.rename("a", "b");
    sync(maker);
    maker.acknowledge("renamed");
    const History history(maker.log());
    bool lost = false;
    (void)enumerate(history, model, {}, {}, [&](const CrashState& state) {
      const bool acknowledged = state.begun() == maker.log().operations.size();
      lost = lost || (acknowledged && !state.file("b"));
      return true;
    });
    return lost;
  };
  const auto unchanged = [](LogMaker& maker) { maker.sync("other"); };
  const auto grown = [](LogMaker& maker) {
    maker.append("other", "y");
    maker.sync_data("other");
  };
  const auto renamed = [](LogMaker& maker) { maker.sync("b"); };
  for (const Model model : {Model::ext4, Model::xfs}) {
    EXPECT_TRUE(loses_rename(model, unchanged));
    EXPECT_FALSE(loses_rename(model, grown));
    EXPECT_FALSE(loses_rename(model, renamed));
  }
  for (const Model model : {Model::portable, Model::btrfs, Model::posix}) {
    EXPECT_TRUE(loses_rename(model, grown));
    EXPECT_TRUE(loses_rename(model, renamed));
  }
}

// What the target of a replacement may hold, with what was acknowledged.
std::set<std::string> contents_of(const LogMaker& maker, Model model) {
  const History history(maker.log());
  std::set<std::string> contents;
  (void)enumerate(history, model, {"a"}, {}, [&](const CrashState& state) {
    const auto file = state.file("a");
    std::string content = file ? std::string(file->content.text()) : "absent";
    if (state.begun() == maker.log().operations.size()) content += " at the end";
    contents.insert(content);
    return true;
  });
  return contents;
}

LogMaker one_commit() {
  LogMaker maker;
  maker.initial_file("a", "old");
  maker.create("t");
  maker.write("t", 0, "new");
  maker.sync_range("t", true);
  maker.rename("t", "a");
  maker.sync("a");
  maker.sync_directory("");
  maker.acknowledge("saved");
  return maker;
}

TEST(OrderedModel, has_the_range_before_the_name) {
  const std::set<std::string> good = {"old", "new", "new at the end"};
  EXPECT_EQ(contents_of(one_commit(), Model::ext4), good);
  EXPECT_EQ(contents_of(one_commit(), Model::xfs), good);
  EXPECT_TRUE(contents_of(one_commit(), Model::portable).contains(""));
  EXPECT_TRUE(contents_of(one_commit(), Model::btrfs).contains(""));
}

TEST(XfsModel, commits_an_exchange_with_its_directory_and_not_with_its_files) {
  const auto contents_after = [](Model model, bool directory) {
    LogMaker maker;
    maker.initial_file("a", "old");
    maker.create("t");
    maker.write("t", 0, "new");
    maker.sync("t");
    maker.exchange("t", "a");
    maker.sync("a");
    maker.sync("t");
    if (directory) maker.sync_directory("");
    maker.acknowledge("saved");
    return contents_of(maker, model);
  };
  EXPECT_TRUE(contents_after(Model::xfs, false).contains("old at the end"));
  EXPECT_FALSE(contents_after(Model::ext4, false).contains("old at the end"));
  EXPECT_FALSE(contents_after(Model::xfs, true).contains("old at the end"));
}

TEST(XfsModel, has_no_zeros_below_a_size_that_grew) {
  LogMaker maker;
  maker.initial_file("a", "1");
  maker.append("a", "2");
  EXPECT_EQ(contents_of(maker, Model::xfs),
            (std::set<std::string>{"1 at the end", "12 at the end"}));
  EXPECT_TRUE(contents_of(maker, Model::ext4).contains(std::string("1\0 at the end", 13)));
}

TEST(BtrfsModel, may_part_a_rename_between_directories_but_never_loses_both_names) {
  const auto places = [](Model model, const std::string& target) {
    LogMaker maker;
    maker.initial_directory("d");
    maker.initial_file("d/a", "1");
    maker.rename("d/a", target);
    const History history(maker.log());
    std::set<std::pair<bool, bool>> found;  // the old name, the new one
    (void)enumerate(history, model, {}, {}, [&](const CrashState& state) {
      found.emplace(state.file("d/a").has_value(), state.file(target).has_value());
      return true;
    });
    return found;
  };
  using Places = std::set<std::pair<bool, bool>>;
  const Places whole = {{true, false}, {false, true}};
  const Places parted = {{true, false}, {true, true}, {false, true}};
  const Places halved = {{true, false}, {true, true}, {false, true}, {false, false}};
  EXPECT_EQ(places(Model::btrfs, "b"), parted);
  EXPECT_EQ(places(Model::portable, "b"), parted);
  EXPECT_EQ(places(Model::btrfs, "d/b"), whole);
  EXPECT_EQ(places(Model::ext4, "b"), whole);
  EXPECT_EQ(places(Model::posix, "d/b"), halved);
}

TEST(PosixModel, may_lose_the_name_and_may_hold_garbage) {
  LogMaker maker;
  maker.initial_file("a", "old");
  maker.create("t");
  maker.write("t", 0, "new");
  maker.rename("t", "a");
  const std::set<std::string> found = contents_of(maker, Model::posix);
  EXPECT_TRUE(found.contains("absent at the end"));
  EXPECT_TRUE(found.contains("\xDB\xDB\xDB at the end"));
  const std::set<std::string> portable = contents_of(maker, Model::portable);
  EXPECT_FALSE(portable.contains("absent at the end"));
  EXPECT_FALSE(portable.contains("\xDB\xDB\xDB at the end"));
}

TEST(SyncOfAThread, forces_what_stood_before_it_was_entered) {
  LogMaker maker;
  maker.initial_file("a", "0");
  maker.write("a", 0, "1");
  maker.write("a", 0, "2");
  maker.overlap(1, 0);
  maker.sync("a");
  maker.overlap(2, 1);  // before the second write was done
  maker.acknowledge("saved");
  EXPECT_EQ(contents_of(maker, Model::portable),
            (std::set<std::string>{"0", "1", "2", "1 at the end", "2 at the end"}));
}

TEST(FailedSync, makes_later_syncs_of_the_file_worthless) {
  LogMaker maker;
  maker.initial_file("a", "old");
  maker.write("a", 0, "new");
  maker.sync_failed("a");
  maker.sync("a");
  maker.sync_all();
  EXPECT_TRUE(contents_of(maker, Model::portable).contains("old at the end"));
  maker.create("t");
  maker.write("t", 0, "newer");
  maker.sync("t");
  maker.rename("t", "a");
  maker.sync_directory("");
  EXPECT_FALSE(contents_of(maker, Model::portable).contains("old at the end"));
}

std::string lost_of(const LogMaker& maker, Model model, std::size_t begun,
                    const std::vector<std::size_t>& lost) {
  const History history(maker.log());
  std::string text = "none";
  (void)lose(history, model, {}, begun, lost, [&](const CrashState& state) {
    text.clear();
    for (const std::size_t operation : state.lost()) text += std::to_string(operation) + " ";
    return true;
  });
  return text;
}

TEST(Lose, takes_what_must_wait_and_nothing_else) {
  LogMaker maker;
  maker.create("t");                    // 0
  maker.write("t", 0, fill(100, 'n'));  // 1
  maker.sync_range("t", true);          // 2
  maker.rename("t", "a");               // 3
  maker.create("b");                    // 4
  EXPECT_EQ(lost_of(maker, Model::portable, 5, {1}), "1 ");
  EXPECT_EQ(lost_of(maker, Model::ext4, 5, {1}), "1 3 4 ");
  EXPECT_EQ(lost_of(maker, Model::portable, 5, {0}), "0 3 ");
  EXPECT_EQ(lost_of(maker, Model::portable, 5, {}), "");
  EXPECT_EQ(lost_of(maker, Model::portable, 4, {1}), "none");
  EXPECT_EQ(lost_of(maker, Model::kill, 5, {1}), "none");
}

}  // namespace
}  // namespace untorn::crash
