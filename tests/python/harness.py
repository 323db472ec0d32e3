# SPDX-License-Identifier: Apache-2.0
"""What the tests of the Python package and of the vendored module share."""

import contextlib
import importlib.util
import os
import shutil
import stat
import tempfile
import unittest

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VENDORED = os.path.join(PROJECT, "src", "fix", "vendor", "atomic_file.py")
NOBODY = 65534
TEMPORARY = r"\A\.untorn-tmp-[0-9a-f]{32}\Z"


def need(test, condition, tier, reason):
    """Skips the test, or fails it where the machine has promised the tier."""
    if condition:
        return
    if tier in os.environ.get("UNTORN_REQUIRE", "").split(","):
        test.fail(f"required, but: {reason}")
    test.skipTest(reason)


def load_vendored():
    """The module as a project has it: a file of its own."""
    specification = importlib.util.spec_from_file_location("atomic_file", VENDORED)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@contextlib.contextmanager
def without_privileges():
    """Root may write everything; inside this block it is nobody."""
    if os.geteuid() != 0:
        yield
        return
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@contextlib.contextmanager
def umask(mask):
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


class FolderTest(unittest.TestCase):
    """Each test has an empty folder that anybody may use."""

    def setUp(self):
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="untorn-python-"))
        os.chmod(self.folder, 0o777)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def write(self, name, content, mode=None):
        with open(self.path(name), "wb") as file:
            file.write(content)
        if mode is not None:
            os.chmod(self.path(name), mode)

    def names(self):
        return sorted(os.listdir(self.folder))


def content_of(path, mode):
    """The bytes of a file, also of one that its owner may only write."""
    readable = mode & stat.S_IRUSR
    if not readable:
        os.chmod(path, stat.S_IMODE(mode) | stat.S_IRUSR)
    try:
        with open(path, "rb") as file:
            return file.read()
    finally:
        if not readable:
            os.chmod(path, stat.S_IMODE(mode))


def describe_tree(folder):
    """{name: what a reader sees of it} for everything below the folder."""
    found = {}
    for parent, folders, files in os.walk(os.fsencode(folder)):
        for name in folders + files:
            path = os.path.join(parent, name)
            status = os.lstat(path)
            content = None
            if stat.S_ISLNK(status.st_mode):
                content = os.readlink(path)
            elif stat.S_ISREG(status.st_mode):
                content = content_of(path, status.st_mode)
            found[os.path.relpath(path, os.fsencode(folder))] = (
                oct(status.st_mode), status.st_uid, content)
    return found
