// SPDX-License-Identifier: Apache-2.0
//
// Python stacks against Python's own: faulthandler writes the traceback of the running thread with
// write(2), so at that very call both sides look at the same frames.
#include "prove/stack/stack.h"

#include <gtest/gtest.h>

#include <iostream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "prove/stack/stack_test_support.h"

namespace untorn::prove {
namespace {

using test::describe;
using test::run_traced;
using test::TemporaryDirectory;
using test::TracedRun;

constexpr std::string_view traceback_head = "Stack (most recent call first)";

constexpr std::string_view scenarios = R"py(import asyncio
import contextlib
import faulthandler
import functools
import json
import os
import sys
import threading


def mark(*ignored):
    faulthandler.dump_traceback(1, all_threads=False)


def nested():
    def inner():
        mark()
    inner()


def in_thread():
    thread = threading.Thread(target=nested, name="other")
    thread.start()
    thread.join()


def produce():
    yield 1
    mark()
    yield 2


def generator():
    for _ in produce():
        pass


def delegating():
    yield from produce()


@contextlib.contextmanager
def managed():
    mark()
    yield
    mark()


def with_block():
    with managed():
        mark()


def decorate(function):
    @functools.wraps(function)
    def wrapper(*arguments):
        return function(*arguments)
    return wrapper


@decorate
@functools.lru_cache(
    maxsize=None)
def decorated(value):
    mark(
        value,
        [value
         for _ in range(3)],
    )


def many_lines():
    return sorted(
        [1, 2],
        key=lambda value: (
            mark(
                value,
            )
            or value),
    )


async def leaf():
    await asyncio.sleep(0)
    mark()


async def root():
    async with contextlib.AsyncExitStack() if hasattr(contextlib, "x") else Guard():
        await asyncio.gather(leaf(), leaf())
    return [mark() async for _ in agen()]


async def agen():
    yield 1
    yield 2


class Guard:
    async def __aenter__(self):
        await asyncio.sleep(0)
        mark()

    async def __aexit__(self, *details):
        mark()


class Body:
    mark()
    values = [mark() for _ in range(2)]

    def method(self):
        try:
            raise ValueError
        except ValueError:
            mark()
        finally:
            mark()

    def __del__(self):
        mark()

    @property
    def value(self):
        return mark()


def recurse(depth):
    if depth:
        return recurse(depth - 1)
    mark()


class Encoder(json.JSONEncoder):
    def default(self, value):
        mark()
        return 1


def library():
    json.dumps({"a": [object()]}, cls=Encoder, indent=1)


def generated():
    for line in range(30):
        source = "\n" * line + "def made():\n  mark()\nmade()\n"
        exec(compile(source, "<made %d>" % line, "exec"), {"mark": mark})


def big():
    source = ["def large(x):"]
    source += ["  x = x + %d + x * 2 - (x or 3)" % i for i in range(400)]
    source += ["  mark()", "  for i in (1, 2):", "    if i: mark(x,", "        i)"] + [""] * 300
    source += ["  mark()"]
    space = {"mark": mark}
    exec(compile("\n".join(source), "large.py", "exec"), space)
    space["large"](1)


def in_child():
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        nested()
        os._exit(0)
    os.waitpid(child, 0)


def unicode():
    source = "def gr\u00f6\u00dfe():\n  mark()\ngr\u00f6\u00dfe()\n"
    exec(compile(source, "/tmp/caf\u00e9.py", "exec"), {"mark": mark})


nested()
in_thread()
generator()
list(delegating())
with_block()
decorated(1)
many_lines()
asyncio.run(root())
Body().method()
Body().value
recurse(50)
library()
generated()
big()
in_child()
unicode()
list(map(mark, [1, 2]))
)py";

// What faulthandler says: one list of "path:line function" for each traceback.
std::vector<std::string> written_tracebacks(const std::string& output) {
  static const std::regex frame_line("  File \"(.*)\", line (\\d+) in (.*)");
  std::vector<std::string> stacks;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (line.starts_with(traceback_head)) {
      stacks.emplace_back();
    } else if (!stacks.empty() && std::regex_match(line, match, frame_line)) {
      stacks.back() += match[1].str() + ":" + match[2].str() + " " + match[3].str() + "\n";
    }
  }
  return stacks;
}

// The same of a captured stack, with what faulthandler escapes escaped.
std::string as_traceback(const Stack& stack) {
  std::string text;
  for (const Frame& frame : stack) {
    text += frame.path + ":" + std::to_string(frame.line) + " " + frame.function + "\n";
  }
  static const std::vector<std::pair<std::string, std::string>> escapes{
      {"\u00e9", "\\xe9"}, {"\u00f6", "\\xf6"}, {"\u00df", "\\xdf"}};
  for (const auto& [plain, escaped] : escapes) {
    for (std::size_t at = text.find(plain); at != std::string::npos; at = text.find(plain, at)) {
      text.replace(at, plain.size(), escaped);
    }
  }
  return text;
}

class PythonStacks : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    interpreters_ = test::python_interpreters(GetParam());
    if (!interpreters_.empty()) return;
    const std::string reason = "Python 3." + std::to_string(GetParam()) + " is not installed";
    if (test::is_required("python")) FAIL() << reason;
    GTEST_SKIP() << reason;
  }

  std::vector<std::string> interpreters_;
};

