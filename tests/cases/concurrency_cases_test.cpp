// SPDX-License-Identifier: Apache-2.0
//
// F. Several writers.
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <thread>

#include "tests/cases/cases.h"
#include "tests/support/versions.h"
#include "untorn/etag.h"

namespace untorn {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the words of all these tests

// One more, by read, decide, replace what was read; as often as somebody else was faster.
bool count_up(const std::string& path) {
  for (;;) {
    const auto read = read_version(path);
    if (!read && read.error().code() == Code::busy) continue;
    if (!read) return false;
    unsigned number = 0;
    const std::string& text = read->content;
    std::from_chars(text.data(), text.data() + text.size(), number);
    ReplaceOptions options{.durability = Durability::process};
    options.if_match = read->etag;
    const auto receipt = replace_file(path, std::to_string(number + 1), options);
    if (receipt) return true;
    if (receipt.error().code() != Code::conflict) return false;
  }
}

TEST(HardCases, case_43_no_update_is_lost_among_those_who_state_what_they_read) {
  constexpr unsigned processes = 8;
  constexpr unsigned rounds = 25;
  const ScratchDirectory scratch;
  const std::string path = scratch / "counter";
  ASSERT_TRUE(replace_file(path, "0"));
  std::vector<pid_t> children;
  for (unsigned n = 0; n < processes; ++n) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      for (unsigned round = 0; round < rounds; ++round) {
        if (!count_up(path)) _exit(1);
      }
      _exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  EXPECT_EQ(read_file(posix_file_system(), path), std::to_string(processes * rounds));
}

TEST(HardCases, case_43_content_that_was_changed_meanwhile_is_a_conflict) {
  const ScratchDirectory scratch;
  const std::string path = scratch / "a";
  ASSERT_TRUE(replace_file(path, "one"));
  const auto etag = read_etag(path);
  ASSERT_TRUE(etag) << etag.error();
  write_file(posix_file_system(), path, "two");  // in place, of the same length
  ReplaceOptions options;
  options.if_match = *etag;
  const auto receipt = replace_file(path, "three", options);
  ASSERT_FALSE(receipt);
  EXPECT_EQ(receipt.error().code(), Code::conflict);
  EXPECT_EQ(read_file(posix_file_system(), path), "two");
}

TEST(HardCases, case_44_of_many_creators_exactly_one_succeeds) {
  constexpr unsigned threads = 32;
  const ScratchDirectory scratch;
  for (unsigned round = 0; round < 10; ++round) {
    const std::string path = scratch / ("f" + std::to_string(round));
    std::atomic<unsigned> created = 0;
    std::vector<std::thread> all;
    for (unsigned n = 0; n < threads; ++n) {
      all.emplace_back([&, n] {
        const auto receipt = replace_file(
            path, version(n),
            {.durability = Durability::process, .existence = Existence::must_not_exist});
        if (receipt) {
          ++created;
        } else {
          EXPECT_EQ(receipt.error().code(), Code::already_exists) << receipt.error();
        }
      });
    }
    for (std::thread& each : all) each.join();
    EXPECT_EQ(created, 1U);
    EXPECT_TRUE(number_of(read_file(posix_file_system(), path).value_or("")));
  }
}

TEST(HardCases, case_44_where_a_rename_cannot_be_told_to_replace_nothing_a_link_does_it) {
  for (const int os_errno : {EINVAL, ENOSYS}) {
    InMemoryFileSystem below({file("d/other", "")});
    FaultFileSystem fs(below, {.at = 0, .call = Call::rename, .error = Errno{os_errno}});
    const auto receipt = replace(fs, "d/a", "new", {.existence = Existence::must_not_exist});
    ASSERT_TRUE(receipt) << receipt.error();
    EXPECT_EQ(Calls(fs).count(Call::link), 1U);
    EXPECT_EQ(names_in(below, "d"), (std::vector<std::string>{"a", "other"}));
    EXPECT_EQ(status_of(below, "d/a").links, 1U);
  }
}

// The lock belongs to the directory, not to a spelling of the path.
TEST(HardCases, case_45_two_spellings_of_one_name_exclude_each_other) {
  const ScratchDirectory scratch;
  ASSERT_EQ(mkdir((scratch / "d").c_str(), 0755), 0);
  ASSERT_EQ(symlink("d", (scratch / "link").c_str()), 0);
  ASSERT_TRUE(replace_file(scratch / "d/a", "0"));
  constexpr unsigned rounds = 60;
  std::atomic<unsigned> failed = 0;
  std::vector<std::thread> all;
  for (const char* spelling : {"d/a", "link/a", "d/../d/a", "link/../d/./a"}) {
    all.emplace_back([&, path = scratch / spelling] {
      for (unsigned round = 0; round < rounds; ++round) {
        if (!count_up(path)) ++failed;
      }
    });
  }
  for (std::thread& each : all) each.join();
  EXPECT_EQ(failed, 0U);
  EXPECT_EQ(read_file(posix_file_system(), scratch / "d/a"), std::to_string(4 * rounds));
}

TEST(HardCases, case_46_the_lock_of_a_killed_process_is_gone_with_it) {
  const ScratchDirectory scratch;
  const std::string path = scratch / "a";
  ASSERT_TRUE(replace_file(path, "0"));
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const int directory = open(scratch.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (flock(directory, LOCK_EX) != 0 || write(ready[1], "x", 1) != 1) _exit(1);
    for (;;) pause();
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  const auto etag = read_etag(path);
  ASSERT_TRUE(etag);
  ReplaceOptions options;
  options.if_match = *etag;
  options.lock_wait = std::chrono::milliseconds(20);
  const auto waiting = replace_file(path, "1", options);
  ASSERT_FALSE(waiting);
  EXPECT_EQ(waiting.error().code(), Code::timed_out);
  ASSERT_EQ(kill(child, SIGKILL), 0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  const auto receipt = replace_file(path, "1", options);
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(names_in(posix_file_system(), scratch.path()), std::vector<std::string>{"a"})
      << "no lock file is left";
  close(ready[0]);
  close(ready[1]);
}

TEST(HardCases, case_47_a_server_that_loses_the_answer_to_a_rename_is_asked_what_is_there) {
  for (const int os_errno : {ENOENT, EEXIST, EIO}) {
    InMemoryFileSystem below({file("d/a", "old")}, {.kind = {.name = "nfs", .network = true}});
    FaultFileSystem fs(below, {.at = 0,
                               .call = Call::rename,
                               .error = Errno{os_errno},
                               .effect = Fault::Effect::done_but_failed});
    const auto receipt = replace(fs, "d/a", "new");
    ASSERT_TRUE(receipt) << receipt.error();
    EXPECT_EQ(read_file(below, "d/a"), "new");
    EXPECT_EQ(names_in(below, "d"), std::vector<std::string>{"a"});
  }
}

TEST(HardCases, case_43_without_a_condition_readers_see_whole_versions_of_32_threads) {
  const ScratchDirectory scratch;
  const std::string path = scratch / "a";
  ASSERT_TRUE(replace_file(path, version(0)));
  std::atomic<bool> done = false;
  std::atomic<unsigned> torn = 0;
  std::thread reader([&] {
    while (!done) {
      const auto content = read_file(posix_file_system(), path);
      if (!content || !number_of(*content)) ++torn;
    }
  });
  std::vector<std::thread> writers;
  for (unsigned n = 0; n < 32; ++n) {
    writers.emplace_back([&, n] {
      for (unsigned round = 0; round < 20; ++round) {
        EXPECT_TRUE(
            replace_file(path, version(n * 100 + round), {.durability = Durability::process}));
      }
    });
  }
  for (std::thread& each : writers) each.join();
  done = true;
  reader.join();
  EXPECT_EQ(torn, 0U);
  EXPECT_EQ(names_in(posix_file_system(), scratch.path()), std::vector<std::string>{"a"});
}

}  // namespace
}  // namespace untorn
