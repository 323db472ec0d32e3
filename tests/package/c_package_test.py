# SPDX-License-Identifier: Apache-2.0
"""The C interface as installed: strangers in C99 and C++17 build against it and run; what the
shared library shows is what untorn.h declares, and never less than before."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from package_test import BUILD, CMAKE, COMPILER, LINK_FLAGS, run

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.path.dirname(os.path.dirname(HERE))
C_COMPILER = os.environ["UNTORN_C_COMPILER"]
# Every name that a library of this ABI number has ever shown.
WITH_ABI = os.path.join(HERE, "untorn.abi")


def names_in(path):
    with open(path, encoding="ascii") as file:
        return file.read().split()


class CPackage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="untorn-c-package-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.prefix = os.path.join(cls.folder, "installed")
        run(CMAKE, "--install", BUILD, "--prefix", cls.prefix, "--component", "development")

    def found(self, name):
        for folder, _, files in os.walk(self.prefix):
            if name in files:
                return os.path.join(folder, name)
        self.fail(f"{name} is not installed")
        return None

    def configure(self, source, name, *settings):
        build = os.path.join(self.folder, name)
        run(CMAKE, "-S", source, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_EXE_LINKER_FLAGS={LINK_FLAGS}", *settings)
        run(CMAKE, "--build", build)
        return build

    def check_c_program(self, *command, **options):
        folder = tempfile.mkdtemp(dir=self.folder)
        answer = run(*command, folder, **options)
        self.assertEqual(answer, "ok etag 1 6\nconflict\n0 left, abi 1\n")
        content = {}
        for name in sorted(os.listdir(folder)):
            if name != ".untorn":
                with open(os.path.join(folder, name), encoding="ascii") as file:
                    content[name] = file.read()
        self.assertEqual(content, {"four": "4", "log": "a\nb\n", "one": "from C",
                                   "two": "in pieces"})

    def test_a_c99_program_finds_both_libraries_by_cmake_without_any_compiler_for_cpp(self):
        build = self.configure(os.path.join(HERE, "consumer_c"), "c99",
                               f"-DCMAKE_C_COMPILER={C_COMPILER}")
        for kind in ("c", "c_shared"):
            self.check_c_program(os.path.join(build, f"consumer_{kind}"))

    def test_a_cpp17_program_stays_at_its_level(self):
        build = self.configure(os.path.join(HERE, "consumer_cpp17"), "cpp17",
                               f"-DCMAKE_CXX_COMPILER={COMPILER}")
        for kind in ("c", "c_shared"):
            target = os.path.join(self.folder, kind)
            self.assertEqual(run(os.path.join(build, f"consumer_{kind}"), target), "ok 10\n")
            with open(target, "rb") as file:
                self.assertEqual(file.read(), b"from C++17")

    def pkg_config(self, *arguments):
        command = shutil.which("pkg-config")
        if command is None:
            self.skipTest("pkg-config is not installed")
        folder = os.path.dirname(self.found("untorn.pc"))
        return run(command, *arguments, "untorn",
                   env={**os.environ, "PKG_CONFIG_PATH": folder}).split()

    def build_by_hand(self, compiler, name, flags):
        program = os.path.join(self.folder, name)
        run(compiler, "-std=c99", "-pedantic", "-Wall", "-Werror",
            os.path.join(HERE, "consumer_c", "main.c"), "-o", program, *flags, *LINK_FLAGS.split())
        return program

    def test_pkg_config_is_enough_for_each_c_compiler(self):
        shared = self.pkg_config("--cflags", "--libs")
        static = ["-l:libuntorn.a" if flag == "-luntorn" else flag
                  for flag in self.pkg_config("--static", "--cflags", "--libs")]
        where = {**os.environ, "LD_LIBRARY_PATH": os.path.dirname(self.found("libuntorn.a"))}
        compilers = {C_COMPILER, *filter(None, map(shutil.which, ("clang-19", "clang")))}
        if LINK_FLAGS:  # the runtimes of sanitizers do not mix
            compilers = {C_COMPILER}
        for number, compiler in enumerate(sorted(compilers)):
            with self.subTest(compiler):
                self.check_c_program(self.build_by_hand(compiler, f"shared{number}", shared),
                                     env=where)
                self.check_c_program(self.build_by_hand(compiler, f"static{number}", static))

    def test_the_example_of_the_guide_counts_its_runs(self):
        build = self.configure(os.path.join(SOURCES, "examples", "c"), "example",
                               f"-DCMAKE_C_COMPILER={C_COMPILER}")
        program = os.path.join(build, "save_state")
        for _ in range(3):
            run(program, cwd=build)
        together = [subprocess.Popen([program], cwd=build) for _ in range(8)]
        self.assertEqual([process.wait(timeout=60) for process in together], [0] * 8)
        with open(os.path.join(build, "runs.txt"), encoding="ascii") as file:
            self.assertEqual(file.read(), "11\n")

    def exported(self):
        """[(name, version)] of what the shared library shows."""
        text = run("nm", "-D", "--defined-only", self.found("libuntorn.so"))
        return re.findall(r"^[0-9a-f]+ [A-Za-z] ([^@\s]+)@@?(\S+)$", text, re.M)

    def test_the_library_shows_the_functions_of_the_list_and_no_other_of_c(self):
        listed = names_in(WITH_ABI)
        self.assertEqual(listed, sorted(set(listed)))
        shown = sorted(name for name, version in self.exported() if version == "UNTORN_1"
                       and name != "UNTORN_1")
        self.assertEqual(sorted(set(listed) - set(shown)), [], "gone: programs would not start")
        self.assertEqual(sorted(set(shown) - set(listed)), [], "new: add it to untorn.abi")

    def test_the_header_declares_exactly_these(self):
        with open(os.path.join(SOURCES, "include", "untorn", "untorn.h"), encoding="utf-8") as file:
            code = re.sub(r"//.*", "", file.read())
        declared = re.findall(r"UNTORN_(?:API|LOOK)[^;(]*?\b(untorn_\w+)\(", code)
        self.assertEqual(sorted(declared), names_in(WITH_ABI))

    def test_nothing_else_leaves_but_the_cpp_interface_under_its_own_version(self):
        for name, version in self.exported():
            if version != "UNTORN_1" and not version.startswith("UNTORN_"):
                self.fail(f"{name}@{version}")
            if version.startswith("UNTORN_CXX_") and not name.startswith("UNTORN_"):
                self.assertIn("untorn", name)

    def test_the_soname_is_that_of_the_abi(self):
        text = run("readelf", "-d", self.found("libuntorn.so"))
        self.assertRegex(text, r"\(SONAME\).*\[libuntorn\.so\.1\]")


if __name__ == "__main__":
    unittest.main()
