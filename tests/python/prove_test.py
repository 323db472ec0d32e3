# SPDX-License-Identifier: Apache-2.0
"""`python -m untorn.prove`, untorn.prove.prove(), and the pytest plug-in with its mark."""

import os
import re
import shutil
import subprocess
import sys
import unittest

import untorn.prove
from harness import PROJECT, FolderTest, need
from untorn import _marked_test

COMMAND = os.environ.get("UNTORN_COMMAND", "")
PACKAGES = os.path.dirname(os.path.dirname(untorn.prove.__file__))
SAVE = """
import os
with open("state.json.tmp", "w") as file:
    file.write('{"generation": 2}')
SYNC
os.replace("state.json.tmp", "state.json")
os.fsync(os.open(".", os.O_RDONLY))
"""
BAD = SAVE.replace("SYNC", "")
GOOD = SAVE.replace("SYNC", "os.fsync(os.open('state.json.tmp', os.O_RDONLY))")
MODULE = '''
import json, os, pathlib, sys
import pytest
import untorn

@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "state.json").write_text("{}")
    return folder

@pytest.mark.crash_safe()
def test_good(tmp_path):
    untorn.write_text(tmp_path / "state.json", "{}")

@pytest.mark.crash_safe()
def test_bad(tmp_path):
    (tmp_path / "state.json").write_text('{"generation": 1}')

@pytest.mark.crash_safe(root="project", expect=["atomic", "durable"], model="ext4")
@pytest.mark.parametrize("generation", [2, 3])
def test_fixture_and_parameter(project, generation):
    assert json.loads((project / "state.json").read_text()) == {}
    untorn.write_json(project / "state.json", {"generation": generation})

class TestMethods:
    @pytest.mark.crash_safe(root="project")
    def test_method(self, project):
        untorn.write_text(project / "state.json", "[]")

@pytest.mark.crash_safe(root="project", check=f"{sys.executable} -c 'open(\\"state.json\\")'")
def test_check(project):
    os.unlink("state.json")
    untorn.write_text("state.json", "[]")

@pytest.mark.crash_safe()
def test_nothing_written(tmp_path):
    pass

@pytest.mark.crash_safe()
def test_assertion(tmp_path):
    untorn.write_text(tmp_path / "state.json", "{}")
    assert 1 == 2, "the assertion of the test"

@pytest.mark.crash_safe(colour="red")
def test_unknown_option(tmp_path):
    pass

@pytest.mark.crash_safe()
def test_no_pickle(tmp_path, request):
    pass

def test_without_mark(tmp_path):
    (tmp_path / "state.json").write_text("{}")
'''


