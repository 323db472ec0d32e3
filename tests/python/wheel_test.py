# SPDX-License-Identifier: Apache-2.0
"""pip install ./python, in a clean virtual environment and without a network."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
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
            cls.pip("wheel", "--no-index", "--no-deps", "--wheel-dir", cls.path("wheels"), SOURCE)
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
            self.assertIn("untorn/__init__.pyi", names)

    def test_it_installs_works_and_goes_again(self):
        self.pip("install", "--no-index", self.wheel())
        answer = subprocess.run([self.path("venv", "bin", "python"), "-c", PROGRAM],
                                cwd=self.folder, env=clean_environment(), check=True,
                                stdout=subprocess.PIPE).stdout.decode().split()
        self.assertEqual(answer[1], "2")
        self.assertTrue(answer[2].startswith(self.path("venv")), answer)
        self.assertIn(f"untorn-{answer[0]}-", self.wheel())
        self.pip("uninstall", "--yes", "untorn")
        gone = subprocess.run([self.path("venv", "bin", "python"), "-c", "import untorn"],
                              cwd=self.folder, env=clean_environment(), check=False,
                              stderr=subprocess.PIPE)
        self.assertIn(b"ModuleNotFoundError", gone.stderr)

    def test_a_missing_tool_is_named(self):
        environment = {**clean_environment(), "PATH": self.path("venv", "bin")}
        with self.assertRaisesRegex(AssertionError, "needs cmake, and it is not on PATH"):
            self.pip("wheel", "--no-index", "--wheel-dir", self.path("none"), SOURCE,
                     environment=environment)


if __name__ == "__main__":
    unittest.main()
