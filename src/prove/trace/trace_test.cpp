// SPDX-License-Identifier: Apache-2.0
#include "prove/trace/trace.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "prove/trace/trace_test_roots.h"
#include "prove/trace/verify.h"

namespace untorn::prove::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* program = UNTORN_TRACE_TEST_PROGRAM;

std::size_t count_starting(const std::vector<std::string>& lines, const std::string& start) {
  return static_cast<std::size_t>(
      std::ranges::count_if(lines, [&](const auto& line) { return line.starts_with(start); }));
}

void expect_whole(const TracedRun& run) {
  EXPECT_EQ(run.error, "");
  EXPECT_EQ(run.end, "exited 0") << run.why;
  EXPECT_THAT(run.unexplained, IsEmpty());
}

class TraceTest : public TraceInBothRoots {
 protected:
  TracedRun run_scenario(const std::string& name, const std::function<void(RunPlan&)>& adapt = {}) {
    return run_command({program, name}, adapt);
  }
};
INSTANTIATE_TEST_SUITE_P(Roots, TraceTest, ::testing::Bool(), root_name);

TEST_P(TraceTest, python_saver_gives_every_step_in_order) {
  folder_.write("s.json", "{}");
  folder_.write("app.py",
                "import json, os\n"
                "with open('s.json.tmp', 'w') as f:\n"
                "    json.dump({'a': 1}, f)\n"
                "    f.flush()\n"
                "    os.fsync(f.fileno())\n"
                "os.replace('s.json.tmp', 's.json')\n"
                "print('saved', flush=True)\n");
  const TracedRun run = run_command({"/usr/bin/env", "python3", "app.py"});
  if (run.end == "exited 127") GTEST_SKIP() << "no python3 here";
  expect_whole(run);
  EXPECT_THAT(run.operations,
              ElementsAre("create s.json.tmp", "begin_writing s.json.tmp",
                          "write s.json.tmp 0 '{\"a\": 1}'", "sync_file s.json.tmp",
                          "end_writing s.json.tmp", "rename s.json.tmp s.json over s.json",
                          "acknowledge output 'saved\\n'", "acknowledge exit '0'"));
  EXPECT_THAT(run.initial, ElementsAre("s.json '{}'"));
  EXPECT_EQ(folder_.read("s.json"), "{}");
  EXPECT_FALSE(folder_.has("s.json.tmp"));
}

TEST_P(TraceTest, append_offsets_are_where_the_bytes_really_went) {
  folder_.write("log", "old\n");
  const TracedRun run = run_scenario("append");
  expect_whole(run);
  EXPECT_THAT(run.changes(), ElementsAre("write log 4 'one\\n'", "write log 8 'two\\n'",
                                         "write log 12 'three\\n'"));
}

TEST_P(TraceTest, vectored_writes_carry_all_their_parts_and_sync_flags) {
  const TracedRun run = run_scenario("vectors");
  expect_whole(run);
  EXPECT_THAT(run.changes(), ElementsAre("create v", "write v 0 'abcde'", "write v 10 'abcde'",
                                         "write v 5 'abcde'", "sync_data v 5+5",
                                         "write v 15 'abcde'", "sync_file v 15+5"));
}

TEST_P(TraceTest, synchronisation_is_told_apart) {
  const TracedRun run = run_scenario("synchronous");
  expect_whole(run);
  EXPECT_THAT(run.changes(), ElementsAre("create s", "write s 0 'x'", "sync_file s 0+1", "create d",
                                         "write d 0 'y'", "sync_data d 0+1", "sync_data d",
                                         "sync_directory .", "sync_all", "sync_range d 0+1"));
}

TEST_P(TraceTest, unnamed_file_is_created_without_a_name_and_linked) {
  const TracedRun run = run_scenario("unnamed");
  expect_whole(run);
  EXPECT_THAT(run.changes(), ElementsAre("create ?", "write ? 0 'whole'", "link ? named"));
}

TEST_P(TraceTest, exchange_swaps_and_failed_rename_is_absent) {
  const TracedRun run = run_scenario("exchange");
  expect_whole(run);
  EXPECT_THAT(run.changes(), ElementsAre("create a", "write a 0 'A'", "create b", "write b 0 'B'",
                                         "exchange a b over b"));
}

TEST_P(TraceTest, copies_inside_the_kernel_are_logged_as_writes) {
  const TracedRun run = run_scenario("kernel-copies");
  expect_whole(run);
  EXPECT_THAT(run.changes(),
              ElementsAre("create from", "write from 0 '0123456789'", "create to",
                          "write to 4 '234'", "write to 0 '5678'", "write to 4 'piped'"));
}

