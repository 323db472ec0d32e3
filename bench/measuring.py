# SPDX-License-Identifier: Apache-2.0
"""What all measurements share: running a program, what it cost, tables, and the page."""

import dataclasses
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

HOME = pathlib.Path(__file__).resolve().parent.parent
PAGE = HOME / "docs" / "benchmarks.md"
PYTHON = os.path.realpath(sys.executable)


@dataclasses.dataclass(frozen=True)
class Session:
    """One call of bench/run."""

    build: pathlib.Path  # the build folder that is measured
    quick: bool          # few rounds, for a look
    keep: bool           # what was generated to measure on stays

    @property
    def untorn(self):
        return self.build / "src" / "cli" / "untorn"

    def bench(self, name):
        """A program of this folder."""
        return self.build / "bench" / f"bench_{name}"


@dataclasses.dataclass(frozen=True)
class Cost:
    """What one run of a program took."""

    seconds: float
    cpu_seconds: float  # user and system, of all its threads and children
    peak_bytes: int     # resident memory
    exit_code: int


def note(text):
    print(text, file=sys.stderr, flush=True)


def run(command, **options):
    """Runs a command that must succeed; returns its output."""
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def cost_of(command, good=(0,), **options):
    """Runs a command that must end with one of the exit codes `good`; its result is dropped unless
    the options say where it goes."""
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("stdout", subprocess.DEVNULL)
    options.setdefault("stderr", subprocess.DEVNULL)
    start = time.perf_counter()
    with subprocess.Popen(command, **options) as process:
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in good:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024,
                process.returncode)


def median(costs, field):
    return statistics.median(getattr(cost, field) for cost in costs)


def table(header, rows):
    """A Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(str(c) for c in row) + " |" for row in rows])


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "an unknown processor"


def machine(command="make bench"):
    """What it was measured on. More work than cores makes every time longer."""
    return (f"Measured on {os.cpu_count()} × {processor()}, Linux {platform.release()}, under a"
            f" load of {os.getloadavg()[0]:.1f}, by `{command}` (repeat it with the same command;"
            " absolute times are this machine's at that hour, ratios travel better).")


def write_page(session, sections):
    """Puts each section between its markers, by our own replace."""
    text = PAGE.read_text(encoding="utf-8")
    for name, body in sections.items():
        begin, end = f"<!-- {name}: written by bench/run -->", f"<!-- {name}: end -->"
        if begin not in text or end not in text:
            raise SystemExit(f"{PAGE}: the markers of '{name}' are missing")
        head, rest = text.split(begin, 1)
        text = head + begin + "\n\n" + body + "\n\n" + end + rest.split(end, 1)[1]
    write_file(session, PAGE, text)


def write_file(session, path, text):
    """By our own replace."""
    subprocess.run([str(session.untorn), "write", "--quiet", str(path)], input=text.encode(),
                   check=True)
