// SPDX-License-Identifier: Apache-2.0
//
// Intents that are not for this tree, or cannot be read (X5, X6), and what other rooms ask for.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/try.h"
#include "transaction/inspect.h"
#include "transaction/kept.h"
#include "transaction/leave.h"
#include "transaction/transaction_test_support.h"

namespace untorn {
namespace {

using testing::ScratchDirectory;
using testing::status_of;
using transaction::inspect_transaction;
using transaction::InspectedState;
using transaction::testing::file;
using transaction::testing::folder;
using transaction::testing::interrupt;
using transaction::testing::interrupt_early;
using transaction::testing::names_in;
using transaction::testing::put_a_and_b;
using transaction::testing::read_file;
using transaction::testing::run;
using transaction::testing::staged_in;
using transaction::testing::write_file;

using Kind = TransactionRecovery::Kind;
using Names = std::vector<std::string>;

// ------------------------------------------------------------------ X5

// As `cp -a` would: other inodes. The numbers that are free are left out.
std::vector<TreeEntry> copied(const InMemoryFileSystem& fs, std::uint64_t first_number) {
  std::vector<TreeEntry> entries = fs.tree();
  for (TreeEntry& entry : entries) entry.number = first_number++;
  return entries;
}

// Nobody draws the random bits of another run.
MemoryOptions other_bits() {
  MemoryOptions options;
  options.seed = 2;
  return options;
}

TEST(TransactionForeign, a_copied_tree_never_replays_and_the_original_does) {
  InMemoryFileSystem fs({file("t/a", "old a")});
  interrupt(fs, put_a_and_b);
  InMemoryFileSystem copy(copied(fs, 100), other_bits());
  EXPECT_EQ(inspect_transaction(copy, "t")->state, InspectedState::foreign);
  const Names before = names_in(copy, "t");
  const auto recovery = recover_transactions(copy, "t");
  ASSERT_TRUE(recovery) << recovery.error();
  EXPECT_EQ(recovery->kind, Kind::refused);
  EXPECT_NE(recovery->message().find("transaction.foreign-1"), std::string::npos);
  EXPECT_EQ(names_in(copy, "t"), before) << "temporaries are copies of committed content: kept";
  EXPECT_EQ(read_file(copy, "t/a"), "old a");
  EXPECT_EQ(inspect_transaction(copy, "t")->set_aside, (Names{".untorn/transaction.foreign-1"}));
  EXPECT_EQ(recover_transactions(copy, "t")->kind, Kind::none) << "settled by one recovery";
  ASSERT_TRUE(run(copy, put_a_and_b)) << "transactions go on";
  EXPECT_EQ(staged_in(copy, "t").size(), 2U);
  EXPECT_EQ(read_file(copy, "t/a"), "new a");
  EXPECT_EQ(recover_transactions(fs, "t")->kind, Kind::rolled_forward);
}

// A power cut may bring the list back that a recovery removed.
TEST(TransactionForeign, no_list_removes_what_an_intent_names_that_was_set_aside) {
  InMemoryFileSystem fs({file("t/a", "old a")});
  interrupt(fs, put_a_and_b);
  InMemoryFileSystem copy(copied(fs, 100), other_bits());
  const std::string list = read_file(copy, "t/.untorn/staging").value();
  EXPECT_EQ(recover_transactions(copy, "t")->kind, Kind::refused);
  write_file(copy, "t/.untorn/staging", list);
  EXPECT_EQ(recover_transactions(copy, "t")->kind, Kind::none);
  EXPECT_EQ(staged_in(copy, "t").size(), 2U);
}

TEST(TransactionForeign, a_moved_tree_is_still_the_same_tree) {
  InMemoryFileSystem fs({file("t/a", "old a"), folder("elsewhere")});
  interrupt(fs, put_a_and_b);
  ASSERT_TRUE(fs.rename(Handle::working_directory, "t", Handle::working_directory, "elsewhere/u",
                        RenameMode::replace));
  EXPECT_EQ(recover_transactions(fs, "elsewhere/u")->kind, Kind::rolled_forward);
  EXPECT_EQ(read_file(fs, "elsewhere/u/a"), "new a");
}

TEST(TransactionForeign, a_copy_on_a_real_file_system_never_replays) {
  const ScratchDirectory scratch;
  FileSystem& fs = posix_file_system();
  ASSERT_TRUE(fs.make_directory(Handle::working_directory, scratch / "t", 0755));
  write_file(fs, scratch / "t/a", "old a");
  interrupt(fs, put_a_and_b, 0, scratch / "t");
  ASSERT_EQ(std::system(("cp -a '" + (scratch / "t") + "' '" + (scratch / "u") + "'").c_str()), 0);
  const auto copy = recover_transactions(fs, scratch / "u");
  ASSERT_TRUE(copy) << copy.error();
  EXPECT_EQ(copy->kind, Kind::refused);
  EXPECT_EQ(read_file(fs, scratch / "u/a"), "old a");
  ASSERT_EQ(std::system(("mv '" + (scratch / "t") + "' '" + (scratch / "v") + "'").c_str()), 0);
  const auto moved = recover_transactions(fs, scratch / "v");
  ASSERT_TRUE(moved) << moved.error();
  EXPECT_EQ(moved->kind, Kind::rolled_forward);
  EXPECT_EQ(read_file(fs, scratch / "v/a"), "new a");
}

// ------------------------------------------------------------------ X6

TEST(TransactionDamaged, an_intent_is_never_applied_nor_removed_and_nothing_begins) {
  InMemoryFileSystem fs({file("t/a", "old a")});
  interrupt(fs, put_a_and_b);
  std::string text = read_file(fs, "t/.untorn/transaction").value();
  text[text.find("put") + 1] = 'x';
  write_file(fs, "t/.untorn/transaction", text);
  EXPECT_EQ(inspect_transaction(fs, "t")->state, InspectedState::damaged);
  const Names before = names_in(fs, "t");
  const auto recovery = recover_transactions(fs, "t");
  ASSERT_TRUE(recovery);
  EXPECT_EQ(recovery->kind, Kind::refused);
  const auto change = Transaction::begin(fs, "t");
  ASSERT_FALSE(change);
  EXPECT_EQ(change.error().code(), Code::corrupt);
  EXPECT_FALSE(TreeLock::shared(fs, "t"));
  EXPECT_EQ(names_in(fs, "t"), before);
  EXPECT_EQ(read_file(fs, "t/.untorn/transaction"), text);
  write_file(fs, "t/.untorn/transaction", text.substr(0, 40));
  const OwnedHandle handle(
      fs, fs.open(Handle::working_directory, "t", {.access = Access::directory}).value());
  EXPECT_FALSE(transaction::is_abandoned(fs, handle.get(), staged_in(fs, "t").at(0)).value())
      << "whatever it named, we cannot know";
}

TEST(TransactionDamaged, an_intent_of_a_newer_format_is_left_to_a_newer_reader) {
  InMemoryFileSystem fs({file("t/a", "old a")});
  interrupt(fs, put_a_and_b);
  write_file(fs, "t/.untorn/transaction", "untorn-transaction 9 2 more\nwhatever\n");
  EXPECT_EQ(inspect_transaction(fs, "t")->state, InspectedState::newer);
  EXPECT_EQ(recover_transactions(fs, "t")->kind, Kind::refused);
  const auto change = Transaction::begin(fs, "t");
  ASSERT_FALSE(change);
  EXPECT_EQ(change.error().code(), Code::unsupported);
  EXPECT_EQ(read_file(fs, "t/a"), "old a");
}

// A list that a power cut tore names nothing but temporaries of our shape, below the root.
TEST(TransactionDamaged, a_staging_list_removes_nothing_else) {
  InMemoryFileSystem fs({file("t/a", "a"), file("outside", "outside"), folder("t/.untorn", 0700)});
  const std::string temporary = ".untorn-txn-0123456789abcdef0123456789abcdef";
  write_file(fs, temporary, "outside the tree");
  write_file(fs, "t/" + temporary, "in it");
  write_file(fs, "t/.untorn/staging",
             "untorn-staging 1 1\na\n../outside\n../" + temporary + "\n/" + temporary + "\n" +
                 temporary + "\n" + temporary.substr(0, 20) + std::string(9, '\0'));
  const auto recovery = recover_transactions(fs, "t");
  ASSERT_TRUE(recovery) << recovery.error();
  EXPECT_EQ(recovery->kind, Kind::discarded);
  EXPECT_EQ(names_in(fs, "t"), (Names{".untorn", "a"}));
  EXPECT_EQ(read_file(fs, temporary), "outside the tree");
}

// ------------------------------------------------------------------ for other rooms

TEST(TransactionInspection, tells_a_running_transaction_from_an_interrupted_one) {
  InMemoryFileSystem fs({file("t/a", "old a")});
  EXPECT_EQ(inspect_transaction(fs, "t")->state, InspectedState::none);
  const auto change = Transaction::begin(fs, "t");
  ASSERT_TRUE(change);
  EXPECT_EQ(inspect_transaction(fs, "t")->state, InspectedState::running);
}

TEST(TransactionInspection, a_temporary_is_abandoned_if_no_intent_names_it_and_nobody_works) {
  InMemoryFileSystem fs({file("t/a", "old a"), folder("t/d/e")});
  const auto put_deep = [](Transaction& change) { return change.put("d/e/f", "new"); };
  const auto abandoned = [&fs](const std::string& directory, const std::string& name) {
    const OwnedHandle handle(
        fs, fs.open(Handle::working_directory, directory, {.access = Access::directory}).value());
    const auto answer = transaction::is_abandoned(fs, handle.get(), name);
    EXPECT_TRUE(answer);
    return answer && *answer;
  };
  interrupt(fs, put_deep);
  const std::string name = staged_in(fs, "t/d/e").at(0);
  EXPECT_FALSE(abandoned("t/d/e", name)) << "the intent of a tree above names it";
  InMemoryFileSystem copy(copied(fs, 100), other_bits());
  ASSERT_TRUE(recover_transactions(copy, "t"));
  {
    const OwnedHandle handle(
        copy, copy.open(Handle::working_directory, "t/d/e", {.access = Access::directory}).value());
    EXPECT_FALSE(transaction::is_abandoned(copy, handle.get(), name).value())
        << "an intent that was set aside names it";
  }
  ASSERT_TRUE(recover_transactions(fs, "t"));
  interrupt_early(fs, put_deep);
  const std::string early = staged_in(fs, "t/d/e").at(0);
  EXPECT_TRUE(abandoned("t/d/e", early));
  const auto running = Transaction::begin(fs, "t");
  ASSERT_TRUE(running);
  const std::string other = "t/d/e/.untorn-txn-0123456789abcdef0123456789abcdef";
  write_file(fs, other, "");
  EXPECT_FALSE(abandoned("t/d/e", ".untorn-txn-0123456789abcdef0123456789abcdef"));
}

TEST(TransactionKept, a_room_may_change_its_own_folder_and_nothing_else_of_untorn) {
  InMemoryFileSystem fs({file("t/a", "a")});
  auto change = Transaction::begin(fs, "t");
  ASSERT_TRUE(change);
  EXPECT_FALSE(change->put(".untorn/rooms/x", "x"));
  transaction::may_change_kept(*change, "rooms");
  ASSERT_TRUE(change->make_directory(".untorn/rooms/inner"));
  ASSERT_TRUE(change->put(".untorn/rooms/inner/x", "x", {.mode = 0600}));
  for (const char* path : {".untorn/lock", ".untorn/transaction", ".untorn/staging",
                           ".untorn/others/x", ".untorn", "a/.untorn/rooms/x"}) {
    EXPECT_FALSE(change->put(path, "x")) << path;
    EXPECT_FALSE(change->remove(path)) << path;
  }
  ASSERT_TRUE(std::move(*change).commit());
  EXPECT_EQ(read_file(fs, "t/.untorn/rooms/inner/x"), "x");
  EXPECT_EQ(status_of(fs, "t/.untorn/rooms").mode, 0700U);
  interrupt(fs, [](Transaction& another) -> Result<void> {
    transaction::may_change_kept(another, "rooms");
    return another.put(".untorn/rooms/inner/x", "y");
  });
  EXPECT_EQ(recover_transactions(fs, "t")->kind, Kind::rolled_forward);
  EXPECT_EQ(read_file(fs, "t/.untorn/rooms/inner/x"), "y");
}

TEST(TransactionLeave, removes_what_nobody_uses_and_nothing_else) {
  InMemoryFileSystem fs({file("t/a", "a"), file("u/.untorn/documents/x", "kept")});
  EXPECT_TRUE(transaction::remove_unused_kept_folder(fs, "t").value()) << "there is none";
  ASSERT_TRUE(run(fs, put_a_and_b));
  {
    const auto change = Transaction::begin(fs, "t");
    EXPECT_FALSE(transaction::remove_unused_kept_folder(fs, "t").value()) << "it is in use";
  }
  EXPECT_TRUE(transaction::remove_unused_kept_folder(fs, "t").value());
  EXPECT_EQ(names_in(fs, "t"), (Names{"a", "b"}));
  EXPECT_FALSE(transaction::remove_unused_kept_folder(fs, "u").value());
  EXPECT_EQ(read_file(fs, "u/.untorn/documents/x"), "kept");
  interrupt(fs, put_a_and_b);
  EXPECT_FALSE(transaction::remove_unused_kept_folder(fs, "t").value()) << "an intent is there";
  EXPECT_EQ(recover_transactions(fs, "t")->kind, Kind::rolled_forward);
}

}  // namespace
}  // namespace untorn
