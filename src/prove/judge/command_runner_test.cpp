// SPDX-License-Identifier: Apache-2.0
//
// Real commands: what they read is known, nothing of them stays, and a Python program answers in a
// fork as it does by itself.
#include "prove/judge/command_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "prove/judge/start_command.h"
#include "prove/trace/trace_test_support.h"

namespace untorn::prove {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::TestFolder;

std::string python() {
  for (const char* path : {"/usr/bin/python3", "/usr/local/bin/python3"}) {
    if (::access(path, X_OK) == 0) return path;
  }
  return "python3";
}

bool has_python() {
  return find_in_path(python()).has_value();
}

#define NEEDS_PYTHON()                                                                      \
  do {                                                                                      \
    if (!has_python()) {                                                                    \
      const char* required = std::getenv("UNTORN_REQUIRE");                                 \
      if (required != nullptr && std::string(required).find("python") != std::string::npos) \
        FAIL() << "no python3";                                                             \
      GTEST_SKIP() << "no python3";                                                         \
    }                                                                                       \
  } while (false)

class CommandRunnerTest : public ::testing::Test {
 protected:
  void SetUp() override { UNTORN_NEEDS_TRACING(); }

  [[nodiscard]] std::string root() const { return fs::canonical(folder_.path()).string(); }

  std::unique_ptr<CommandRunner> runner(std::vector<std::string> arguments) const {
    return std::make_unique<CommandRunner>(
        std::move(arguments), std::vector<StatePlace>{{root(), ""}}, root() + "-acknowledged");
  }
  std::unique_ptr<CommandRunner> shell(const std::string& line) const {
    return runner({"sh", "-c", line});
  }
  [[nodiscard]] BoundedCommand bounded() const {
    BoundedCommand command;
    command.working_directory = root();
    command.environment = {{"UNTORN_STATE", root()}, {"PYTHONDONTWRITEBYTECODE", "1"}};
    return command;
  }
  CommandResult run(CommandRunner& runner) const {
    auto result = runner.run(bounded());
    EXPECT_TRUE(result) << (result ? "" : result.error().message());
    return result ? *result : CommandResult();
  }
  // "content a", "status d", … of one run of a line.
  std::vector<std::string> reads_of(const std::string& line) const {
    const auto runs = shell(line);
    (void)run(*runs);
    EXPECT_TRUE(runs->reads().complete) << runs->reads().why;
    std::vector<std::string> texts;
    for (const Read& read : runs->reads().reads) {
      const char* kind = read.kind == Read::Kind::status ? "status " : "content ";
      texts.push_back(read.kind == Read::Kind::acknowledged ? "acknowledged" : kind + read.path);
    }
    return texts;
  }
  std::string why_incomplete(const std::string& line) const {
    const auto runs = shell(line);
    (void)run(*runs);
    return runs->reads().complete ? "" : runs->reads().why;
  }