TEST_P(TraceTest, allocation_is_logged_by_what_it_does_to_size_and_bytes) {
  const TracedRun run = run_scenario("allocation");
  expect_whole(run);
  EXPECT_THAT(run.changes(),
              ElementsAre("create f", "write f 0 '0123456789'", "truncate f 20",
                          "write f 2 '\\0\\0\\0\\0'", "truncate f 3", "truncate f 8"));
}

TEST_P(TraceTest, failed_calls_leave_nothing) {
  folder_.write("present", "here");
  const TracedRun run = run_scenario("failures");
  expect_whole(run);
  EXPECT_THAT(run.changes(), IsEmpty());
  EXPECT_EQ(run.calls_changing, 0U);
}

TEST_P(TraceTest, short_write_has_its_short_length) {
  const TracedRun run = run_scenario("short-write");
  expect_whole(run);
  EXPECT_THAT(run.changes(), ElementsAre("create short", "write short 0 '01234'"));
}

TEST_P(TraceTest, unlinked_file_stays_what_it_is) {
  const TracedRun run = run_scenario("unlinked");
  expect_whole(run);
  EXPECT_THAT(run.changes(), ElementsAre("create gone", "write gone 0 '1'", "unlink gone",
                                         "write gone 1 '2'", "sync_file gone"));
}

TEST_P(TraceTest, store_that_no_call_follows_is_seen_at_the_end) {
  const TracedRun run = run_scenario("mapped");
  expect_whole(run);
  EXPECT_THAT(run.changes(), ElementsAre("create map", "truncate map 4096", "write map 0 'x'"));
}

TEST_P(TraceTest, shared_mapping_may_become_writable_later) {
  const TracedRun run = run_scenario("mapped-later");
  EXPECT_THAT(run.changes(),
              ElementsAre("create map", "truncate map 4096", "write map 0 'x'", "unlink map"));
}

TEST_P(TraceTest, shared_mapping_for_reading_changes_nothing) {
  const TracedRun run = run_scenario("mapped-for-reading");
  expect_whole(run);
  EXPECT_THAT(run.changes(), ElementsAre("create map", "truncate map 4096"));
}

