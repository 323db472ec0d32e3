// SPDX-License-Identifier: Apache-2.0
//
// Which folders are repositories, and what in them is left to git. What git says about their states
// is tested with real ones, in tests/prove/formats_test.py.
#include "prove/judge/repository.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "prove/judge/judge_test_log.h"

namespace untorn::prove {
namespace {

using test::TestLog;
using testing::ElementsAre;

InodeId make_folder(TestLog& log, const std::string& name, InodeId parent = root_inode) {
  const InodeId folder = log.initial_directory(name);
  log.log.names.back().directory = parent;
  return folder;
}

std::vector<std::string> folders_of(const TestLog& log) {
  const crash::History history(log.log);
  std::vector<std::string> folders;
  for (const Repository& each : find_repositories(history, "/nonexistent"))
    folders.push_back(each.folder + (each.is_new ? " new" : ""));
  return folders;
}

TEST(find_repositories, takes_a_touched_folder_with_a_head) {
  TestLog log;
  const InodeId repository = make_folder(log, ".git");
  log.initial_file("HEAD", "ref: refs/heads/main\n", repository);
  const InodeId heads = make_folder(log, "refs", repository);
  const InodeId made = log.create("main", false, heads);
  log.write(made, 0, "0123\n");
  log.close(made);
  EXPECT_THAT(folders_of(log), ElementsAre(".git"));
}

TEST(find_repositories, takes_a_bare_one_by_what_it_holds_and_one_that_the_run_makes) {
  TestLog log;
  const InodeId store = make_folder(log, "store");
  const InodeId objects = make_folder(log, "objects", store);
  const InodeId object = log.create("pack-1", false, objects);
  log.write(object, 0, "PACK");
  log.close(object);
  const InodeId head = log.create("HEAD", false, store);
  log.write(head, 0, "ref: refs/heads/main\n");
  log.close(head);
  EXPECT_THAT(folders_of(log), ElementsAre("store new"));
}

TEST(find_repositories, leaves_other_folders_and_its_own_parts_alone) {
  TestLog log;
  const InodeId repository = make_folder(log, ".git");
  log.initial_file("HEAD", "ref: refs/heads/main\n", repository);
  const InodeId logs = make_folder(log, "logs", repository);
  log.initial_file("HEAD", "history\n", logs);
  const InodeId refs = make_folder(log, "refs", logs);
  const InodeId made = log.create("main", false, refs);
  log.write(made, 0, "history\n");
  log.close(made);
  const InodeId objects = make_folder(log, "objects");  // of some program
  const InodeId other = log.create("a", false, objects);
  log.write(other, 0, "x");
  log.close(other);
  EXPECT_THAT(folders_of(log), ElementsAre(".git"));
}

TEST(is_scratch, knows_what_a_user_keeps) {
  const Repository repository{".git", false};
  for (const char* kept : {".git/objects/ab/cdef", ".git/refs/heads/main", ".git/HEAD",
                           ".git/index", ".git/config", ".git/packed-refs", "file", ".github/x"})
    EXPECT_FALSE(is_scratch(repository, kept)) << kept;
  for (const char* own : {".git/COMMIT_EDITMSG", ".git/logs/HEAD", ".git/ORIG_HEAD",
                          ".git/index.lock", ".git/FETCH_HEAD"})
    EXPECT_TRUE(is_scratch(repository, own)) << own;
}

TEST(repository_check, hands_names_over_as_arguments) {
  const auto command = repository_check({"a b'$(x)", true});
  ASSERT_EQ(command.size(), 6U);
  EXPECT_EQ(command[4], "a b'$(x)");
  EXPECT_EQ(command[5], "new");
}

}  // namespace
}  // namespace untorn::prove
