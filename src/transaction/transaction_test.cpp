// SPDX-License-Identifier: Apache-2.0
#include "untorn/transaction.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "base/try.h"
#include "transaction/transaction_test_support.h"

namespace untorn {
namespace {

using testing::ScratchDirectory;
using testing::status_of;
using transaction::testing::code_of;
using transaction::testing::file;
using transaction::testing::folder;
using transaction::testing::link;
using transaction::testing::names_in;
using transaction::testing::read_file;
using transaction::testing::run;
using transaction::testing::write_file;

using Names = std::vector<std::string>;

TEST(Transaction, puts_removes_renames_and_makes_directories_together) {
  InMemoryFileSystem fs({file("t/a", "old"), file("t/b", "gone"), file("t/c", "moved"),
                         link("t/l", "a"), folder("t/empty")});
  const auto receipt = run(fs, [](Transaction& change) -> Result<void> {
    UNTORN_CHECK(change.put("a", "new"));
    UNTORN_CHECK(change.remove("b"));
    UNTORN_CHECK(change.remove("l"));
    UNTORN_CHECK(change.remove("empty"));
    UNTORN_CHECK(change.rename("c", "d"));
    UNTORN_CHECK(change.make_directory("x/y"));
    return change.put("x/y/z", "deep");
  });
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(receipt->operations, 8U) << "x and x/y are two";
  EXPECT_EQ(receipt->bytes, 7U);
  EXPECT_EQ(receipt->achieved, Durability::durable);
  EXPECT_TRUE(receipt->changed.empty());
  EXPECT_EQ(read_file(fs, "t/a"), "new");
  EXPECT_EQ(read_file(fs, "t/d"), "moved");
  EXPECT_EQ(read_file(fs, "t/x/y/z"), "deep");
  EXPECT_EQ(names_in(fs, "t"), (Names{".untorn", "a", "d", "x"}));
  EXPECT_EQ(names_in(fs, "t/.untorn"), (Names{".gitignore", "lock"}));
  EXPECT_EQ(status_of(fs, "t/.untorn").mode, 0700U);
  EXPECT_EQ(fs.open_handles(), 0U);
}

TEST(Transaction, changes_no_name_before_commit_and_discard_leaves_nothing) {
  InMemoryFileSystem fs({file("t/a", "old"), file("t/b", "b"), file("t/c", "c")});
  {
    auto change = Transaction::begin(fs, "t");
    ASSERT_TRUE(change) << change.error();
    ASSERT_TRUE(change->put("a", "new"));
    ASSERT_TRUE(change->remove("b"));
    ASSERT_TRUE(change->rename("c", "d"));
    ASSERT_TRUE(change->make_directory("x"));
    EXPECT_EQ(names_in(fs, "t"), (Names{".untorn", "a", "b", "c"}));
    EXPECT_EQ(read_file(fs, "t/a"), "old");
    change->discard();
    EXPECT_FALSE(change->put("a", "new")) << "the object is spent";
  }
  EXPECT_EQ(names_in(fs, "t"), (Names{".untorn", "a", "b", "c"}));
  EXPECT_EQ(names_in(fs, "t/.untorn"), (Names{".gitignore", "lock"}));
  EXPECT_EQ(fs.open_handles(), 0U);
}

TEST(Transaction, an_empty_one_touches_nothing) {
  InMemoryFileSystem fs({file("t/a", "old")});
  const auto receipt = run(fs, [](Transaction&) { return Result<void>(); });
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->syncs, 0U);
}

// ------------------------------------------------------------------ chains

TEST(TransactionChains, a_later_operation_sees_the_names_of_an_earlier_one) {
  InMemoryFileSystem fs({file("t/a", "old a"), file("t/d/b", "old b"), file("t/d/c", "c")});
  auto change = Transaction::begin(fs, "t");
  ASSERT_TRUE(change);
  ASSERT_TRUE(change->rename("a", "kept"));
  ASSERT_TRUE(change->put("a", "new a"));
  ASSERT_TRUE(change->remove("d/b"));
  EXPECT_EQ(code_of(change->remove("d")), Code::not_regular_file) << "c is still there";
  ASSERT_TRUE(change->rename("d/c", "c"));
  ASSERT_TRUE(change->remove("d"));
  EXPECT_EQ(code_of(change->put("d/x", "x")), Code::not_found);
  EXPECT_EQ(change->read("a").value(), "new a");
  EXPECT_EQ(change->read("kept").value(), "old a");
  EXPECT_EQ(change->read("c").value(), "c");
  EXPECT_EQ(change->read("d/b").value(), std::nullopt);
  EXPECT_EQ(change->read("no").value(), std::nullopt);
  ASSERT_TRUE(std::move(*change).commit());
  EXPECT_EQ(names_in(fs, "t"), (Names{".untorn", "a", "c", "kept"}));
  EXPECT_EQ(read_file(fs, "t/a"), "new a");
  EXPECT_EQ(read_file(fs, "t/kept"), "old a");
}

TEST(TransactionChains, two_files_rotate) {
  InMemoryFileSystem fs({file("t/log", "1"), file("t/log.1", "2")});
  ASSERT_TRUE(run(fs, [](Transaction& change) -> Result<void> {
    UNTORN_CHECK(change.rename("log.1", "log.2"));
    UNTORN_CHECK(change.rename("log", "log.1"));
    return change.put("log", "");
  }));
  EXPECT_EQ(read_file(fs, "t/log"), "");
  EXPECT_EQ(read_file(fs, "t/log.1"), "1");
  EXPECT_EQ(read_file(fs, "t/log.2"), "2");
}

TEST(TransactionChains, a_renamed_file_that_gets_new_content_keeps_its_metadata) {
  InMemoryFileSystem fs({{.path = "t/a", .mode = 0640, .content = Bytes("old")}});
  ASSERT_TRUE(run(fs, [](Transaction& change) -> Result<void> {
    UNTORN_CHECK(change.rename("a", "b"));
    UNTORN_CHECK(change.put("b", "new"));
    EXPECT_EQ(change.read("b").value(), "new");
    EXPECT_EQ(change.read("a").value(), std::nullopt);
    return {};
  }));
  EXPECT_EQ(names_in(fs, "t"), (Names{".untorn", "b"}));
  EXPECT_EQ(read_file(fs, "t/b"), "new");
  EXPECT_EQ(status_of(fs, "t/b").mode, 0640U);
}

TEST(TransactionChains, a_renamed_directory_makes_room_for_a_new_one) {
  InMemoryFileSystem fs({file("t/d/a", "old")});
  ASSERT_TRUE(run(fs, [](Transaction& change) -> Result<void> {
    UNTORN_CHECK(change.rename("d", "before"));
    UNTORN_CHECK(change.make_directory("d"));
    return change.put("d/a", "new");
  }));
  EXPECT_EQ(read_file(fs, "t/d/a"), "new");
  EXPECT_EQ(read_file(fs, "t/before/a"), "old");
}

// ------------------------------------------------------------------ links and metadata

TEST(TransactionLinks, inside_the_tree_are_followed_by_put_and_resolve) {
  InMemoryFileSystem fs({file("t/d/a", "old"), link("t/to_file", "d/a"), link("t/to_folder", "d"),
                         link("t/d/back", "../d/./new"), link("t/dangling", "d/made")});
  auto change = Transaction::begin(fs, "t");
  ASSERT_TRUE(change);
  EXPECT_EQ(change->resolve("to_folder/a").value(), "d/a");
  EXPECT_EQ(change->resolve("d/back").value(), "d/new");
  ASSERT_TRUE(change->put("to_file", "new"));
  EXPECT_EQ(code_of(change->put("to_folder/a", "twice")), Code::invalid_argument);
  ASSERT_TRUE(change->put("dangling", "made"));
  ASSERT_TRUE(change->put("to_folder/back", "new"));
  ASSERT_TRUE(change->make_directory("to_folder/x/y"));
  ASSERT_TRUE(std::move(*change).commit());
  EXPECT_EQ(names_in(fs, "t/d"), (Names{"a", "back", "made", "new", "x"}));
  EXPECT_EQ(read_file(fs, "t/d/a"), "new");
  EXPECT_EQ(status_of(fs, "t/to_file").type, FileType::symlink);
}

TEST(TransactionLinks, absolute_ones_below_an_absolute_root_are_followed) {
  InMemoryFileSystem fs({file("t/d/a", "old"), link("t/l", "/t/d/a")});
  ASSERT_TRUE(run(fs, [](Transaction& change) { return change.put("l", "new"); }, "/t"));
  EXPECT_EQ(read_file(fs, "t/d/a"), "new");
}

TEST(TransactionMetadata, of_a_file_that_is_replaced_is_kept) {
  InMemoryFileSystem fs({{.path = "t/a", .mode = 0604, .content = Bytes("old")}});
  {
    const OwnedHandle handle(
        fs, fs.open(Handle::working_directory, "t/a", {.access = Access::write}).value());
    ASSERT_TRUE(fs.set_owner(handle.get(), 7, 8));
    ASSERT_TRUE(fs.set_attribute(handle.get(), "user.origin", "here"));
  }
  const auto receipt = run(fs, [](Transaction& change) -> Result<void> {
    UNTORN_CHECK(change.put("a", "new"));
    UNTORN_CHECK(change.put("b", "new"));
    return change.put("c", "new", {.mode = 0600});
  });
  ASSERT_TRUE(receipt);
  EXPECT_TRUE(receipt->metadata_lost.empty());
  const Status status = status_of(fs, "t/a");
  EXPECT_EQ(status.mode, 0604U);
  EXPECT_EQ(status.user, 7U);
  EXPECT_EQ(status.group, 8U);
  EXPECT_EQ(status_of(fs, "t/b").mode, 0644U);
  EXPECT_EQ(status_of(fs, "t/c").mode, 0600U);
  const OwnedHandle handle(fs, fs.open(Handle::working_directory, "t/a", {}).value());
  EXPECT_EQ(fs.get_attribute(handle.get(), "user.origin").value(), "here");
}

TEST(TransactionMetadata, that_cannot_be_kept_is_named) {
  MemoryOptions options;
  options.user = 1000;
  InMemoryFileSystem fs({{.path = "t/a", .mode = 0666, .content = Bytes("old")}}, options);
  FaultFileSystem failing(fs, Fault{.at = 0, .call = Call::set_mode, .error = Errno{EPERM}});
  auto change = Transaction::begin(failing, "t");
  ASSERT_TRUE(change);
  ASSERT_TRUE(change->put("a", "new"));
  const auto receipt = std::move(*change).commit();
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(receipt->metadata_lost, (Names{"a: mode"}));
}

TEST(TransactionMetadata, other_names_of_the_file_keep_the_old_content) {
  InMemoryFileSystem fs(
      {{.path = "t/a", .content = Bytes("old"), .inode = 7}, {.path = "t/b", .inode = 7}});
  ASSERT_TRUE(run(fs, [](Transaction& change) { return change.put("a", "new"); }));
  EXPECT_EQ(read_file(fs, "t/a"), "new");
  EXPECT_EQ(read_file(fs, "t/b"), "old");
}

// ------------------------------------------------------------------ others at work

TEST(TransactionConflicts, a_target_that_changed_since_it_was_collected_stops_the_commit) {
  const auto conflict_after = [](const transaction::testing::Collect& collect,
                                 const std::function<void(FileSystem&)>& other) {
    InMemoryFileSystem fs({file("t/a", "old"), folder("t/d")});
    auto change = Transaction::begin(fs, "t");
    ASSERT_TRUE(change);
    ASSERT_TRUE(change->put("b", "never"));
    ASSERT_TRUE(collect(*change));
    other(fs);
    const Names before = names_in(fs, "t");
    const auto receipt = std::move(*change).commit();
    ASSERT_FALSE(receipt);
    EXPECT_EQ(receipt.error().code(), Code::conflict) << receipt.error();
    EXPECT_EQ(receipt.error().outcome(), Outcome::not_applied);
    EXPECT_EQ(names_in(fs, "t"), before);
    EXPECT_EQ(names_in(fs, "t/.untorn"), (Names{".gitignore", "lock"}));
  };
  const auto put = [](const char* path) {
    return [path](Transaction& change) { return change.put(path, "new"); };
  };
  const auto write = [](const char* path) {
    return [path](FileSystem& fs) { write_file(fs, path, "theirs"); };
  };
  conflict_after(put("a"), write("t/a"));
  conflict_after(put("new"), write("t/new"));
  conflict_after(put("a"),
                 [](FileSystem& fs) { ASSERT_TRUE(fs.unlink(Handle::working_directory, "t/a")); });
  conflict_after([](Transaction& change) { return change.remove("a"); }, write("t/a"));
  conflict_after([](Transaction& change) { return change.remove("d"); }, write("t/d/x"));
  conflict_after([](Transaction& change) { return change.rename("a", "x"); }, write("t/x"));
}

TEST(TransactionLocks, one_waits_for_another_or_is_told_that_it_is_busy) {
  InMemoryFileSystem fs({file("t/a", "old")});
  const TransactionOptions impatient{.lock_wait = std::chrono::milliseconds(0)};
  auto first = Transaction::begin(fs, "t");
  ASSERT_TRUE(first);
  const auto second = Transaction::begin(fs, "t", impatient);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::busy);
  EXPECT_FALSE(TreeLock::shared(fs, "t", impatient));
  EXPECT_FALSE(recover_transactions(fs, "t", impatient));
  first->discard();
  const auto reader = TreeLock::shared(fs, "t", impatient);
  const auto another = TreeLock::shared(fs, "t", impatient);
  ASSERT_TRUE(reader);
  EXPECT_TRUE(another) << "any number of holders";
  EXPECT_FALSE(Transaction::begin(fs, "t", impatient));
}

