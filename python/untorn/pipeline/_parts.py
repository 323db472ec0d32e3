# SPDX-License-Identifier: Apache-2.0
"""What a state is made of: tasks, files, phases, and the queue."""

from dataclasses import dataclass
from enum import Enum
from typing import Any, List, Optional

from untorn.pipeline._records import (FLAG, INTEGER, LIST, TEXT, Kind, Record, choice, list_of,
                                      member, optional, record)


class TaskStatus(str, Enum):
    """How far a task is."""

    NEW = "NEW"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    QA_PENDING = "QA_PENDING"
    QA_FAILED = "QA_FAILED"
    DEBUG_PENDING = "DEBUG_PENDING"
    NEEDS_FIXES = "NEEDS_FIXES"


class FileStatus(str, Enum):
    """What a review said of a file."""

    UNKNOWN = "UNKNOWN"
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


# What is at least as urgent as that priority.
_URGENT = {TaskStatus.QA_FAILED: 2, TaskStatus.NEEDS_FIXES: 2, TaskStatus.DEBUG_PENDING: 3,
           TaskStatus.IN_PROGRESS: 4}


@dataclass(eq=False)
class TaskError(Record):
    """One attempt at a task that failed."""

    attempt: int = member(INTEGER, 0)
    error_type: str = member(TEXT, "")
    message: str = member(TEXT, "")
    timestamp: str = member(TEXT, "")
    line_number: Optional[int] = member(optional(INTEGER), None)
    code_snippet: Optional[str] = member(optional(TEXT), None)
    phase: str = member(TEXT, "coding")


@dataclass(eq=False)
class Task(Record):
    """One piece of work and what became of it. Priority 1 goes before 5."""

    task_id: str = member(TEXT, "")
    description: str = member(TEXT, "")
    target_file: str = member(TEXT, "")
    priority: int = member(INTEGER, 5)
    status: TaskStatus = member(choice(TaskStatus), TaskStatus.NEW)
    attempts: int = member(INTEGER, 0)
    created: str = member(TEXT, "")
    completed: Optional[str] = member(optional(TEXT), None)
    dependencies: List[str] = member(list_of(TEXT), make=list)  # ids, or target files
    errors: List[TaskError] = member(list_of(record(TaskError)), make=list)
    issues: List[Any] = member(LIST, make=list)
    created_at: str = member(TEXT, "")
    updated_at: str = member(TEXT, "")

    @property
    def urgency(self) -> int:
        """The priority that its place in the queue follows from."""
        return min(self.priority, _URGENT.get(self.status, self.priority))


@dataclass(eq=False)
class FileState(Record):
    """What is known of one file."""

    filepath: str = member(TEXT, "")
    hash: str = member(TEXT, "")
    created: str = member(TEXT, "")
    last_modified: str = member(TEXT, "")
    last_qa: Optional[str] = member(optional(TEXT), None)
    qa_status: FileStatus = member(choice(FileStatus), FileStatus.UNKNOWN)
    size: int = member(INTEGER, 0)
    issues: List[Any] = member(LIST, make=list)


@dataclass(eq=False)
class PhaseRun(Record):
    """One run of a phase."""

    timestamp: str = member(TEXT, "")
    success: bool = member(FLAG, False)
    task_id: Optional[str] = member(optional(TEXT), None)


def _rate(runs: List[PhaseRun]) -> float:
    return sum(run.success for run in runs) / len(runs) if runs else 0.0


@dataclass(eq=False)
class PhaseState(Record):
    """How a phase does."""

    last_run: Optional[str] = member(optional(TEXT), None)
    runs: int = member(INTEGER, 0)
    successes: int = member(INTEGER, 0)
    failures: int = member(INTEGER, 0)
    run_history: List[PhaseRun] = member(list_of(record(PhaseRun)), make=list)  # the last 100

    def success_rate(self) -> float:
        """Of all runs; 0 without any."""
        return self.successes / self.runs if self.runs > 0 else 0.0

    def recent_success_rate(self, count: int = 5) -> float:
        """Of the last `count` in the history."""
        return _rate(self.run_history[-count:] if count > 0 else [])

    def consecutive_failures(self) -> int:
        """How many of the last runs failed, one after the other."""
        failures = 0
        for run in reversed(self.run_history):
            if run.success:
                break
            failures += 1
        return failures

    def is_improving(self) -> bool:
        """The last 5 runs succeed more often than the 5 before them, by more than a fifth."""
        return self._trend() > 0.2

    def is_degrading(self) -> bool:
        """The last 5 runs succeed less often than the 5 before them, by more than a fifth."""
        return self._trend() < -0.2

    def is_oscillating(self) -> bool:
        """Of the last 6 runs at least 4 ended otherwise than the one before."""
        recent = self.run_history[-6:]
        changes = sum(left.success != right.success for left, right in zip(recent, recent[1:]))
        return len(recent) == 6 and changes >= 4

    def _trend(self) -> float:
        if len(self.run_history) < 10:
            return 0.0
        return _rate(self.run_history[-5:]) - _rate(self.run_history[-10:-5])


@dataclass(eq=False)
class QueueEntry(Record):
    """What can be worked on."""

    task_id: str = member(TEXT, "")
    priority: int = member(INTEGER, 5)


def _read_entry(path: str, value: Any) -> QueueEntry:
    """Some programs keep ids alone in their queue; they stay so."""
    if not isinstance(value, str):
        return QueueEntry.read(path, value)
    entry = QueueEntry(task_id=value)
    entry._id_alone = True  # type: ignore[attr-defined]
    return entry


def _write_entry(entry: QueueEntry) -> Any:
    return entry.task_id if getattr(entry, "_id_alone", False) else entry.to_dict()


QUEUE_ENTRY = Kind(_read_entry, _write_entry)
