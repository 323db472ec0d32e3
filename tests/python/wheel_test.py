# SPDX-License-Identifier: Apache-2.0
"""pip install ./python, in a clean virtual environment and without a network."""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zipfile

from harness import PROJECT, need

SOURCE = os.path.join(PROJECT, "python")
PROGRAM = """
import sys, untorn
with untorn.open("file", "x") as file:
    file.write("content")
assert untorn.read_text("file") == "content"
from untorn.pipeline import StateManager, ToolRegistry
StateManager(".").update(lambda state: state.add_task("a", "b"))
assert StateManager(".").load().get_next_task().description == "a"
ToolRegistry(".")
with untorn.transaction(".") as change:
    change["other"] = "x"
assert untorn.doctor(".")["problems"] == []
from untorn.compat.atomicwrites import atomic_write
with atomic_write("third") as third:
    third.write("x")
print(untorn.__version__, file.receipt.syncs, untorn.__file__)
"""


def clean_environment():
    """Neither a package on PYTHONPATH nor settings of the caller's pip."""
    return {name: value for name, value in os.environ.items()
            if not name.startswith(("PIP_", "PYTHON"))}


class Wheel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = os.path.realpath(tempfile.mkdtemp(prefix="untorn-wheel-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        made = subprocess.run([sys.executable, "-m", "venv", cls.path("venv")], check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        cls.no_venv = made.stdout.decode() if made.returncode != 0 else ""
        if not cls.no_venv:
            before = cls.tree()
            # As the tree itself is compiled, so that ccache has it.
            cls.pip("wheel", "--no-index", "--no-deps", "--wheel-dir", cls.path("wheels"), SOURCE,
                    environment={**clean_environment(),
                                 "UNTORN_CMAKE_ARGS": "-DUNTORN_WARNINGS_AS_ERRORS=ON"})
            cls.changed = cls.tree() != before

    def setUp(self):
        need(self, not self.no_venv, "python", f"no virtual environments here: {self.no_venv}")

    @classmethod
    def path(cls, *names):
        return os.path.join(cls.folder, *names)

    @classmethod
    def tree(cls):
        return sorted(os.path.join(folder, name) for folder, _, names in os.walk(SOURCE)
                      for name in names if not name.endswith(".pyc"))

    @classmethod
    def pip(cls, *arguments, environment=None):
        result = subprocess.run(
            [cls.path("venv", "bin", "python"), "-m", "pip", "--disable-pip-version-check",
             *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            cwd=cls.folder, env=environment or clean_environment())
        text = result.stdout.decode(errors="replace")
        if result.returncode != 0:
            raise AssertionError(text)
        return text

    def wheel(self):
        names = os.listdir(self.path("wheels"))
        self.assertEqual(len(names), 1, names)
        return self.path("wheels", names[0])

    def test_building_leaves_the_source_tree_as_it_was(self):
        self.assertFalse(self.changed)

    def test_the_wheel_is_for_every_cpython_from_3_8_on(self):
        self.assertRegex(os.path.basename(self.wheel()), r"\Auntorn-[\d.]+-cp38-abi3-\w+\.whl\Z")

    def test_the_record_of_the_wheel_is_true(self):
        with zipfile.ZipFile(self.wheel()) as archive:
            names = archive.namelist()
            record = next(name for name in names if name.endswith("/RECORD"))
            lines = [line.split(",") for line in archive.read(record).decode().splitlines()]
            self.assertEqual(sorted(line[0] for line in lines), sorted(names))
            for name, digest, size in lines:
                if name == record:
                    continue
                content = archive.read(name)
                hashed = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
                self.assertEqual((digest, int(size)), ("sha256=" + hashed.decode(), len(content)))
            self.assertIn("untorn/py.typed", names)
            for name in ("_open.pyi", "errors.pyi", "pipeline/__init__.py",
                         "compat/atomicwrites.py"):
                self.assertIn(f"untorn/{name}", names)

    def test_pytest_finds_its_plug_in(self):
        with zipfile.ZipFile(self.wheel()) as archive:
            points = next(name for name in archive.namelist() if name.endswith("entry_points.txt"))
            self.assertEqual(archive.read(points), b"[pytest11]\nuntorn = untorn.pytest_plugin\n")
            self.assertIn("untorn/pytest_plugin.py", archive.namelist())

    def test_it_installs_works_and_goes_again(self):
        self.pip("install", "--no-index", self.wheel())
        os.mkdir(self.path("project"))
        answer = subprocess.run([self.path("venv", "bin", "python"), "-c", PROGRAM],
                                cwd=self.path("project"), env=clean_environment(), check=True,
                                stdout=subprocess.PIPE).stdout.decode().split()
        self.assertEqual(answer[1], "2")
        self.assertTrue(answer[2].startswith(self.path("venv")), answer)
        self.assertIn(f"untorn-{answer[0]}-", self.wheel())
        self.pip("uninstall", "--yes", "untorn")
        gone = subprocess.run([self.path("venv", "bin", "python"), "-c", "import untorn"],
                              cwd=self.folder, env=clean_environment(), check=False,
                              stderr=subprocess.PIPE)
        self.assertIn(b"ModuleNotFoundError", gone.stderr)

    def test_the_native_part_needs_nothing_but_the_system(self):
        with zipfile.ZipFile(self.wheel()) as archive:
            archive.extract("untorn/_untorn.abi3.so", self.path("native"))
        answer = subprocess.run(
            ["readelf", "--dynamic", self.path("native", "untorn", "_untorn.abi3.so")],
            stdout=subprocess.PIPE, check=True).stdout.decode()
        needed = set(re.findall(r"NEEDED.*\[(.*?)\]", answer))
        self.assertLessEqual(needed, {"libc.so.6", "libm.so.6", "libgcc_s.so.1",
                                      "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"})

    def test_the_source_archive_builds_the_same_wheel(self):
        """Without the tree around it, and without a network."""
        code = ("import sys; sys.path.insert(0, sys.argv[1]); import untorn_build; "
                "print(untorn_build.build_sdist(sys.argv[2]))")
        names = []
        for folder in ("sdist", "again"):
            os.mkdir(self.path(folder))
            made = subprocess.run([sys.executable, "-B", "-c", code,
                                   os.path.join(SOURCE, "backend"), self.path(folder)],
                                  stdout=subprocess.PIPE, check=True, env=clean_environment())
            names.append(self.path(folder, made.stdout.decode().strip()))
        with open(names[0], "rb") as first, open(names[1], "rb") as second:
            self.assertEqual(first.read(), second.read(), "equal inputs give equal archives")
        with tarfile.open(names[0]) as archive:
            held = archive.getnames()
        top = held[0].split("/")[0]
        self.assertTrue(all(name.startswith(top + "/") for name in held))
        for name in ("PKG-INFO", "pyproject.toml", "LICENSE", "CMakeLists.txt"):
            self.assertIn(f"{top}/{name}", held)
        self.assertFalse([name for name in held if "/build/" in name or "__pycache__" in name])
        self.assertEqual(self.missing_includes(names[0]), [])
        if not os.environ.get("UNTORN_LAB"):
            return  # the wheel of the archive takes minutes: `make lab` builds it
        os.mkdir(self.path("from-sdist"))
        # Not optimised: what matters is that everything is there.
        fast = {**clean_environment(),
                "UNTORN_CMAKE_ARGS": "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O0"}
        self.pip("wheel", "--no-index", "--no-deps", "--wheel-dir", self.path("from-sdist"),
                 names[0], environment=fast)
        wheel, = os.listdir(self.path("from-sdist"))
        with zipfile.ZipFile(self.path("from-sdist", wheel)) as built, \
                zipfile.ZipFile(self.wheel()) as direct:
            self.assertEqual(sorted(built.namelist()), sorted(direct.namelist()))

    @staticmethod
    def missing_includes(name):
        """Headers of ours that a file of the archive includes and the archive does not hold."""
        with tarfile.open(name) as archive:
            held = {member.name.split("/", 1)[-1]: member for member in archive if member.isfile()}
            missing = []
            for path, member in held.items():
                if not path.endswith((".cpp", ".h")) or path.endswith(
                        ("_test.cpp", "_test_support.h", "_test_support.cpp")):
                    continue
                text = archive.extractfile(member).read().decode()
                for header in re.findall(r'^#include "([^"]+)"', text, re.MULTILINE):
                    places = [f"src/{header}", f"include/{header}",
                              os.path.join(os.path.dirname(path), header)]
                    if not any(place in held for place in places):
                        missing.append(f"{path}: {header}")
            return missing

    def test_a_missing_tool_is_named(self):
        environment = {**clean_environment(), "PATH": self.path("venv", "bin")}
        with self.assertRaisesRegex(AssertionError, "needs cmake, and it is not on PATH"):
            self.pip("wheel", "--no-index", "--wheel-dir", self.path("none"), SOURCE,
                     environment=environment)


if __name__ == "__main__":
    unittest.main()