def have_prove():
    """The command, where it can trace; else why not."""
    if not COMMAND or not os.path.exists(COMMAND):
        return "the command untorn is not built"
    probe = subprocess.run([COMMAND, "prove", "--quiet", "--expect", "durable", "--root",
                            os.path.dirname(os.path.abspath(__file__)), "--", "true"],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return "" if probe.stdout else probe.stderr.decode().strip()


class ProveTest(FolderTest):
    def setUp(self):
        super().setUp()
        reason = have_prove()
        need(self, not reason, "prove", reason)
        before = dict(os.environ)
        self.addCleanup(lambda: (os.environ.clear(), os.environ.update(before)))
        os.environ.update(UNTORN_BINARY=COMMAND, XDG_CACHE_HOME="/dev/null", PYTHONPATH=PACKAGES)
        self.write("state.json", b'{"generation": 1}')

    def prove(self, program, **options):
        return untorn.prove.prove([os.path.realpath(sys.executable), "-c", program],
                                  root=self.folder, cwd=self.folder, **options)


class Prove(ProveTest):
    def test_a_report_has_the_fields_of_the_document(self):
        report = self.prove(BAD)
        self.assertEqual((report.verdict, report.exit_code, report.proved), ("violated", 1, False))
        self.assertEqual(report.root, self.folder)
        violation = report.violations[0]
        self.assertEqual((violation.engine, violation.check, violation.path, violation.observed),
                         ("power", "atomic", "state.json", "empty"))
        self.assertEqual(violation.lost.operation, "write")
        self.assertEqual(violation.kept.operation, "rename")
        self.assertIn("fsync of the file", violation.missing)
        self.assertIn("0 bad of", violation.proved_fix)
        self.assertEqual(violation.document, report.document["violations"][0])
        self.assertEqual(report.states_checked, sum(e.states_checked for e in report.engines))

    def test_a_program_that_syncs_is_proved(self):
        report = self.prove(GOOD, expect=["atomic", "durable"], engine=["power", "kill"])
        self.assertTrue(report.proved, report.document)
        self.assertEqual(report.violations, ())
        self.assertEqual(self.read("state.json"), b'{"generation": 1}')

    def test_options_are_those_of_the_command(self):
        report = self.prove(GOOD, model="xfs", seed=3, budget="10s", only=["state.json"],
                            require_exhaustive=True, check="true", deep=False)
        self.assertEqual(report.document["scope"]["model"], "xfs")
        self.assertEqual(report.verdict, "undecided")  # the check reads nothing
        self.assertEqual(report.undecided[0].reason, "check-reads-nothing")
        with self.assertRaisesRegex(TypeError, "colour"):
            self.prove(GOOD, colour="red")
        with self.assertRaisesRegex(TypeError, "list of arguments"):
            untorn.prove.prove("true")

    def test_what_the_tool_refuses_is_an_error(self):
        with self.assertRaises(untorn.prove.ProveError) as caught:
            self.prove(GOOD, model="zfs")
        self.assertIn("zfs", str(caught.exception))
        with self.assertRaises(untorn.prove.ProveError) as caught:
            untorn.prove.prove(["/no/such/command"], root=self.folder)
        self.assertEqual(caught.exception.code, "not_found")
        os.environ["UNTORN_BINARY"] = "/no/such/untorn"
        with self.assertRaisesRegex(untorn.prove.ProveError, "cannot be run"):
            self.prove(GOOD)

    def test_a_saved_record_is_judged_again(self):
        first = self.prove(BAD, save_trace=self.path("run.trace"))
        again = untorn.prove.prove(from_trace=self.path("run.trace"))
        self.assertEqual(again.violations, first.violations)

    def test_the_module_is_the_command(self):
        def run(*arguments):
            return subprocess.run([sys.executable, "-m", "untorn.prove", *arguments],
                                  cwd=self.folder, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, check=False)
        result = run("--quiet", "--", os.path.realpath(sys.executable), "-c", BAD)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn(b"verdict: violated", result.stdout)
        self.assertEqual(run("--model", "zfs", "--", "true").returncode, 2)
        self.assertIn(b"--check", run("--help").stdout)
        os.environ["UNTORN_BINARY"] = "/no/such/untorn"
        result = run("--", "true")
        self.assertEqual(result.returncode, 2)
        self.assertIn(b"cannot be run", result.stderr)

    def test_the_command_is_found_beside_the_package_and_on_the_path(self):
        del os.environ["UNTORN_BINARY"]
        os.symlink(COMMAND, self.path("untorn"))
        os.environ["PATH"] = self.folder
        found = untorn.prove.find_command()
        beside = os.path.join(os.path.dirname(sys.executable), "untorn")
        self.assertIn(found, (self.path("untorn"), beside, os.path.join(PACKAGES, "bin", "untorn"),
                              os.path.join(os.path.dirname(PACKAGES), "bin", "untorn")))


class PytestPlugin(ProveTest):
    """The mark, as a project uses it: each outcome by name."""

    @classmethod
    def setUpClass(cls):
        cls.pytest = subprocess.run([sys.executable, "-c", "import pytest"], check=False,
                                    stderr=subprocess.DEVNULL).returncode == 0

    def setUp(self):
        super().setUp()
        need(self, self.pytest, "pytest", "pytest is not installed for this interpreter")
        # The sandbox has a /tmp of its own, in which only the root is seen.
        project = os.path.join("/var/tmp", os.path.basename(self.folder))
        os.mkdir(project)
        self.addCleanup(shutil.rmtree, project)
        self.module = os.path.join(project, "test_save.py")
        with open(self.module, "w", encoding="utf-8") as file:
            file.write(MODULE)

    def run_pytest(self, *arguments):
        line = [sys.executable, "-B", "-m", "pytest", "-p", "untorn.pytest_plugin", "-p",
                "no:cacheprovider", "-rA", "--basetemp", self.path("pytest"), *arguments,
                self.module]
        result = subprocess.run(line, cwd=os.path.dirname(self.module), stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, check=False)
        return result.stdout.decode()

    def assert_outcome(self, output, outcome, name):
        self.assertIn(f"\n{outcome} test_save.py::{name}", output)

    def test_each_marked_test_has_the_verdict_of_what_it_does(self):
        output = self.run_pytest()
        for name in ("test_good", "test_fixture_and_parameter[2]", "test_fixture_and_parameter[3]",
                     "TestMethods::test_method", "test_without_mark"):
            self.assert_outcome(output, "PASSED", name)
        for name in ("test_bad", "test_check", "test_nothing_written", "test_assertion",
                     "test_unknown_option", "test_no_pickle"):
            self.assert_outcome(output, "FAILED", name)
        self.assertIn("an atomic replace: write a temporary, fsync it, rename it", output)
        line = MODULE.split("\n").index("def test_bad(tmp_path):") + 2
        self.assertIn(f"test_save.py line {line}", output)
        self.assertIn("nothing-written", output)
        self.assertIn("the assertion of the test", output)
        self.assertIn("no option 'colour'", output)
        self.assertIn("the fixture request cannot be handed to the child process", output)

    def test_without_the_command_marked_tests_are_skipped(self):
        del os.environ["UNTORN_BINARY"]
        os.environ["PATH"] = "/nonexistent"
        if untorn.prove.find_command() is not None:
            os.environ["UNTORN_BINARY"] = "/nonexistent/untorn"
            self.assertIn("cannot be run", self.run_pytest("-k", "test_good"))
            return
        output = self.run_pytest("-k", "test_good or test_without_mark")
        self.assertIn("1 passed, 1 skipped", output)

    def test_the_mark_is_known_to_pytest(self):
        self.assertIn("crash_safe(root='tmp_path'", self.run_pytest("--markers"))


class Guide(ProveTest):
    """docs/guide/pytest.md: the bad saver fails its test, the good one passes it."""

    def test_the_example_of_the_guide_is_true(self):
        found = subprocess.run([sys.executable, "-c", "import pytest"], check=False,
                               stderr=subprocess.DEVNULL).returncode
        need(self, found == 0, "pytest", "pytest is not installed for this interpreter")
        with open(os.path.join(PROJECT, "docs", "guide", "pytest.md"), encoding="utf-8") as file:
            blocks = re.findall(r"```python\n(.*?)```", file.read(), re.DOTALL)
        bad, test, good = blocks[:3]
        project = os.path.join("/var/tmp", os.path.basename(self.folder))
        os.mkdir(project)
        self.addCleanup(shutil.rmtree, project)
        outputs = []
        for saver in (bad, good):
            for name, text in (("settings.py", saver), ("test_settings.py", test)):
                with open(os.path.join(project, name), "w", encoding="utf-8") as file:
                    file.write(text)
            result = subprocess.run(
                [sys.executable, "-B", "-m", "pytest", "-p", "untorn.pytest_plugin", "-p",
                 "no:cacheprovider", "--basetemp", self.path("pytest"), "test_settings.py"],
                cwd=project, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            outputs.append((result.returncode, result.stdout.decode()))
        self.assertEqual([code for code, _ in outputs], [1, 0], outputs)
        for text in ("settings.json is 0 bytes after a power cut", "/settings.py line 5 in save",
                     "an atomic replace: write a temporary, fsync it, rename it",
                     "write a temporary, fsync, rename (untorn.write_text)", "0 bad of 6 states"):
            self.assertIn(text, outputs[0][1])


class MarkedTest(unittest.TestCase):
    def test_a_call_is_handed_over_in_the_environment(self):
        packed = _marked_test.pack({"path": ["a"], "module": "m", "file": "/m.py",
                                    "function": "f", "arguments": {"x": {1, 2}}})
        self.assertRegex(packed, r"\A[A-Za-z0-9+/=]+ [A-Za-z0-9+/=]+\Z")


if __name__ == "__main__":
    unittest.main()
