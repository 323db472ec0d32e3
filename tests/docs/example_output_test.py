# SPDX-License-Identifier: Apache-2.0
"""The example prints what the guide says that it prints ("…" stands for anything)."""

import pathlib
import re
import subprocess
import sys

HOME = pathlib.Path(__file__).resolve().parents[2]
GUIDE = HOME / "docs/guide/crash-tests-in-cpp.md"


def main():
    block = re.search(r"^```text\n(.*?)^```$", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    if not block:
        return f"{GUIDE} shows no output"
    run = subprocess.run([sys.argv[1]], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        return f"the example ended with {run.returncode}: {run.stderr}"
    pattern = ".*".join(re.escape(part) for part in block[1].split("…"))
    if not re.fullmatch(pattern, run.stdout):
        return f"the guide shows\n{block[1]}but the example prints\n{run.stdout}"
    return None


sys.exit(main())
