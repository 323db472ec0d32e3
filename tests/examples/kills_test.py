# SPDX-License-Identifier: Apache-2.0
"""The safe pipelines are killed at random instants and started again: they finish with no task lost
and none done twice, and the proof of one step agrees.

UNTORN_KILLS: how many kills each pipeline gets.
"""

import json
import os
import pathlib
import random
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HOME = pathlib.Path(__file__).resolve().parents[2]
COMMAND = os.environ["UNTORN_COMMAND"]
KILLS = int(os.environ.get("UNTORN_KILLS", "500"))
# Kills need no disk: where there is memory to work in, they go faster.
FAST = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
REQUIRED = os.environ.get("UNTORN_REQUIRE", "").split(",")


def run_untorn(*arguments):
    done = subprocess.run([COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False)
    return done


class Kills:
    """One pipeline that works until `ROUNDS` rounds are done. Subclasses say how it is started and
    what its project holds then."""

    ROUNDS = 2

    def command(self, project):
        raise NotImplementedError

    def check_work(self, project):
        raise NotImplementedError

    def start(self, project):
        return subprocess.Popen(self.command(project), stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True)

    def run_whole(self, project):
        """Seconds of a run that nobody kills."""
        begin = time.monotonic()
        process = self.start(project)
        message = process.communicate()[1]
        self.assertEqual(process.returncode, 0, message)
        return time.monotonic() - begin

    def run_and_kill(self, project, dice, longest):
        """True if it was killed, False if it had finished."""
        process = self.start(project)
        time.sleep(dice.uniform(0, longest))
        process.send_signal(signal.SIGKILL)
        message = process.communicate()[1]
        if process.returncode == -signal.SIGKILL:
            return True
        self.assertEqual(process.returncode, 0, message)
        return False

    def new_project(self, folder, number):
        project = pathlib.Path(folder) / f"project{number}"
        project.mkdir()
        return project

    def check(self, project):
        self.check_state(project)
        self.check_work(project)
        self.check_numbers(project)
        repaired = run_untorn("doctor", "--quiet", "--repair", str(project))
        self.assertEqual(repaired.returncode, 0, repaired.stdout)
        for _, folders, _ in os.walk(project):
            self.assertLessEqual(folders.count(".untorn"), 1)

    def check_state(self, project):
        state = json.loads((project / ".pipeline/state.json").read_text(encoding="utf-8"))
        tasks = state["tasks"].values()
        self.assertEqual({task["status"] for task in tasks}, {"COMPLETED"})
        self.assertEqual(len(tasks), self.ROUNDS * self.TASKS)
        runs = {name: phase["runs"] for name, phase in state["phases"].items()}
        self.assertEqual(set(runs.values()), {self.ROUNDS}, runs)
        patterns = run_untorn("pipeline", "patterns", str(project), "--format", "json")
        self.assertEqual(patterns.returncode, 0, patterns.stderr)
        self.assertEqual(json.loads(patterns.stdout)["statistics"]["executions"], len(tasks))

    def check_numbers(self, project):
        """Patches are numbered without a gap, each applied."""
        names = sorted(path.name for path in (project / ".pipeline/patches").glob("*.patch"))
        self.assertEqual([int(name[:4]) for name in names], list(range(1, self.ROUNDS + 1)))
        listed = run_untorn("pipeline", "patches", str(project), "--format", "json")
        self.assertEqual({patch["status"] for patch in json.loads(listed.stdout)["patches"]},
                         {"applied"})

    def test_no_task_is_lost_and_none_is_done_twice(self):
        dice, killed, projects = random.Random(1), 0, 0
        with tempfile.TemporaryDirectory(prefix="untorn-kills-", dir=FAST) as folder:
            longest = self.run_whole(self.new_project(folder, "first"))
            while killed < KILLS:
                project = self.new_project(folder, projects)
                while self.run_and_kill(project, dice, longest * 0.6):
                    killed += 1
                self.check(project)
                projects += 1
            print(f"{killed} kills in {projects} projects", file=sys.stderr)
        self.assertGreater(killed, projects, "too few kills came while work was done")

    def test_the_first_round_is_proved(self):
        """In each crash state the program is started again, and has to finish with everything done
        once. Single files are judged by the built-in checks, too; what Untorn keeps is judged by
        the recovery alone."""
        if not can_prove():
            self.assertNotIn("prove", REQUIRED, "this machine cannot trace")
            self.skipTest("this machine cannot trace")
        with tempfile.TemporaryDirectory(prefix="untorn-proof-", dir=FAST) as folder:
            project = self.new_project(folder, "proved")
            again = [sys.executable, "-B", os.path.abspath(__file__), "--finish",
                     type(self).__name__, str(project)]
            done = run_untorn("prove", "--format", "json", "--root", str(project),
                              "--expect", "atomic,durable-if-synced", "--ignore", ".untorn/*",
                              "--check", shlex.join(again), "--budget", str(self.BUDGET_S) + "s",
                              "--", *self.command(project, rounds=1))
            report = json.loads(done.stdout[done.stdout.index('{"schema"'):])
            self.assertIn(report["verdict"], ("proved", "passed"), json.dumps(report, indent=1))
            print(f"{report['verdict']}: {report['scope']['states_checked']} of "
                  f"{report['scope']['states_total']} states", file=sys.stderr)
            self.assertGreater(report["scope"]["states_checked"], 100)


def can_prove():
    with tempfile.TemporaryDirectory() as empty:
        done = run_untorn("prove", "--format", "json", "--root", empty, "--", "true")
        return "nothing-written" in done.stdout


class CppKills(Kills, unittest.TestCase):
    TASKS = 4
    BUDGET_S = 30

    def command(self, project, rounds=None):
        return [os.environ["UNTORN_TWIN"], str(project), str(rounds or self.ROUNDS)]

    def check_work(self, project):
        modules = [f"shop/module_{number}.py" for number in range(1, self.ROUNDS + 1)]
        log = (project / "CHANGELOG.md").read_text(encoding="utf-8")
        self.assertEqual(re.findall(r"^- (.*)$", log, re.MULTILINE), modules)
        for module in modules:
            text = (project / module).read_text(encoding="utf-8")
            self.assertEqual(text.count("return missing if missing > 0 else 0\n"), 1)
            self.assertNotIn(" \n", text)
            self.assertTrue((project / f"{module}.owner").exists())


class PythonKills(Kills, unittest.TestCase):
    TASKS = 8
    BUDGET_S = 30

    def command(self, project, rounds=None):
        return [sys.executable, "-B", str(HOME / "examples/agent_pipeline_safe"), "--quiet",
                "--rounds", str(rounds or self.ROUNDS), str(project)]

    def check_work(self, project):
        log = (project / "CHANGELOG.md").read_text(encoding="utf-8")
        rounds = re.findall(r"^- Document \w+ \(round (\d+)\)$", log, re.MULTILINE)
        self.assertEqual(rounds, [str(number) for number in range(1, self.ROUNDS + 1)])
        uses = run_untorn("pipeline", "tools", str(project), "--format", "json")
        self.assertEqual([tool["statistics"]["uses"] for tool in json.loads(uses.stdout)["tools"]],
                         [self.ROUNDS])


def finish(name, project):
    """Start the pipeline once more, as after a crash, and look at what it leaves."""
    pipeline = globals()[name]("check")
    pipeline.ROUNDS = 1
    pipeline.run_whole(project)
    pipeline.check(project)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--finish"]:
        finish(sys.argv[2], pathlib.Path(sys.argv[3]))
    else:
        unittest.main()