  TestFolder folder_;
};

TEST_F(CommandRunnerTest, file_that_is_read_counts_with_its_bytes) {
  folder_.write("a", "1");
  EXPECT_THAT(reads_of("cat a"), Contains("content a"));
  EXPECT_THAT(reads_of("sh -c 'while read x; do :; done < a'"), Contains("content a"));
  EXPECT_THAT(reads_of("cat " + root() + "/a"), Contains("content a"));
  EXPECT_THAT(reads_of("cd /; cat ." + root() + "/./a"), Contains("content a"));
}

TEST_F(CommandRunnerTest, names_that_are_not_there_count) {
  EXPECT_THAT(reads_of("test -e missing"), Contains("status missing"));
  EXPECT_THAT(reads_of("cat missing/too || true"), Contains("status missing"));
  EXPECT_THAT(reads_of("cat missing/too || true"), Contains("content missing/too"));
}

TEST_F(CommandRunnerTest, folder_that_is_listed_counts_with_its_names) {
  folder_.write("a", "1");
  EXPECT_THAT(reads_of("ls"), Contains("content "));
  EXPECT_THAT(reads_of("echo *"), Contains("content "));
}

TEST_F(CommandRunnerTest, links_count_with_what_they_lead_to) {
  fs::create_directory(folder_.path() + "/d");
  folder_.write("d/a", "1");
  fs::create_symlink("d", folder_.path() + "/l");
  fs::create_symlink(root() + "/l/a", folder_.path() + "/m");
  const auto reads = reads_of("cat m");
  EXPECT_THAT(reads, Contains("content m"));
  EXPECT_THAT(reads, Contains("content l"));
  EXPECT_THAT(reads, Contains("content d/a"));
  EXPECT_THAT(reads_of("readlink l"), Contains("content l"));
}

TEST_F(CommandRunnerTest, programs_and_what_they_start_count) {
  folder_.write("script", "#!/bin/sh\ncat a\n");
  folder_.write("a", "1");
  fs::permissions(folder_.path() + "/script", fs::perms::owner_all);
  EXPECT_THAT(reads_of("./script"), Contains("content script"));
  EXPECT_THAT(reads_of("./script"), Contains("content a"));
  EXPECT_THAT(reads_of("sh -c 'cat a | cat' & wait"), Contains("content a"));
  EXPECT_THAT(reads_of("cat /proc/self/cwd/a"), Contains("content a"));
}

TEST_F(CommandRunnerTest, acknowledged_output_counts_for_itself) {
  std::ofstream(root() + "-acknowledged") << "saved";
  EXPECT_THAT(reads_of("cat " + root() + "-acknowledged"), Contains("acknowledged"));
  EXPECT_THAT(reads_of("true"), Not(Contains("acknowledged")));
  fs::remove(root() + "-acknowledged");
}

TEST_F(CommandRunnerTest, changes_are_seen) {
  folder_.write("a", "1");
  const auto changes = [&](const std::string& line) {
    const auto runs = shell(line);
    (void)run(*runs);
    return runs->reads().changes_tree;
  };
  EXPECT_FALSE(changes("cat a; ls; test -e b"));
  EXPECT_FALSE(changes("echo x > /dev/null"));
  for (const char* line : {"echo x > b", ": >> a", "mv b c", "ln c d", "ln -s c e", "mkdir f",
                           "rmdir f", "chmod 600 a", "touch a", "rm c"}) {
    EXPECT_TRUE(changes(line)) << line;
  }
}

TEST_F(CommandRunnerTest, what_cannot_be_followed_says_so) {
  fs::create_directory(folder_.path() + "/d");
  folder_.write("d/a", "1");
  EXPECT_EQ(why_incomplete("mv d e && cat e/a"), "it moves a folder");
  EXPECT_EQ(why_incomplete("ln -s e f && cat f/a && mv e/a e/b"), "");
}

TEST_F(CommandRunnerTest, nothing_of_a_command_stays) {
  // A daemon in a session of its own, whose number it leaves behind.
  const auto runs = shell("setsid sh -c 'echo $$ > pid; exec sleep 1000' & sleep 0.2; cat pid");
  const CommandResult result = run(*runs);
  EXPECT_EQ(result.exit_code, 0);
  const pid_t daemon = std::stoi(folder_.read("pid"));
  EXPECT_NE(::kill(daemon, 0), 0);
}

TEST_F(CommandRunnerTest, command_that_hangs_is_ended_with_its_children) {
  const auto runs = shell("sleep 1000 & echo $! > pid; wait");
  BoundedCommand command = bounded();
  command.time_max = std::chrono::milliseconds(300);
  const auto result = runs->run(command);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->timed_out);
  EXPECT_NE(::kill(std::stoi(folder_.read("pid")), 0), 0);
}

