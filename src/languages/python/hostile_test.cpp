// SPDX-License-Identifier: Apache-2.0
//
// Texts that nobody means well with: deep, long, cut, random. Each is read or refused, in time that
// grows with its size, without overflowing the stack.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <string_view>

#include "languages/language.h"

namespace untorn::languages {
namespace {

std::string repeated(std::string_view piece, std::size_t times) {
  std::string text;
  text.reserve(piece.size() * times);
  for (std::size_t at = 0; at < times; ++at) text += piece;
  return text;
}

// What the facts say of places lies within the text.
void expect_sound(const FileFacts& facts, std::string_view source) {
  for (const Operation& each : facts.operations) {
    EXPECT_LE(each.range.span.end, source.size());
    EXPECT_LT(each.range.span.begin, each.range.span.end);
    EXPECT_LT(each.function, facts.functions.size());
    const auto parameters = facts.functions[each.function].parameters.size();
    EXPECT_LT(each.target.parameter, static_cast<std::int64_t>(parameters));
    EXPECT_LT(each.source.parameter, static_cast<std::int64_t>(parameters));
    EXPECT_LT(each.mode_parameter, static_cast<std::int64_t>(parameters));
  }
  for (const Call& each : facts.calls) {
    EXPECT_LE(each.range.span.end, source.size());
    EXPECT_LT(each.function, facts.functions.size());
    const auto parameters = facts.functions[each.function].parameters.size();
    for (const Argument& argument : each.arguments) {
      EXPECT_LT(argument.path.parameter, static_cast<std::int64_t>(parameters));
    }
  }
  for (const RecoveryFlaw& each : facts.recovery_flaws) {
    EXPECT_LT(each.function, facts.functions.size());
  }
}

void read_soundly(std::string_view source) {
  const auto facts = python().read("app.py", source);
  if (facts) expect_sound(*facts, source);
}

TEST(python_hostile, reads_deep_nesting) {
  const std::string open = repeated("(", 20000);
  const std::string close = repeated(")", 20000);
  read_soundly("x = " + open + "1" + close + "\n");
  read_soundly("open(" + open + "'a'" + close + ", 'w')\n");
  read_soundly("x = " + repeated("open(", 5000) + "1" + repeated(")", 5000) + "\n");
  read_soundly("x = " + repeated("[", 20000));
  read_soundly("x = " + repeated("lambda a: ", 3000) + "open('a', 'w')\n");
}

TEST(python_hostile, reads_long_chains) {
  EXPECT_EQ(python().read("a.py", "x = a" + repeated(".b", 100000) + "()\n")->operations.size(),
            0U);
  read_soundly("x = a" + repeated(".open('w')", 10000) + "\n");
  read_soundly("p = a" + repeated("/'b'", 100000) + "\nopen(p, 'w')\n");
  const auto sum = python().read("a.py", "x = 1" + repeated(" + open('a', 'w')", 10000) + "\n");
  ASSERT_TRUE(sum);
  EXPECT_EQ(sum->operations.size(), 10000U);
}

TEST(python_hostile, reads_names_that_are_bound_very_often) {
  read_soundly("p = 'a'\n" + repeated("p = p + 'b'\n", 10000) + "open(p, 'w')\n");
  read_soundly("p = 'a'\n" + repeated("p += 'b'\n", 10000) + "open(p, 'w')\n");
  read_soundly("f = open('a', 'w')\n" + repeated("f.write('x')\n", 20000));
  read_soundly(repeated("f = open('a', 'w')\nf.write('x')\n", 10000));
  read_soundly("class C:\n" + repeated(" def f(self):\n  self.a = open('x', 'w')\n", 3000));
}

TEST(python_hostile, follows_names_only_so_far) {
  std::string doubling = "p0 = 'a'\n";
  for (int at = 0; at < 2000; ++at) {
    const std::string before = "p" + std::to_string(at);
    doubling += "p" + std::to_string(at + 1) + " = " + before + " + " + before + "\n";
  }
  read_soundly(doubling + "open(p2000, 'w')\n");
  std::string functions;
  for (int at = 0; at < 2000; ++at) {
    functions += "def f" + std::to_string(at) + "(p): return f" + std::to_string(at + 1) + "(p)\n";
  }
  read_soundly(functions + "open(f0('x'), 'w')\n");
  read_soundly("def f(p): return f(p)\nopen(f('x'), 'w')\n");
  read_soundly(
      "p = p\nopen(p, 'w')\nclass A(A):\n  def f(self): self.x = self.x; open(self.x, 'w')\n");
  read_soundly("a = b\nb = a\na('x', 'w')\n");
}

TEST(python_hostile, reads_long_lines) {
  const std::string long_text = repeated("ä", 500000);
  const auto facts = python().read("a.py", "x = '" + long_text + "'; open('a', 'w').write(x)\n");
  ASSERT_TRUE(facts);
  ASSERT_EQ(facts->operations.size(), 1U);
  EXPECT_EQ(facts->operations[0].range.first.column, 500009U);
  read_soundly("open('" + long_text + "', 'w')\n");
  read_soundly(repeated("# untorn: allow UT001\n", 20000));
}

TEST(python_hostile, reads_nested_statements) {
  constexpr std::size_t depth_limit = 200;
  const auto indented = [](std::size_t depth, const std::string& text) {
    return std::string(depth, ' ') + text;
  };
  std::string tries = "import json\n";
  std::string functions;
  for (std::size_t depth = 0; depth < depth_limit; ++depth) {
    tries += indented(depth, "try:\n");
    functions += indented(depth, "def f" + std::to_string(depth) + "():\n");
  }
  tries += indented(depth_limit, "json.load(open('x'))\n");
  for (std::size_t depth = depth_limit; depth > 0; --depth) {
    tries += indented(depth - 1, "except Exception: x = {}\n");
  }
  read_soundly(tries);
  read_soundly(functions + indented(depth_limit, "open('x', 'w')\n"));
}

constexpr std::string_view sample = R"py(# -*- coding: utf-8 -*-
"""A module."""
import json, os, tempfile
from pathlib import Path as P

class Störe(Base):
    NAME: str = "a.json"
    def __init__(self, root: P | None = None, *, mode="w", **more):
        self.path = P(root or ".") / f"{self.NAME!r:>{3}}.json"
    def save(self, data):
        tmp = self.path.with_suffix(".tmp")
        with open(tmp, "w", encoding="utf-8") as f, lock(f) as (a, b):
            json.dump(data, f); os.fsync(f.fileno())
        os.replace(tmp, self.path)
    def load(self):
        try:
            return json.loads(self.path.read_text())
        except (ValueError, KeyError) as e:
            return {}
fd, name = tempfile.mkstemp(dir=os.path.dirname(__file__))
[os.write(fd, x) for x in y if (z := x)]
print >>open("b" "c", "a"), 'x'
)py";

TEST(python_hostile, reads_every_prefix_of_a_file) {
  ASSERT_TRUE(python().read("a.py", sample));
  for (std::size_t size = 0; size <= sample.size(); ++size) read_soundly(sample.substr(0, size));
}

TEST(python_hostile, reads_a_file_without_any_one_byte) {
  for (std::size_t at = 0; at < sample.size(); at += 2) {
    std::string text(sample);
    text.erase(at, 1);
    read_soundly(text);
  }
}

TEST(python_hostile, reads_random_tokens) {
  static constexpr std::array<std::string_view, 48> tokens = {
      "open",  "(",       ")",     ",",       "'w'",     "'a.txt'", "p",       "=",
      "\n",    "\n  ",    "def f", ":",       "class C", "self",    ".",       "write",
      "with ", " as f",   "f",     "json",    "dump",    "for ",    " in ",    "[",
      "]",     "import ", "from ", "os",      "path",    "join",    "lambda ", "*",
      "**",    "/",       "+",     "%",       "return ", "try:\n ", "pass",    "except",
      "Path",  "f\"{",    "}\"",   "global ", ":=",      "if ",     " else ",  "yield "};
  std::mt19937 random(20240607);  // NOLINT: the same cases in each run
  std::uniform_int_distribution<std::size_t> pick(0, tokens.size() - 1);
  std::size_t parsed = 0;
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (int at = 0; at < 30; ++at) text += tokens.at(pick(random));
    const auto facts = python().read("a.py", text);
    if (facts) expect_sound(*facts, text);
    parsed += facts ? 1U : 0U;
  }
  EXPECT_LT(parsed, 2000U);
}