// `command 2> messages` in the folder of the run: the shell's file is not the program's.
TEST_P(TraceTest, inherited_descriptors_do_not_lead_past_the_sandbox) {
  folder_.write("input", "in");
  folder_.write("messages", "");
  const int input = ::open((folder_.path() + "/input").c_str(), O_RDWR | O_CLOEXEC);
  const int messages =
      ::open((folder_.path() + "/messages").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  const int before[2] = {::dup(STDIN_FILENO), ::dup(STDERR_FILENO)};
  ::dup2(input, STDIN_FILENO);
  ::dup2(messages, STDERR_FILENO);
  const TracedRun run = run_command(
      {"/bin/sh", "-c", "read -r word; echo $word >&2; echo x >&0; printf y >/dev/stdin"});
  ::dup2(before[0], STDIN_FILENO);
  ::dup2(before[1], STDERR_FILENO);
  for (const int fd : {input, messages, before[0], before[1]}) ::close(fd);
  EXPECT_EQ(folder_.read("input"), "in");
  EXPECT_THAT(folder_.read("messages"), ::testing::StartsWith("in\n"));
  expect_whole(run);
  EXPECT_THAT(run.changes(), ElementsAre("truncate input 0", "write input 0 'y'"));
}

// A stat makes the next change of a file be stamped by the fine clock where the kernel can.
TEST(next_file_time, parts_what_was_changed_before_from_what_is_changed_after) {
  TestFolder folder;
  const std::string path = folder.path() + "/file";
  const auto change = [&] {
    struct stat status = {};
    folder.write("file", "1");
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    folder.write("file", "2");
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return std::pair(status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
  };
  for (int round = 0; round < 50; ++round) {
    const auto before = change();
    const timespec moment = next_file_time();
    const auto after = change();
    const auto between = std::pair(moment.tv_sec, moment.tv_nsec);
    ASSERT_LT(before, between);
    ASSERT_LE(between, after);
  }
}

TEST_P(TraceTest, paths_follow_links_handles_and_moves) {
  const TracedRun run = run_scenario("folders");
  expect_whole(run);
  EXPECT_THAT(
      run.changes(),
      ElementsAre("make_directory d", "make_directory d/e", "make_symlink link 'd/e'",
                  "create d/e/in-e", "write d/e/in-e 0 '1'", "create d/in-d", "write d/in-d 0 '2'",
                  "create d/by-handle", "rename d/by-handle d/e/moved",
                  "make_symlink dangling 'link/through'", "create d/e/through",
                  "write d/e/through 0 '3'", "rename d renamed", "write d/e/in-e 0 '4'"));
}

TEST_P(TraceTest, folder_from_before_the_run_moves_with_what_is_in_it) {
  std::filesystem::create_directories(folder_.path() + "/old/inner");
  folder_.write("old/inner/file", "1");
  const TracedRun run = run_command({"/usr/bin/env", "perl", "-e",
                                     "rename('old', 'new') or exit 5; "
                                     "open(F, '>>', 'new/inner/file'); print F '2';"});
  if (GetParam()) {
    EXPECT_EQ(run.end, "exited 5");
    EXPECT_THAT(run.notes, Contains(HasSubstr("renaming the folder old was answered EXDEV")));
    return;
  }
  expect_whole(run);
  EXPECT_THAT(run.changes(), ElementsAre("rename old new", "write old/inner/file 1 '2'"));
  EXPECT_THAT(run.initial, Contains("old/inner/file '1'"));
}

TEST_P(TraceTest, hard_links_from_before_the_run_stay_together_or_are_noted) {
  folder_.write("a", "1");
  std::filesystem::create_hard_link(folder_.path() + "/a", folder_.path() + "/b");
  const TracedRun run = run_command({"/bin/sh", "-c", "echo 2 > a; cat b; cat a >> b; rm b"});
  expect_whole(run);
  if (GetParam()) {
    EXPECT_THAT(run.notes, Contains(HasSubstr("hard links")));
  } else {
    EXPECT_EQ(run.output, "2\n");
  }
}

TEST_P(TraceTest, strange_names_are_kept_byte_by_byte) {
  const TracedRun run = run_scenario("strange-names");
  expect_whole(run);
  EXPECT_THAT(run.changes(), ElementsAre("create with space", "write with space 0 '1'",
                                         "create line\nend", "write line\nend 0 '2'",
                                         "create \xc3\xa9\xff", "write \xc3\xa9\xff 0 '3'"));
}

TEST_P(TraceTest, special_files_and_modes_are_recorded) {
  const TracedRun run = run_scenario("specials");
  expect_whole(run);
  EXPECT_THAT(run.changes(),
              ElementsAre("make_special fifo", "make_special socket", "set_metadata fifo mode"));
}

TEST_P(TraceTest, file_handed_to_a_child_ends_when_the_child_closes_it) {
  const TracedRun run = run_scenario("handed-over");
  expect_whole(run);
  const auto at = [&](const std::string& line) {
    return std::ranges::find(run.operations, line) - run.operations.begin();
  };
  EXPECT_LT(at("write shared 0 'child'"), at("end_writing shared"));
  EXPECT_LT(at("end_writing shared"), at("rename shared done"));
  EXPECT_EQ(count_starting(run.operations, "end_writing shared"), 1U);
}

TEST_P(TraceTest, threads_appear_in_one_order_without_losses) {
  const TracedRun run = run_scenario("threads");
  expect_whole(run);
  EXPECT_EQ(count_starting(run.operations, "create "), 8U);
  EXPECT_EQ(count_starting(run.operations, "write "), 200U);
}

TEST_P(TraceTest, two_hundred_children_are_all_followed) {
  const TracedRun run = run_scenario("forks");
  expect_whole(run);
  EXPECT_EQ(count_starting(run.operations, "create "), 200U);
  EXPECT_EQ(count_starting(run.operations, "write "), 200U);
  EXPECT_EQ(count_starting(run.operations, "end_writing "), 200U);
}

TEST_P(TraceTest, vfork_and_exec_of_a_thread_are_followed) {
  const TracedRun vforked = run_scenario("vforks");
  expect_whole(vforked);
  EXPECT_THAT(vforked.changes(), ElementsAre("create by-shell", "write by-shell 0 'hi\\n'"));
  const TracedRun replaced = run_scenario("thread-exec");
  expect_whole(replaced);
  EXPECT_THAT(replaced.changes(), ElementsAre("create before", "write before 0 '1'",
                                              "create by-thread", "write by-thread 0 'hi\\n'"));
}

TEST_P(TraceTest, outside_is_read_only_and_tmp_is_private) {
  const TracedRun run = run_scenario("outside");
  expect_whole(run);
  EXPECT_THAT(run.changes(), IsEmpty());
  EXPECT_FALSE(std::ifstream("/tmp/untorn-test-private").good());
}

TEST_P(TraceTest, ways_out_are_refused_and_noted) {
  const TracedRun run = run_scenario("forbidden");
  expect_whole(run);
  EXPECT_THAT(run.notes, Contains(HasSubstr("io_uring_setup was answered ENOSYS")));
  EXPECT_THAT(run.notes, Contains(HasSubstr("umount2 was answered EPERM")));
}

TEST_P(TraceTest, only_whole_lines_that_match_acknowledge) {
  const TracedRun run = run_scenario("acknowledging");
  expect_whole(run);
  EXPECT_THAT(run.operations, ElementsAre("create a", "begin_writing a", "write a 0 '1'",
                                          "acknowledge output 'saved a\\n'", "create b",
                                          "begin_writing b", "write b 0 '2'", "end_writing a",
                                          "end_writing b", "acknowledge exit '0'"));
  EXPECT_EQ(run.output, "saved a\nother\nsaved b");
}

TEST_P(TraceTest, stopped_processes_go_on) {
  const TracedRun run = run_scenario("stopped");
  expect_whole(run);
  EXPECT_EQ(count_starting(run.operations, "create "), 2U);
}

TEST_P(TraceTest, late_descendant_still_counts) {
  const TracedRun run = run_scenario("daemon-like");
  expect_whole(run);
  EXPECT_THAT(run.changes(), ElementsAre("create late", "write late 0 '1'"));
}

TEST_P(TraceTest, failing_command_is_not_acknowledged) {
  const TracedRun run = run_command({"/bin/sh", "-c", "echo x > f; exit 3"});
  EXPECT_EQ(run.end, "exited 3");
  EXPECT_EQ(count_starting(run.operations, "acknowledge"), 0U);
  const TracedRun killed = run_command({"/bin/sh", "-c", "echo x > f; kill -9 $$"});
  EXPECT_EQ(killed.end, "signalled 9");
  EXPECT_EQ(count_starting(killed.operations, "acknowledge"), 0U);
}

TEST_P(TraceTest, stop_after_ends_a_server_without_acknowledgement) {
  const TracedRun run = run_scenario(
      "forever", [](RunPlan& plan) { plan.trace.stop_after = std::chrono::milliseconds(300); });
  EXPECT_EQ(run.error, "");
  EXPECT_EQ(run.end, "stopped");
  EXPECT_EQ(count_starting(run.operations, "acknowledge"), 0U);
  EXPECT_THAT(run.changes(), ElementsAre("create a", "write a 0 '1'"));
}

TEST_P(TraceTest, limits_end_the_run) {
  const TracedRun bytes =
      run_scenario("large", [](RunPlan& plan) { plan.trace.payload_bytes_max = 10U << 20U; });
  EXPECT_EQ(bytes.end, "too_much");
  EXPECT_THAT(bytes.why, HasSubstr("bytes were written"));
  const TracedRun processes =
      run_scenario("forks", [](RunPlan& plan) { plan.trace.processes_max = 2; });
  EXPECT_EQ(processes.end, "too_much");
  EXPECT_THAT(processes.why, HasSubstr("more than 2 processes"));
}

TEST_P(TraceTest, missing_command_is_an_error_before_anything_runs) {
  const TracedRun run = run_command({"untorn-no-such-command"});
  EXPECT_THAT(run.error, HasSubstr("untorn-no-such-command"));
  EXPECT_THAT(run.error, HasSubstr("nothing was run"));
}

TEST_P(TraceTest, kill_at_a_call_leaves_exactly_the_calls_before_it) {
  const std::vector<std::string> command = {"/bin/sh", "-c",
                                            "echo 1 > a; echo 2 > b; mv b c; rm a; mkdir d"};
  const TracedRun whole = run_command(command);
  expect_whole(whole);
  const auto all = whole.changes();
  ASSERT_EQ(all.size(), whole.calls_changing);
  for (std::uint64_t n = 0; n < whole.calls_changing; ++n) {
    const TracedRun run = run_command(command, [n](RunPlan& plan) { plan.trace.kill_at_call = n; });
    EXPECT_EQ(run.end, "killed_at_call");
    EXPECT_THAT(run.unexplained, IsEmpty());
    EXPECT_EQ(run.changes(),
              std::vector<std::string>(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(n)));
  }
}

TEST_P(TraceTest, extra_folder_is_tracked_under_its_absolute_path) {
  TestFolder extra;
  extra.write("x", "old");
  const TracedRun run =
      run_command({"/bin/sh", "-c", "echo new > " + extra.path() + "/x; echo in > y"},
                  [&](RunPlan& plan) { plan.sandbox.also = {extra.path()}; });
  expect_whole(run);
  const std::string path = extra.path() + "/x";
  EXPECT_THAT(run.changes(), ElementsAre("truncate " + path + " 0", "write " + path + " 0 'new\\n'",
                                         "create y", "write y 0 'in\\n'"));
  EXPECT_EQ(extra.read("x"), "old");
}

TEST_P(TraceTest, programs_that_everybody_uses_are_explained_in_full) {
  folder_.write("a", "first\nsecond\n");
  const TracedRun run =
      run_command({"/bin/sh", "-c",
                   "sed -i s/first/third/ a; cp a b; mv b c; ln c d; ln -s c e; truncate -s 3 c; "
                   "dd if=a of=f bs=4 status=none conv=fsync; mkdir -p g/h; cp -r g i; rm -r g; "
                   "cat a >> e; tar cf t.tar a c; gzip t.tar; sort -o a a"});
  expect_whole(run);
  EXPECT_EQ(folder_.read("a"), "first\nsecond\n");
  EXPECT_FALSE(folder_.has("c"));
}

TEST_P(TraceTest, ordinary_user_gets_the_same_log) {
  if (::geteuid() != 0) GTEST_SKIP() << "already an ordinary user";
  folder_.write("s", "old");
  const auto command = std::vector<std::string>{"/bin/sh", "-c", "echo new > t; mv t s; rm -f u"};
  const TracedRun as_root = run_command(command);
  const TracedRun as_user = run_command(command, [](RunPlan& plan) { plan.as_nobody = true; });
  expect_whole(as_root);
  expect_whole(as_user);
  EXPECT_FALSE(as_user.copy);
  EXPECT_EQ(as_root.operations, as_user.operations);
}

// Is any process alive that has this text in its environment?
bool alive_with(const std::string& mark) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    std::ifstream file(entry.path() / "environ", std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    if (text.find(mark) != std::string::npos) return true;
  }
  return false;
}

TEST_P(TraceTest, death_of_the_tracer_takes_every_traced_process_along) {
  const std::string value = folder_.path();
  const std::string mark = "UNTORN_TEST_MARK=" + value;
  const pid_t worker = ::fork();
  if (worker == 0) {
    (void)run_scenario("forever", [&](RunPlan& plan) {
      plan.trace.environment.emplace_back("UNTORN_TEST_MARK", value);
      plan.kill_tracer_after = std::chrono::milliseconds(300);
    });
    ::_exit(0);
  }
  bool seen = false;
  for (int i = 0; i < 200 && !seen; ++i) {
    seen = alive_with(mark);
    ::usleep(5000);
  }
  EXPECT_TRUE(seen);
  int status = 0;
  ::waitpid(worker, &status, 0);
  bool gone = false;
  for (int i = 0; i < 400 && !gone; ++i) {
    gone = !alive_with(mark);
    ::usleep(5000);
  }
  EXPECT_TRUE(gone);
  EXPECT_FALSE(folder_.has("a"));
}

TEST(TraceCopy, copy_gives_the_same_log_and_ends_at_an_escape) {
  TestFolder folder;
  TestFolder outside;
  folder.write("s", "old");
  const auto command = std::vector<std::string>{"/bin/sh", "-c", "echo new > t; mv t s"};
  const auto copied = [](RunPlan& plan) { plan.sandbox.force_copy = true; };
  const TracedRun run = run_traced(folder.path(), command, copied);
  expect_whole(run);
  EXPECT_TRUE(run.copy);
  EXPECT_THAT(run.changes(), ElementsAre("create t", "write t 0 'new\\n'", "rename t s over s"));
  EXPECT_EQ(folder.read("s"), "old");
  const TracedRun escaped =
      run_traced(folder.path(), {program, "escape", outside.path() + "/x"}, copied);
  EXPECT_EQ(escaped.end, "escaped");
  EXPECT_THAT(escaped.why, HasSubstr(outside.path() + "/x"));
  EXPECT_FALSE(outside.has("x"));
}

}  // namespace
}  // namespace untorn::prove::testing
