# SPDX-License-Identifier: Apache-2.0
"""Pipeline state: tasks, files, phases and what was learned, kept in one JSON file."""

import fcntl
import json
import logging
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

HISTORY_LIMIT = 9


class TaskStatus(str, Enum):
    NEW = "NEW"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    QA_PENDING = "QA_PENDING"
    QA_FAILED = "QA_FAILED"
    DEBUG_PENDING = "DEBUG_PENDING"
    NEEDS_FIXES = "NEEDS_FIXES"


OPEN_STATUSES = (TaskStatus.IN_PROGRESS, TaskStatus.NEEDS_FIXES, TaskStatus.NEW)


@dataclass
class Task:
    """One piece of work and what became of it."""

    task_id: str
    description: str
    target_file: str
    priority: int = 5
    status: TaskStatus = TaskStatus.NEW
    attempts: int = 0
    dependencies: List[str] = field(default_factory=list)
    errors: List[Dict[str, Any]] = field(default_factory=list)

    def to_dict(self) -> Dict[str, Any]:
        data = asdict(self)
        data["status"] = self.status.value
        return data

    @classmethod
    def from_dict(cls, data: Dict[str, Any]) -> "Task":
        return cls(**{**data, "status": TaskStatus(data["status"])})


@dataclass
class PipelineState:
    """Everything that a later run needs to go on."""

    version: int = 2
    pipeline_run_id: str = ""
    updated: str = ""
    steps_done: int = 0
    tasks: Dict[str, Task] = field(default_factory=dict)
    files: Dict[str, Dict[str, Any]] = field(default_factory=dict)
    phases: Dict[str, Dict[str, Any]] = field(default_factory=dict)
    queue: List[str] = field(default_factory=list)
    metrics: Dict[str, Any] = field(default_factory=dict)
    fix_history: List[Dict[str, Any]] = field(default_factory=list)
    phase_history: List[str] = field(default_factory=list)

    def to_dict(self) -> Dict[str, Any]:
        data = dict(vars(self))
        data["tasks"] = {name: task.to_dict() for name, task in self.tasks.items()}
        return data

    @classmethod
    def from_dict(cls, data: Dict[str, Any]) -> "PipelineState":
        known = dict(data)
        known["tasks"] = {
            name: Task.from_dict(task) for name, task in data.get("tasks", {}).items()
        }
        return cls(**known)

    def add_task(self, task: Task) -> None:
        self.tasks[task.task_id] = task
        self.rebuild_queue()

    def rebuild_queue(self) -> None:
        """Order the open tasks: interrupted ones first, then by priority and age."""
        waiting = [task for task in self.tasks.values() if task.status in OPEN_STATUSES]
        waiting.sort(key=lambda task: (OPEN_STATUSES.index(task.status), task.priority))
        self.queue = [task.task_id for task in waiting]

    def next_task(self) -> Optional[Task]:
        for task_id in self.queue:
            task = self.tasks[task_id]
            if all(self._is_settled(name) for name in task.dependencies):
                return task
        return None

    def _is_settled(self, task_id: str) -> bool:
        return task_id not in self.tasks or self.tasks[task_id].status not in OPEN_STATUSES

    def record_run(self, phase: str, succeeded: bool, entry: Dict[str, Any]) -> None:
        record = self.phases.setdefault(phase, {"runs": 0, "successes": 0, "run_history": []})
        record["runs"] += 1
        record["successes"] += int(succeeded)
        record["run_history"] = (record["run_history"] + [entry])[-HISTORY_LIMIT:]
        self.phase_history = (self.phase_history + [phase])[-200:]

    def record_fix(self, entry: Dict[str, Any]) -> None:
        self.fix_history = (self.fix_history + [entry])[-4 * HISTORY_LIMIT:]

    def forget_old_tasks(self, keep: int = 40) -> None:
        """Drop the oldest closed tasks, so that the state stays of a bounded size."""
        closed = [name for name, task in self.tasks.items() if task.status not in OPEN_STATUSES]
        for name in closed[: max(0, len(closed) - keep)]:
            del self.tasks[name]


class StateManager:
    """Loads and saves the state of the project in `project_dir`."""

    def __init__(self, project_dir: Path, logger: Optional[logging.Logger] = None):
        self.state_dir = Path(project_dir) / ".pipeline"
        self.state_dir.mkdir(parents=True, exist_ok=True)
        self.state_file = self.state_dir / "state.json"
        self.lock_file = self.state_dir / "pipeline.lock"
        self.logger = logger or logging.getLogger("agent_pipeline.state")

    def load(self) -> PipelineState:
        """Load the state, or start a new one"""
        if not self.state_file.exists():
            return PipelineState()
        try:
            return PipelineState.from_dict(json.loads(self.state_file.read_text()))
        except (json.JSONDecodeError, KeyError, TypeError) as e:
            self.logger.warning(f"Failed to load state, starting fresh: {e}")
            return PipelineState()

    def save(self, state: PipelineState):
        """Save state to disk"""
        state.updated = datetime.now().isoformat()
        try:
            self.state_file.write_text(
                json.dumps(state.to_dict(), indent=2)
            )
        except Exception as e:
            self.logger.error(f"Failed to save state: {e}")
            raise

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the project; raises BlockingIOError while another pipeline holds it."""
        with open(self.lock_file, "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
