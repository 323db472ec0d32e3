#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does agent_pipeline still do the same? Its test for whoever changes it.

    python3 check_agent_pipeline.py record FILE     remember what a run makes
    python3 check_agent_pipeline.py compare FILE    make a run, and tell every difference

A run is 24 steps with a fixed seed in an empty folder. Compared are the names and the content of
all files, without what differs from run to run: a time in state.json, a process id in
heartbeat.json.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
VOLATILE = {
    "state.json": rb'"updated": "[^"]*"',
    "heartbeat.json": rb'"pid": \d+',
}
KEPT_BY_UNTORN = ".untorn"


def run() -> dict:
    """Digests of all files that a run makes."""
    with tempfile.TemporaryDirectory(prefix="agent-pipeline-") as name:
        project = Path(name) / "project"
        subprocess.run(
            [sys.executable, "-B", "-m", "agent_pipeline", "--quiet", "--steps", "24",
             str(project)],
            cwd=HERE, check=True, stdout=subprocess.DEVNULL)
        return {str(path.relative_to(project)): digest(path) for path in sorted(project.rglob("*"))
                if path.is_file() and KEPT_BY_UNTORN not in path.parts}


def digest(path: Path) -> str:
    content = path.read_bytes()
    if path.name in VOLATILE:
        content = re.sub(VOLATILE[path.name], b"", content)
    return hashlib.sha256(content).hexdigest()


def differences(before: dict, after: dict) -> list:
    return ([f"missing: {name}" for name in sorted(before.keys() - after.keys())]
            + [f"new: {name}" for name in sorted(after.keys() - before.keys())]
            + [f"differs: {name}" for name in sorted(before.keys() & after.keys())
               if before[name] != after[name]])


def main(arguments: list) -> int:
    if len(arguments) != 2 or arguments[0] not in ("record", "compare"):
        sys.stderr.write(__doc__)
        return 2
    verb, file = arguments[0], Path(arguments[1])
    after = run()
    if verb == "record":
        temporary = file.with_name(file.name + ".new")
        with open(temporary, "w", encoding="utf-8") as stream:
            json.dump(after, stream, indent=2)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, file)
        print(f"{len(after)} files")
        return 0
    found = differences(json.loads(file.read_text(encoding="utf-8")), after)
    print("\n".join(found) if found else f"{len(after)} files, all as before")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
