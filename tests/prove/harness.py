# SPDX-License-Identifier: Apache-2.0
"""What the tests of `untorn prove` share: a fresh root, one call of the real command, its document.

The command is found through the environment: UNTORN_BINARY names it, UNTORN_PROGRAMS the folder of
the compiled C programs.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
BINARY = os.environ.get("UNTORN_BINARY", "untorn")
PROGRAMS = pathlib.Path(os.environ.get("UNTORN_PROGRAMS", HERE))

# Exit codes by verdict, as the reference of the command states them.
EXIT_OF_VERDICT = {"proved": 0, "passed": 0, "violated": 1, "undecided": 2}


def required(tier):
    """True if the caller asked that tests of this tier must not be skipped."""
    return tier in os.environ.get("UNTORN_REQUIRE", "").split(",")


def skip(tier, reason):
    """Skips the running test, or fails it where its tier is required."""
    if required(tier):
        raise AssertionError(f"required tier '{tier}' cannot run: {reason}")
    raise unittest.SkipTest(reason)


def python():
    """The interpreter itself, never a launcher script around it."""
    return os.path.realpath(sys.executable)


def python_package():
    """The folder from which Python imports the `untorn` of this build."""
    folder = os.environ.get("UNTORN_PACKAGE", "")
    if not folder:
        skip("python", "this build has no Python package")
    return folder


def digest(root):
    """One hash over names, kinds, modes, sizes, times of change and content of a whole tree."""
    total = hashlib.sha256()
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(folders + files):
            path = os.path.join(folder, name)
            info = os.lstat(path)
            fields = (os.path.relpath(path, root), info.st_mode, info.st_size, info.st_mtime_ns)
            total.update(repr(fields).encode("utf-8", "surrogateescape"))
            if stat.S_ISREG(info.st_mode):
                try:
                    with open(path, "rb") as file:
                        total.update(file.read())
                except PermissionError:
                    total.update(b"unreadable")
    return total.hexdigest()


# The classic protocol in Python.
CLASSIC = """
import os
with open("state.json.tmp", "w") as file:
    file.write("{}")
    file.flush()
    os.fsync(file.fileno())
os.replace("state.json.tmp", "state.json")
directory = os.open(".", os.O_RDONLY)
os.fsync(directory)
"""


def marked_processes(mark):
    """Ids of the processes that carry `mark` in their environment, zombies left out."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if mark.encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
    return found


class Proof:
    """One run of `untorn prove --format json` and what came of it."""

    def __init__(self, process):
        self.exit = process.returncode
        self.messages = process.stderr.decode("utf-8", "replace")
        self.text = process.stdout.decode("utf-8", "strict")
        self.document = json.loads(self.text) if self.text.strip() else None

    def describe(self):
        """The whole document and the messages, for the text of a failed assertion."""
        body = json.dumps(self.document, indent=1, ensure_ascii=False)
        return f"exit {self.exit}\n{body}\n--- messages\n{self.messages}"


def environment(extra=None):
    """Our own, without settings that change what Python or git write."""
    names = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONPATH", "PYTHONHOME")
    kept = {key: value for key, value in os.environ.items() if key not in names}
    # No record of a violated run may be left in the home of whoever runs the tests.
    kept.update({"UNTORN": BINARY, "LC_ALL": "C.UTF-8", "XDG_CACHE_HOME": "/dev/null"})
    kept.update(extra or {})
    return kept


def prove(root, command, arguments=(), timeout=300, extra=None):
    """Runs the command under `prove` with `root` as root and working directory."""
    line = [BINARY, "prove", "--format", "json", "--quiet", "--root", str(root), *arguments]
    process = subprocess.run(line + ["--", *command], cwd=root, env=environment(extra),
                             stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout,
                             check=False)
    return Proof(process)


class ProveCase(unittest.TestCase):
    """A fresh root for each test, removed afterwards."""

    maxDiff = None

    def setUp(self):
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="untorn-test-")).resolve()
        self.root = self.scratch / "root"
        self.root.mkdir()
        self.addCleanup(self.remove_scratch)

    def remove_scratch(self):
        """Removes what the test made, also where it took permissions away."""
        for folder, _, _ in os.walk(self.scratch):
            os.chmod(folder, 0o755)
        shutil.rmtree(self.scratch)

    def check_document(self, proof):
        """Holds for every verdict: the document's own numbers agree with each other."""
        document = proof.document
        self.assertIsNotNone(document, proof.describe())
        self.assertEqual(document["schema"], "untorn.prove/1")
        self.assertNotIn("error", document, proof.describe())
        self.assertEqual(proof.exit, EXIT_OF_VERDICT[document["verdict"]], proof.describe())
        scope = document["scope"]
        engines = document["engines"]
        if all(engine["engine"] != "fault" for engine in engines):
            self.assertEqual(scope["runs"], 1)
        self.assertEqual(scope["states_checked"], sum(e["states_checked"] for e in engines),
                         proof.describe())
        for engine in engines:
            self.assertLessEqual(engine["states_checked"], engine["states_total"])
            self.assertLessEqual(engine["states_distinct"], engine["states_checked"])
            if engine["exhaustive"]:
                self.assertEqual(engine["states_checked"], engine["states_total"])
        self.assertEqual(document["verdict"] == "violated", bool(document["violations"]),
                         proof.describe())
        if document["verdict"] == "undecided":
            self.assertTrue(document["undecided"], proof.describe())
        if document["verdict"] == "proved":
            self.assertTrue(all(e["exhaustive"] for e in engines), proof.describe())
            self.assertFalse(document["undecided"], proof.describe())

    def run_unchanged(self, command, arguments=(), **options):
        """Proves, checks the document's consistency and that the real root did not change."""
        before = digest(self.root)
        proof = prove(self.root, command, arguments, **options)
        self.assertEqual(before, digest(self.root), "the real root has changed")
        self.check_document(proof)
        return proof

    def reasons(self, proof):
        """The reasons of an undecided verdict."""
        return {entry["reason"] for entry in proof.document["undecided"]}

    def private_mounts(self, script, *arguments):
        """Runs a shell script in a user and mount namespace of its own."""
        command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-ec", script, "sh"]
        if subprocess.run([*command[:4], "true"], check=False, capture_output=True).returncode != 0:
            skip("namespaces", "user namespaces are not allowed here")
        return subprocess.run([*command, *arguments], env=environment(), check=False,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120)


def main():
    """Runs the tests of the calling module; 77 tells CTest that all that was asked was skipped."""
    names = [a for a in sys.argv[1:]]
    module = sys.modules["__main__"]
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromModule(module)
    if names[:1] == ["--list"]:
        for name in sorted(test_names(suite)):
            print(name)
        return 0
    if names[:1] == ["--only"] and len(names) == 2:
        suite = unittest.TestSuite(t for t in flatten(suite) if short_name(t) == names[1])
        if suite.countTestCases() == 0:
            print(f"there is no test named {names[1]}", file=sys.stderr)
            return 2
    elif names:
        print("usage: TEST.py [--list | --only NAME]", file=sys.stderr)
        return 2
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    if not result.wasSuccessful():
        return 1
    return 77 if result.skipped and len(result.skipped) == result.testsRun else 0


def flatten(suite):
    """The single tests of a suite of suites."""
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flatten(item)
        else:
            yield item


def short_name(test):
    """`test_foo` of whatever class is `foo`."""
    return test.id().rsplit(".", 1)[1].removeprefix("test_")


def test_names(suite):
    """All names that --only accepts."""
    return [short_name(test) for test in flatten(suite)]
