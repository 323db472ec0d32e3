// SPDX-License-Identifier: Apache-2.0
//
// H. Several files, and journals.
#include "tests/cases/cases.h"
#include "untorn/batch.h"
#include "untorn/line_log.h"
#include "untorn/transaction.h"

namespace untorn {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the words of all these tests

const std::string old_content = pattern(3000, 1);
const std::string new_content = pattern(5000, 2);

std::string two_files(FileSystem& fs) {
  std::string found;
  for (const char* path : {"d/a", "d/b"}) {
    const auto now = read_file(fs, path);
    found += now == old_content ? 'o' : now == new_content ? 'n' : '?';
  }
  return found;
}

// A batch promises each file whole, and not that all change together: some states have a mixture.
TEST(HardCases, case_52_a_batch_keeps_each_file_whole_and_is_no_transaction) {
  unsigned mixed = 0;
  expect_good(cut_power(
      {file("d/a", old_content), file("d/b", old_content)},
      [](FileSystem& fs, CrashLog& log) {
        Batch batch(fs, {});
        ASSERT_TRUE(batch.put("d/a", std::string_view(new_content)));
        ASSERT_TRUE(batch.put("d/b", std::string_view(new_content)));
        const auto receipt = std::move(batch).commit();
        ASSERT_TRUE(receipt && receipt->failed == 0);
        log.acknowledge("saved");
      },
      [&](FileSystem& fs, const CrashPoint& at) -> std::string {
        const std::string found = two_files(fs);
        if (found == "on" || found == "no") ++mixed;
        if (at.acknowledged("saved") && found != "nn") return "what was told is lost: " + found;
        return found.find('?') == std::string::npos ? "" : "torn: " + found;
      }));
  EXPECT_GT(mixed, 0U) << "the difference to a transaction is real";
}

TEST(HardCases, case_52_a_transaction_changes_all_files_or_none) {
  expect_good(cut_power(
      {file("d/a", old_content), file("d/b", old_content)},
      [](FileSystem& fs, CrashLog& log) {
        auto transaction = Transaction::begin(fs, "d");
        ASSERT_TRUE(transaction) << transaction.error();
        ASSERT_TRUE(transaction->put("a", std::string_view(new_content)));
        ASSERT_TRUE(transaction->put("b", std::string_view(new_content)));
        ASSERT_TRUE(std::move(*transaction).commit());
        log.acknowledge("saved");
      },
      [](FileSystem& fs, const CrashPoint& at) -> std::string {
        {
          const auto recovered = Transaction::begin(fs, "d");
        }
        const std::string found = two_files(fs);
        if (at.acknowledged("saved") && found != "nn") return "what was told is lost: " + found;
        return found == "oo" || found == "nn" ? "" : "not all or none: " + found;
      },
      {CrashModel::portable}));
}

TEST(HardCases, case_53_a_torn_end_is_moved_away_before_the_next_line) {
  for (const std::string& end :
       {std::string("half a li"), std::string("x\0y", 3), std::string(4096, '\0')}) {
    InMemoryFileSystem fs({file("a.log", "one\ntwo\n" + end)});
    {
      auto log = LineLog::open(fs, "a.log");
      ASSERT_TRUE(log) << log.error();
      EXPECT_TRUE(log->torn().happened);
      ASSERT_TRUE(log->append("three"));
    }
    EXPECT_EQ(read_file(fs, "a.log"), "one\ntwo\nthree\n");
    auto again = LineLog::open(fs, "a.log");
    ASSERT_TRUE(again);
    EXPECT_FALSE(again->torn().happened) << "what was told later is not lost";
    EXPECT_EQ(read_file(fs, "a.log.torn-1"), end) << "and nothing is thrown away";
  }
}

TEST(HardCases, case_54_an_append_that_meets_a_full_disk_leaves_whole_lines) {
  const std::string line = "a line that does not fit";
  const auto make = [](InMemoryFileSystem& fs) { write_file(fs, "a.log", "one\n"); };
  std::uint64_t writes_of_open = 0;
  {
    InMemoryFileSystem below;
    make(below);
    FaultFileSystem counting(below);
    auto log = LineLog::open(counting, "a.log");
    ASSERT_TRUE(log) << log.error();
    writes_of_open = Calls(counting).count(Call::write);
    ASSERT_TRUE(log->append(line));
    ASSERT_GT(Calls(counting).count(Call::write), writes_of_open) << "an append is a write";
  }
  InMemoryFileSystem below;
  make(below);
  // Two bytes of the line find room, the rest does not.
  FaultFileSystem cut(below, {.at = writes_of_open,
                              .call = Call::write,
                              .effect = Fault::Effect::short_write,
                              .bytes = 2});
  FaultFileSystem fs(cut, {.at = writes_of_open + 1, .call = Call::write, .error = Errno{ENOSPC}});
  auto log = LineLog::open(fs, "a.log");
  ASSERT_TRUE(log) << log.error();
  const auto appended = log->append(line);
  ASSERT_TRUE(cut.fired() && fs.fired());
  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().code(), Code::no_space);
  EXPECT_EQ(appended.error().outcome(), Outcome::not_applied);
  EXPECT_EQ(read_file(below, "a.log"), "one\n");
  ASSERT_TRUE(log->append("fits"));
  EXPECT_EQ(read_file(below, "a.log"), "one\nfits\n");
}

TEST(HardCases, case_54_after_a_failed_sync_the_log_refuses_until_it_is_opened_anew) {
  InMemoryFileSystem below({file("a.log", "one\n")});
  {
    auto first = LineLog::open(below, "a.log");
    ASSERT_TRUE(first && first->append("two"));
  }
  FaultFileSystem counting(below);
  {
    auto log = LineLog::open(counting, "a.log");
    ASSERT_TRUE(log);
  }
  const std::size_t before = Calls(counting).count(Call::sync_data);
  FaultFileSystem fs(below, {.at = before, .call = Call::sync_data, .error = Errno{EIO}});
  auto log = LineLog::open(fs, "a.log");
  ASSERT_TRUE(log);
  const auto failed = log->append("three");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().outcome(), Outcome::applied_unsynced);
  EXPECT_FALSE(log->append("four"));
  auto again = LineLog::open(below, "a.log");
  ASSERT_TRUE(again && again->append("four"));
  EXPECT_EQ(read_file(below, "a.log"), "one\ntwo\nthree\nfour\n") << "nothing twice";
}

}  // namespace
}  // namespace untorn
