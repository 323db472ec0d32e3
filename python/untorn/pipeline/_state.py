# SPDX-License-Identifier: Apache-2.0
"""The state of a pipeline as a value: the rules are those of untorn/pipeline/pipeline_state.h."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Dict, Iterable, List, Optional, Union

from untorn.pipeline._parts import (QUEUE_ENTRY, FileState, FileStatus, PhaseRun, PhaseState,
                                    QueueEntry, Task, TaskError, TaskStatus)
from untorn.pipeline._records import (INTEGER, LIST, OBJECT, TEXT, Record, choice, fail, list_of,
                                      member, record, table_of)

STATE_VERSION = 2
RUN_HISTORY_MAX = 100
PHASE_HISTORY_MAX = 1000
LEARNED_MAX = 1000
VALUES_MAX = 100

_OPEN = {TaskStatus.NEW, TaskStatus.IN_PROGRESS, TaskStatus.QA_FAILED, TaskStatus.NEEDS_FIXES,
         TaskStatus.DEBUG_PENDING}
_SETTLED = {TaskStatus.COMPLETED, TaskStatus.SKIPPED}


def now_text() -> str:
    return datetime.now().isoformat(timespec="microseconds")


def _run_id() -> str:
    return datetime.now().strftime("run_%Y%m%d_%H%M%S")


@dataclass(eq=False)
class PipelineState(Record):
    """Everything that a later run needs to go on. A new one has a run id and a time.

    `generation` is the saved version that it comes from: None for one that was made anew.

    Lists that would grow with every run keep their last entries: 100 runs of each phase, 1000
    phases, fixes, correlations and troubleshooting results, 100 values of a metric or pattern.
    """

    version: int = member(INTEGER, STATE_VERSION)
    updated: str = member(TEXT, make=now_text)
    pipeline_run_id: str = member(TEXT, make=_run_id)
    tasks: Dict[str, Task] = member(table_of(record(Task)), make=dict)
    files: Dict[str, FileState] = member(table_of(record(FileState)), make=dict)
    phases: Dict[str, PhaseState] = member(table_of(record(PhaseState)), make=dict)
    queue: List[QueueEntry] = member(list_of(QUEUE_ENTRY), make=list)
    expansion_count: int = member(INTEGER, 0)
    last_doc_update_count: int = member(INTEGER, 0)
    project_maturity: str = member(TEXT, "initial")
    last_planning_iteration: int = member(INTEGER, 0)
    performance_metrics: Dict[str, Any] = member(OBJECT, make=dict)
    learned_patterns: Dict[str, Any] = member(OBJECT, make=dict)
    fix_history: List[Any] = member(LIST, make=list)
    troubleshooting_results: List[Any] = member(LIST, make=list)
    correlations: List[Any] = member(LIST, make=list)
    no_update_counts: Dict[str, int] = member(table_of(INTEGER), make=dict)
    phase_history: List[str] = member(list_of(TEXT), make=list)

    generation: ClassVar[Optional[int]] = None  # of each object; no member of the file

    @classmethod
    def _plain_members(cls) -> Dict[str, Any]:
        return {"updated": "", "pipeline_run_id": ""}

    @classmethod
    def from_dict(cls, data: Dict[str, Any]) -> "PipelineState":
        """The value of what to_dict() or json.load gave. ValueError names a wrong member, and a
        version that is newer than this package."""
        version = data.get("version") if isinstance(data, dict) else None
        if isinstance(version, int) and version > STATE_VERSION:
            raise ValueError(f"its version is {version}, and this program reads up to "
                             f"{STATE_VERSION}")
        return cls.read("", data)

    def add_task(self, description: str, target_file: str, priority: int = 5,
                 dependencies: Iterable[str] = ()) -> Task:
        """A new task, with an id that no other has."""
        TEXT.read("description", description)
        TEXT.read("target_file", target_file)
        INTEGER.read("priority", priority)
        if isinstance(dependencies, str):
            fail("dependencies", "a list", dependencies)
        task_id = secrets.token_hex(6)
        while task_id in self.tasks:
            task_id = secrets.token_hex(6)
        now = now_text()
        task = Task(task_id, description, target_file, priority, created=now, created_at=now,
                    dependencies=[TEXT.read("dependencies", name) for name in dependencies],
                    updated_at=now)
        self.tasks[task_id] = task
        self.updated = now
        self.rebuild_queue()
        return task

    def update_task_status(self, task_id: str, status: Union[TaskStatus, str]) -> bool:
        """Sets the times, too, and orders the queue anew. False if there is no such task."""
        known: TaskStatus = choice(TaskStatus).read("status", status)
        task = self.tasks.get(task_id)
        if task is None:
            return False
        task.status, task.updated_at = known, now_text()
        if known is TaskStatus.COMPLETED:
            task.completed = task.updated_at
        self.updated = task.updated_at
        self.rebuild_queue()
        return True

    def add_task_error(self, task_id: str, error_type: str, message: str,
                       phase: str = "coding") -> bool:
        """Counts an attempt that failed. False if there is no such task."""
        task = self.tasks.get(task_id)
        if task is None:
            return False
        task.attempts += 1
        task.updated_at = self.updated = now_text()
        task.errors.append(TaskError(task.attempts, error_type, message, task.updated_at,
                                     phase=phase))
        return True

    def get_next_task(self) -> Optional[Task]:
        """What to do next: the first of the queue whose dependencies are all completed or skipped.

        A dependency is a task's id or its target file; one that is no task here does not matter.
        """
        for entry in self.queue:
            task = self.tasks.get(entry.task_id)
            if task is not None and task.status in _OPEN and self._is_free(task):
                return task
        # A queue that another program wrote may lack tasks.
        rest = [task for task in self.tasks.values()
                if task.status in _OPEN and self._is_free(task)]
        return min(rest, key=lambda task: task.urgency) if rest else None

    def rebuild_queue(self) -> None:
        """Open tasks by priority, then by age. What failed QA counts as 2, what waits for
        debugging as 3, what was begun as 4, if that is more urgent than its own."""
        ids_alone = bool(self.queue) and getattr(self.queue[0], "_id_alone", False)
        old = {entry.task_id: entry for entry in self.queue}
        self.queue = []
        for task_id, task in self.tasks.items():
            if task.status not in _OPEN:
                continue
            entry = old.get(task_id) or QueueEntry(task_id)
            if ids_alone and entry._source is None:
                entry._id_alone = True  # type: ignore[attr-defined]
            entry.priority = task.urgency
            self.queue.append(entry)
        self.queue.sort(key=lambda entry: entry.priority)

    def update_file(self, filepath: str, hash: str, size: int) -> None:
        """Notes a file's content; another one has to be reviewed again."""
        self.updated = now_text()
        file = self.files.get(filepath)
        if file is None:
            file = self.files[filepath] = FileState(filepath, created=self.updated,
                                                    qa_status=FileStatus.PENDING)
        elif file.hash != hash:
            file.qa_status = FileStatus.PENDING
        file.hash, file.size, file.last_modified = hash, size, self.updated

    def mark_file_reviewed(self, filepath: str, approved: bool,
                           issues: Iterable[Any] = ()) -> bool:
        """False if there is no such file."""
        file = self.files.get(filepath)
        if file is None:
            return False
        self.updated = file.last_qa = now_text()
        file.qa_status = FileStatus.APPROVED if approved else FileStatus.REJECTED
        file.issues = list(issues)
        return True

    def files_needing_qa(self) -> List[str]:
        """Names of files that were not reviewed as they are now."""
        waiting = (FileStatus.UNKNOWN, FileStatus.PENDING)
        return [name for name, file in self.files.items() if file.qa_status in waiting]

    def record_run(self, phase: str, success: bool, task_id: Optional[str] = None) -> PhaseState:
        """Counts a run of a phase."""
        self.updated = now_text()
        state = self.phases.setdefault(phase, PhaseState())
        state.last_run = self.updated
        state.runs += 1
        state.successes += bool(success)
        state.failures += not success
        state.run_history.append(PhaseRun(self.updated, bool(success), task_id))
        del state.run_history[:-RUN_HISTORY_MAX]
        self.phase_history.append(phase)
        del self.phase_history[:-PHASE_HISTORY_MAX]
        return state

    def increment_no_update_count(self, phase: str) -> int:
        """How often in a row the phase found nothing to do, this time included."""
        self.no_update_counts[phase] = self.get_no_update_count(phase) + 1
        return self.no_update_counts[phase]

    def reset_no_update_count(self, phase: str) -> None:
        """The phase found something to do."""
        if phase in self.no_update_counts:
            self.no_update_counts[phase] = 0

    def get_no_update_count(self, phase: str) -> int:
        """How often in a row the phase found nothing to do."""
        return self.no_update_counts.get(phase, 0)

    def add_performance_metric(self, name: str, value: float, context: Any = None) -> None:
        """performance_metrics[name] gets the value, with its time and context."""
        entry = {"timestamp": now_text(), "value": float(value)}
        if context is not None:
            entry["context"] = context
        _append(self.performance_metrics, name, entry)

    def learn_pattern(self, name: str, pattern: Any) -> None:
        """learned_patterns[name] gets the pattern: an object itself, else as {"pattern": …}."""
        entry = dict(pattern) if isinstance(pattern, dict) else {"pattern": pattern}
        _append(self.learned_patterns, name, _with_time(entry))

    def add_fix(self, fix: Dict[str, Any]) -> None:
        """Of a fix "type" (a string) and "success" (a boolean) are understood."""
        _learn(self.fix_history, "fix", fix)

    def add_correlation(self, correlation: Dict[str, Any]) -> None:
        """An object with members of the caller's choice."""
        _learn(self.correlations, "correlation", correlation)

    def add_troubleshooting_result(self, result: Dict[str, Any]) -> None:
        """An object with members of the caller's choice."""
        _learn(self.troubleshooting_results, "result", result)

    def get_fix_effectiveness(self) -> Dict[str, Any]:
        """How often fixes worked: total, successful, unknown, success_rate, and by_type."""
        counts: Dict[str, List[int]] = {}
        unknown = 0
        for fix in self.fix_history:
            success = fix.get("success") if isinstance(fix, dict) else None
            if not isinstance(success, bool):
                unknown += 1
                continue
            name = fix.get("type")
            count = counts.setdefault(name if isinstance(name, str) else "", [0, 0])
            count[0] += 1
            count[1] += success
        total, successful = (sum(count[place] for count in counts.values()) for place in (0, 1))
        by_type: List[Dict[str, Any]] = [
            {"type": name, "total": count[0], "successful": count[1],
             "success_rate": count[1] / count[0]} for name, count in counts.items()]
        by_type.sort(key=lambda entry: -int(entry["total"]))
        return {"total": total, "successful": successful, "unknown": unknown,
                "success_rate": successful / total if total else 0.0, "by_type": by_type}

    def _is_free(self, task: Task) -> bool:
        for name in task.dependencies:
            by_id = self.tasks.get(name)
            if by_id is not None:
                if by_id.status not in _SETTLED:
                    return False
            elif any(other.target_file == name and other is not task
                     and other.status not in _SETTLED for other in self.tasks.values()):
                return False
        return True


def _with_time(entry: Dict[str, Any]) -> Dict[str, Any]:
    entry.setdefault("timestamp", now_text())
    return entry


def _append(table: Dict[str, Any], name: str, entry: Dict[str, Any]) -> None:
    """What is there and no list becomes the first entry of the list."""
    values = table.get(name)
    if not isinstance(values, list):
        values = table[name] = [] if values is None else [values]
    values.append(entry)
    del values[:-VALUES_MAX]


def _learn(values: List[Any], name: str, entry: Dict[str, Any]) -> None:
    OBJECT.read(name, entry)
    values.append(_with_time(dict(entry)))
    del values[:-LEARNED_MAX]
