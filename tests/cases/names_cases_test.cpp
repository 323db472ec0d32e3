// SPDX-License-Identifier: Apache-2.0
//
// E. Names, temporaries, cleaning up.
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "filesystem/test_directory.h"
#include "tests/cases/cases.h"
#include "untorn/sweep.h"

namespace untorn {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the words of all these tests
using Names = std::vector<std::string>;
using std::chrono::seconds;

std::vector<std::string> temporaries_in(FileSystem& fs, const std::string& folder) {
  Names found;
  for (const std::string& name : names_in(fs, folder)) {
    if (name.starts_with(".untorn-tmp-")) found.push_back(name);
  }
  return found;
}

// A process that has written half of a new content, and is killed.
void leave_a_temporary(const std::string& path) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto writer = FileReplacer::open(path);
    if (!writer || !writer->write("half") || write(ready[1], "x", 1) != 1) _exit(1);
    for (;;) pause();
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  ASSERT_EQ(kill(child, SIGKILL), 0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  close(ready[0]);
  close(ready[1]);
}

// The name that comes first from these random bits is taken: by a file, by a planted link.
TEST(HardCases, case_35_a_temporary_takes_no_name_that_is_there) {
  std::string first;
  {
    InMemoryFileSystem fs({file("d/a", "old")}, {.seed = 5});
    auto replacer = FileReplacer::open(fs, "d/a");
    ASSERT_TRUE(replacer);
    ASSERT_EQ(temporaries_in(fs, "d").size(), 1U);
    first = temporaries_in(fs, "d").front();
  }
  for (const FileType type : {FileType::regular, FileType::symlink}) {
    InMemoryFileSystem fs(
        {file("d/a", "old"),
         file("victim", "victim"),
         {.path = "d/" + first,
          .type = type,
          .content = Bytes(type == FileType::symlink ? "../victim" : "another writer's")}},
        {.seed = 5});
    ASSERT_TRUE(replace(fs, "d/a", "new"));
    EXPECT_EQ(read_file(fs, "d/a"), "new");
    EXPECT_EQ(read_file(fs, "victim"), "victim");
    EXPECT_EQ(status_of(fs, "d/" + first).type, type);
  }
}

TEST(HardCases, case_36_what_a_killed_writer_leaves_is_recognised_and_swept) {
  const ScratchDirectory scratch;
  FileSystem& fs = posix_file_system();
  leave_a_temporary(scratch / "a");
  ASSERT_EQ(temporaries_in(fs, scratch.path()).size(), 1U);
  const auto looked = sweep(scratch.path(), {.older_than = seconds(0)});
  ASSERT_TRUE(looked && looked->entries.size() == 1);
  EXPECT_EQ(looked->entries.front().verdict, SweepVerdict::dead);
  EXPECT_EQ(temporaries_in(fs, scratch.path()).size(), 1U) << "it reports first";
  ASSERT_TRUE(sweep(scratch.path(), {.remove = true, .older_than = seconds(0)}));
  EXPECT_TRUE(names_in(fs, scratch.path()).empty());
}

TEST(HardCases, case_37_a_sweep_takes_nothing_from_a_living_writer_or_a_stranger) {
  const ScratchDirectory scratch;
  FileSystem& fs = posix_file_system();
  write_file(fs, scratch / "a.tmp", "a stranger's");
  write_file(fs, scratch / ".untorn-tmp-1", "not of our shape");
  write_file(fs, scratch / "a.untorn-displaced-1", "displaced");
  auto writer = FileReplacer::open(scratch / "a");
  ASSERT_TRUE(writer && writer->write("new"));
  const auto swept = sweep(scratch.path(), {.remove = true, .older_than = seconds(0)});
  ASSERT_TRUE(swept && swept->entries.size() == 1);
  EXPECT_EQ(swept->entries.front().verdict, SweepVerdict::alive);
  ASSERT_TRUE(std::move(*writer).commit());
  EXPECT_EQ(names_in(fs, scratch.path()),
            (Names{".untorn-tmp-1", "a", "a.tmp", "a.untorn-displaced-1"}));
}

TEST(HardCases, case_38_a_name_as_long_as_names_can_be_is_kept_to_the_letter) {
  const ScratchDirectory scratch;
  const std::string name(255, 'n');
  ASSERT_TRUE(replace_file(scratch / name, "old"));
  ASSERT_TRUE(replace_file(scratch / name, "new"));
  EXPECT_EQ(names_in(posix_file_system(), scratch.path()), Names{name});
  EXPECT_EQ(read_file(posix_file_system(), scratch / name), "new");
  const auto receipt = replace_file(scratch / (name + "n"), "new");
  ASSERT_FALSE(receipt);
  EXPECT_EQ(receipt.error().os_errno(), ENAMETOOLONG);
}

// No O_TMPFILE: on btrfs its fsync is none, and it cannot replace a name.
TEST(HardCases, case_39_a_temporary_has_a_name_and_a_lock_from_the_beginning) {
  InMemoryFileSystem fs({file("d/a", "old")});
  auto replacer = FileReplacer::open(fs, "d/a");
  ASSERT_TRUE(replacer);
  const Names found = temporaries_in(fs, "d");
  ASSERT_EQ(found.size(), 1U);
  const OwnedHandle temporary(
      fs,
      fs.open(Handle::working_directory, "d/" + found.front(), {.access = Access::read}).value());
  const auto locked = fs.lock(temporary.get(), LockMode::shared);
  ASSERT_FALSE(locked);
  EXPECT_EQ(number(locked.error()), EWOULDBLOCK);
}

TEST(HardCases, case_40_a_change_of_the_working_directory_moves_nothing) {
  const ScratchDirectory scratch;
  const ScratchDirectory elsewhere;
  FileSystem& fs = posix_file_system();
  {
    const test::WorkingDirectory here(scratch.path());
    auto writer = FileReplacer::open("a");
    ASSERT_TRUE(writer && writer->write("new"));
    const Names names = temporaries_in(fs, scratch.path());
    ASSERT_EQ(names.size(), 1U);
    write_file(fs, elsewhere / names.front(), "a stranger's, of the same name");
    std::filesystem::current_path(elsewhere.path());
    ASSERT_TRUE(std::move(*writer).commit());
    EXPECT_EQ(names_in(fs, elsewhere.path()), names);
  }
  EXPECT_EQ(read_file(fs, scratch / "a"), "new");
  EXPECT_EQ(names_in(fs, scratch.path()), Names{"a"});
}

TEST(HardCases, case_40_a_forked_child_neither_commits_nor_removes) {
  const ScratchDirectory scratch;
  auto writer = FileReplacer::open(scratch / "a");
  ASSERT_TRUE(writer && writer->write("new"));
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const bool wrote = writer->write("child").has_value();
    const bool committed = std::move(*writer).commit().has_value();
    _exit(wrote || committed ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  const auto receipt = std::move(*writer).commit();
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(read_file(posix_file_system(), scratch / "a"), "new");
}

TEST(HardCases, case_41_the_temporary_lies_beside_its_target_whatever_TMPDIR_says) {
  const ScratchDirectory scratch;
  const ScratchDirectory elsewhere;
  const char* before = std::getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  ASSERT_EQ(setenv("TMPDIR", elsewhere.path().c_str(), 1), 0);
  auto writer = FileReplacer::open(scratch / "a");
  EXPECT_EQ(temporaries_in(posix_file_system(), scratch.path()).size(), 1U);
  EXPECT_TRUE(names_in(posix_file_system(), elsewhere.path()).empty());
  if (before == nullptr) {
    unsetenv("TMPDIR");
  } else {
    setenv("TMPDIR", kept.c_str(), 1);
  }
  ASSERT_TRUE(writer);
}

TEST(HardCases, case_41_a_rename_across_a_border_is_an_error_and_never_a_copy) {
  InMemoryFileSystem below({file("d/a", "old")});
  FaultFileSystem fs(below, {.at = 0, .call = Call::rename, .error = Errno{EXDEV}});
  const auto receipt = replace(fs, "d/a", "new");
  ASSERT_FALSE(receipt);
  EXPECT_EQ(receipt.error().os_errno(), EXDEV);
  EXPECT_EQ(receipt.error().outcome(), Outcome::not_applied);
  EXPECT_EQ(read_file(below, "d/a"), "old");
  EXPECT_EQ(names_in(below, "d"), Names{"a"});
}

TEST(HardCases, case_42_nothing_falls_back_to_writing_in_place) {
  const std::vector<Fault> faults = {{.at = 0, .call = Call::rename, .error = Errno{EPERM}},
                                     {.at = 0, .call = Call::rename, .error = Errno{EBUSY}},
                                     {.at = 0, .call = Call::rename, .error = Errno{ENOSYS}},
                                     {.at = 0, .call = Call::write, .error = Errno{ENOSPC}},
                                     {.at = 0, .call = Call::lock, .error = Errno{EIO}}};
  for (const Fault& fault : faults) {
    InMemoryFileSystem below({file("d/a", "old")});
    const std::uint64_t inode = status_of(below, "d/a").inode;
    FaultFileSystem fs(below, fault);
    const auto receipt = replace(fs, "d/a", "new");
    ASSERT_FALSE(receipt);
    EXPECT_EQ(read_file(below, "d/a"), "old");
    EXPECT_EQ(status_of(below, "d/a").inode, inode);
    EXPECT_EQ(Calls(fs).count(Call::truncate) + Calls(fs).count(Call::write_at), 0U);
  }
  // A directory in which nothing can be made: an error, although the file itself could be written.
  InMemoryFileSystem fs(
      {{.path = "d", .type = FileType::directory, .mode = 0555}, file("d/a", "old", 0666)},
      {.user = 1000, .group = 1000});
  const auto receipt = replace(fs, "d/a", "new");
  ASSERT_FALSE(receipt);
  EXPECT_EQ(receipt.error().code(), Code::permission_denied);
  EXPECT_EQ(read_file(fs, "d/a"), "old");
}

}  // namespace
}  // namespace untorn
