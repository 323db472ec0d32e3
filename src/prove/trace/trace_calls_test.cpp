// SPDX-License-Identifier: Apache-2.0
//
// What each kind of call becomes in the log: shared mappings, ranges, transfers, rights, overlaps.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "prove/trace/recorder.h"
#include "prove/trace/trace.h"
#include "prove/trace/trace_test_roots.h"

namespace untorn::prove::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* program = UNTORN_TRACE_TEST_CALLS;

class TraceCallsTest : public TraceInBothRoots {
 protected:
  // A run that exits with 0 and leaves the tree that the log explains.
  TracedRun run_whole(const std::string& name, const std::function<void(RunPlan&)>& adapt = {}) {
    TracedRun run = run_command({program, name}, adapt);
    EXPECT_EQ(run.error, "");
    EXPECT_EQ(run.end, "exited 0") << run.output << run.why;
    EXPECT_THAT(run.unexplained, IsEmpty());
    return run;
  }
};
INSTANTIATE_TEST_SUITE_P(Roots, TraceCallsTest, ::testing::Bool(), root_name);

TEST_P(TraceCallsTest, stores_become_page_writes_before_the_call_that_follows_them) {
  const TracedRun run = run_whole("stores");
  EXPECT_THAT(run.operations,
              ElementsAre("create m", "begin_writing m", "truncate m 12288", "write m 1 'a'",
                          "write m 8192 'c'", "sync_data m", "write m 4096 'b'", "end_writing m",
                          "rename m n", "acknowledge exit '0'"));
  EXPECT_THAT(run.notes, Contains("m is changed through mmap: modelled as unordered writes"));
}

TEST_P(TraceCallsTest, msync_of_a_part_syncs_that_part_and_fsync_all_of_it) {
  const TracedRun run = run_whole("ranges");
  EXPECT_THAT(run.changes(),
              ElementsAre("create m", "truncate m 12288", "write m 0 'a'", "write m 4096 'b'",
                          "sync_data m 4096+4096", "write m 8192 'c'", "sync_file m"));
}

TEST_P(TraceCallsTest, stores_and_writes_of_one_page_stay_in_order) {
  const TracedRun run = run_whole("mixed");
  EXPECT_THAT(run.changes(),
              ElementsAre("create m", "truncate m 4096", "write m 0 'a'", "write m 0 'bb'",
                          "write m 1 'c'", "truncate m 1", "truncate m 4096", "write m 3 'd'"));
}

TEST_P(TraceCallsTest, stores_of_a_child_are_seen_when_it_executes_another_program) {
  const TracedRun run = run_whole("in-child");
  EXPECT_THAT(run.operations,
              ElementsAre("create m", "begin_writing m", "truncate m 4096", "write m 0 'c'",
                          "end_writing m", "rename m n", "acknowledge exit '0'"));
}

TEST_P(TraceCallsTest, moved_mappings_and_holes_are_followed) {
  const TracedRun run = run_whole("moved-mapping");
  EXPECT_THAT(run.changes(),
              ElementsAre("create m", "truncate m 4096", "truncate m 8192", "write m 4096 'x'",
                          "sync_data m", "write m 4096 '\\0'", "create end", "write end 0 'e'"));
}

TEST_P(TraceCallsTest, stores_by_other_calls_than_instructions_are_seen) {
  const TracedRun run = run_whole("from-afar");
  EXPECT_THAT(run.changes(), ElementsAre("create m", "truncate m 4096", "write m 0 'far'",
                                         "sync_data m", "write m 8 'mem'"));
}

// It is not compared before calls that have nothing to do with it: the log says what it may have
// been before.
TEST_P(TraceCallsTest, stores_into_a_large_mapping_may_be_older_than_their_place) {
  const TracedRun run = run_whole("large-mapping");
  const auto changes = run.changes();
  ASSERT_GT(changes.size(), 5U);
  const std::vector<std::string> last(changes.end() - 4, changes.end());
  EXPECT_THAT(last, ElementsAre("create other", "write other 0 'o'",
                                ::testing::StartsWith("write m 0 'y' entered "), "sync_file m"));
}

