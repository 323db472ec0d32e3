# SPDX-License-Identifier: Apache-2.0
"""Each rule finds what was planted for it, and leaves the nearest innocent neighbour alone."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
import tidy  # noqa: E402
from sources import Source, blank, functions_of  # noqa: E402

SPDX = "// SPDX-License-Identifier: Apache-2.0\n"
PROMISE = SPDX + "//\n// Keeps a promise.\n//\n// Threads: any.\n#pragma once\n"


class TidyTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="untorn-tidy-")
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def plant(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())

    def found(self):
        """{(path, rule)} of the planted tree."""
        return {(finding.path, finding.rule) for finding in tidy.check(self.root)[0]}

    def assert_found(self, path, text, rule):
        self.plant(path, text)
        self.assertIn((path, rule), self.found(), text)

    def assert_clean(self, path, text):
        self.plant(path, text)
        self.assertEqual(set(), {f for f in self.found() if f[0] == path}, text)


class TextRules(TidyTest):
    def test_form(self):
        for line in ["int a; ", "\tint a;", "int " + "a" * 100 + ";", "int a;\r", "int a;\n"]:
            with self.subTest(line=line):
                self.assert_found("src/base/a.cpp", SPDX + line + "\n", "form")
        self.assert_found("src/base/a.cpp", SPDX + "int a;", "form")
        self.assert_clean("src/base/a.cpp", SPDX + "int " + "a" * 95 + ";\n")
        self.assert_clean("tests/a.py", "# " + SPDX[3:] + "#: fact " + "a" * 120 + "\n")
        self.assert_found("tests/kept", "untorn generation", "form")
        self.assert_clean("tests/kept", "untorn-generation 1 1 number=1\n{} ")

    def test_licence(self):
        self.assert_found("src/base/a.cpp", "int a;\n", "licence")
        self.assert_found("scripts/run", "#!/bin/sh\ntrue\n", "licence")
        self.assert_clean("docs/a.md", "No licence line is asked of a document.\n")

    def test_words(self):
        for text in ["TO" "DO: later", "FIX" "ME", "see ../" "shared/a", "cd /ho" "me/someone/x",
                     "DISABLED" "_case", "fetch from deb." "debian.org", "/wo" "rk/main"]:
            with self.subTest(text=text):
                self.assert_found("src/base/a.cpp", SPDX + "// " + text + "\n", "words")
        self.assert_clean("src/base/a.cpp", SPDX + "// a-XXXXXX, /proc/self, /tmp/a, homework/a\n")

    def test_sizes(self):
        long_body = "int f() {\n" + "  g();\n" * 70 + "}\n"
        self.assert_found("src/base/a.cpp", SPDX + long_body, "size")
        self.assert_clean("src/base/a.cpp", SPDX + long_body.replace("  g();\n", "", 2))
        self.assert_found("src/base/b.cpp", SPDX + "int a;\n" * 800, "size")
        self.assert_found("tools/a.py", "# " + SPDX[3:] + "def f():\n" + "    g()\n" * 70, "size")
        self.assert_found("scripts/a", "#!/bin/sh\nf() {\n" + "  g\n" * 70 + "}\n", "size")

    def test_long_files_are_notes(self):
        self.plant("src/base/a.cpp", SPDX + "int a;\n" * 400)
        findings, notes = tidy.check(self.root)
        self.assertEqual(([], 1), (findings, len(notes)))

    def test_decisions_have_one_number_each(self):
        self.plant("docs/decisions/0001-first.md", "First.\n")
        self.assert_found("docs/decisions/0001-second.md", "Second.\n", "decisions")
        self.assert_found("docs/decisions/third.md", "Third.\n", "decisions")

    def test_links_lead_somewhere(self):
        self.plant("docs/b.md", "Here.\n")
        self.assert_clean("docs/a.md", "[b](b.md) [up](../docs) [w](https://a.org) [x](#x)\n")
        self.assert_found("docs/a.md", "[c](c.md)\n", "links")

    def test_files_that_are_named_are_there(self):
        self.assert_found("src/base/a.cpp", SPDX + "// See docs/b.md.\n", "mentions")
        self.plant("docs/b.md", "Here.\n")
        self.assert_clean("src/base/a.cpp", SPDX + "// See docs/b.md.\n")

    def test_quotes_say_what_the_file_says(self):
        self.plant("examples/a.c", SPDX + "int a;\nint b;\n")
        self.assert_clean("docs/a.md", "<!-- examples/a.c -->\n```c\nint b;\n```\n")
        self.assert_found("docs/a.md", "<!-- examples/a.c -->\n```c\nint c;\n```\n", "quotes")
        self.assert_found("docs/a.md", "<!-- examples/b.c -->\n```c\nint b;\n```\n", "quotes")


class IncludeRules(TidyTest):
    def test_arrows(self):
        for room, name in [("base", "filesystem/names.h"), ("filesystem", "write/replace.h"),
                           ("crash", "untorn/replace.h"), ("write", "crash/engine.h"),
                           ("report", "prove/report/verdict.h"), ("prove", "cli/flags.h"),
                           ("library", "untorn/error.h"), ("base", "unheard/of.h")]:
            with self.subTest(room=room, name=name):
                self.assert_found(f"src/{room}/a.cpp", SPDX + f'#include "{name}"\n', "arrows")
        for room, name in [("write", "untorn/replace.h"), ("prove", "crash/engine.h"),
                           ("cli", "prove/report/verdict.h"), ("crash", "filesystem/names.h")]:
            with self.subTest(room=room, name=name):
                self.assert_clean(f"src/{room}/a.cpp", SPDX + f'#include "{name}"\n')
        self.assert_clean("src/base/a.cpp", SPDX + '// #include "cli/flags.h"\n')
        self.assert_found("src/attic/a.cpp", SPDX + "int a;\n", "arrows")

    def test_public_headers_stand_alone(self):
        self.assert_clean("include/untorn/error.h", PROMISE + "#include <string>\nclass A;\n")
        for line in ["#include <fmt/core.h>", "#include <fcntl.h>", '#include "base/hash.h"',
                     "void save_all();"]:
            with self.subTest(line=line):
                self.assert_found("include/untorn/error.h", PROMISE + line + "\n", "public")
        self.assert_found("include/untorn/error.h", SPDX + "#pragma once\n", "public")
        self.assert_found("include/untorn/error.h",
                          PROMISE.replace("Threads", "Trees") + "class A {};\n", "public")

    def test_headers_are_included_once(self):
        self.assert_found("src/base/a.h", SPDX + "int a();\n", "header")

    def test_dependencies(self):
        self.assert_found("src/write/a.cpp", SPDX + "#include <fmt/core.h>\n", "dependencies")
        self.assert_clean("src/write/a_test.cpp", SPDX + "#include <gtest/gtest.h>\n")
        self.assert_found("src/cli/a.h", SPDX + "#pragma once\n#include <CLI/CLI.hpp>\n",
                          "dependencies")
        self.assert_clean("src/cli/a.cpp", SPDX + "#include <CLI/CLI.hpp>\n")
        self.assert_found("src/cli/b.cpp", SPDX + "#include <CLI/CLI.hpp>\n", "dependencies")


class SeamRule(TidyTest):
    CALLS = ["::rename(a, b);", "std::ofstream out(a);", "::open(a, O_RDONLY | O_CREAT, 0600);",
             "std::filesystem::remove_all(a);", "if (unlink(a) != 0) return;", "std::rename(a, b);",
             'std::fopen(a, "wb");', "auto n = ::write(fd, a, 1);", "syscall(SYS_renameat2, a);",
             "fsync(fd);", "if (a) unlink(b);", "return mkdir(a, 0700);",
             "::openat(d, f(a), O_WRONLY);"]
    INNOCENT = ["fs.rename(a, b);", "file->write(a);", "::open(a, O_RDONLY | O_CLOEXEC);",
                'std::fopen(a, "r");', "// ::rename(a, b)", 'print("::rename(a)");',
                "Result<void> unlink(int a);", "Result<void> Store::write(int a) { return {}; }",
                "overwrite(a);", "std::ifstream in(a);", "using ::rename;",
                "case SYS_renameat2:"]

    def plant_call(self, call, path="src/cli/a.cpp"):
        self.plant(path, SPDX + "#include <unistd.h>\n" + call + "\n")

    def test_changing_calls_are_found(self):
        for call in self.CALLS:
            with self.subTest(call=call):
                self.plant_call(call)
                self.assertIn(("src/cli/a.cpp", "seam"), self.found())

    def test_innocent_calls_are_not(self):
        for call in self.INNOCENT:
            with self.subTest(call=call):
                self.plant_call(call)
                self.assertEqual(set(), self.found())

    def test_the_room_of_the_seam_and_tests_may(self):
        self.plant_call("::rename(a, b);", "src/filesystem/a.cpp")
        self.plant_call("::rename(a, b);", "src/cli/a_test.cpp")
        self.plant_call("::rename(a, b);", "src/cli/a_test_program.cpp")
        self.plant_call("::rename(a, b);", "tests/crash/a.cpp")
        self.assertEqual(set(), self.found())

    def test_exceptions_are_named_and_needed(self):
        self.plant_call("::mount(a, b);")
        self.plant(tidy.ALLOWED_CALLS, "src/cli/*.cpp mount It mounts its private scratch.\n")
        self.assertEqual(set(), self.found())
        self.plant_call("::rename(a, b);")
        self.assertEqual({("src/cli/a.cpp", "seam"), (tidy.ALLOWED_CALLS, "seam")}, self.found())


class NodiscardRule(TidyTest):
    def test_results_are_looked_at(self):
        for declaration in ["Result<int> f();", "static Result<std::vector<int>> f(int a);",
                            "virtual SystemResult<void> f() = 0;", "std::expected<int, E> f();",
                            "int a;\n[[nodiscard]] int g();\nResult<int> f();"]:
            with self.subTest(declaration=declaration):
                self.assert_found("src/base/a.h", SPDX + "\n#pragma once\n" + declaration + "\n",
                                  "nodiscard")
        for declaration in ["[[nodiscard]] Result<int> f();", "Result<int> value;",
                            "[[nodiscard]] static Result<std::vector<int>>\n    f(int a);",
                            "template <class T>\nusing Result = std::expected<T, Error>;",
                            "virtual SystemResult<void> close(int a) = 0;",
                            "SystemResult<int> f(int a) override;"]:
            with self.subTest(declaration=declaration):
                self.assert_clean("src/base/a.h",
                                  SPDX + "\n#pragma once\n" + declaration + "\n")


class Reading(TidyTest):
    def functions(self, text):
        self.plant("a.cpp", text)
        return [(f.name, f.lines) for f in functions_of(Source(self.root, "a.cpp"))]

    def test_functions_are_found_by_their_braces(self):
        self.assertEqual([("f", 3)], self.functions("namespace a {\nint f(int b = {}) {\n\n}\n}\n"))
        self.assertEqual([("A::A", 2), ("g", 1)], self.functions(
            "A::A(int b) : b_{b},\n  c_(b) { if (b) { h(); } }\nvoid g() {}\n"))
        self.assertEqual([("f", 3)], self.functions(
            "template <class T>\nauto f(T t) -> int {\n  return [&] { return t; }(); }\n"))
        self.assertEqual([("f", 1)], self.functions(
            "struct A { int b = 1; int c{2}; int f() const noexcept { return b; } };\n"))
        self.assertEqual([("TEST", 2)], self.functions("TEST(a, b) {\n  for (;;) { } }\n"))
        self.assertEqual([], self.functions(
            "enum class E { a, b };\nconstexpr int t[] = {f(1), g({2})};\nint h();\n"))

    def test_comments_and_literals_are_blanked(self):
        for text in ["// }\n", "/* { \n } */", '"{ \\" }"', "'{'", 'R"x({ " )x"']:
            with self.subTest(text=text):
                code = blank("(" + text + ")")
                self.assertEqual((len(text) + 2, False), (len(code), "{" in code or "}" in code))
        self.assertEqual("1'000 + 2'000", blank("1'000 + 2'000"))


if __name__ == "__main__":
    unittest.main()