TEST(python_hostile, reads_random_statements) {
  static constexpr std::array<std::string_view, 24> lines = {"p = 'a.json'",
                                                             "p = p + '.tmp'",
                                                             "p = Path(p)",
                                                             "p += q",
                                                             "q = p",
                                                             "f = open(p, m)",
                                                             "m = 'w'",
                                                             "f.write(q)",
                                                             "f.close()",
                                                             "os.replace(p, q)",
                                                             "p.write_text(q)",
                                                             "p = q / 'x'",
                                                             "import os, shutil",
                                                             "from pathlib import Path",
                                                             "fd, p = mkstemp()",
                                                             "from tempfile import *",
                                                             "q = f'{p}.{q}'",
                                                             "p, q = q, p",
                                                             "global p",
                                                             "self.x = p",
                                                             "p = self.x",
                                                             "q = g(p)",
                                                             "def g(p): return p",
                                                             "m = q if p else 'a'"};
  std::mt19937 random(7);  // NOLINT: the same cases in each run
  std::uniform_int_distribution<std::size_t> pick(0, lines.size() - 1);
  for (int round = 0; round < 1500; ++round) {
    std::string text = "class C:\n  def h(self, p, q, m):\n";
    for (int at = 0; at < 14; ++at) text += "    " + std::string(lines.at(pick(random))) + "\n";
    const auto facts = python().read("a.py", text);
    ASSERT_TRUE(facts) << facts.error().reason << "\n" << text;
    expect_sound(*facts, text);
  }
}

}  // namespace
}  // namespace untorn::languages
