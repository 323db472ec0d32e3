# SPDX-License-Identifier: Apache-2.0
"""What `untorn fix` costs on a thousand files, and what the fixed program pays afterwards.

`fix` chooses the level of an edit by what the file is, so each level has a project of its own: one
that writes state (`durable`), one that writes reports (`ordered`), and one that does both.
"""

import collections
import dataclasses
import json
import os
import random
import re
import shutil
import statistics
import tempfile

from fix_project import PROJECTS, make_project
from measuring import PYTHON, cost_of, machine, median, note, run, table

SYNCS = ("fsync", "fdatasync", "sync", "syncfs", "sync_file_range")


@dataclasses.dataclass
class Figures:
    """All rounds of one project."""

    scan: list = dataclasses.field(default_factory=list)
    diff: list = dataclasses.field(default_factory=list)
    fix: list = dataclasses.field(default_factory=list)
    seconds_before: list = dataclasses.field(default_factory=list)
    seconds_after: list = dataclasses.field(default_factory=list)
    document: dict = dataclasses.field(default_factory=dict)
    calls_of_fix: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    syncs_after: int = 0


def tool(session, root, verb, *flags, prefix=(), **options):
    """Runs a verb on the project as if it had never been seen: with a cache that is empty."""
    with tempfile.TemporaryDirectory(dir=root.parent) as cache:
        environment = dict(os.environ, XDG_CACHE_HOME=cache)
        command = [*prefix, str(session.untorn), verb, "--quiet", *flags, str(root)]
        return cost_of(command, good=(0, 1), env=environment, **options)


def calls_in(report):
    """How often each system call stands in a report of strace."""
    return collections.Counter(
        match[1] for line in report.read_text(encoding="utf-8", errors="replace").splitlines()
        if (match := re.match(r"\d+\s+(\w+)\(", line)))


def run_program(root):
    """Seconds of all its saves."""
    return float(run([PYTHON, "-B", "main.py"], cwd=root))


def written(root):
    """What the program has written, by path."""
    return {path.relative_to(root): path.read_bytes()
            for name in ("data", "reports") for path in sorted((root / name).iterdir())}


def fresh_copy(folder, kind, count):
    root = folder / "project"
    make_project(root, kind, count)
    return root


def measure_round(session, folder, kind, count, figures):
    root = fresh_copy(folder, kind, count)
    run_program(root)
    figures.seconds_before.append(run_program(root))
    before = written(root)
    figures.scan.append(tool(session, root, "scan", "--no-cache"))
    figures.diff.append(tool(session, root, "fix", "--diff"))
    result = folder / "result.json"
    with open(result, "wb") as output:
        figures.fix.append(tool(session, root, "fix", "--format", "json", "--allow-dirty",
                                stdout=output))
    figures.document = json.loads(result.read_text(encoding="utf-8"))
    figures.seconds_after.append(run_program(root))
    if written(root) != before:
        raise SystemExit(f"bench: the fixed program '{kind}' writes something else")
    shutil.rmtree(root)


def count_calls(session, folder, kind, count, figures):
    root = fresh_copy(folder, kind, count)
    report = folder / "calls"
    trace = ["strace", "-f", "-o", str(report)]
    run_program(root)
    tool(session, root, "fix", "--allow-dirty", prefix=trace)
    figures.calls_of_fix = calls_in(report)
    run([*trace, PYTHON, "-B", "main.py"], cwd=root)
    figures.syncs_after = sum(calls_in(report)[name] for name in SYNCS)
    shutil.rmtree(root)


def edits_of(figures, level):
    return sum(file[level] for file in figures.document["changed"])


def fix_row(kind, figures, count):
    calls = figures.calls_of_fix
    syncs = sum(calls[name] for name in SYNCS)
    return [kind, len(figures.document["changed"]),
            f"{edits_of(figures, 'durable'):,}, {edits_of(figures, 'ordered'):,}",
            len(figures.document["remaining"]),
            *(f"{median(costs, 'seconds'):.2f} ({median(costs, 'cpu_seconds'):.2f})"
              for costs in (figures.scan, figures.diff, figures.fix)),
            f"{count / median(figures.fix, 'seconds'):.0f}",
            f"{calls.total() / count:.1f}" if calls else "not counted",
            f"{syncs / count:.2f}" if calls else "not counted"]


def program_row(kind, figures, count):
    saves = 3 * count
    before = statistics.median(figures.seconds_before) / saves * 1e6
    after = statistics.median(figures.seconds_after) / saves * 1e6
    return [kind, f"{before:.0f}", f"{after:.0f}", f"{after / before:.1f}",
            f"{figures.syncs_after / saves:.2f}" if figures.calls_of_fix else "not counted"]


def replace_table(session, folder, count, rounds):
    """The same in C++, without Python between."""
    place = folder / "files"
    place.mkdir()
    size_bytes = 4096
    lines = run([str(session.bench("replace")), str(place), "files", str(count), str(size_bytes),
                 str(rounds)]).splitlines()
    shutil.rmtree(place)
    fields = [line.split("\t") for line in lines]
    base = float(fields[0][2])
    return table(["variant", "s", "10th to 90th percentile", "files/s", "times ofstream"],
                 [[name, middle, f"{low} to {high}", f"{count / float(middle):,.0f}",
                   f"{float(middle) / base:.1f}"] for name, low, middle, high in fields])


def measure_fix(session, folder):
    count, rounds = (100, 2) if session.quick else (1000, 5)
    all_figures = {kind: Figures() for kind in PROJECTS}
    for number in range(rounds):
        note(f"fix, round {number + 1} of {rounds}, load {os.getloadavg()[0]:.1f}")
        for kind in random.sample(list(PROJECTS), len(PROJECTS)):
            measure_round(session, folder, kind, count, all_figures[kind])
    if shutil.which("strace"):
        for kind, figures in all_figures.items():
            count_calls(session, folder, kind, count, figures)
    note(f"replacing {count} files")
    return "\n\n".join([
        machine("bench/run fix"),
        f"Projects of {count:,} modules, each with three writes that can be lost. Seconds of wall"
        f" time, with CPU seconds in brackets, medians of {rounds} rounds, nothing known from an"
        " earlier scan. `fix` scans, writes each file whole at `durable`, and scans again, which is"
        " also how it knows what remains; `--diff` only shows. System calls and syncs are those of"
        " the whole command, for each file.",
        table(["what the modules write", "files changed", "edits: durable, ordered", "remaining",
               "`scan`", "`fix --diff`", "`fix`", "files/s", "system calls a file",
               "syncs a file"],
              [fix_row(kind, figures, count) for kind, figures in all_figures.items()]),
        f"What the program pays afterwards: the {3 * count:,} saves of that project over existing"
        " files, before and after `fix`, in microseconds a save. Both write the same bytes, which"
        " is checked.",
        table(["what the modules write", "before", "after", "times", "syncs a save"],
              [program_row(kind, figures, count) for kind, figures in all_figures.items()]),
        f"The same from C++: {count:,} existing files of 4 KiB, one after the other, at each level,"
        f" in seconds. {rounds} interleaved rounds; before each, what the one before it left is"
        " written out.",
        replace_table(session, folder, count, rounds)])
