# SPDX-License-Identifier: Apache-2.0
"""The example of the guide to many files writes them all, and leaves nothing else."""

import pathlib
import re
import subprocess
import sys
import tempfile

PAGES = 1000


def main():
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(2):  # new files, then files that are there
            run = subprocess.run([sys.argv[1], folder], capture_output=True, text=True, check=False)
            if run.returncode != 0 or run.stderr:
                return f"the example ended with {run.returncode}: {run.stderr}"
            if not re.fullmatch(rf"{PAGES} pages, \d+ syncs\n", run.stdout):
                return f"the example prints {run.stdout!r}"
        found = {path.name: path.read_text() for path in pathlib.Path(folder).iterdir()}
        expected = {f"{n}.html": f"<h1>Page {n}</h1>\n" for n in range(1, PAGES + 1)}
        if found != expected:
            return f"{len(found)} files, not the {PAGES} pages alone"
        gone = str(pathlib.Path(folder) / "none")
        run = subprocess.run([sys.argv[1], gone], capture_output=True, text=True, check=False)
        if run.returncode != 1 or gone not in run.stderr or "0 pages" not in run.stdout:
            return f"without its folder: {run.returncode}, {run.stdout}, {run.stderr[:200]}"
    return None


sys.exit(main())
