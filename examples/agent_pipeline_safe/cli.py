# SPDX-License-Identifier: Apache-2.0
"""The command line."""

import argparse
import logging
import sys
from pathlib import Path

import untorn

from .pipeline import Pipeline


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="agent_pipeline_safe", description=__doc__)
    parser.add_argument("project_dir", type=Path)
    parser.add_argument("--steps", type=int, help="how many steps this run does (default 24)")
    parser.add_argument("--rounds", type=int,
                        help="instead: work until so many rounds of eight tasks are done in all")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the scripted answers")
    parser.add_argument("--quiet", action="store_true", help="no progress lines")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.WARNING)
    given.project_dir.mkdir(parents=True, exist_ok=True)
    try:
        pipeline = Pipeline(given.project_dir, given.seed)
        steps = given.steps if given.steps is not None or given.rounds is not None else 24
        for number, task in enumerate(pipeline.work(given.rounds), start=1):
            if not given.quiet:
                print(f"step {number}: {task.description}", flush=True)
            if number == steps:
                break
    except untorn.Error as problem:
        print(problem, file=sys.stderr)  # says what the file holds now
        return 2
    return 0