TEST_F(CommandRunnerTest, output_is_kept_up_to_its_limit) {
  const auto runs = shell("head -c 5000000 /dev/zero; echo said >&2");
  const CommandResult result = run(*runs);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.output.size(), CommandResult::output_bytes_max);
  EXPECT_THAT(run(*shell("echo said >&2; exit 7")).output, "said\n");
}

TEST_F(CommandRunnerTest, program_that_is_not_there_is_127) {
  EXPECT_EQ(run(*shell("./no-such-program")).exit_code, 127);
  EXPECT_EQ(run(*shell("no-such-program-anywhere")).exit_code, 127);
  EXPECT_EQ(run(*runner({"no-such-program-anywhere"})).exit_code, 127);
}

// ----- Python in a fork
// ---------------------------------------------------------------------------

// Two streams of one program: when a traceback comes before what was printed, and when after, is up
// to the interpreter.
std::vector<std::string> sorted_lines(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  std::ranges::sort(lines);
  return lines;
}

struct PythonCase {
  const char* name;
  const char* program;
  std::vector<std::string> arguments = {"check.py"};
};

class PythonServerTest : public CommandRunnerTest {
 protected:
  // The same program by itself and in a fork, a few times: exit code, output and what is left.
  void expect_same(const PythonCase& one) const {
    SCOPED_TRACE(one.name);
    folder_.write("check.py", one.program);
    folder_.write("helper.py", "import decimal\nvalue = decimal.Decimal(open('a').read())\n");
    folder_.write("a", "41");
    std::vector<std::string> words = {python()};
    words.insert(words.end(), one.arguments.begin(), one.arguments.end());
    const auto plain = runner(words);
    plain->use_server(false);
    const auto served = runner(words);
    for (int i = 0; i < 4; ++i) {
      fs::remove(folder_.path() + "/out");
      const CommandResult expected = run(*plain);
      const std::string written = folder_.has("out") ? folder_.read("out") : "-";
      fs::remove(folder_.path() + "/out");
      const CommandResult found = run(*served);
      EXPECT_TRUE(served->has_server()) << served->why_no_server();
      EXPECT_EQ(found.exit_code, expected.exit_code);
      EXPECT_EQ(sorted_lines(found.output), sorted_lines(expected.output));
      EXPECT_EQ(folder_.has("out") ? folder_.read("out") : "-", written);
      folder_.write("a", std::to_string(i));
    }
  }
};

