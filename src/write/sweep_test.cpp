// SPDX-License-Identifier: Apache-2.0
#include "untorn/sweep.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "filesystem/test_directory.h"
#include "untorn/replace.h"
#include "write/temporary_name.h"

namespace untorn {
namespace {

using std::chrono::seconds;
using test::TestDirectory;

const std::string left_name = ".untorn-tmp-0123456789abcdef0123456789abcdef";
const std::string other_name = ".untorn-tmp-ffffffffffffffffffffffffffffffff";
const std::string aside_name = ".untorn-set-aside-0123456789abcdef0123456789abcdef";

class Sweep : public testing::Test {
 protected:
  void SetUp() override { write(left_name, "half"); }

  void write(const std::string& name, std::string_view content) {
    test::write_path(fs, path(name), content);
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (directory.path() / name).string();
  }
  [[nodiscard]] bool exists(const std::string& name) {
    return fs.status_at(Handle::working_directory, path(name)).has_value();
  }
  SweepReport run(const SweepOptions& options) {
    auto report = sweep(directory.path(), options);
    EXPECT_TRUE(report) << report.error();
    return report ? *report : SweepReport();
  }
  // Without waiting for a minute.
  SweepReport remove() { return run({.remove = true, .older_than = seconds(0)}); }

  TestDirectory directory{test::fast_folder()};
  FileSystem& fs = posix_file_system();
};

TEST_F(Sweep, it_reports_first_and_changes_nothing) {
  const SweepReport report = run({.older_than = seconds(0)});
  ASSERT_EQ(report.entries.size(), 1U);
  EXPECT_EQ(report.entries.front().path, path(left_name));
  EXPECT_EQ(report.entries.front().bytes, 4U);
  EXPECT_EQ(report.entries.front().verdict, SweepVerdict::dead);
  EXPECT_EQ(report.removed_bytes, 0U);
  EXPECT_TRUE(exists(left_name));
}

TEST_F(Sweep, S3_what_is_younger_than_a_minute_stays_unless_asked_otherwise) {
  for (const bool asked : {false, true}) {
    const SweepReport report = run({.remove = asked});
    ASSERT_EQ(report.entries.size(), 1U);
    EXPECT_EQ(report.entries.front().verdict, SweepVerdict::young);
    EXPECT_TRUE(exists(left_name));
  }
  EXPECT_EQ(remove().entries.front().verdict, SweepVerdict::removed);
}

TEST_F(Sweep, what_a_dead_writer_left_is_removed_and_nothing_else) {
  write("state", "old");
  write("state.untorn-displaced-1", "theirs");
  write(".untorn-sidecar-0123456789abcdef0123456789abcdef", "sidecar");
  write(aside_name, "aside");
  write(".untorn-tmp-0123", "not of our shape");
  write(".untorn-tmp-0123456789ABCDEF0123456789abcdef", "not of our shape");
  const SweepReport report = remove();
  ASSERT_EQ(report.entries.size(), 1U);
  EXPECT_EQ(report.entries.front().verdict, SweepVerdict::removed);
  EXPECT_EQ(report.removed_bytes, 4U);
  EXPECT_FALSE(exists(left_name));
  for (const char* name :
       {"state", "state.untorn-displaced-1", ".untorn-sidecar-0123456789abcdef0123456789abcdef",
        ".untorn-tmp-0123", ".untorn-tmp-0123456789ABCDEF0123456789abcdef"}) {
    EXPECT_TRUE(exists(name)) << name;
  }
  EXPECT_TRUE(exists(aside_name));
  EXPECT_TRUE(remove().entries.empty());
}

TEST_F(Sweep, S2_that_of_a_living_writer_is_never_removed) {
  auto writer = FileReplacer::open(path("state"));
  ASSERT_TRUE(writer && writer->write("new"));
  const SweepReport report = remove();
  ASSERT_EQ(report.entries.size(), 2U);
  unsigned alive = 0;
  for (const SweepEntry& entry : report.entries) {
    if (entry.verdict == SweepVerdict::alive) ++alive;
  }
  EXPECT_EQ(alive, 1U);
  ASSERT_TRUE(std::move(*writer).commit());
  EXPECT_EQ(test::read_path(fs, path("state")), "new");
}

TEST_F(Sweep, that_of_a_living_writer_of_another_process_neither) {
  ASSERT_EQ(::unlink(path(left_name).c_str()), 0);
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto writer = FileReplacer::open(path("state"));
    if (!writer || !writer->write("new") || ::write(ready[1], "x", 1) != 1) _exit(1);
    for (;;) pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_EQ(remove().entries.front().verdict, SweepVerdict::alive);
  ASSERT_EQ(kill(child, SIGKILL), 0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_EQ(remove().entries.front().verdict, SweepVerdict::removed);
  EXPECT_FALSE(exists("state"));
  close(ready[0]);
  close(ready[1]);
}

TEST_F(Sweep, S1_links_fifos_folders_and_files_with_a_second_name_are_left_alone) {
  const std::string fifo = ".untorn-tmp-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
  const std::string link_name = ".untorn-tmp-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
  const std::string folder = ".untorn-tmp-cccccccccccccccccccccccccccccccc";
  ASSERT_EQ(mkfifo(path(fifo).c_str(), 0600), 0);
  ASSERT_EQ(symlink(path(left_name).c_str(), path(link_name).c_str()), 0);
  ASSERT_EQ(mkdir(path(folder).c_str(), 0700), 0);
  ASSERT_EQ(::link(path(left_name).c_str(), path("second").c_str()), 0);
  const SweepReport report = remove();
  ASSERT_EQ(report.entries.size(), 1U);
  EXPECT_EQ(report.entries.front().path, path(left_name));
  EXPECT_EQ(report.entries.front().verdict, SweepVerdict::unsure);
  EXPECT_EQ(report.entries.front().why, "it has 2 names");
  for (const std::string& name : {fifo, link_name, folder, left_name, std::string("second")}) {
    EXPECT_TRUE(exists(name)) << name;
  }
}

TEST_F(Sweep, a_time_of_writing_in_the_future_protects_nothing) {
  const timespec future{.tv_sec = 4'000'000'000, .tv_nsec = 0};
  const timespec times[2] = {future, future};
  ASSERT_EQ(utimensat(AT_FDCWD, path(left_name).c_str(), times, 0), 0);
  EXPECT_EQ(run({.remove = true}).entries.front().verdict, SweepVerdict::young);
  EXPECT_EQ(remove().entries.front().verdict, SweepVerdict::removed);
}

TEST_F(Sweep, folders_below_only_if_asked_for) {
  ASSERT_EQ(mkdir(path("d").c_str(), 0700), 0);
  ASSERT_EQ(mkdir(path("d/e").c_str(), 0700), 0);
  write("d/e/" + other_name, "deep");
  EXPECT_EQ(run({.older_than = seconds(0)}).entries.size(), 1U);
  const SweepReport report = run({.remove = true, .older_than = seconds(0), .below = true});
  EXPECT_EQ(report.entries.size(), 2U);
  EXPECT_FALSE(exists("d/e/" + other_name));
}

TEST_F(Sweep, a_directory_that_is_not_there_is_an_error) {
  const auto report = sweep(directory.path() / "nowhere");
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), Code::not_found);
  const auto file = sweep(path(left_name));
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code(), Code::not_found);
}

TEST_F(Sweep, a_folder_that_cannot_be_entered_is_told_and_the_others_go_on) {
  if (geteuid() == 0) GTEST_SKIP() << "root may enter every folder";
  ASSERT_EQ(mkdir(path("closed").c_str(), 0), 0);
  const SweepReport report = run({.older_than = seconds(0), .below = true});
  ASSERT_EQ(report.entries.size(), 2U);
  EXPECT_EQ(report.entries[1].verdict, SweepVerdict::unsure);
  EXPECT_NE(report.entries[1].why.find("cannot be opened"), std::string::npos);
}

// S4. The times of the file system in memory lie before any start of a system.
TEST(SweepMemory, S4_content_that_a_power_cut_may_have_unnamed_is_set_aside_and_nothing_empty) {
  InMemoryFileSystem fs({{.path = left_name, .content = Bytes("half")}, {.path = other_name}});
  const auto report = sweep(fs, ".", {.remove = true});
  ASSERT_TRUE(report) << report.error();
  ASSERT_EQ(report->entries.size(), 2U);
  EXPECT_EQ(report->entries[0].verdict, SweepVerdict::set_aside);
  EXPECT_EQ(report->entries[0].why, aside_name);
  EXPECT_EQ(report->entries[1].verdict, SweepVerdict::removed);
  EXPECT_EQ(test::read_path(fs, aside_name), "half");
  EXPECT_EQ(fs.open_handles(), 0U);
}

TEST(SweepMemory, S5_where_locks_do_not_tell_it_only_reports) {
  for (const auto& [name, network] :
       {std::pair("nfs", true), std::pair("vfat", false), std::pair("fuse.sshfs", false),
        std::pair("unknown", false)}) {
    InMemoryFileSystem fs({{.path = left_name, .content = Bytes("half")}},
                          {.kind = {name, false, network, true}});
    const auto report = sweep(fs, ".", {.remove = true, .older_than = seconds(0)});
    ASSERT_TRUE(report) << report.error();
    ASSERT_EQ(report->entries.size(), 1U);
    EXPECT_EQ(report->entries.front().verdict, SweepVerdict::unsure);
    EXPECT_NE(report->entries.front().why.find(name), std::string::npos);
    EXPECT_EQ(test::read_path(fs, left_name), "half");
  }
}

TEST(SweepMemory, whatever_fails_it_tells_the_truth_and_takes_nothing_else) {
  const auto make = [](InMemoryFileSystem& fs) {
    test::write_path(fs, left_name, "");
    test::write_path(fs, "state", "old");
  };
  InMemoryFileSystem whole;
  make(whole);
  FaultFileSystem counting(whole);
  const SweepOptions options{.remove = true, .older_than = seconds(0)};
  ASSERT_TRUE(sweep(counting, ".", options));
  for (std::size_t at = 0; at < counting.sites().size(); ++at) {
    for (const int os_errno : {EIO, EPERM, ENOENT, ENOLCK}) {
      InMemoryFileSystem fs;
      make(fs);
      FaultFileSystem failing(fs, {.at = at, .error = Errno{os_errno}});
      const auto report = sweep(failing, ".", options);
      const bool there = fs.status_at(Handle::working_directory, left_name).has_value();
      const bool told = report && !report->entries.empty() &&
                        report->entries.front().verdict == SweepVerdict::removed;
      if (told) {
        EXPECT_TRUE(!there || os_errno == ENOENT) << at;
      }
      EXPECT_EQ(test::read_path(fs, "state"), "old") << at;
      EXPECT_EQ(fs.open_handles(), 0U) << at;
    }
  }
}

TEST(SweepMemory, many_entries_are_looked_at_once_each) {
  std::vector<TreeEntry> tree;
  constexpr unsigned strangers = 50'000;
  for (unsigned n = 0; n < strangers; ++n) tree.push_back({.path = "f" + std::to_string(n)});
  tree.push_back({.path = left_name});
  InMemoryFileSystem fs(tree);
  FaultFileSystem watched(fs);
  const auto report = sweep(watched, ".", {.remove = true});
  ASSERT_TRUE(report) << report.error();
  EXPECT_EQ(report->entries.size(), 1U);
  EXPECT_LT(watched.sites().size(), 16U) << "a stranger's file costs no call";
}

// The real thing: sweepers that wait for nothing, and writers of this process and of another one.
TEST(SweepRace, sweepers_never_harm_writers) {
  const TestDirectory directory(test::fast_folder());
  FileSystem& fs = posix_file_system();
  const std::string path = (directory.path() / "state").string();
  const std::string theirs = (directory.path() / "theirs").string();
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    for (;;) (void)replace_file(theirs, "content", {.durability = Durability::process});
  }
  std::atomic<bool> done = false;
  std::vector<std::thread> sweepers;
  for (int n = 0; n < 2; ++n) {
    sweepers.emplace_back([&] {
      while (!done) {
        (void)sweep(directory.path(), {.remove = true, .older_than = seconds(0)});
      }
    });
  }
  unsigned written = 0;
  for (int round = 0; round < 1500; ++round) {
    const std::string content = std::to_string(round);
    const auto receipt = replace_file(path, content, {.durability = Durability::process});
    if (!receipt) {  // every new temporary was taken away: an error that says so
      EXPECT_EQ(receipt.error().code(), Code::busy) << receipt.error();
      continue;
    }
    ++written;
    EXPECT_EQ(test::read_path(fs, path), content);
  }
  done = true;
  for (std::thread& each : sweepers) each.join();
  ASSERT_EQ(kill(child, SIGKILL), 0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_GT(written, 100U);
  ASSERT_TRUE(sweep(directory.path(), {.remove = true, .older_than = seconds(0)}));
  const OwnedHandle folder(fs, fs.open(Handle::working_directory, directory.path().string(),
                                       {.access = Access::directory})
                                   .value());
  const std::vector<Entry> entries = fs.list(folder.get()).value();
  for (const Entry& entry : entries) {
    EXPECT_FALSE(write::is_temporary_name(entry.name)) << entry.name;
  }
}

}  // namespace
}  // namespace untorn
