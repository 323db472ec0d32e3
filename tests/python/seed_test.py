# SPDX-License-Identifier: Apache-2.0
"""The two tests that started the project, by their names, and how little the first one proves.

As it was written, test_atomic_write_crash_safety starts a program that writes a file, kills it
0.1 s later, and looks whether the file parses. By then the program has written its file, or has
not begun: an unsafe writer is caught in 0 of 100 runs. Here the writer does nothing but write, as
often as it can; then an unsafe one is caught in most runs, by a kill, though never by a power cut.
`seed_test.py --measure 100` makes both measurements anew. What finds torn files for sure is each
crash state, by `untorn prove`: crash_test.py.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from harness import FolderTest
from untorn.pipeline import PipelineState, StateManager

SAFE = "import untorn\nwrite = untorn.atomic_write"
UNSAFE = "from pathlib import Path\ndef write(path, text): Path(path).write_text(text)"
WRITER = """
import json, sys
sys.path[:0] = {path!r}
{write}
for number in range({times}):
    write("test_file.json", json.dumps({{"number": number, "data": list(range(100))}}))
    if number == 0 and {times} > 1:
        print("begun", flush=True)
"""
ALWAYS = 10 ** 9
SAVER = """
import sys
sys.path[:0] = {path!r}
from untorn.pipeline import StateManager
manager = StateManager({folder!r})
state = manager.load()
for number in range(5):
    state.add_task(f"task {{number}}", f"file{{number}}.py", number)
manager.save(state)
print("saved", flush=True)
while True:
    manager.save(state)
"""


def start(program, folder, waits=True):
    process = subprocess.Popen([sys.executable, "-B", "-c", program], cwd=folder,
                               stdout=subprocess.PIPE)
    if waits:
        process.stdout.readline()
    return process


def kill(process):
    process.send_signal(signal.SIGKILL)
    status = process.wait()
    process.stdout.close()
    return status


def is_torn(folder, write, times):
    """One run: whether the file does not parse after the kill."""
    path = os.path.join(folder, "test_file.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write("{}")
    program = WRITER.format(path=sys.path, write=write, times=times)
    process = start(program, folder, waits=times > 1)
    time.sleep(0.1)
    kill(process)
    with open(path, encoding="utf-8") as file:
        try:
            json.load(file)
        except ValueError:
            return True
    return False


def measure(runs):
    for name, times in (("writes once, as the test was written", 1), ("only writes", ALWAYS)):
        with tempfile.TemporaryDirectory() as folder:
            torn = sum(is_torn(folder, UNSAFE, times) for _ in range(runs))
        print(f"an unsafe writer that {name}: caught in {torn} of {runs} runs")


class Seed(FolderTest):
    def test_atomic_write_crash_safety(self):
        """Test that crashes don't corrupt files"""
        for _ in range(5):
            self.assertFalse(is_torn(self.folder, SAFE, ALWAYS))
        with open(self.path("test_file.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["data"], list(range(100)))

    def test_state_recovery_after_crash(self):
        """Test that state can be recovered after crash"""
        process = start(SAVER.format(path=sys.path, folder=self.folder), self.folder)
        original = StateManager(self.folder, read_only=True).load()
        self.assertEqual(kill(process), -signal.SIGKILL)
        manager = StateManager(self.folder)
        recovered = manager.load()
        self.assertIsInstance(recovered, PipelineState)
        self.assertEqual(recovered.tasks, original.tasks)
        self.assertEqual(len(recovered.tasks), 5)
        # What the kill cannot do, a bad disk can: the file is damaged, and still nothing is lost.
        self.write(".pipeline/state.json", b'{"version": 2, "tasks": {')
        self.assertEqual(manager.load().tasks, original.tasks)
        self.assertIsNotNone(manager.last_recovery)

    def test_the_same_kills_catch_an_unsafe_writer(self):
        self.assertTrue(any(is_torn(self.folder, UNSAFE, ALWAYS) for _ in range(40)))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(int(sys.argv[2]))
    else:
        unittest.main()