TEST_P(TraceCallsTest, a_store_of_pages_keeps_the_order_that_its_syncs_give) {
  const TracedRun run = run_whole("page-store");
  EXPECT_THAT(
      run.changes(),
      ElementsAre("create base", "truncate base 24576", "write base 8192 'a'",
                  "sync_data base 8192+4096", "write base 0 '1'", "sync_data base 0+4096",
                  "write base 12288 'b'", "sync_data base 12288+4096", "write base 4096 '2'",
                  "sync_data base 4096+4096", "write base 16384 'c'", "sync_data base 16384+4096",
                  "write base 0 '3'", "sync_data base 0+4096"));
}

TEST_P(TraceCallsTest, threads_that_make_one_name_take_turns_in_the_log) {
  const TracedRun run = run_whole("contend");
  const auto changes = run.changes();
  ASSERT_EQ(changes.size(), 4U * 20U * 3U);
  for (std::size_t i = 0; i < changes.size(); i += 3) {
    EXPECT_EQ(changes[i], "create lock");
    EXPECT_THAT(changes[i + 1], ::testing::StartsWith("write lock 0 "));
    EXPECT_EQ(changes[i + 2], "unlink lock");
  }
}

TEST_P(TraceCallsTest, python_and_c_libraries_with_mappings_are_explained) {
  folder_.write("app.py",
                "import mmap, os\n"
                "with open('m', 'w+b') as file:\n"
                "    file.truncate(8192)\n"
                "    with mmap.mmap(file.fileno(), 8192) as memory:\n"
                "        memory[0:3] = b'abc'\n"
                "        memory.flush()\n"
                "        memory[5000] = 33\n"
                "try:\n"
                "    import dbm.gnu\n"
                "    with dbm.gnu.open('g', 'c') as base: base['key'] = 'value'\n"
                "except ImportError:\n"
                "    pass\n");
  const TracedRun run = run_command({"/usr/bin/env", "python3", "app.py"});
  if (run.end == "exited 127") GTEST_SKIP() << "no python3 here";
  EXPECT_EQ(run.end, "exited 0") << run.output;
  EXPECT_THAT(run.unexplained, IsEmpty());
  EXPECT_THAT(run.changes(), Not(Contains(HasSubstr("unmodelled"))));
  const auto changes = run.changes();
  ASSERT_GE(changes.size(), 5U);
  // The last store was found at the next look, and may have come before what was recorded since.
  EXPECT_THAT(std::vector<std::string>(changes.begin(), changes.begin() + 5),
              ElementsAre("create m", "truncate m 8192", "write m 0 'abc'", "sync_data m",
                          ::testing::StartsWith("write m 5000 '!'")));
}

TEST_P(TraceCallsTest, bytes_that_come_from_memory_and_pipes_are_read_back) {
  const TracedRun run = run_whole("from-memory");
  EXPECT_THAT(run.changes(),
              ElementsAre("create to", "write to 0 '234'", "write to 3 '5678'", "write to 7 'vm'"));
}

TEST_P(TraceCallsTest, flag_against_appending_is_obeyed) {
  const TracedRun run = run_command({program, "no-append"});
  if (run.end == "exited 77") GTEST_SKIP() << "this kernel has no RWF_NOAPPEND";
  EXPECT_THAT(run.unexplained, IsEmpty());
  // An overlay takes no notice of it.
  const bool obeyed = !GetParam();
  EXPECT_THAT(run.changes(), ElementsAre("create log", "write log 0 'one\\n'",
                                         obeyed ? "write log 0 'ONE'" : "write log 4 'ONE'",
                                         obeyed ? "write log 4 'two\\n'" : "write log 7 'two\\n'"));
}

TEST_P(TraceCallsTest, syncs_of_ranges_say_which_and_whether_they_waited) {
  const TracedRun run = run_whole("synced-ranges");
  EXPECT_THAT(run.changes(),
              ElementsAre("create s", "write s 0 '0123456789'", "sync_range s 2+4 written",
                          "sync_range s", "write s 4 'ab'", "sync_data s 4+2"));
}

TEST_P(TraceCallsTest, what_cannot_be_followed_is_answered_so_that_programs_do_without) {
  const TracedRun run = run_whole("not-for-it");
  EXPECT_THAT(run.notes, Contains(HasSubstr("io_setup was answered ENOSYS")));
  EXPECT_THAT(run.notes, Contains(HasSubstr("called ptrace")));
}

