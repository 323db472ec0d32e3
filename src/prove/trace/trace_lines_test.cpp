// SPDX-License-Identifier: Apache-2.0
//
// The lines that programs in several languages were at, from the compiler to the log. Compilers and
// interpreters that are not here are skipped, or missed where UNTORN_REQUIRE names them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "prove/trace/trace_test_support.h"

namespace untorn::prove::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

bool is_required(const std::string& tier) {
  const char* required = std::getenv("UNTORN_REQUIRE");
  return required != nullptr &&
         ("," + std::string(required) + ",").find("," + tier + ",") != std::string::npos;
}

bool succeeds(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

class TraceLinesTest : public ::testing::Test {
 protected:
  void SetUp() override { UNTORN_NEEDS_TRACING(); }
  [[nodiscard]] std::vector<std::string> lines_of(std::vector<std::string> command) const {
    const TracedRun run = run_traced(work_.path(), std::move(command));
    EXPECT_EQ(run.end, "exited 0") << run.error << run.output;
    EXPECT_THAT(run.unexplained, IsEmpty());
    return run.lines;
  }
  TestFolder source_;
  TestFolder work_;
};

// Skips where the tool is missing, and fails where it is required.
#define UNTORN_NEEDS_TOOL(tier, command)                                     \
  do {                                                                       \
    if (!succeeds(command)) {                                                \
      if (is_required(tier)) FAIL() << "required, but fails: " << (command); \
      GTEST_SKIP() << "no " << (tier) << " here";                            \
    }                                                                        \
  } while (false)

TEST_F(TraceLinesTest, of_node_are_exact_for_synchronous_calls) {
  UNTORN_NEEDS_TOOL("node", "node --version");
  source_.write("save.js",
                "const fs = require('fs');\n"
                "function save(path, data) {\n"
                "  fs.writeFileSync(path + '.tmp', data);\n"
                "  const fd = fs.openSync(path + '.tmp', 'r+');\n"
                "  fs.fsyncSync(fd);\n"
                "  fs.closeSync(fd);\n"
                "  fs.renameSync(path + '.tmp', path);\n"
                "}\n"
                "save('state', 'hello');\n");
  EXPECT_THAT(lines_of({"node", source_.path() + "/save.js"}),
              ElementsAre("openat save.js:3", "openat save.js:3", "write save.js:3",
                          "openat save.js:4", "fsync save.js:5", "rename save.js:7"));
}

TEST_F(TraceLinesTest, of_node_follow_promises_handles_callbacks_and_streams) {
  UNTORN_NEEDS_TOOL("node", "node --version");
  source_.write("save.mjs",
                "import fs, { promises, unlink } from 'fs';\n"
                "await promises.writeFile('other', 'x');\n"
                "const handle = await promises.open('third', 'w');\n"
                "await handle.write('abc');\n"
                "await handle.sync();\n"
                "await handle.close();\n"
                "await promises.rename('third', 'fourth');\n"
                "unlink('other', () => {\n"
                "  const stream = fs.createWriteStream('streamed');\n"
                "  stream.end('two');\n"
                "});\n");
  EXPECT_THAT(lines_of({"node", source_.path() + "/save.mjs"}),
              ElementsAre("openat save.mjs:2", "openat save.mjs:2", "write save.mjs:2",
                          "openat save.mjs:3", "openat save.mjs:3", "write save.mjs:4",
                          "fsync save.mjs:5", "rename save.mjs:7", "unlink save.mjs:8",
                          "openat save.mjs:9", "openat save.mjs:9", "write save.mjs:9"));
}

TEST_F(TraceLinesTest, of_node_leave_its_functions_and_its_own_options_as_they_are) {
  UNTORN_NEEDS_TOOL("node", "node --version");
  source_.write(
      "same.js",
      "const fs = require('fs'), { promisify } = require('util');\n"
      "const prepare = Error.prepareStackTrace, limit = Error.stackTraceLimit;\n"
      "fs.writeFileSync('first', 'x');\n"
      "const same = fs.writeFileSync.name === 'writeFileSync' &&\n"
      "  fs.writeFileSync.length === 3 && Error.prepareStackTrace === prepare &&\n"
      "  Error.stackTraceLimit === limit && limit === 7;\n"
      "let message = '';\n"
      "try { fs.renameSync('missing', 'x'); } catch (error) { message = error.code; }\n"
      "promisify(fs.write)(fs.openSync('f', 'w'), 'abc').then((result) => {\n"
      "  process.exit(same && message === 'ENOENT' && result.bytesWritten === 3 ? 0 : 1);\n"
      "});\n");
  (void)lines_of({"node", "--stack-trace-limit=7", source_.path() + "/same.js"});
}

TEST_F(TraceLinesTest, of_rust_skip_its_standard_library) {
  UNTORN_NEEDS_TOOL("rust", "rustc --version");
  source_.write(
      "save.rs",
      "use std::fs::File;\n"
      "use std::io::{BufWriter, Write};\n"
      "fn main() {\n"
      "    let mut file = File::create(\"f\").unwrap();\n"
      "    file.write_all(b\"one\").unwrap();\n"
      "    file.sync_all().unwrap();\n"
      "    let mut buffered = BufWriter::new(file);\n"
      "    writeln!(buffered, \"more\").unwrap();\n"
      "    buffered.flush().unwrap();\n"
      "    std::thread::spawn(|| std::fs::rename(\"f\", \"g\").unwrap()).join().unwrap();\n"
      "}\n");
  const std::string source = source_.path() + "/save.rs";
  const std::string built = source_.path() + "/save";
  ASSERT_TRUE(succeeds("rustc -g -O -o " + built + " " + source));
  EXPECT_THAT(lines_of({built}),
              ElementsAre("openat save.rs:4", "openat save.rs:4", "write save.rs:5",
                          "fsync save.rs:6", "write save.rs:9", "rename save.rs:10"));
}

// Building takes long where nothing of the Go library has been built before.
TEST_F(TraceLinesTest, of_go_skip_its_library) {
  const char* lab = std::getenv("UNTORN_LAB");
  if (lab == nullptr && !is_required("go")) GTEST_SKIP() << "only with UNTORN_LAB=1";
  UNTORN_NEEDS_TOOL("go", "go version");
  source_.write("save.go",
                "package main\n"
                "import (\"bufio\"; \"os\")\n"
                "func save(path string, data []byte) {\n"
                "\tfile, _ := os.Create(path + \".tmp\")\n"
                "\tfile.Write(data)\n"
                "\tbuffered := bufio.NewWriter(file)\n"
                "\tbuffered.WriteString(\"more\")\n"
                "\tbuffered.Flush()\n"
                "\tfile.Sync()\n"
                "\tfile.Close()\n"
                "\tos.Rename(path+\".tmp\", path)\n"
                "}\n"
                "func main() {\n"
                "\tsave(\"state\", []byte(\"hello\"))\n"
                "\tdone := make(chan int)\n"
                "\tgo func() {\n"
                "\t\tos.Remove(\"state\")\n"
                "\t\tdone <- 1\n"
                "\t}()\n"
                "\t<-done\n"
                "}\n");
  const std::string built = source_.path() + "/save";
  ASSERT_TRUE(succeeds("GOCACHE=" + source_.path() + "/cache GOFLAGS=-mod=mod go build -o " +
                       built + " " + source_.path() + "/save.go"));
  EXPECT_THAT(
      lines_of({built}),
      ElementsAre("openat save.go:4", "openat save.go:4", "write save.go:5", "write save.go:8",
                  "fsync save.go:9", "renameat save.go:11", "unlinkat save.go:17"));
}

}  // namespace
}  // namespace untorn::prove::testing
