// SPDX-License-Identifier: Apache-2.0
//
// Recovery of interrupted transactions: X2, X4, X5 and X6 of transaction.h, in single cases. Every
// state is tried by tests/crash/transaction_states_test.cpp.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/try.h"
#include "transaction/inspect.h"
#include "transaction/transaction_test_support.h"

namespace untorn {
namespace {

using transaction::inspect_transaction;
using transaction::InspectedState;
using transaction::testing::file;
using transaction::testing::folder;
using transaction::testing::interrupt;
using transaction::testing::interrupt_early;
using transaction::testing::names_in;
using transaction::testing::put_a_and_b;
using transaction::testing::read_file;
using transaction::testing::staged_in;
using transaction::testing::write_file;

using Kind = TransactionRecovery::Kind;
using Names = std::vector<std::string>;

TEST(TransactionRecovery, goes_on_where_the_commit_was_cut) {
  for (std::uint64_t operations = 0; operations < 2; ++operations) {
    InMemoryFileSystem fs({file("t/a", "old a")});
    interrupt(fs, put_a_and_b, operations);
    EXPECT_EQ(inspect_transaction(fs, "t")->state, InspectedState::roll_forward);
    const auto recovery = recover_transactions(fs, "t");
    ASSERT_TRUE(recovery) << recovery.error();
    EXPECT_EQ(recovery->kind, Kind::rolled_forward);
    EXPECT_EQ(recovery->applied, 2 - operations);
    EXPECT_EQ(recovery->already, operations);
    EXPECT_NE(recovery->message(), "");
    EXPECT_EQ(read_file(fs, "t/a"), "new a");
    EXPECT_EQ(read_file(fs, "t/b"), "new b");
    EXPECT_EQ(names_in(fs, "t"), (Names{".untorn", "a", "b"}));
    EXPECT_EQ(names_in(fs, "t/.untorn"), (Names{".gitignore", "lock"}));
    const auto again = recover_transactions(fs, "t");
    ASSERT_TRUE(again);
    EXPECT_EQ(again->kind, Kind::none);
    EXPECT_EQ(again->message(), "");
    EXPECT_EQ(fs.open_handles(), 0U);
  }
}

TEST(TransactionRecovery, runs_by_itself_in_begin_and_under_the_shared_lock) {
  InMemoryFileSystem fs({file("t/a", "old a")});
  interrupt(fs, put_a_and_b);
  {
    const auto change = Transaction::begin(fs, "t");
    ASSERT_TRUE(change) << change.error();
    EXPECT_EQ(change->recovery().kind, Kind::rolled_forward);
    EXPECT_EQ(read_file(fs, "t/b"), "new b");
  }
  interrupt(fs, [](Transaction& change) { return change.put("c", "new c"); });
  const auto reader = TreeLock::shared(fs, "t");
  ASSERT_TRUE(reader) << reader.error();
  EXPECT_EQ(reader->recovery().kind, Kind::rolled_forward);
  EXPECT_EQ(read_file(fs, "t/c"), "new c");
}

TEST(TransactionRecovery, discards_what_never_reached_its_commit_point) {
  InMemoryFileSystem fs({file("t/a", "old a"), folder("t/d")});
  interrupt_early(fs, [](Transaction& change) -> Result<void> {
    UNTORN_CHECK(put_a_and_b(change));
    return change.put("d/c", "new c");
  });
  EXPECT_EQ(staged_in(fs, "t").size(), 2U);
  EXPECT_EQ(staged_in(fs, "t/d").size(), 1U);
  const auto found = inspect_transaction(fs, "t");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->state, InspectedState::discard);
  EXPECT_EQ(found->staged.size(), 3U);
  const auto recovery = recover_transactions(fs, "t");
  ASSERT_TRUE(recovery) << recovery.error();
  EXPECT_EQ(recovery->kind, Kind::discarded);
  EXPECT_EQ(names_in(fs, "t"), (Names{".untorn", "a", "d"}));
  EXPECT_EQ(names_in(fs, "t/d"), Names{});
  EXPECT_EQ(names_in(fs, "t/.untorn"), (Names{".gitignore", "lock"}));
  EXPECT_EQ(read_file(fs, "t/a"), "old a");
}

TEST(TransactionRecovery, does_nothing_where_there_was_never_a_transaction) {
  InMemoryFileSystem fs({file("t/a", "a")});
  const auto recovery = recover_transactions(fs, "t");
  ASSERT_TRUE(recovery);
  EXPECT_EQ(recovery->kind, Kind::none);
  EXPECT_EQ(names_in(fs, "t"), (Names{"a"})) << "not even `.untorn` is made";
}

// ------------------------------------------------------------------ X4

TEST(TransactionRecovery, leaves_what_another_program_wrote_and_keeps_the_content_beside_it) {
  InMemoryFileSystem fs({file("t/a", "old a")});
  interrupt(fs, put_a_and_b);
  write_file(fs, "t/a", "theirs");
  write_file(fs, "t/b", "theirs too");
  write_file(fs, "t/b.unapplied-1", "taken");
  const auto recovery = recover_transactions(fs, "t");
  ASSERT_TRUE(recovery) << recovery.error();
  EXPECT_EQ(recovery->kind, Kind::rolled_forward);
  EXPECT_EQ(recovery->changed, (Names{"a", "b"}));
  EXPECT_EQ(recovery->kept, (Names{"a.unapplied-1", "b.unapplied-2"}));
  EXPECT_EQ(read_file(fs, "t/a"), "theirs");
  EXPECT_EQ(read_file(fs, "t/b"), "theirs too");
  EXPECT_EQ(read_file(fs, "t/a.unapplied-1"), "new a");
  EXPECT_EQ(read_file(fs, "t/b.unapplied-2"), "new b");
  EXPECT_TRUE(staged_in(fs, "t").empty());
}

// The same inode, size and times: the hash tells.
TEST(TransactionRecovery, knows_an_old_file_that_was_changed_in_place_at_the_same_length) {
  InMemoryFileSystem fs({file("t/a", "old a")});
  interrupt(fs, put_a_and_b);
  write_file(fs, "t/a", "OLD A");
  const auto recovery = recover_transactions(fs, "t");
  ASSERT_TRUE(recovery);
  EXPECT_EQ(recovery->kept, (Names{"a.unapplied-1"}));
  EXPECT_EQ(read_file(fs, "t/a"), "OLD A");
}

TEST(TransactionRecovery, applies_where_the_old_file_is_gone_since_nothing_is_overwritten) {
  InMemoryFileSystem fs({file("t/a", "old a")});
  interrupt(fs, put_a_and_b);
  ASSERT_TRUE(fs.unlink(Handle::working_directory, "t/a"));
  const auto recovery = recover_transactions(fs, "t");
  ASSERT_TRUE(recovery);
  EXPECT_TRUE(recovery->changed.empty());
  EXPECT_EQ(read_file(fs, "t/a"), "new a");
}

TEST(TransactionRecovery, takes_nothing_back_from_a_target_that_was_replaced_after_it_was_applied) {
  InMemoryFileSystem fs({file("t/a", "old a")});
  interrupt(fs, put_a_and_b, 1);
  ASSERT_EQ(read_file(fs, "t/a"), "new a");
  ASSERT_TRUE(replace_file(fs, "t/a", std::as_bytes(std::span(std::string_view("newer")))));
  const auto recovery = recover_transactions(fs, "t");
  ASSERT_TRUE(recovery);
  EXPECT_EQ(read_file(fs, "t/a"), "newer");
  EXPECT_EQ(read_file(fs, "t/b"), "new b");
}

TEST(TransactionRecovery, neither_removes_nor_moves_what_another_program_put_there) {
  InMemoryFileSystem fs({file("t/a", "a"), file("t/b", "b"), folder("t/d"), file("t/p", "p")});
  interrupt(fs, [](Transaction& change) -> Result<void> {
    UNTORN_CHECK(change.put("p", "new"));
    UNTORN_CHECK(change.remove("a"));
    UNTORN_CHECK(change.rename("b", "c"));
    UNTORN_CHECK(change.remove("d"));
    return change.make_directory("e");
  });
  write_file(fs, "t/a", "theirs");
  write_file(fs, "t/c", "theirs");
  write_file(fs, "t/d/x", "theirs");
  write_file(fs, "t/e", "theirs");
  const auto recovery = recover_transactions(fs, "t");
  ASSERT_TRUE(recovery) << recovery.error();
  EXPECT_EQ(recovery->changed, (Names{"a", "b", "d", "e"}));
  EXPECT_EQ(read_file(fs, "t/a"), "theirs");
  EXPECT_EQ(read_file(fs, "t/b"), "b");
  EXPECT_EQ(read_file(fs, "t/c"), "theirs");
  EXPECT_EQ(read_file(fs, "t/d/x"), "theirs");
  EXPECT_EQ(read_file(fs, "t/e"), "theirs");
  EXPECT_EQ(read_file(fs, "t/p"), "new");
}

TEST(TransactionRecovery, keeps_content_where_it_was_staged_if_its_directory_is_gone) {
  InMemoryFileSystem fs({file("t/a", "a"), folder("t/d")});
  interrupt(fs, [](Transaction& change) -> Result<void> {
    UNTORN_CHECK(change.make_directory("x"));
    return change.put("x/new", "new");
  });
  ASSERT_TRUE(fs.remove_directory(Handle::working_directory, "t/x"));
  write_file(fs, "t/x", "a file where a directory shall be");
  const auto recovery = recover_transactions(fs, "t");
  ASSERT_TRUE(recovery) << recovery.error();
  EXPECT_EQ(recovery->changed, (Names{"x", "x/new"}));
  EXPECT_EQ(recovery->kept, (Names{"new.unapplied-1"}));
  EXPECT_EQ(read_file(fs, "t/new.unapplied-1"), "new");
}

TEST(TransactionRecovery, never_follows_a_link_that_took_the_place_of_a_directory) {
  InMemoryFileSystem fs({folder("t/d"), folder("outside")});
  interrupt(fs, [](Transaction& change) -> Result<void> {
    UNTORN_CHECK(change.put("a", "a"));
    UNTORN_CHECK(change.make_directory("d/e"));
    return change.put("d/e/f", "f");
  });
  ASSERT_TRUE(fs.rename(Handle::working_directory, "t/d", Handle::working_directory, "t/before",
                        RenameMode::replace));
  ASSERT_TRUE(fs.make_symlink("../outside", Handle::working_directory, "t/d"));
  const auto recovery = recover_transactions(fs, "t");
  ASSERT_TRUE(recovery) << recovery.error();
  EXPECT_EQ(recovery->changed, (Names{"d/e", "d/e/f"}));
  EXPECT_EQ(names_in(fs, "outside"), Names{});
  EXPECT_NE(recovery->message().find("transaction.unapplied-1"), std::string::npos);
  const std::string moved = staged_in(fs, "t/before").at(0);
  const OwnedHandle handle(
      fs, fs.open(Handle::working_directory, "t/before", {.access = Access::directory}).value());
  EXPECT_FALSE(transaction::is_abandoned(fs, handle.get(), moved).value());
}

}  // namespace
}  // namespace untorn
