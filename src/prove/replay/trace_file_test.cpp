// SPDX-License-Identifier: Apache-2.0
#include "prove/replay/trace_file.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "crash/engine.h"
#include "prove/judge/judge_test_log.h"
#include "prove/replay/log_name.h"
#include "prove/replay/trace_format.h"

namespace untorn::prove {
namespace {

using test::TestLog;

RecordedRun sample_run() {
  TestLog log;
  const InodeId folder = log.initial_directory("d");
  const InodeId old_file = log.initial_file("state", "old");
  const InodeId made = log.create("state.tmp");
  log.write(made, 0, "new content");
  log.sync(made);
  log.close(made);
  log.rename(made, "state.tmp", "state", old_file);
  log.sync_directory();
  const InodeId below = log.create("file", false, folder);
  log.write(below, 0, "new content");
  log.acknowledge("saved\n");
  log.log.operations[2].stack = 0;
  log.log.operations[2].thread = 7;
  log.log.operations[3].entered = 2;
  RecordedRun run;
  run.trace.log = log.log;
  run.trace.exit_code = 3;
  run.trace.output = std::string("bytes\0\xFF", 7);
  run.trace.notes = {"a note"};
  run.trace.unexplained = {"a difference"};
  run.trace.calls_traced = 1234567;
  run.trace.elapsed_s = 0.25;
  run.stacks = {{{"/project/app.py", 6, "save", false}, {"/usr/lib/libc.so", 0, "", true}}};
  run.root = "/project";
  run.command = {"python3", "app.py"};
  run.working_directory = "/project/d";
  run.notes = {"on a copy"};
  return run;
}

Result<RecordedRun> read(std::string_view bytes) {
  return read_trace(bytes, "run.trace");
}

// The checksum made right again, as someone would who changes a file on purpose.
std::string sealed(std::string bytes) {
  bytes.resize(bytes.size() - trace_format::checksum_bytes);
  return bytes + trace_format::checksum(bytes);
}

TEST(TraceFile, holds_all_of_a_run) {
  const RecordedRun run = sample_run();
  const auto back = read(write_trace(run));
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(log_name(back->trace.log), log_name(run.trace.log));
  EXPECT_EQ(write_trace(*back), write_trace(run));
  const Operation& written = back->trace.log.operations[2];
  EXPECT_EQ(written.payload.text(), "new content");
  EXPECT_STREQ(written.call_name, "write");
  EXPECT_EQ(written.thread, 7U);
  EXPECT_EQ(written.stack, 0U);
  EXPECT_EQ(back->trace.log.operations[3].entered, 2U);
  EXPECT_EQ(back->trace.log.inodes[2].content.text(), "old");
  ASSERT_EQ(back->stacks.size(), 1U);
  EXPECT_EQ(back->stacks[0][0].path, "/project/app.py");
  EXPECT_EQ(back->stacks[0][0].line, 6U);
  EXPECT_TRUE(back->stacks[0][1].runtime);
  EXPECT_EQ(back->trace.output, run.trace.output);
  EXPECT_EQ(back->trace.exit_code, 3);
  EXPECT_EQ(back->trace.notes, run.trace.notes);
  EXPECT_EQ(back->trace.unexplained, run.trace.unexplained);
  EXPECT_DOUBLE_EQ(back->trace.elapsed_s, 0.25);
  EXPECT_EQ(back->command, run.command);
  EXPECT_EQ(back->root, "/project");
  EXPECT_EQ(back->working_directory, "/project/d");
  EXPECT_EQ(back->notes, run.notes);
}

TEST(TraceFile, holds_equal_contents_once) {
  TestLog log;
  const InodeId file = log.create("file");
  RecordedRun run;
  const std::string content(10'000, 'x');
  for (int i = 0; i < 20; ++i) log.write(file, 0, content);
  run.trace.log = log.log;
  const std::string bytes = write_trace(run);
  EXPECT_LT(bytes.size(), 2 * content.size());
  EXPECT_TRUE(read(bytes));
}

TEST(TraceFile, refuses_every_cut) {
  const std::string bytes = write_trace(sample_run());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto cut = read(std::string_view(bytes).substr(0, size));
    ASSERT_FALSE(cut) << "cut to " << size;
    EXPECT_EQ(cut.error().code(), Code::corrupt);
    EXPECT_EQ(cut.error().path(), "run.trace");
  }
}

TEST(TraceFile, refuses_every_flipped_bit) {
  const std::string bytes = write_trace(sample_run());
  for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
    std::string flipped = bytes;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
    EXPECT_FALSE(read(flipped)) << "bit " << i;
  }
}

TEST(TraceFile, says_that_a_newer_version_wrote_it) {
  std::string bytes = write_trace(sample_run());
  bytes[trace_format::magic.size()] = 9;
  bytes[trace_format::magic.size() + 1] = 9;
  const auto newer = read(bytes);
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code(), Code::unsupported);
  EXPECT_NE(newer.error().message().find("format 9"), std::string::npos);
}

