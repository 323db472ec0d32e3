# SPDX-License-Identifier: Apache-2.0
"""Takes tasks from the state, has them done, and closes them.

Why nothing is lost and nothing is done twice. A task stays open until its work is in place. All its
work is repeatable: what changes files carries the task's id as the name of the operation, and each
of the classes does an operation once. A run that begins after a crash repeats the task that was
being worked on: what was done already answers `already`, and the rest is done.
"""

from pathlib import Path
from typing import Iterator, Optional

from untorn.pipeline import PatternStore, PipelineState, StateManager, Task, TaskStatus

from .planning import phase_of, plan_round, rounds_planned
from .work import Workers


class Pipeline:
    """Works on the project in `project_dir`."""

    def __init__(self, project_dir: Path, seed: int):
        self.states = StateManager(project_dir)
        self.patterns = PatternStore(project_dir)
        self.workers = Workers(project_dir, seed)

    def work(self, rounds: Optional[int] = None) -> Iterator[Task]:
        """Do task after task; ends when `rounds` rounds are done in all, or never."""
        while True:
            task = self._take(rounds)
            if task is None:
                return
            phase = phase_of(task.description)
            self.workers.do(phase, task)
            self._close(task, phase)
            yield task

    def _take(self, rounds: Optional[int]) -> Optional[Task]:
        """Planning and taking are one update: a crash leaves the round whole or not planned."""
        taken: Optional[Task] = None

        def change(state: PipelineState) -> None:
            nonlocal taken
            if state.get_next_task() is None and (rounds is None or rounds_planned(state) < rounds):
                plan_round(state)
            taken = state.get_next_task()
            if taken is not None:
                state.update_task_status(taken.task_id, TaskStatus.IN_PROGRESS)

        self.states.update(change)
        return taken

    def _close(self, task: Task, phase: str) -> None:
        self.patterns.record_execution(task.task_id, phase=phase, tool=phase, success=True,
                                       task=task.description)

        def change(state: PipelineState) -> None:
            state.update_task_status(task.task_id, TaskStatus.COMPLETED)
            state.record_run(phase, True, task.task_id)

        self.states.update(change)
