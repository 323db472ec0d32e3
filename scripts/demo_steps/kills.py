# SPDX-License-Identifier: Apache-2.0
"""Kills the agent pipeline at random, again and again, and looks at the state that each kill
leaves. Nothing is simulated: the process gets SIGKILL, and the next run starts on what is there."""

import concurrent.futures
import json
import os
import random
import re
import select
import shutil
import signal
import subprocess
import threading
import time
from dataclasses import dataclass

from demo_steps.stage import PYTHON, Wrong

LANES = 4  # projects that are worked on and killed side by side: most of a run is starting Python
START_LIMIT_S = 60
# A run is killed so long after its first step: a few steps at most.
WINDOW_S = 0.1
STEP = re.compile(rb"step (\d+):")


@dataclass
class Tally:
    """What so many kills have left."""

    kills: int = 0
    torn: int = 0          # the state does not parse
    torn_bytes: bytes = b""  # the first of those
    gone: int = 0          # the state is not there, or older than what the run had reported
    restarted: int = 0     # a run that began at another step than the one after the state's last
    not_started: int = 0   # a run that could not start on what the kill before it left
    reason: str = ""       # the last line of the first of those
    steps: int = 0         # steps that all runs have reported


def read_steps(content):
    """How many steps this state has seen; None if it is torn."""
    try:
        return json.loads(content)["steps_done"]
    except (ValueError, KeyError, TypeError):
        return None


class Lane:
    """One project, and one run after the other on it."""

    def __init__(self, program, project, stop):
        self.program = program
        self.project = project
        self.stop = stop
        self.state = project / ".pipeline" / "state.json"
        self.scratch = project.with_name(project.name + "-tmp")
        self.scratch.mkdir()
        self.steps_before = 0
        self.last_message = ""
        self.random = random.Random()

    def run_and_kill(self):
        """The bytes that the run had printed when it was killed, or None if it ended by itself."""
        command = [PYTHON, str(self.program), str(self.project), "--steps", "1000000"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, start_new_session=True, bufsize=0,
                                   env={**os.environ, "TMPDIR": str(self.scratch)})
        first = b""
        try:
            if self._is_heard(process.stdout):
                first = os.read(process.stdout.fileno(), 4096)
                if not first:  # the end of its output: it is ending by itself
                    process.wait(START_LIMIT_S)
                time.sleep(WINDOW_S * self.random.random())
        finally:
            ended = process.poll() is not None
            if not ended:
                # The group: the pipeline's tools are processes of their own.
                os.killpg(process.pid, signal.SIGKILL)
            rest, messages = process.communicate()
        self.last_message = messages.decode(errors="replace").strip().rpartition("\n")[2]
        return None if ended else first + rest

    def _is_heard(self, stream):
        """Waits for a first output, or its end; false if the demonstration is to stop."""
        deadline = time.monotonic() + START_LIMIT_S
        while not select.select([stream], [], [], 0.1)[0]:
            if self.stop.is_set():
                return False
            if time.monotonic() > deadline:
                raise Wrong(f"the pipeline did no step within {START_LIMIT_S} s")
        return True

    def kill_once(self, tally, lock):
        output = self.run_and_kill()
        if output is None and not self.stop.is_set():
            with lock:
                tally.not_started += 1
                tally.reason = tally.reason or self.last_message
            self._start_afresh()
            output = self.run_and_kill()
            if output is None:
                raise Wrong(f"the pipeline does not start on a new project: {self.last_message}")
        if self.stop.is_set():
            return
        with lock:
            tally.kills += 1
            self._judge([int(number) for number in STEP.findall(output)], tally)

    def _judge(self, reported, tally):
        tally.steps += len(reported)
        if reported and reported[0] != self.steps_before + 1:
            tally.restarted += 1
        try:
            content = self.state.read_bytes()
        except FileNotFoundError:
            tally.gone += 1
            self.steps_before = 0
            return
        steps = read_steps(content)
        if steps is None:
            tally.torn_bytes = tally.torn_bytes if tally.torn else content
            tally.torn += 1
        elif reported and steps < reported[-1]:
            tally.gone += 1
        # The run after a torn state is expected to go on as well: where it does not, it counts.
        self.steps_before = steps if steps is not None else max([self.steps_before, *reported])

    def _start_afresh(self):
        shutil.rmtree(self.project)
        self.steps_before = 0


def kill_at_random(program, folder, kills):
    """Kills so many runs of the pipeline, and counts what they leave."""
    tally, lock, stop = Tally(), threading.Lock(), threading.Event()
    tickets = iter(range(kills))

    def work(number):
        lane = Lane(program, folder / f"project-{number}", stop)
        while not stop.is_set():
            with lock:
                if next(tickets, None) is None:
                    return
            lane.kill_once(tally, lock)

    folder.mkdir()
    with concurrent.futures.ThreadPoolExecutor(LANES) as lanes:
        running = [lanes.submit(work, number) for number in range(LANES)]
        try:
            for lane in concurrent.futures.as_completed(running):
                lane.result()
        finally:
            stop.set()  # a no-op unless this one was interrupted or a lane has failed
    return tally