TEST_F(PythonServerTest, answers_are_those_of_the_program_itself) {
  NEEDS_PYTHON();
  const std::vector<PythonCase> cases = {
      {"reads the state",
       "import sys\nprint(open('a').read())\nsys.exit(int(open('a').read()) % 2)"},
      {"module of the state", "import helper\nprint(helper.value, helper.__file__)"},
      {"arguments",
       "import sys\nprint(sys.argv, sys.path[0], __name__, __file__)",
       {"-B", "check.py", "x", "--y"}},
      {"exception", "import json\nprint('before')\njson.loads('{')"},
      {"exit with text", "raise SystemExit('bad state')"},
      {"exit 256 + 3", "raise SystemExit(259)"},
      {"no exit code", "import sys; sys.exit()"},
      {"syntax error", "def ("},
      {"exit handler", "import atexit\natexit.register(lambda: print('bye'))\nprint('now')"},
      {"file that is never closed", "f = open('out', 'w')\nf.write('text')"},
      {"thread", "import threading\nthreading.Thread(target=lambda: print('in a thread')).start()"},
      {"hard exit", "import os\nprint('lost')\nos._exit(5)"},
      {"signal", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"},
      {"environment", "import os\nprint(os.environ['UNTORN_STATE'], os.getcwd())"},
      {"input", "import sys\nprint(repr(sys.stdin.read()))"},
      {"child", "import subprocess\nprint(subprocess.check_output(['cat', 'a']))"},
      {"pickle of its own class",
       "import pickle\nclass C: pass\nprint(type(pickle.loads(pickle.dumps(C()))))"},
      {"code", "", {"-c", "import sys; print(sys.argv, repr(sys.path[0])); sys.exit(4)", "z"}},
      {"module", "", {"-m", "json.tool", "a"}},
      {"module of the folder",
       "import sys\nprint(sys.argv[1:], __name__, __spec__.name)",
       {"-m", "check", "q"}},
      {"optimised", "assert False\nprint(__debug__)", {"-O", "check.py"}},
      {"isolated",
       "import sys\nprint(sys.path[0].endswith('zip'), sys.flags.isolated)",
       {"-I", "check.py"}},
      {"missing", "", {"absent.py"}},
  };
  for (const PythonCase& one : cases) {
    if (one.arguments[0] == "absent.py") {
      // The message names the interpreter in its own way.
      const auto served = runner({python(), "absent.py"});
      EXPECT_EQ(run(*served).exit_code, 2);
    } else {
      expect_same(one);
    }
  }
}

TEST_F(PythonServerTest, reads_of_a_fork_are_those_of_the_run) {
  NEEDS_PYTHON();
  folder_.write("check.py", "import helper\nopen('a').read()\n");
  folder_.write("helper.py", "import os.path\nos.path.exists('b')\n");
  folder_.write("a", "1");
  const auto served = runner({python(), "check.py"});
  for (int i = 0; i < 5; ++i) {
    (void)run(*served);
    ASSERT_TRUE(served->has_server());
    ASSERT_TRUE(served->reads().complete) << served->reads().why;
    std::vector<Read> reads = served->reads().reads;
    for (const Read& wanted :
         {Read{Read::Kind::content, "check.py"}, Read{Read::Kind::content, "helper.py"},
          Read{Read::Kind::content, "a"}, Read{Read::Kind::status, "b"}}) {
      EXPECT_THAT(reads, Contains(wanted)) << wanted.path << " in run " << i;
    }
  }
}

TEST_F(PythonServerTest, fork_does_not_remember_the_state_before) {
  NEEDS_PYTHON();
  folder_.write("check.py", "import sys, helper\nsys.exit(helper.value)\n");
  const auto served = runner({python(), "check.py"});
  for (const int value : {3, 5, 3, 0, 8}) {
    folder_.write("helper.py", "value = " + std::to_string(value) + "\n");
    EXPECT_EQ(run(*served).exit_code, value);
    EXPECT_TRUE(served->has_server());
  }
}

TEST_F(PythonServerTest, hanging_fork_is_ended_and_the_next_one_runs) {
  NEEDS_PYTHON();
  folder_.write("check.py", "import os, time\nif os.path.exists('hang'): time.sleep(1000)\n");
  const auto served = runner({python(), "check.py"});
  EXPECT_EQ(run(*served).exit_code, 0);
  folder_.write("hang", "");
  BoundedCommand command = bounded();
  command.time_max = std::chrono::milliseconds(500);
  const auto hung = served->run(command);
  ASSERT_TRUE(hung);
  EXPECT_TRUE(hung->timed_out);
  fs::remove(folder_.path() + "/hang");
  EXPECT_EQ(run(*served).exit_code, 0);
  EXPECT_TRUE(served->has_server());
}

TEST(PythonProgram, other_ways_to_start_python_are_not_served) {
  NEEDS_PYTHON();
  const std::string name = python();
  EXPECT_TRUE(python_program({name, "check.py"}));
  EXPECT_TRUE(python_program({name, "-I", "-W", "error", "-m", "m"}));
  for (const std::vector<std::string>& words : {std::vector<std::string>{name},
                                                {name, "-i", "check.py"},
                                                {name, "-"},
                                                {name, "-c"},
                                                {name, "--version"},
                                                {"sh", "check.py"},
                                                {"python-no-such", "check.py"}}) {
    EXPECT_FALSE(python_program(words)) << words.back();
  }
}

}  // namespace
}  // namespace untorn::prove
