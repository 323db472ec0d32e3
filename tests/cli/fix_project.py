# SPDX-License-Identifier: Apache-2.0
"""A project to fix, for the tests of untorn fix beside this file."""

import os
import shutil
import subprocess

from command import CommandTest, need

SAVE = b"""import json
from pathlib import Path

STATE = Path("state.json")


def save(state):
    STATE.write_text(json.dumps(state))
"""
# Read back, so that it is state: durable.
LOAD = b"""

def load():
    return json.loads(STATE.read_text())
"""
APPEND = b"""

def log(line):
    with open("events.log", "a") as file:
        file.write(line)
"""


def tree_of(folder):
    """{name: (mode, bytes)} of every file below, what Python and git keep aside."""
    tree = {}
    for at, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in ("__pycache__", ".git")]
        for name in names:
            path = os.path.join(at, name)
            with open(path, "rb") as file:
                tree[os.path.relpath(path, folder)] = os.stat(path).st_mode & 0o7777, file.read()
    return tree


class FixTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.project = self.path("project")
        os.mkdir(self.project)

    def put(self, name, content=b""):
        path = os.path.join(self.project, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)

    def get(self, name):
        with open(os.path.join(self.project, name), "rb") as file:
            return file.read()

    def fix(self, *arguments, code=0, **options):
        result = self.run_untorn("fix", *arguments, "project", **options)
        self.assert_exit(result, code)
        return result

    def fix_json(self, *arguments, code=0, **options):
        return self.document(self.fix("--format", "json", *arguments, code=code, **options))

    def git(self, *arguments, folder=None):
        settings = ("-c", "user.name=x", "-c", "user.email=x@localhost", "-c",
                    "init.defaultBranch=main", "-c", "core.autocrlf=false")
        return subprocess.run(["git", *settings, *arguments], cwd=folder or self.project,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)

    def make_repository(self):
        need(self, shutil.which("git"), "git", "git is not installed")
        for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "x")):
            self.assertEqual(self.git(*arguments).returncode, 0)