TEST_P(PythonStacks, equal_the_tracebacks_that_python_writes_itself) {
  const TemporaryDirectory directory;
  const std::string script = directory.write("scenarios.py", scenarios);
  for (const std::string& python : interpreters_) {
    SCOPED_TRACE(python);
    StackCollector stacks;
    const TracedRun run = run_traced({.command = {python, script}, .mark = traceback_head}, stacks);
    ASSERT_EQ(run.exit_code, 0) << run.output;
    const std::vector<std::string> expected = written_tracebacks(run.output);
    ASSERT_GT(expected.size(), 60U) << run.output;
    ASSERT_EQ(run.stacks.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(as_traceback(stacks.resolve(run.stacks[i])), expected[i]) << i;
    }
  }
}

// A program that saves in a loop, as most programs do, ten frames deep.
constexpr std::string_view saving = R"py(import os


def save(text):
    os.write(
        1,
        text)


def deep(depth):
    if depth == 0:
        return save(b"MARK\n")
    return deep(depth - 1)


os.chdir("/")
for _ in range(2000):
    deep(7)
)py";

TEST_P(PythonStacks, of_equal_calls_share_a_number_and_name_the_script_of_a_relative_command) {
  const TemporaryDirectory directory;
  const std::string script = directory.write("saving.py", saving);
  for (const std::string& python : interpreters_) {
    SCOPED_TRACE(python);
    StackCollector stacks;
    const TracedRun run = run_traced({.command = {python, "saving.py"},
                                      .working_directory = directory.path(),
                                      .environment = {"PWD=" + directory.path()}},
                                     stacks);
    ASSERT_EQ(run.exit_code, 0) << run.output;
    ASSERT_EQ(run.stacks.size(), 2000U);
    EXPECT_LE(std::set(run.stacks.begin(), run.stacks.end()).size(), 3U) << "specialised code";
    const Stack& stack = stacks.resolve(run.stacks[0]);
    SCOPED_TRACE(describe(stack));
    ASSERT_EQ(stack.size(), 10U);
    const Frame* frame = source_frame(stack);
    ASSERT_NE(frame, nullptr);
    EXPECT_EQ(frame->path, script);
    EXPECT_EQ(frame->line, 5U);
    EXPECT_EQ(frame->function, "save");
    EXPECT_EQ(stack[1].line, 12U);
    EXPECT_EQ(stack[2].line, 13U);
    EXPECT_EQ(stack[9].line, 18U);
    EXPECT_EQ(stack[9].function, "<module>");
    std::cout << python << ": " << run.capture_us_median << " us for 10 frames (median of 2000)\n";
  }
}

TEST_P(PythonStacks, lead_through_the_standard_library_to_the_line_of_the_script) {
  const TemporaryDirectory directory;
  const std::string script = directory.write("through.py",
                                             "import pathlib\n"
                                             "def save(path):\n"
                                             "    pathlib.Path(path).write_text(\n"
                                             "        'MARK')\n"
                                             "save('/proc/self/fd/1')\n");
  for (const std::string& python : interpreters_) {
    SCOPED_TRACE(python);
    StackCollector stacks;
    const TracedRun run = run_traced({.command = {python, script}}, stacks);
    ASSERT_EQ(run.exit_code, 0);
    ASSERT_EQ(run.stacks.size(), 1U);
    const Stack& stack = stacks.resolve(run.stacks[0]);
    SCOPED_TRACE(describe(stack));
    ASSERT_GE(stack.size(), 3U);
    EXPECT_TRUE(stack[0].runtime);
    EXPECT_EQ(stack[0].function, "write_text");
    const Frame* frame = source_frame(stack);
    ASSERT_NE(frame, nullptr);
    EXPECT_EQ(frame->path, script);
    EXPECT_EQ(frame->line, 3U);
    EXPECT_EQ(frame->function, "save");
  }
}

// Each round makes a new code object where the last one was freed.
TEST_P(PythonStacks, do_not_mistake_a_new_function_for_one_at_the_same_address) {
  const TemporaryDirectory directory;
  const std::string script = directory.write("reuse.py", R"py(import os
for i in range(200):
    name = "made_%d" % (i % 7)
    source = "\n" * (i % 40) + "def %s():\n  os.write(1, b'MARK')\n%s()\n" % (name, name)
    space = {"os": os}
    exec(compile(source, "<round %d>" % i, "exec"), space)
    space.clear()
    del source, space
)py");
  for (const std::string& python : interpreters_) {
    SCOPED_TRACE(python);
    StackCollector stacks;
    const TracedRun run = run_traced({.command = {python, script}}, stacks);
    ASSERT_EQ(run.exit_code, 0);
    ASSERT_EQ(run.stacks.size(), 200U);
    for (std::uint32_t i = 0; i < 200; ++i) {
      const Stack& stack = stacks.resolve(run.stacks[i]);
      ASSERT_EQ(stack.size(), 3U) << describe(stack);
      EXPECT_EQ(stack[0].path, "<round " + std::to_string(i) + ">");
      EXPECT_EQ(stack[0].function, "made_" + std::to_string(i % 7));
      EXPECT_EQ(stack[0].line, i % 40 + 2) << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, PythonStacks, testing::Range(8, 14), [](const auto& instance) {
  return "python3_" + std::to_string(instance.param);
});

}  // namespace
}  // namespace untorn::prove
