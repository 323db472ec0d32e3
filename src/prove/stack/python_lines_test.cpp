// SPDX-License-Identifier: Apache-2.0
//
// The line tables of the standard library of each interpreter, decoded here and by dis.
#include "prove/stack/python_lines.h"

#include <gtest/gtest.h>

#include <charconv>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "prove/stack/stack_test_support.h"

namespace untorn::prove {
namespace {

// For each code object of some modules: table, first line, length, and offset:line for every
// instruction, by the function that Python's own frames use.
constexpr std::string_view dump_tables = R"py(import sys, types
def walk(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from walk(constant)
def lines(code):
    if hasattr(code, "co_lines"):
        for start, end, line in code.co_lines():
            for offset in range(start, end, 2):
                yield offset, line or 0
    else:
        import dis
        starts = dict(dis.findlinestarts(code))
        line = code.co_firstlineno
        for offset in range(0, len(code.co_code), 2):
            line = starts.get(offset, line)
            yield offset, line
import argparse, ast, asyncio.base_events, decimal, difflib, dis, inspect, typing, tarfile
for name in "argparse ast asyncio.base_events difflib dis inspect typing tarfile".split():
    path = sys.modules[name].__file__
    with open(path, encoding="utf-8") as file:
        module = compile(file.read(), path, "exec")
    for code in walk(module):
        table = code.co_linetable if hasattr(code, "co_lines") else code.co_lnotab
        print(table.hex() or "-", code.co_firstlineno,
              " ".join("%d:%d" % pair for pair in lines(code)))
)py";

std::vector<std::byte> from_hexadecimal(std::string_view text) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    std::uint8_t value = 0;
    std::from_chars(text.data() + i, text.data() + i + 2, value, 16);
    bytes.push_back(static_cast<std::byte>(value));
  }
  return bytes;
}

class PythonLines : public testing::TestWithParam<int> {};

TEST_P(PythonLines, equal_those_of_python_for_the_standard_library) {
  const auto interpreters = test::python_interpreters(GetParam());
  if (interpreters.empty()) {
    const std::string reason = "Python 3." + std::to_string(GetParam()) + " is not installed";
    if (test::is_required("python")) FAIL() << reason;
    GTEST_SKIP() << reason;
  }
  const test::TemporaryDirectory directory;
  const std::string script = directory.write("dump.py", dump_tables);
  StackCollector stacks;
  const auto run =
      test::run_traced({.command = {interpreters.front(), "-W", "ignore", script}}, stacks);
  ASSERT_EQ(run.exit_code, 0);

  std::istringstream codes(run.output);
  std::size_t checked = 0;
  std::size_t wrong = 0;
  for (std::string line; std::getline(codes, line);) {
    std::istringstream words(line);
    std::string table;
    std::uint32_t first_line = 0;
    words >> table >> first_line;
    const std::vector<std::byte> bytes = from_hexadecimal(table);
    std::int64_t offset = 0;
    char colon = 0;
    std::uint32_t expected = 0;
    while (words >> offset >> colon >> expected) {
      ++checked;
      const auto minor = static_cast<std::size_t>(GetParam());
      if (python_line(minor, bytes, first_line, offset) != expected) ++wrong;
    }
  }
  EXPECT_EQ(wrong, 0U);
  EXPECT_GT(checked, 20'000U);
}

INSTANTIATE_TEST_SUITE_P(Versions, PythonLines, testing::Range(8, 14), [](const auto& instance) {
  return "python3_" + std::to_string(instance.param);
});

TEST(PythonLinesOfDamagedTables, end_within_one_pass) {
  std::mt19937 random(42);
  std::uniform_int_distribution<int> any_byte(0, 255);
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::byte> table(static_cast<std::size_t>(round % 67));
    for (std::byte& byte : table) byte = static_cast<std::byte>(any_byte(random));
    for (std::size_t minor = 8; minor <= 13; ++minor) {
      for (const std::int64_t offset : {-2, 0, 1, 40, 100'000}) {
        EXPECT_LE(python_line(minor, table, 1, offset), 0x7fffffffU);
      }
    }
  }
}

}  // namespace
}  // namespace untorn::prove
