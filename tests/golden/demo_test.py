# SPDX-License-Identifier: Apache-2.0
"""The demonstration can fail: what it counts is counted on programs that do wrong on purpose, and
it says so and cleans up when it cannot go on."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from unittest import mock

HOME = pathlib.Path(__file__).resolve().parents[2]
DEMO = HOME / "scripts" / "demo"
sys.path.insert(0, str(HOME / "scripts"))

from demo_steps import agent, kills, stage, strangers, yours  # noqa: E402

# Each is a program like the example: it works on the project, and is killed at some time.
PROLOGUE = """
import json, os, sys, time
folder = os.path.join(sys.argv[1], ".pipeline")
os.makedirs(folder, exist_ok=True)
state = os.path.join(folder, "state.json")
def load():
    with open(state) as file:
        return json.load(file)["steps_done"]
def save(steps):
    with open(state + ".new", "w") as file:
        json.dump({"steps_done": steps}, file)
    os.replace(state + ".new", state)
def report(steps):
    print(f"step {steps}: done", flush=True)
"""
CAREFUL = """
steps = load() if os.path.exists(state) else 0
while True:
    steps += 1
    save(steps)
    report(steps)
    time.sleep(0.005)
"""
FORGETFUL = CAREFUL.replace("load() if os.path.exists(state) else 0", "0")
LYING = CAREFUL.replace("save(steps)", "save(max(steps - 2, 0))")
TEARING = """
open(state, "w").write("{")
report(1)
time.sleep(60)
"""
ONCE = "if os.path.exists(state): sys.exit('damaged: of all things')\n" + CAREFUL
NEVER = "sys.exit('not today')"


class KillsTest(unittest.TestCase):
    KILLS = 8

    def tally(self, source):
        with tempfile.TemporaryDirectory(prefix="untorn-demo-test-") as name:
            folder = pathlib.Path(name)
            program = folder / "program.py"
            program.write_text(PROLOGUE + source, encoding="utf-8")
            tally = kills.kill_at_random(program, folder / "kills", self.KILLS)
        self.assertEqual(tally.kills, self.KILLS)
        return tally

    def test_a_careful_program_has_a_clean_tally(self):
        tally = self.tally(CAREFUL)
        self.assertEqual((tally.torn, tally.gone, tally.restarted, tally.not_started), (0,) * 4)
        self.assertGreaterEqual(tally.steps, self.KILLS)

    def test_torn_states_are_counted_and_the_first_is_kept(self):
        tally = self.tally(TEARING)
        self.assertEqual(tally.torn, self.KILLS)
        self.assertEqual(tally.torn_bytes, b"{")

    def test_a_run_that_begins_again_is_counted(self):
        # The first run of each project begins at step 1 by right.
        self.assertGreaterEqual(self.tally(FORGETFUL).restarted, self.KILLS - kills.LANES)

    def test_a_step_that_was_reported_and_is_not_in_the_state_is_lost(self):
        self.assertEqual(self.tally(LYING).gone, self.KILLS)

    def test_a_run_that_cannot_start_is_counted_and_the_project_made_anew(self):
        tally = self.tally(ONCE)
        self.assertGreaterEqual(tally.not_started, self.KILLS - kills.LANES)
        self.assertEqual(tally.reason, "damaged: of all things")
        self.assertEqual(tally.restarted, 0)

    def test_a_program_that_never_starts_ends_the_demonstration(self):
        with self.assertRaisesRegex(stage.Wrong, "not today"):
            self.tally(NEVER)


class TextTest(unittest.TestCase):
    def test_names_of_strangers_move_no_cursor(self):
        self.assertEqual(stage.printable("a\x1b[2J\nb\udcff ü"), "a\\x1b[2J\\nb\\udcff ü")

    def test_a_sample_is_never_called_complete(self):
        proof = {"scope": {"states_checked": 9, "states_total": 9},
                 "engines": [{"exhaustive": True}, {"exhaustive": False}]}
        self.assertEqual(stage.states(proof), "a sample of 9 states")

    def test_a_diff_is_shown_for_the_asked_file_alone(self):
        diff = ("diff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-old x\n+new x\n"
                "diff --git a/s/y.py b/s/y.py\n--- a/s/y.py\n+++ b/s/y.py\n@@ -1,2 +1,3 @@\n"
                " same\n-old y\n+new y\n+\n")
        self.assertEqual(agent.changed_lines(diff, "s/y.py"), ["-old y", "+new y"])

    def test_long_names_are_cut_and_folders_left_out(self):
        self.assertEqual(strangers.last_name(".git/objects/20/" + "0123456789" * 4),
                         "01234567890123…")

    def test_a_violation_of_another_kind_is_none(self):
        proof = {"verdict": "violated", "violations": [
            {"engine": "kill", "check": "atomic", "path": "a"},
            {"engine": "power", "check": "parse", "path": "a"}]}
        with self.assertRaises(stage.Wrong):
            stage.power_loss(proof)

    def test_a_claim_that_does_not_hold_ends_the_demonstration(self):
        with self.assertRaisesRegex(stage.Wrong, "why"):
            stage.claim(False, "why")


class YoursTest(unittest.TestCase):
    def test_a_folder_that_is_not_there_is_refused_by_its_name(self):
        with self.assertRaisesRegex(yours.NoSuchFolder, "'no such\\\\nfolder'"):
            yours.chosen("no such\nfolder")

    def test_nothing_asked_for_is_nothing_chosen(self):
        self.assertIsNone(yours.chosen(""))

    def test_a_tilde_is_the_home(self):
        with tempfile.TemporaryDirectory(prefix="untorn demo-") as home:
            with mock.patch.dict(os.environ, HOME=home):
                self.assertEqual(yours.chosen("~"), pathlib.Path(home).resolve())


class ScriptTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="untorn-demo-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.environment = dict(os.environ, TMPDIR=self.folder)
        self.environment.pop("UNTORN_DEMO_DIR", None)

    def start(self, *arguments, **environment):
        process = subprocess.Popen([sys.executable, "-B", DEMO, *arguments],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, start_new_session=True,
                                   env={**self.environment, **environment})
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def test_a_folder_that_is_not_there_ends_it_before_it_begins(self):
        missing = os.path.join(self.folder, "it's $(gone) \udcff")
        for process in (self.start(missing), self.start(UNTORN_DEMO_DIR=missing)):
            output, messages = process.communicate(timeout=60)
            self.assertEqual((process.returncode, output), (2, b""))
            self.assertIn(b"it's $(gone) \\udcff", messages)

    def test_without_the_command_it_says_what_to_do(self):
        process = self.start(UNTORN_COMMAND=os.path.join(self.folder, "untorn"))
        _, messages = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 2)
        self.assertIn(b"make build", messages)

    def test_a_signal_ends_it_and_nothing_is_left(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process = self.start()
            self.assertIn(b"(1/7)", process.stdout.readline())
            time.sleep(0.3)  # some runs of the pipeline are under way, whichever moment this is
            process.send_signal(number)
            _, messages = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 128 + number, messages)
            self.assertIn(b"was stopped", messages)
            self.assertEqual(os.listdir(self.folder), [])
            left = subprocess.run(["pgrep", "-f", self.folder], capture_output=True, check=False)
            self.assertEqual(left.stdout, b"")


if __name__ == "__main__":
    unittest.main()
