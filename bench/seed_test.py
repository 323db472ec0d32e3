#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How often does a test that kills a writer after a tenth of a second catch an unsafe one?

    bench/seed_test.py [RUNS] [FOLDER]    100 runs, below the current folder, if not given

The test is that of the document this project began with: start a process that writes a file in
place, kill it 0.1 s later, and load the file. It is run against a writer that saves once, as the
document has it, and against one that saves without end. `untorn prove` needs one run of the first.
"""

import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# The state of a small pipeline: forty tasks, some 10 kB.
WRITER = """
import json, pathlib, sys
state = {"version": 2, "tasks": {str(n): {"task_id": str(n), "description": "a task " * 20,
         "target_file": f"{n}.py", "status": "NEW"} for n in range(40)}}
while True:
    pathlib.Path("test_file.json").write_text(json.dumps(state, indent=2))
    if sys.argv[1] == "once":
        break
"""


def is_caught(folder, how):
    """One run of the test: whether the file is corrupted; None if the writer had not begun."""
    file = folder / "test_file.json"
    file.unlink(missing_ok=True)
    with subprocess.Popen([sys.executable, "write_test.py", how], cwd=folder) as writer:
        time.sleep(0.1)
        writer.send_signal(signal.SIGKILL)
    if not file.exists():
        return None
    try:
        json.loads(file.read_text())
    except json.JSONDecodeError:
        return True
    return False


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else ".") as name:
        folder = Path(name)
        (folder / "write_test.py").write_text(WRITER)
        for how in ("once", "for ever"):
            outcomes = [is_caught(folder, how) for _ in range(runs)]
            print(f"the writer saves {how}: caught in {outcomes.count(True)} of {runs} runs"
                  f" ({outcomes.count(None)} ended before it wrote)")


if __name__ == "__main__":
    main()