TEST_P(TraceCallsTest, a_setuid_program_runs_without_its_rights_and_is_noted) {
  constexpr const char* path = "/bin/su";
  struct stat status = {};
  if (::stat(path, &status) != 0 || (status.st_mode & S_ISUID) == 0) {
    GTEST_SKIP() << "no setuid program here";
  }
  const TracedRun run = run_command({path, "--version"});
  EXPECT_THAT(run.notes, Contains(HasSubstr("is setuid: it ran without")));
}

TEST_P(TraceCallsTest, rights_that_a_program_gave_up_are_not_lent_to_it) {
  const TracedRun run = run_whole("fewer-rights");
  EXPECT_THAT(run.changes(), ElementsAre("make_directory d", "create d/a", "write d/a 0 'a'",
                                         "set_metadata d mode"));
}

TEST_P(TraceCallsTest, paths_that_the_kernel_refuses_are_refused) {
  const TracedRun run = run_whole("strange-paths");
  EXPECT_THAT(run.changes(), ElementsAre("make_directory d", "create f", "write f 0 '1'",
                                         "rename d e", "remove_directory e"));
}

TEST_P(TraceCallsTest, overlapping_calls_say_where_they_were_entered) {
  const TracedRun run = run_whole("overlap");
  EXPECT_THAT(
      run.operations,
      ElementsAre("create spliced", "begin_writing spliced", "create other", "begin_writing other",
                  "write other 0 '1'", "write spliced 0 'x' entered 2", "sync_file spliced",
                  "end_writing spliced", "end_writing other", "acknowledge exit '0'"));
}

TEST_P(TraceCallsTest, output_counts_once_whatever_way_it_takes) {
  const TracedRun run = run_whole("own-pipe");
  EXPECT_THAT(run.operations, ElementsAre("create a", "begin_writing a", "write a 0 '1'",
                                          "acknowledge output 'saved by pipe\\n'",
                                          "acknowledge output 'saved by dup\\n'", "end_writing a",
                                          "acknowledge exit '0'"));
}

// Answers one kind of call.
class OneFault : public CallInjector {
 public:
  OneFault(std::uint64_t number, Injection injection) : number_(number), injection_(injection) {}
  Injection at_entry(const PendingCall& call, std::size_t) override {
    if (call.number != number_ || done_) return {};
    done_ = true;
    return injection_;
  }

 private:
  std::uint64_t number_;
  Injection injection_;
  bool done_ = false;
};

TEST_P(TraceCallsTest, injected_failure_of_close_closes_and_that_of_write_does_nothing) {
  OneFault close(SYS_close, {.error = EIO, .executes_first = true});
  const TracedRun failed =
      run_whole("closes", [&](RunPlan& plan) { plan.trace.injector = &close; });
  EXPECT_EQ(failed.output, "Input/output error\n");
  EXPECT_THAT(failed.operations, Contains("end_writing c"));
  OneFault write(SYS_write, {.error = ENOSPC});
  const TracedRun full =
      run_command({program, "closes"}, [&](RunPlan& plan) { plan.trace.injector = &write; });
  EXPECT_EQ(full.end, "exited 10");
  EXPECT_THAT(full.changes(), ElementsAre("create c"));
}

TEST_P(TraceCallsTest, injected_failure_of_a_sync_is_in_the_log) {
  OneFault sync(SYS_fsync, {.error = EIO});
  const TracedRun run =
      run_command({program, "ranges"}, [&](RunPlan& plan) { plan.trace.injector = &sync; });
  EXPECT_EQ(run.end, "exited 10");
  EXPECT_EQ(run.changes().back(), "sync_failed m");
}

// The scenario writes ten bytes and finds that they were three.
class ShortWrite : public CallInjector {
 public:
  Injection at_entry(const PendingCall& call, std::size_t) override {
    if (call.number != SYS_write || call.arguments[2] != 10) return {};
    CallRegisters instead{call.number, call.arguments};
    instead.arguments[2] = 3;
    return {.instead = instead};
  }
};

TEST_P(TraceCallsTest, injected_short_write_is_really_short) {
  ShortWrite injector;
  const TracedRun run =
      run_command({program, "closes"}, [&](RunPlan& plan) { plan.trace.injector = &injector; });
  EXPECT_EQ(run.end, "exited 10");
  EXPECT_THAT(run.unexplained, IsEmpty());
  EXPECT_THAT(run.changes(), ElementsAre("create c", "write c 0 '012'"));
}

}  // namespace
}  // namespace untorn::prove::testing
