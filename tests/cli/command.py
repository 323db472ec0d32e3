# SPDX-License-Identifier: Apache-2.0
"""Running the real command in a fresh folder, for the tests beside this file."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

COMMAND = os.environ["UNTORN_COMMAND"]
LIMIT_S = 60


def is_required(tier):
    return tier in os.environ.get("UNTORN_REQUIRE", "").split(",")


def need(test, condition, tier, reason):
    """Skips the test, or fails it where the machine has promised the tier."""
    if condition:
        return
    if is_required(tier):
        test.fail(f"required, but: {reason}")
    test.skipTest(reason)


def clean_environment():
    """Nothing of the caller's terminal or colour settings reaches the command."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS")
    return {name: os.environ[name] for name in kept if name in os.environ}


class CommandTest(unittest.TestCase):
    def setUp(self):
        # Inside the system's temporary folder, and gone with everything in it afterwards.
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="untorn-cli-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def run_untorn(self, *arguments, stdin=b"", environment=None, **options):
        """Runs the command; bytes in, bytes out. stdin may be bytes or a file."""
        if isinstance(stdin, bytes):
            options["input"] = stdin
        else:
            options["stdin"] = stdin
        if "stdout" not in options:
            options["stdout"] = subprocess.PIPE
        if "stderr" not in options:
            options["stderr"] = subprocess.PIPE
        return subprocess.run([COMMAND, *arguments], cwd=self.folder, timeout=LIMIT_S, check=False,
                              env={**clean_environment(), **(environment or {})}, **options)

    def start_untorn(self, *arguments, **options):
        process = subprocess.Popen([COMMAND, *arguments], cwd=self.folder,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=clean_environment(), **options)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        for stream in (process.stdin, process.stdout, process.stderr):
            self.addCleanup(stream.close)
        return process

    def document(self, result):
        """The JSON document on stdout, alone on it and valid UTF-8."""
        return json.loads(result.stdout.decode("utf-8"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content, mode=None):
        with open(self.path(name), "wb") as file:
            file.write(content)
        if mode is not None:
            os.chmod(self.path(name), mode)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def names(self):
        return sorted(os.listdir(self.folder))

    def assert_exit(self, result, code):
        self.assertEqual(result.returncode, code, (result.stdout, result.stderr))
