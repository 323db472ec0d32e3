// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/database_check.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace untorn::prove {
namespace {

// SQLite on real files in a folder of its own, to make the states that are judged.
class RealDatabase {
 public:
  RealDatabase() {
    std::string pattern = (std::filesystem::temp_directory_path() / "untorn-test-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    EXPECT_EQ(sqlite3_open((folder_ / "a.db").c_str(), &connection_), SQLITE_OK);
  }
  ~RealDatabase() {
    sqlite3_close(connection_);
    std::filesystem::remove_all(folder_);
  }
  void run(const std::string& sql) {
    char* problem = nullptr;
    EXPECT_EQ(sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, &problem), SQLITE_OK)
        << problem;
    sqlite3_free(problem);
  }
  [[nodiscard]] std::optional<Bytes> content(const std::string& suffix) const {
    std::ifstream file(folder_ / ("a.db" + suffix), std::ios::binary);
    if (!file) return {};
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    return Bytes(text);
  }
  // The commit removes the journal; under this second name it stays, complete: content("-kept").
  void keep_journal() const {
    std::filesystem::create_hard_link(folder_ / "a.db-journal", folder_ / "a.db-kept");
  }
  [[nodiscard]] DatabaseFiles files() const {
    return {*content(""), content("-journal"), content("-wal")};
  }

 private:
  std::filesystem::path folder_;
  sqlite3* connection_ = nullptr;
};

constexpr const char* make_table =
    "CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT); CREATE INDEX i ON t (v);"
    "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 2000)"
    "INSERT INTO t SELECT x, printf('value %d', x * 7919 % 2003) FROM n;";

// A cache of one page makes SQLite write into the database before the transaction ends.
constexpr const char* half_a_transaction =
    "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN; UPDATE t SET v = v || ' changed';";

TEST(database_check, intact_database_has_no_problem) {
  RealDatabase real;
  real.run(make_table);
  DatabaseCheck check;
  EXPECT_EQ(check.problem(real.files()), "");
  EXPECT_EQ(check.problem(real.files()), "") << "and the second time";
}

TEST(database_check, empty_file_is_an_empty_database) {
  DatabaseCheck check;
  EXPECT_EQ(check.problem({Bytes(), {}, {}}), "");
}

TEST(database_check, hot_journal_is_rolled_back) {
  RealDatabase real;
  real.run(make_table);
  real.run(half_a_transaction);
  const DatabaseFiles files = real.files();
  ASSERT_TRUE(files.journal) << "the transaction has spilled";
  DatabaseCheck check;
  EXPECT_EQ(check.problem(files), "");
  real.run("ROLLBACK");
}

TEST(database_check, lost_journal_is_found) {
  RealDatabase real;
  real.run(make_table);
  real.run(half_a_transaction);
  DatabaseFiles files = real.files();
  ASSERT_TRUE(files.journal);
  files.journal.reset();
  DatabaseCheck check;
  EXPECT_NE(check.problem(files), "");
  real.run("ROLLBACK");
}

TEST(database_check, write_ahead_log_is_read) {
  RealDatabase real;
  real.run("PRAGMA journal_mode = WAL");
  real.run(make_table);
  const DatabaseFiles files = real.files();
  ASSERT_TRUE(files.log);
  ASSERT_GT(files.log->size(), 0U);
  DatabaseCheck check;
  EXPECT_EQ(check.problem(files), "");
}

TEST(database_check, torn_write_ahead_log_ends_before_the_tear) {
  RealDatabase real;
  real.run("PRAGMA journal_mode = WAL");
  real.run(make_table);
  DatabaseFiles files = real.files();
  ASSERT_TRUE(files.log);
  files.log = Bytes(files.log->text().substr(0, files.log->size() / 2));
  DatabaseCheck check;
  EXPECT_EQ(check.problem(files), "");
}

TEST(database_check, zeroed_page_is_found) {
  RealDatabase real;
  real.run(make_table);
  std::string text(real.content("")->text());
  ASSERT_GT(text.size(), 4 * 4096U);
  text.replace(8192, 4096, std::string(4096, '\0'));
  DatabaseCheck check;
  EXPECT_NE(check.problem({Bytes(text), {}, {}}), "");
}

TEST(database_check, something_else_is_no_database) {
  DatabaseCheck check;
  EXPECT_NE(check.problem({Bytes(std::string(8192, 'x')), {}, {}}), "");
}

TEST(database_check, a_journal_that_is_there_undoes_the_content) {
  RealDatabase real;
  real.run(make_table);
  DatabaseCheck check;
  const auto before = check.content(real.files());
  ASSERT_TRUE(before);
  real.run(half_a_transaction);
  const DatabaseFiles hot = real.files();
  ASSERT_TRUE(hot.journal);
  EXPECT_EQ(check.content(hot), before);
  real.keep_journal();
  real.run("COMMIT");
  const auto after = check.content(real.files());
  ASSERT_TRUE(after);
  EXPECT_NE(after, before);
  DatabaseFiles undone = real.files();
  undone.journal = real.content("-kept");
  EXPECT_EQ(check.content(undone), before);
}

TEST(database_check, content_counts_the_log) {
  RealDatabase real;
  real.run("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0");
  real.run(make_table);
  DatabaseCheck check;
  const auto whole = check.content(real.files());
  real.run("INSERT INTO t VALUES (9999, 'in the log')");
  DatabaseFiles files = real.files();
  ASSERT_TRUE(files.log);
  EXPECT_NE(check.content(files), whole);
  const std::string log(files.log->text());
  files.log = Bytes(std::string_view(log).substr(0, log.size() - 100));
  EXPECT_EQ(check.content(files), whole) << "a commit that is cut short is none";
}

TEST(database_check, something_else_has_no_content) {
  DatabaseCheck check;
  EXPECT_FALSE(check.content({Bytes(std::string(8192, 'x')), {}, {}}));
}

TEST(database_check, judged_bytes_are_not_changed_by_recovery) {
  RealDatabase real;
  real.run(make_table);
  real.run(half_a_transaction);
  const DatabaseFiles files = real.files();
  const std::string database(files.database.text());
  const std::string journal(files.journal->text());
  DatabaseCheck check;
  (void)check.problem(files);
  EXPECT_EQ(files.database.text(), database);
  EXPECT_EQ(files.journal->text(), journal);
  real.run("ROLLBACK");
}

}  // namespace
}  // namespace untorn::prove