TEST(TraceFile, reads_a_later_format_that_says_it_can_be_read) {
  std::string bytes = write_trace(sample_run());
  bytes[trace_format::magic.size()] = 9;
  bytes.resize(bytes.size() - trace_format::checksum_bytes);
  bytes += "MORE";
  bytes += std::string(
      "\x03"
      "abc",
      4);
  EXPECT_TRUE(read(bytes + trace_format::checksum(bytes)));
}

TEST(TraceFile, says_that_another_file_is_no_trace) {
  const auto other = read("{\"schema\": \"untorn.prove/1\"}");
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().message().find("no trace file"), std::string::npos);
}

// With a right checksum too no byte makes the reader, or what works on its log, fall over.
TEST(TraceFile, survives_every_changed_byte_under_a_right_checksum) {
  const std::string bytes = write_trace(sample_run());
  std::size_t readable = 0;
  for (std::size_t i = 0; i + trace_format::checksum_bytes < bytes.size(); ++i) {
    for (const char value : {'\x00', '\x01', '\x7F', '\xFF', '/'}) {
      std::string changed = bytes;
      changed[i] = value;
      const auto run = read(sealed(changed));
      if (!run) continue;
      ++readable;
      const crash::History history(run->trace.log);
      for (const crash::Path& path : history.touched_paths()) {
        EXPECT_FALSE(path.find("..") == 0) << path;
      }
    }
  }
  EXPECT_GT(readable, 0U);
}

std::string problem_of(const TestLog& log) {
  RecordedRun run;
  run.trace.log = log.log;
  const auto back = read(write_trace(run));
  return back ? "" : back.error().message();
}

TEST(TraceFile, refuses_names_that_lead_elsewhere) {
  const std::vector<std::string> names = {"..", ".", "", "a/b", std::string("a\0b", 3)};
  for (const std::string& name : names) {
    TestLog log;
    (void)log.create(name);
    EXPECT_NE(problem_of(log).find("its name is no name"), std::string::npos) << name;
  }
}

TEST(TraceFile, refuses_a_directory_in_itself) {
  TestLog log;
  const InodeId outer = log.initial_directory("outer");
  Operation moved;
  moved.kind = OperationKind::rename;
  moved.inode = outer;
  moved.directory = root_inode;
  moved.name = "outer";
  moved.target_directory = outer;
  moved.target_name = "inner";
  log.log.operations.push_back(moved);
  EXPECT_NE(problem_of(log).find("not where it should be"), std::string::npos);
}

TEST(TraceFile, refuses_files_longer_than_a_run_may_make_them) {
  TestLog log;
  const InodeId file = log.create("file");
  log.truncate(file, std::uint64_t{1} << 60U);
  EXPECT_NE(problem_of(log).find("too long"), std::string::npos);
}

}  // namespace
}  // namespace untorn::prove
