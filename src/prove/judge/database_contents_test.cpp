// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/database_contents.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "prove/judge/judge_test_log.h"

namespace untorn::prove {
namespace {

using test::TestLog;

// The bytes of a database before and after a transaction, and of the journal that undoes it.
class Transaction {
 public:
  Transaction() {
    std::string pattern = (std::filesystem::temp_directory_path() / "untorn-test-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    sqlite3* connection = nullptr;
    EXPECT_EQ(sqlite3_open((folder_ / "a.db").c_str(), &connection), SQLITE_OK);
    run(connection,
        "CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, '1')");
    before = read("a.db");
    // A cache of one page makes SQLite write the journal and the database before the commit.
    run(connection,
        "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN; UPDATE t SET v = '2';"
        "WITH RECURSIVE n (x) AS (SELECT 2 UNION ALL SELECT x + 1 FROM n WHERE x < 900)"
        "INSERT INTO t SELECT x, hex(randomblob(8)) FROM n");
    // The commit removes the journal; under this second name it stays, complete.
    std::filesystem::create_hard_link(folder_ / "a.db-journal", folder_ / "kept");
    run(connection, "COMMIT");
    journal = read("kept");
    after = read("a.db");
    sqlite3_close(connection);
  }
  ~Transaction() { std::filesystem::remove_all(folder_); }

  std::string before;
  std::string after;
  std::string journal;

 private:
  static void run(sqlite3* connection, const char* sql) {
    EXPECT_EQ(sqlite3_exec(connection, sql, nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(connection);
  }
  std::string read(const char* name) const {
    std::ifstream file(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::filesystem::path folder_;
};

// The calls of a commit, as SQLite makes them: the removal of the journal is the commit.
struct Commit {
  explicit Commit(const Transaction& transaction, bool synced) {
    const InodeId database = log.initial_file("a.db", transaction.before);
    const InodeId journal = log.create("a.db-journal");
    log.write(journal, 0, transaction.journal);
    log.sync(journal);
    log.sync_directory();
    log.open(database);
    log.write(database, 0, transaction.after);
    log.sync(database);
    log.unlink(journal, "a.db-journal");
    if (synced) log.sync_directory();
    end = log.log.operations.size();
    log.acknowledge();
  }
  TestLog log;
  std::size_t end = 0;
};

// What power cuts after the commit leave, by the answers of problem().
std::set<std::optional<Observed>> answers(const Commit& commit) {
  const crash::History history(commit.log.log);
  DatabaseCheck check;
  const DatabaseContents contents(history, "a.db", check);
  EXPECT_TRUE(contents.followed());
  std::set<std::optional<Observed>> seen;
  (void)crash::enumerate(history, crash::Model::portable, {"a.db", "a.db-journal", "a.db-wal"}, {},
                         [&](const crash::CrashState& state) {
                           if (state.begun() > commit.end)
                             seen.insert(contents.problem(state, commit.end));
                           return true;
                         });
  return seen;
}

TEST(database_contents, a_removal_that_is_not_synced_brings_the_old_content_back) {
  const Transaction transaction;
  const auto seen = answers(Commit(transaction, false));
  EXPECT_EQ(seen, (std::set<std::optional<Observed>>{std::nullopt, Observed::old_after_ack}));
}

TEST(database_contents, a_removal_that_is_synced_keeps_the_commit) {
  const Transaction transaction;
  const auto seen = answers(Commit(transaction, true));
  EXPECT_EQ(seen, (std::set<std::optional<Observed>>{std::nullopt}));
}

TEST(database_contents, what_was_promised_depends_on_the_time_of_the_promise) {
  const Transaction transaction;
  const Commit commit(transaction, false);
  const crash::History history(commit.log.log);
  DatabaseCheck check;
  const DatabaseContents contents(history, "a.db", check);
  std::size_t old = 0;
  (void)crash::enumerate(history, crash::Model::kill, {"a.db", "a.db-journal", "a.db-wal"}, {},
                         [&](const crash::CrashState& state) {
                           EXPECT_EQ(contents.problem(state, 0), std::nullopt);
                           old += contents.problem(state, commit.end) ? 1U : 0U;
                           return true;
                         });
  EXPECT_GT(old, 0U) << "before the commit there is nothing newer";
}

}  // namespace
}  // namespace untorn::prove
