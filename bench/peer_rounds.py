# SPDX-License-Identifier: Apache-2.0
"""Measures every variant on one place: warm processes, told in turn what to do, in an order drawn
anew in each round, so that whatever else the machine does falls on all of them alike."""

import contextlib
import dataclasses
import random
import re
import shutil
import statistics
import subprocess

from measuring import note, run

BASES = {"ratio": "glib/durable", "plain_ratio": "plain/truncate"}  # what ratios are ratios to


@dataclasses.dataclass(frozen=True)
class Task:
    """What every variant is told to do."""

    name: str
    title: str
    size: int
    files: int
    threads: int
    operations: int  # a round, by each thread
    rounds: int
    slow_rounds: int  # on the model disk

    @property
    def shared(self):
        """The threads share the files: what all of them do is one operation."""
        return self.files > self.threads


MANY = 1000
TASKS = (
    Task("one-4k", "one file of 4 KiB", 4096, 1, 1, 10, 20, 8),
    Task("one-1m", "one file of 1 MiB", 1 << 20, 1, 1, 3, 10, 4),
    Task("threads-4k", "8 threads, each its own file of 4 KiB", 4096, 8, 8, 5, 5, 3),
    Task("threads-1m", "8 threads, each its own file of 1 MiB", 1 << 20, 8, 8, 1, 4, 2),
    Task("many-4k", "1,000 files of 4 KiB", 4096, MANY, 1, 1, 3, 1),
    Task("many-threads-4k", "1,000 files of 4 KiB by 8 threads", 4096, MANY, 8, 1, 2, 1),
    Task("many-1m", "32 files of 1 MiB", 1 << 20, 32, 1, 1, 2, 1),
)


class Peer:
    """A running program of one variant."""

    def __init__(self, variant):
        self.variant = variant
        # pylint: disable-next=consider-using-with  # it lives as long as the place; see close
        self.process = subprocess.Popen(variant.command, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def tell(self, folder, task, operations):
        """Nanoseconds of each operation."""
        self.process.stdin.write(
            f"{folder} {task.size} {task.files} {task.threads} {operations}\n")
        self.process.stdin.flush()
        words = self.process.stdout.readline().split()
        if not words or words[0] != "done":
            raise SystemExit(f"{self.variant.label} failed at {task.title} in {folder}, exit status"
                             f" {self.process.wait()}; what it said stands above")
        return [int(word) for word in words[1:]]

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


@dataclasses.dataclass
class Samples:
    """What one variant took: times of single operations, and counts of whole rounds."""

    times: list = dataclasses.field(default_factory=list)   # ns
    rounds: list = dataclasses.field(default_factory=list)  # ns, the median of each round
    flushes: list = dataclasses.field(default_factory=list)  # an operation, in each round
    commits: list = dataclasses.field(default_factory=list)
    kibibytes: list = dataclasses.field(default_factory=list)

    def add(self, times, operations, before, after, settled):
        """A round; what is still to be written afterwards counts as written, not as flushed."""
        self.times += times
        self.rounds.append(statistics.median(times))
        self.flushes.append((after.flushes - before.flushes) / operations)
        self.commits.append((after.commits - before.commits) / operations)
        self.kibibytes.append((settled.kibibytes - before.kibibytes) / operations)

    def times_of(self, base):
        """The median of the rounds' ratios: both sides of each had the same load of the machine."""
        ratios = [mine / theirs for mine, theirs in zip(self.rounds, base.rounds)]
        return round(statistics.median(ratios), 4)

    def summary(self, samples):
        """What goes into the document."""
        ordered = sorted(self.times)
        return {"median_us": round(statistics.median(ordered) / 1000, 1),
                "p99_us": round(ordered[int(0.99 * (len(ordered) - 1) + 0.5)] / 1000, 1),
                "operations": len(ordered),
                **{name: self.times_of(samples[base]) for name, base in BASES.items()
                   if base in samples},
                "flushes": round(statistics.median(self.flushes), 3),
                "commits": round(statistics.median(self.commits), 3),
                "kibibytes": round(statistics.median(self.kibibytes), 1)}


def suits(task, variant):
    """One of the ways for a single file does not differ for many."""
    return not task.shared or variant.key != "untorn/ordered-classic"


def measure_task(place, task, peers, rounds, order):
    """{key: Samples} of the task's rounds; its files are there before the first one."""
    folder = place.path / task.name
    folder.mkdir()
    chosen = [peer for peer in peers if suits(task, peer.variant)]
    for number, peer in enumerate(chosen):
        if not task.shared or number == 0 or peer.variant.many:
            peer.tell(folder, task, 1)  # the files are there then, and the programs are warm
    samples = {peer.variant.key: Samples() for peer in chosen}
    for _ in range(rounds):
        for peer in order.sample(chosen, len(chosen)):
            place.settle()
            before = place.counts()
            times = peer.tell(folder, task, task.operations)
            after = place.counts()
            place.settle()
            operations = task.operations if task.shared else len(times)
            samples[peer.variant.key].add(times, operations, before, after, place.counts())
    shutil.rmtree(folder)
    return samples


def measure_place(session, place, variants):
    """{task: {key: summary}}"""
    order, found = random.Random(1), {}
    with contextlib.ExitStack() as stack:
        peers = [Peer(variant) for variant in variants]
        for peer in peers:
            stack.callback(peer.close)
        for task in TASKS:
            note(f"{place.label}: {task.title}")
            rounds = task.slow_rounds if place.model else task.rounds
            samples = measure_task(place, task, peers, 1 if session.quick else rounds, order)
            found[task.name] = {key: sample.summary(samples)
                                for key, sample in samples.items()}
    return found


def counted_calls(variant, report, lines):
    """System calls of a fresh process that is told these lines."""
    run(["strace", "-f", "-c", "-o", str(report), *variant.command], input="\n".join(lines) + "\n",
        stdin=None)
    total = re.search(r"^100\.00\s+\S+\s+\S+\s+(\d+)\s.*total$", report.read_text(), re.MULTILINE)
    return int(total[1])


def system_calls(place, variant):
    """(over an existing file, over none): what 20 operations more cost, a twentieth of it. The
    files of the second lie in fresh folders."""
    def lines(*pairs):
        made = []
        for files, operations in pairs:
            folder = place.path / f"calls-{next(number)}"
            folder.mkdir()
            made.append(f"{folder} 4096 {files} 1 {operations}")
        return made
    number = iter(range(100))
    report = place.path / "calls"
    existing = [counted_calls(variant, report, lines((1, count)))
                for count in (10, 30)]
    new = [counted_calls(variant, report, lines((count, 1))) for count in (10, 30)]
    for folder in place.path.glob("calls-*"):
        shutil.rmtree(folder)
    return (existing[1] - existing[0]) / 20, (new[1] - new[0]) / 20
