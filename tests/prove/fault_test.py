# SPDX-License-Identifier: Apache-2.0
"""`untorn prove --engine fault` against small programs with a known verdict.

Every program of the folder `faults` says at its top what must be found, in the words of
expectation.py; a violation may also say `fault`, the first words of the fault that is named, and
`function`, where the failed call stands.
"""

import os
import re
import signal
import subprocess
import sys
import time
import uuid

import corpus_test
import expectation
import harness

FOLDER = harness.HERE / "faults"
COMPILED = harness.PROGRAMS.parent / "faults"
SUFFIXES = {".c", ".py", ".sh"}
NEW_STATE = """
import os
with open("state.json.tmp", "w") as file:
    file.write("{}")
    file.flush()
    os.fsync(file.fileno())
os.replace("state.json.tmp", "state.json")
"""


def program_of(name):
    """What is started: the compiled program, or the script itself."""
    path = FOLDER / name
    return COMPILED / path.stem if path.suffix == ".c" else path


def fault_engine(proof):
    """The engine's entry of the document."""
    return next(e for e in proof.document["engines"] if e["engine"] == "fault")


class Faults(harness.ProveCase):
    """One test per program, see add_tests; and what must hold for all of them."""

    def prove_faults(self, name, arguments=(), engines="fault", extra=None):
        """Proves a program of the folder."""
        path = FOLDER / name
        wanted = expectation.Expectation(path)
        places = {"{program}": str(program_of(name)), "{python}": harness.python(),
                  "{root}": str(self.root)}
        for file, kind, value in wanted.all("file"):
            (self.root / file).write_bytes(expectation.content(kind, value))
        extra = dict(extra or {})
        if wanted.one("library"):
            extra["PYTHONPATH"] = harness.python_package()
        own = [word for line in wanted.all("arguments") for word in line]
        command = corpus_test.fill(corpus_test.default_command(path), places)
        arguments = ["--engine", engines, *own, *arguments]
        return wanted, self.run_unchanged(command, arguments, extra=extra)

    def run_program(self, path):
        """Proves, and compares with what the program promises."""
        wanted, proof = self.prove_faults(path.name)
        document, why = proof.document, proof.describe()
        violations = wanted.violations()
        verdict = (wanted.one("verdict") or ["violated"])[0]
        self.assertEqual(document["verdict"], verdict, why)
        found = list(document["violations"])
        for violation in violations:
            same = [v for v in found if self.matches(wanted, violation, v)]
            self.assertEqual(len(same), 1, f"wanted {violation}\n{why}")
            found.remove(same[0])
        if not wanted.one("others"):
            self.assertEqual(found, [], f"violations that no comment expects\n{why}")
        if verdict == "proved":
            engine = fault_engine(proof)
            self.assertEqual(engine["states_checked"], engine["states_total"], why)
            self.assertGreater(engine["states_total"], 10, why)
        for reason, *pattern in wanted.all("undecided"):
            details = [u["detail"] for u in document["undecided"] if u["reason"] == reason]
            self.assertTrue(any(re.search(p, d) for p in pattern for d in details), why)
        for pattern, *_ in wanted.all("note"):
            self.assertTrue(any(re.search(pattern, n) for n in document["notes"]), why)

    @staticmethod
    def matches(wanted, violation, actual):
        """Is this the violation that the program's comment means?"""
        lost = actual["lost"]
        source = lost["source"] or {"line": None, "function": None}
        return (actual["engine"] == "fault" and actual["check"] == violation["check"]
                and actual["path"] == violation["path"]
                and actual["observed"] in violation.get("observed", actual["observed"]).split(",")
                and ("lost" not in violation
                     or source["line"] in wanted.numbers(violation["lost"]))
                and source["function"] == violation.get("function", source["function"])
                and re.match(violation.get("fault", ""), lost["fault"]) is not None
                and re.search(violation.get("missing", ""), actual["missing"]) is not None)

    # -- counts

    def test_counts_of_runs_agree(self):
        _, proof = self.prove_faults("checks_everything.c")
        engine = fault_engine(proof)
        # The run that is judged, two that are not disturbed, and one for each fault that was tried
        # and was not shown to be another one.
        self.assertEqual(proof.document["scope"]["runs"], 3 + engine["states_distinct"],
                         proof.describe())
        self.assertLess(engine["states_distinct"], engine["states_checked"], proof.describe())
        self.assertTrue(engine["exhaustive"], proof.describe())

    def test_every_kind_of_fault_of_every_call_is_tried(self):
        _, proof = self.prove_faults("gives_up_at_once.c")
        # open that creates: 7 once, 6 to stay; write of 6000 bytes: 4 errors and 3 lengths once,
        # 3 errors and 1 length to stay; fsync of file and folder, close: 4 once, 3 to stay each;
        # rename: 4 once, 4 to stay.
        total = 13 + 11 + 3 * 7 + 8
        self.assertEqual(fault_engine(proof)["states_total"], total, proof.describe())

    def test_engines_that_were_not_asked_do_not_run(self):
        command = [str(program_of("checks_everything.c"))]
        (self.root / "state.json").write_text("{}")
        names = [e["engine"] for e in self.run_unchanged(command).document["engines"]]
        self.assertEqual(sorted(names), ["kill", "power"])

    def test_all_engines_together(self):
        _, proof = self.prove_faults("checks_everything.c", engines="kill,power,fault")
        names = [e["engine"] for e in proof.document["engines"]]
        self.assertEqual(sorted(names), ["fault", "kill", "power"])
        self.assertEqual(proof.document["verdict"], "proved", proof.describe())

    # -- what is asked

    def test_a_crash_state_that_is_bad_without_faults_is_not_blamed_on_them(self):
        (self.root / "state.json").write_text("{}")
        script = self.scratch / "unsynced.py"
        script.write_text(NEW_STATE.replace("    os.fsync(file.fileno())\n", ""))
        command = [harness.python(), str(script)]
        proof = self.run_unchanged(command, ["--engine", "power,fault", "--expect",
                                             "atomic,durable"])
        self.assertEqual({v["engine"] for v in proof.document["violations"]}, {"power"},
                         proof.describe())

    def test_check_commands_judge_what_a_fault_leaves(self):
        check = "test ! -e state.json.tmp"
        _, proof = self.prove_faults("checks_everything.c", ["--expect", "none", "--check", check])
        self.assertEqual({v["check"] for v in proof.document["violations"]}, {"check"},
                         proof.describe())

    def test_a_command_that_fails_by_itself_is_not_tried(self):
        proof = self.run_unchanged(["sh", "-c", "echo x > a; exit 3"], ["--engine", "fault"])
        self.assertEqual(self.reasons(proof), {"command-failed"}, proof.describe())
        self.assertEqual(proof.document["scope"]["runs"], 1)

    def test_without_namespaces_the_verdict_is_the_same(self):
        temporary = self.scratch / "tmp"
        temporary.mkdir()
        _, proof = self.prove_faults("two_functions.c", ["--isolation", "copy"],
                                     extra={"TMPDIR": str(temporary)})
        self.assertEqual(proof.document["verdict"], "violated", proof.describe())
        lost = [v["lost"]["source"]["function"] for v in proof.document["violations"]]
        self.assertEqual(set(lost), {"write_body"}, proof.describe())
        self.assertEqual(list(temporary.iterdir()), [], "a copy was not removed")

    def test_standard_input_that_is_a_file_is_read_by_every_run(self):
        (self.root / "state.txt").write_text("old\n")
        text = self.scratch / "input"
        text.write_text("a new state\n" * 20)
        line = [harness.BINARY, "prove", "--format", "json", "--quiet", "--engine", "fault", "--",
                "sh", "-ec", "cat > state.tmp; mv state.tmp state.txt"]
        with open(text, encoding="utf-8") as source:
            result = subprocess.run(line, cwd=self.root, stdin=source, capture_output=True,
                                    check=False, timeout=120, env=harness.environment())
        proof = harness.Proof(result)
        self.check_document(proof)
        self.assertEqual(proof.document["verdict"], "proved", proof.describe())
        self.assertGreater(fault_engine(proof)["states_total"], 10, proof.describe())

    # -- limits

    def test_a_small_budget_is_told(self):
        # Some thousand runs, one for each call that may fail: no machine does them in that time.
        saves = ("import os\n"
                 "for number in range(300):\n"
                 "    with open('new', 'w') as file:\n"
                 "        file.write(str(number))\n"
                 "        file.flush()\n"
                 "        os.fsync(file.fileno())\n"
                 "    os.replace('new', 'state')\n")
        proof = self.run_unchanged([harness.python(), "-c", saves],
                                   ["--engine", "fault", "--budget", "700ms"])
        self.assertIn(proof.document["verdict"], ("passed", "undecided"), proof.describe())
        engine = fault_engine(proof)
        self.assertFalse(engine["exhaustive"], proof.describe())

    def test_a_record_of_a_run_has_no_command_to_fail(self):
        line = [harness.BINARY, "prove", "--engine", "fault", "--from-trace", "a.trace"]
        result = subprocess.run(line, cwd=self.root, stdin=subprocess.DEVNULL, capture_output=True,
                                check=False, timeout=60)
        self.assertEqual(result.returncode, 2)
        self.assertIn(b"--from-trace", result.stderr)
        self.assertIn(b"fault", result.stderr)

    def test_interrupted_leaves_no_process_and_no_mount(self):
        mark = f"UNTORN_TEST_MARK={uuid.uuid4().hex}"
        name, value = mark.split("=")
        (self.root / "state.json").write_text("{}")
        mounts = open("/proc/self/mounts", encoding="utf-8").read()
        line = [harness.BINARY, "prove", "--quiet", "--engine", "fault", "--", harness.python(),
                str(FOLDER / "replaces.py")]
        process = subprocess.Popen(line, cwd=self.root, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env=harness.environment({name: value}))
        deadline = time.monotonic() + 30
        # The prover itself, its worker, the engine, two runs and their programs.
        while len(harness.marked_processes(mark)) < 5 and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=60), 130)
        deadline = time.monotonic() + 10
        while harness.marked_processes(mark) and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertEqual(harness.marked_processes(mark), [])
        self.assertEqual(open("/proc/self/mounts", encoding="utf-8").read(), mounts)

    def test_nothing_is_left_behind_by_programs_that_leave_processes(self):
        mark = f"UNTORN_TEST_MARK={uuid.uuid4().hex}"
        name, value = mark.split("=")
        script = "sleep 1000 & set -e; echo new > a.tmp; mv a.tmp a"
        proof = self.run_unchanged(["sh", "-c", script], ["--engine", "fault", "--budget", "5s"],
                                   extra={name: value})
        self.assertGreater(proof.document["scope"]["runs"], 3, proof.describe())
        self.assertEqual(harness.marked_processes(mark), [])


def add_tests():
    """Gives the class one test for each program of the folder."""
    for path in sorted(FOLDER.iterdir()):
        if path.suffix in SUFFIXES:
            setattr(Faults, f"test_{path.stem}", lambda self, p=path: self.run_program(p))


add_tests()

if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(harness.main())
