# SPDX-License-Identifier: Apache-2.0
"""How many crash states a second a command of `--check` judges."""

import json
import random
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

from measuring import PYTHON, note, run, table

READ_FILES = 6
OTHER_FILES = 44

# Overwrites six files again and again, in place and without a sync: nearly every crash state of it
# differs in what the checkers read, so that hardly an answer is shared.
SAVE = f"""
for generation in range(12):
    for number in range({READ_FILES}):
        with open(f"d{{number}}.txt", "r+") as file:
            file.write(f"generation {{generation}}\\n" * 40)
"""
NATIVE = f"""
#include <stdio.h>
int main(void) {{
  char text[4096];
  for (int i = 0; i < {READ_FILES}; ++i) {{
    char name[16];
    snprintf(name, sizeof name, "d%d.txt", i);
    FILE* file = fopen(name, "r");
    if (!file || fread(text, 1, sizeof text, file) == 0) return 1;
    fclose(file);
  }}
  return 0;
}}
"""
IN_PYTHON = f"""
import json, re, sys
for number in range({READ_FILES}):
    if not re.match("generation|old", open(f"d{{number}}.txt").read()):
        sys.exit(json.dumps(["bad", number]))
"""
ONE_FILE = "grep -q . d0.txt"


def make_root(folder, programs):
    root = Path(tempfile.mkdtemp(dir=folder))
    for number in range(READ_FILES):
        (root / f"d{number}.txt").write_text("old text\n" * 60)
    for number in range(OTHER_FILES):
        (root / f"other{number}").write_text(f"{number}\n" * 100)
    (root / "check.py").write_text(IN_PYTHON)
    for program in programs:
        shutil.copy(program, root)
    return root


def judged(session, root, check):
    """States that were judged, and in how many seconds, by the engine `power`."""
    budget = "3s" if session.quick else "10s"
    result = subprocess.run(
        [str(session.untorn), "prove", "--format", "json", "--quiet", "--root", str(root),
         "--expect", "none", "--engine", "power", "--budget", budget, "--check", check, "--",
         PYTHON, "-c", SAVE], cwd=root, check=False, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    engine = json.loads(result.stdout)["engines"][0]
    return engine["states_distinct"], engine["elapsed_s"]


def native_checker(folder):
    """The program, in a list; empty without a compiler."""
    if not shutil.which("cc"):
        return []
    source, program = Path(folder) / "check.c", Path(folder) / "check"
    source.write_text(NATIVE)
    run(["cc", "-O2", "-o", str(program), str(source)])
    return [program]


def measure_checkers(session, folder):
    note("checkers")
    programs = native_checker(folder)
    ways = [("native", "./check")] if programs else []
    ways += [("Python, forked", f"{PYTHON} check.py"),
             ("Python by a shell, started each time", f"{PYTHON} check.py; exit $?"),
             ("`grep`, one file of the six", ONE_FILE)]
    rates = {name: [] for name, _ in ways}
    states = {}
    rounds = 1 if session.quick else 5
    for _ in range(rounds):
        for name, check in random.sample(ways, len(ways)):
            root = make_root(folder, programs)
            states[name], seconds = judged(session, root, check)
            rates[name].append(states[name] / seconds)
            shutil.rmtree(root)
    rows = [[name, states[name], f"{statistics.median(rates[name]):,.0f}"] for name, _ in ways]
    return "\n\n".join([
        f"A tree of some {READ_FILES + OTHER_FILES} files, of which six are overwritten in place;"
        " every checker but the last one reads all six, so that hardly a state shares its answer"
        f" with another. One core. Medians of {rounds} rounds.",
        table(["checker", "states judged", "states a second"], rows)])
