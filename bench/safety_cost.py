# SPDX-License-Identifier: Apache-2.0
"""What safety costs a whole program: the example pipeline as it was, as `untorn fix` leaves it, and
rebuilt on the classes of `untorn.pipeline`."""

import contextlib
import dataclasses
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from loops import file_system_of, flushes, places
from measuring import HOME, PYTHON, note, run, table

STEPS = 24


@dataclasses.dataclass(frozen=True)
class Variant:
    """One way to run the pipeline."""

    name: str
    folder: Path  # that the package lies in
    package: str

    def command(self, project):
        return [PYTHON, "-B", "-m", self.package, "--quiet", "--steps", str(STEPS), str(project)]


def prepared(session, folder):
    """The programs: two copies of the example are fixed, by what is safe and by all of it."""
    examples = HOME / "examples"
    variants = [Variant("as it was", examples, "agent_pipeline")]
    for name, flags in (("after fix", []), ("after fix --unsafe", ["--unsafe"])):
        copy = folder / name.replace(" ", "-")
        shutil.copytree(examples / "agent_pipeline", copy / "agent_pipeline")
        subprocess.run([str(session.untorn), "fix", "--quiet", "--allow-dirty", *flags,
                        str(copy / "agent_pipeline")], check=False, stdout=subprocess.DEVNULL)
        variants.append(Variant(name, copy, "agent_pipeline"))
    return [*variants, Variant("on untorn.pipeline", examples, "agent_pipeline_safe")]


def measure_once(session, variant, place, stat):
    """Seconds and flushes of a run in an empty project; flushes are None where not known."""
    environment = dict(os.environ, PYTHONPATH=str(session.build / "python"))
    with tempfile.TemporaryDirectory(dir=place) as name:
        project = Path(name) / "project"
        project.mkdir()
        run(["sync", "--file-system", str(place)])
        before = flushes(stat) if stat else 0
        start = time.perf_counter()
        run(variant.command(project), cwd=variant.folder, env=environment)
        seconds = time.perf_counter() - start
        return seconds, flushes(stat) - before if stat else None


def measure_safety(session, folder):
    note("safety")
    rounds = 2 if session.quick else 7
    rows = []
    with contextlib.ExitStack() as stack:
        variants = prepared(session, folder)
        for place, stat in places(folder, stack):
            seen = {variant: [] for variant in variants}
            for _ in range(rounds):
                for variant in random.sample(variants, len(variants)):
                    seen[variant].append(measure_once(session, variant, place, stat))
            base = statistics.median(seconds for seconds, _ in seen[variants[0]])
            for variant in variants:
                seconds = statistics.median(seconds for seconds, _ in seen[variant])
                count = statistics.median(count for _, count in seen[variant]) if stat else None
                rows.append([file_system_of(place) + (" (loop)" if stat else ""), variant.name,
                             f"{seconds:.2f}", f"{seconds / base:.2f}",
                             "not counted" if count is None else f"{count / STEPS:.1f}"])
    return "\n\n".join([
        f"The example pipeline, {STEPS} steps in an empty project, the start of the interpreter"
        f" included: median of {rounds} interleaved runs. Flushes are requests that reach the"
        " disk.",
        table(["file system", "program", "seconds", "times as it was", "flushes a step"], rows)])
