# SPDX-License-Identifier: Apache-2.0
"""The command line of the pipeline."""

import argparse
import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import List, Optional

from .pipeline import Coordinator, ProjectBusy, StepReport
from .save import save_once
from .workspace import Workspace


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="agent_pipeline", description=__doc__)
    parser.add_argument("project", type=Path, help="folder of the project to work on")
    parser.add_argument("--steps", type=int, default=24, help="steps of this run (default 24)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the scripted answers")
    parser.add_argument("--save-once", action="store_true", help="load the state, save it, stop")
    parser.add_argument("--quiet", action="store_true", help="no progress lines")
    return parser


def configure_logging(log_dir: Path) -> logging.Logger:
    """Warnings go to the terminal, everything to a log that rotates."""
    logger = logging.getLogger("agent_pipeline")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    if not logger.handlers:
        file_handler = RotatingFileHandler(
            str(log_dir / "pipeline.log"), maxBytes=200_000, backupCount=1
        )
        file_handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        logger.addHandler(file_handler)
        terminal = logging.StreamHandler(sys.stderr)
        terminal.setLevel(logging.WARNING)
        logger.addHandler(terminal)
    return logger


def print_progress(report: StepReport) -> None:
    line = f"step {report.number}: {report.phase} {report.task_id}: {report.status}"
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: Optional[List[str]] = None) -> int:
    options = build_parser().parse_args(arguments)
    if options.save_once:
        return save_once(options.project)
    workspace = Workspace(options.project)
    workspace.prepare()
    logger = configure_logging(workspace.log_dir)
    coordinator = Coordinator(workspace, seed=options.seed, logger=logger)
    if not options.quiet:
        coordinator.on_step(print_progress)
    try:
        summary = coordinator.run(options.steps)
    except ProjectBusy as problem:
        sys.stderr.write(f"agent_pipeline: {problem}\n")
        return 2
    sys.stdout.buffer.write((summary + "\n").encode("utf-8"))
    return 0
