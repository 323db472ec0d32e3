// SPDX-License-Identifier: Apache-2.0
//
// The doctor's view of transactions, logs and registries. What a repair survives is tried in
// tests/crash/repair_states_test.cpp.
#include "health/trees.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "filesystem/test_directory.h"
#include "health/doctor.h"
#include "health/set_aside.h"
#include "untorn/line_log.h"
#include "untorn/registry.h"
#include "untorn/transaction.h"

namespace untorn::health {
namespace {

Report look(FileSystem& fs, bool repair = false, const std::string& folder = "/srv") {
  Options options;
  options.folders = {{.shown = folder, .real = folder}};
  options.repair = repair;
  return examine(fs, options);
}

std::vector<std::string> lines_of(const Report& report) {
  std::vector<std::string> lines;
  for (const Problem& problem : report.problems) {
    lines.push_back(problem.path + " " + std::string(to_string(problem.kind)) + " " +
                    std::string(to_string(problem.severity)) +
                    (problem.repaired ? " repaired" : ""));
  }
  return lines;
}

using Lines = std::vector<std::string>;

// A commit of two files that fails from this call of this kind on.
void commit_until(InMemoryFileSystem& below, Call call, std::uint64_t at) {
  FaultFileSystem fs(below, Fault{.at = at, .call = call, .error = Errno{EIO}, .persistent = true});
  auto change = Transaction::begin(fs, "srv");
  ASSERT_TRUE(change) << change.error();
  ASSERT_TRUE(change->put("a.txt", "new a"));
  ASSERT_TRUE(change->put("b.txt", "new b"));
  ASSERT_FALSE(std::move(*change).commit());
}

InMemoryFileSystem& tree_of_two(InMemoryFileSystem& fs) {
  EXPECT_TRUE(fs.make_directory(Handle::working_directory, "srv", 0755));
  test::write_path(fs, "srv/a.txt", "old a");
  test::write_path(fs, "srv/b.txt", "old b");
  return fs;
}

TEST(DoctorOfTrees, a_transaction_that_was_committed_is_an_error_until_it_is_carried_out) {
  InMemoryFileSystem fs;
  commit_until(tree_of_two(fs), Call::rename, 2);
  const Report report = look(fs);
  EXPECT_EQ(lines_of(report), Lines{".untorn/transaction interrupted-transaction error"});
  EXPECT_NE(report.problems.front().detail.find("a.txt, b.txt"), std::string::npos);
  EXPECT_EQ(test::read_path(fs, "srv/b.txt"), "old b") << "looking changes nothing";
  EXPECT_EQ(lines_of(look(fs, true)),
            Lines{".untorn/transaction interrupted-transaction error repaired"});
  EXPECT_EQ(test::read_path(fs, "srv/a.txt"), "new a");
  EXPECT_EQ(test::read_path(fs, "srv/b.txt"), "new b");
  EXPECT_TRUE(look(fs).problems.empty());
}

TEST(DoctorOfTrees, a_transaction_at_work_is_no_problem_and_keeps_its_temporaries) {
  InMemoryFileSystem fs;
  auto change = Transaction::begin(tree_of_two(fs), "srv");
  ASSERT_TRUE(change) << change.error();
  ASSERT_TRUE(change->put("a.txt", "new a"));
  EXPECT_TRUE(look(fs, true).problems.empty());
  ASSERT_TRUE(std::move(*change).commit());
  EXPECT_EQ(test::read_path(fs, "srv/a.txt"), "new a");
}

TEST(DoctorOfTrees, a_transaction_of_another_tree_is_set_aside_and_never_applied) {
  InMemoryFileSystem original;
  commit_until(tree_of_two(original), Call::rename, 2);
  InMemoryFileSystem copy(original.tree());  // every file has another inode
  test::write_path(copy, "srv/padding", "");
  EXPECT_EQ(lines_of(look(copy)).front(), ".untorn/transaction interrupted-transaction warning");
  const Report repaired = look(copy, true);
  EXPECT_FALSE(repaired.has_problems());
  EXPECT_EQ(test::read_path(copy, "srv/a.txt"), "old a");
  EXPECT_EQ(lines_of(look(copy)).front(), ".untorn/transaction.foreign-1 set-aside info");
}

TEST(DoctorOfTrees, a_damaged_record_is_left_to_a_person_and_what_it_may_need_stays) {
  InMemoryFileSystem fs;
  commit_until(tree_of_two(fs), Call::rename, 2);
  const std::string record = test::read_path(fs, "srv/.untorn/transaction");
  test::write_path(fs, "srv/.untorn/transaction", record.substr(0, record.size() / 2));
  const auto staged = [&fs] {
    const std::vector<TreeEntry> tree = fs.tree();
    return std::ranges::count_if(
        tree, [](const TreeEntry& entry) { return entry.path.starts_with("srv/.untorn-txn-"); });
  };
  EXPECT_EQ(staged(), 2);
  const Report report = look(fs, true);
  EXPECT_EQ(lines_of(report), Lines{".untorn/transaction interrupted-transaction error"});
  EXPECT_TRUE(report.has_problems());
  EXPECT_EQ(staged(), 2);
}

TEST(DoctorOfTrees, a_torn_log_is_a_warning_until_its_end_is_moved_away) {
  InMemoryFileSystem fs;
  {
    auto log = LineLog::open(tree_of_two(fs), "srv/x.log");
    ASSERT_TRUE(log) << log.error();
    ASSERT_TRUE(log->append("whole"));
  }
  EXPECT_TRUE(look(fs).problems.empty());
  test::write_path(fs, "srv/x.log", "whole\nhal");
  EXPECT_EQ(lines_of(look(fs)), Lines{"x.log torn-log warning"});
  EXPECT_EQ(lines_of(look(fs, true)), Lines{"x.log torn-log warning repaired"});
  EXPECT_EQ(test::read_path(fs, "srv/x.log"), "whole\n");
  EXPECT_EQ(test::read_path(fs, "srv/x.log.torn-1"), "hal");
  EXPECT_EQ(lines_of(look(fs)), Lines{"x.log.torn-1 set-aside info"});
}

TEST(DoctorOfTrees, a_registry_that_lost_a_file_is_an_error_until_it_is_back) {
  InMemoryFileSystem fs;
  auto tools = Registry::open(tree_of_two(fs), "srv/kit", {.tree = "srv", .create = true});
  ASSERT_TRUE(tools) << tools.error();
  ASSERT_TRUE(tools->add("greet", R"({"a": 1})", {{.name = "py", .content = "print(1)\n"}}));
  EXPECT_TRUE(look(fs).problems.empty());
  ASSERT_TRUE(fs.unlink(Handle::working_directory, "srv/kit/greet.py"));
  EXPECT_EQ(lines_of(look(fs)), Lines{"kit/greet.py registry-mismatch error"});
  EXPECT_EQ(lines_of(look(fs, true)), Lines{"kit/greet.py registry-mismatch error repaired"});
  EXPECT_EQ(test::read_path(fs, "srv/kit/greet.py"), "print(1)\n");
  EXPECT_TRUE(look(fs).problems.empty());
}

TEST(DoctorOfTrees, where_locks_are_not_known_to_work_a_repair_only_reports) {
  for (const FileSystemKind& kind :
       {FileSystemKind{.name = "nfs", .network = true}, FileSystemKind{.name = "fuse.sshfs"}}) {
    InMemoryFileSystem local;
    commit_until(tree_of_two(local), Call::rename, 2);
    test::write_path(local, "srv/state.json", "{");
    test::write_path(local, "srv/.untorn-tmp-0123456789abcdef0123456789abcdef", "x");
    InMemoryFileSystem fs(local.tree(), {.kind = kind});
    const std::size_t files = fs.tree().size();
    const Report report = look(fs, true);
    EXPECT_TRUE(report.has_problems());
    for (const Problem& problem : report.problems) {
      EXPECT_FALSE(problem.repaired) << problem.path;
      EXPECT_NE(problem.repair.find(kind.name), std::string::npos) << problem.repair;
    }
    EXPECT_EQ(fs.tree().size(), files);
  }
}

TEST(DoctorOfTrees, counters_are_in_the_report_when_there_are_any) {
  InMemoryFileSystem fs({{.path = "srv/a", .type = FileType::directory},
                         {.path = "srv/b", .type = FileType::directory}});
  EXPECT_FALSE(look(fs).counters);
  for (const char* tree : {"srv/a", "srv/b"}) {
    const auto counters = Counters::open(fs, tree);
    ASSERT_TRUE(counters) << counters.error();
    (*counters)->count_swept(3);
  }
  const Report report = look(fs);
  ASSERT_TRUE(report.counters);
  EXPECT_EQ(report.counters->swept, 6U);
  const std::string json = render_json(report);
  EXPECT_NE(json.find(R"("swept": 6)"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("processes": 2)"), std::string::npos) << json;
}

TEST(DoctorOfTrees, names_of_what_was_set_aside_are_known) {
  const std::string hex = "0123456789abcdef0123456789abcdef";
  EXPECT_TRUE(is_set_aside("/srv", "a.json.damaged-1"));
  EXPECT_TRUE(is_set_aside("/srv", "a.txt.unapplied-12"));
  EXPECT_TRUE(is_set_aside("/srv", ".untorn-set-aside-" + hex));
  EXPECT_TRUE(is_set_aside("/srv/.untorn", "transaction.foreign-1"));
  EXPECT_TRUE(is_set_aside("/srv/.untorn/counters", "damaged-1-2-9f3a"));
  for (const std::string& name :
       {std::string("a.txt.unapplied-"), std::string("a.txt.unapplied-1x"),
        std::string(".unapplied-1"), std::string("transaction.foreign-1"),
        std::string("damaged-1-2-9f3a"), std::string("a.log.torn-1"), std::string("a.txt")}) {
    EXPECT_FALSE(is_set_aside("/srv", name)) << name;
  }
  EXPECT_FALSE(is_set_aside("/srv/my.untorn", "transaction.foreign-1"));
}

}  // namespace
}  // namespace untorn::health