TEST(TransactionFork, a_child_neither_commits_nor_disturbs) {
  const ScratchDirectory scratch;
  FileSystem& fs = posix_file_system();
  write_file(fs, scratch / "a", "old");
  auto change = Transaction::begin(scratch.path());
  ASSERT_TRUE(change);
  ASSERT_TRUE(change->put("a", "new"));
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto receipt = std::move(*change).commit();
    _exit(!receipt && receipt.error().code() == Code::invalid_argument ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(read_file(fs, scratch / "a"), "old");
  ASSERT_TRUE(std::move(*change).commit());
  EXPECT_EQ(read_file(fs, scratch / "a"), "new");
}

TEST(TransactionPosix, works_where_links_directories_and_names_are_the_kernels) {
  const ScratchDirectory scratch;
  FileSystem& fs = posix_file_system();
  write_file(fs, scratch / "a\n%", "old");
  ASSERT_TRUE(fs.make_symlink("a\n%", Handle::working_directory, scratch / "l"));
  const auto receipt = run(
      fs,
      [](Transaction& change) -> Result<void> {
        UNTORN_CHECK(change.put("l", "new"));
        UNTORN_CHECK(change.make_directory("x/y"));
        return change.put("x/y/z", "deep");
      },
      scratch.path());
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(read_file(fs, scratch / "a\n%"), "new");
  EXPECT_EQ(read_file(fs, scratch / "x/y/z"), "deep");
  EXPECT_EQ(names_in(fs, scratch.path()), (Names{".untorn", "a\n%", "l", "x"}));
}

}  // namespace
}  // namespace untorn
