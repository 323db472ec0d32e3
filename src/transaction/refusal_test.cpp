// SPDX-License-Identifier: Apache-2.0
//
// What a transaction refuses before anything is touched.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "transaction/transaction_test_support.h"

namespace untorn {
namespace {

using transaction::testing::code_of;
using transaction::testing::file;
using transaction::testing::folder;
using transaction::testing::link;
using transaction::testing::names_in;
using transaction::testing::read_file;

using Names = std::vector<std::string>;

TEST(TransactionRefuses, paths_that_are_none_of_names_below_the_root) {
  InMemoryFileSystem fs({file("t/a", "old"), file("outside", "outside")});
  auto change = Transaction::begin(fs, "t");
  ASSERT_TRUE(change);
  const std::string nul("a\0b", 3);
  for (const std::string& path :
       {std::string(), std::string("/a"), std::string("../outside"), std::string("a/../../outside"),
        std::string("."), std::string(".."), std::string("./a"), std::string("d//a"),
        std::string("a/"), nul, std::string(256, 'n'), std::string(5000, 'n'),
        std::string(".untorn"), std::string(".untorn/lock"), std::string(".untorn/new"),
        std::string(".untorn-txn-0123456789abcdef0123456789abcdef"),
        std::string(".untorn-tmp-0123456789abcdef0123456789abcdef")}) {
    EXPECT_EQ(code_of(change->put(path, "x")), Code::invalid_argument) << path;
    EXPECT_EQ(code_of(change->remove(path)), Code::invalid_argument) << path;
    EXPECT_EQ(code_of(change->rename(path, "b")), Code::invalid_argument) << path;
    EXPECT_EQ(code_of(change->rename("a", path)), Code::invalid_argument) << path;
    EXPECT_EQ(code_of(change->make_directory(path)), Code::invalid_argument) << path;
    EXPECT_FALSE(change->read(path)) << path;
    EXPECT_FALSE(change->resolve(path)) << path;
  }
  EXPECT_TRUE(change->put("a", "new")) << "it goes on after a refusal";
  EXPECT_TRUE(std::move(*change).commit());
  EXPECT_EQ(read_file(fs, "outside"), "outside");
}

TEST(TransactionRefuses, links_out_of_the_tree_and_into_what_is_kept) {
  InMemoryFileSystem fs({file("outside", "outside"), link("t/up", "../outside"),
                         link("t/absolute", "/outside"), link("t/folder", ".."),
                         link("t/kept", ".untorn"), link("t/lock", ".untorn/lock"),
                         link("t/loop", "loop"), folder("t/d"), link("t/d/root", "..")});
  auto change = Transaction::begin(fs, "t");
  ASSERT_TRUE(change);
  for (const char* path : {"up", "absolute", "folder/outside", "kept/new", "lock", "d/root"}) {
    EXPECT_EQ(code_of(change->put(path, "x")), Code::invalid_argument) << path;
  }
  EXPECT_FALSE(change->put("loop", "x"));
  EXPECT_TRUE(change->remove("up")) << "the link itself may be removed";
  ASSERT_TRUE(std::move(*change).commit());
  EXPECT_EQ(read_file(fs, "outside"), "outside");
}

TEST(TransactionRefuses, a_name_that_it_changes_already) {
  InMemoryFileSystem fs(
      {file("t/a", "a"), file("t/b", "b"), file("t/c", "c"), folder("t/d"), file("t/d/e", "e")});
  auto change = Transaction::begin(fs, "t");
  ASSERT_TRUE(change);
  ASSERT_TRUE(change->put("a", "1"));
  EXPECT_EQ(code_of(change->put("a", "2")), Code::invalid_argument);
  EXPECT_EQ(code_of(change->remove("a")), Code::invalid_argument);
  EXPECT_EQ(code_of(change->rename("a", "x")), Code::invalid_argument);
  ASSERT_TRUE(change->remove("b"));
  EXPECT_EQ(code_of(change->put("b", "2")), Code::invalid_argument);
  EXPECT_EQ(code_of(change->remove("b")), Code::invalid_argument);
  EXPECT_EQ(code_of(change->make_directory("b")), Code::invalid_argument);
  EXPECT_EQ(code_of(change->rename("c", "b")), Code::invalid_argument);
  ASSERT_TRUE(change->rename("c", "x"));
  EXPECT_EQ(code_of(change->rename("x", "y")), Code::invalid_argument);
  EXPECT_EQ(code_of(change->remove("x")), Code::invalid_argument);
  EXPECT_EQ(code_of(change->remove("c")), Code::not_found);
  ASSERT_TRUE(change->rename("d", "moved"));
  EXPECT_EQ(code_of(change->put("moved/e", "2")), Code::invalid_argument);
  EXPECT_EQ(code_of(change->put("d/e", "2")), Code::not_found);
  ASSERT_TRUE(std::move(*change).commit());
  EXPECT_EQ(names_in(fs, "t"), (Names{".untorn", "a", "moved", "x"}));
}

TEST(TransactionRefuses, what_a_name_holds_or_does_not_hold) {
  InMemoryFileSystem fs({file("t/a", "a"), folder("t/d"), file("t/d/e", "e"), link("t/l", "d")});
  auto change = Transaction::begin(fs, "t");
  ASSERT_TRUE(change);
  EXPECT_EQ(code_of(change->put("d", "x")), Code::not_regular_file);
  EXPECT_EQ(code_of(change->put("l", "x")), Code::not_regular_file);
  EXPECT_EQ(code_of(change->put("no/x", "x")), Code::not_found);
  EXPECT_FALSE(change->put("a/x", "x"));
  EXPECT_EQ(code_of(change->remove("no")), Code::not_found);
  EXPECT_EQ(code_of(change->remove("d")), Code::not_regular_file);
  EXPECT_EQ(code_of(change->rename("no", "x")), Code::not_found);
  EXPECT_EQ(code_of(change->rename("a", "d")), Code::already_exists);
  EXPECT_EQ(code_of(change->rename("d", "d/x")), Code::invalid_argument);
  EXPECT_EQ(code_of(change->make_directory("a")), Code::already_exists);
  EXPECT_FALSE(change->make_directory("a/b"));
  EXPECT_EQ(code_of(change->put("a", "x", {.existence = Existence::must_not_exist})),
            Code::already_exists);
  EXPECT_EQ(code_of(change->put("b", "x", {.existence = Existence::must_exist})), Code::not_found);
  EXPECT_EQ(code_of(change->put("b", "x", {.mode = 0x10000})), Code::invalid_argument);
  EXPECT_TRUE(change->make_directory("d")) << "a directory that is there is fine";
  EXPECT_TRUE(std::move(*change).commit());
}

TEST(TransactionRefuses, what_permissions_would_stop_after_the_commit_point) {
  MemoryOptions options;
  options.user = 1000;
  InMemoryFileSystem fs({folder("t"),
                         file("t/a", "a"),
                         folder("t/closed", 0555),
                         file("t/closed/b", "b"),
                         {.path = "t/fixed", .mode = 0444}},
                        options);
  auto change = Transaction::begin(fs, "t");
  ASSERT_TRUE(change) << change.error();
  EXPECT_EQ(code_of(change->put("closed/b", "x")), Code::permission_denied);
  EXPECT_EQ(code_of(change->remove("closed/b")), Code::permission_denied);
  EXPECT_EQ(code_of(change->rename("closed/b", "b")), Code::permission_denied);
  EXPECT_EQ(code_of(change->rename("a", "closed/a")), Code::permission_denied);
  EXPECT_EQ(code_of(change->make_directory("closed/d")), Code::permission_denied);
  EXPECT_EQ(code_of(change->put("fixed", "x")), Code::permission_denied);
  EXPECT_TRUE(change->remove("fixed")) << "as unlink does";
}

TEST(TransactionRefuses, file_systems_whose_locks_are_not_known_to_work) {
  MemoryOptions options;
  options.kind.name = "nfs";
  InMemoryFileSystem fs({file("t/a", "a")}, options);
  const auto change = Transaction::begin(fs, "t");
  ASSERT_FALSE(change);
  EXPECT_EQ(change.error().code(), Code::unsupported);
  EXPECT_EQ(names_in(fs, "t"), (Names{"a"}));
}

TEST(TransactionRefuses, a_root_that_is_no_directory) {
  InMemoryFileSystem fs({file("a", "a")});
  EXPECT_FALSE(Transaction::begin(fs, "a"));
  EXPECT_FALSE(Transaction::begin(fs, "no"));
  EXPECT_FALSE(Transaction::begin(fs, ""));
  EXPECT_EQ(names_in(fs, "."), (Names{"a"}));
}

TEST(TransactionRefuses, more_operations_than_the_limit) {
  InMemoryFileSystem fs({folder("t")});
  auto change = Transaction::begin(fs, "t");
  ASSERT_TRUE(change);
  for (int number = 0; number < 10'000; ++number) {
    ASSERT_TRUE(change->put(std::to_string(number), "x"));
  }
  EXPECT_EQ(code_of(change->put("one more", "x")), Code::invalid_argument);
  EXPECT_EQ(code_of(change->make_directory("one more")), Code::invalid_argument);
  ASSERT_TRUE(std::move(*change).commit());
  EXPECT_EQ(names_in(fs, "t").size(), 10'001U);
}

}  // namespace
}  // namespace untorn
