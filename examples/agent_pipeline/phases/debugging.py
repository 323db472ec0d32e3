# SPDX-License-Identifier: Apache-2.0
"""Runs a module, finds out why it fails, and corrects it.

Everything that was seen and tried is kept in the debug folder, one set of files a task.
"""

from __future__ import annotations

import csv
import difflib
import io
import json
import os
import pickle
import shutil
import traceback
from pathlib import Path
from typing import Any, Dict, Optional

from ..handlers import ToolCallError, ToolCallHandler
from ..state.manager import PipelineState, Task
from .base import Phase, PhaseResult


def append_line(path: Path, line: str) -> None:
    with open(path, "a", encoding="utf-8") as f:
        f.write(line + "\n")


class DebuggingPhase(Phase):
    """Corrects the module of a task with at most two attempts."""

    name = "debugging"
    attempts = 2

    def __init__(self, workspace, model, logger, handler: ToolCallHandler):
        super().__init__(workspace, model, logger)
        self.handler = handler
        self.debug_dir: Path = workspace.debug_dir
        self.context_file = self.debug_dir / "last_context.pickle"
        self.trace = open(self.debug_dir / "trace.log", "a", buffering=1, encoding="utf-8")

    def run(self, task: Task, state: PipelineState) -> PhaseResult:
        context = self.load_context()
        append_line(self.debug_dir / "debug.log", f"{task.task_id} begins, after {context}")
        for attempt in range(1, self.attempts + 1):
            error = self._error_of(task.target_file)
            if error is None:
                self._finish(task, attempt)
                return PhaseResult(True, f"runs after {attempt - 1} corrections")
            self.trace.write(f"{task.task_id} attempt {attempt}: {error['kind']}\n")
            self._record_failure(task, attempt, error)
            self._correct(task, state)
        append_line(self.debug_dir / "debug.log", f"{task.task_id} given up")
        return PhaseResult(False, "still fails", {"attempts": self.attempts})

    def _error_of(self, path: str) -> Optional[Dict[str, Any]]:
        try:
            self.handler.run_module(path)
        except Exception as problem:
            return {
                "kind": type(problem).__name__,
                "message": str(problem),
                "traceback": traceback.format_exc(limit=-1),
            }
        return None

    def _record_failure(self, task: Task, attempt: int, error: Dict[str, Any]) -> None:
        report_path = os.path.join(self.debug_dir, f"error_report_{task.task_id}.json")
        with open(report_path, "w") as report:
            json.dump({"task": task.task_id, "attempt": attempt, **error}, report, indent=2)
        (self.debug_dir / f"traceback_{task.task_id}.log").write_text(error["traceback"])
        self._log_attempt(task, attempt, error["kind"])
        self._log_conversation(task, error["message"])
        self.save_context({"task": task.task_id, "error": error["kind"]})

    def _log_attempt(self, task: Task, attempt: int, kind: str) -> None:
        with open(self.debug_dir / "attempts_log.csv", mode="a", newline="") as table:
            csv.writer(table).writerow([task.task_id, attempt, kind])

    def _log_conversation(self, task: Task, message: str) -> None:
        answer = self.model.advice(f"{task.task_id} {message}")
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        log = os.open(self.debug_dir / "conversation.log", flags, 0o644)
        try:
            os.write(log, f"? {message}\n{answer}\n".encode("utf-8"))
        finally:
            os.close(log)

    def _correct(self, task: Task, state: PipelineState) -> None:
        source_path = self.workspace.project_dir / task.target_file
        before = source_path.read_text(encoding="utf-8")
        shutil.copyfile(source_path, self.workspace.backup_dir / f"{source_path.name}.orig")
        old, new = self.model.correction()
        try:
            self.handler.call("modify_file", path=task.target_file, old=old, new=new)
        except ToolCallError as problem:
            append_line(self.debug_dir / "debug.log", f"{task.task_id} {problem}")
            return
        after = source_path.read_text(encoding="utf-8")
        self._keep_difference(task, before, after)
        state.record_fix({"task": task.task_id, "before": before, "after": after})

    def _keep_difference(self, task: Task, before: str, after: str) -> None:
        difference = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="")
        with io.open(self.debug_dir / f"{task.task_id}.diff", "w", encoding="utf-8") as out:
            for line in difference:
                out.write(line + "\n")

    def load_context(self) -> Dict[str, Any]:
        """What the last failure was about; empty before the first."""
        try:
            with self.context_file.open("rb") as stream:
                return pickle.load(stream)
        except (OSError, EOFError, pickle.UnpicklingError):
            return {}

    def save_context(self, context: Dict[str, Any]) -> None:
        with self.context_file.open("wb") as stream:
            pickle.dump(context, stream, protocol=4)

    def _finish(self, task: Task, attempt: int) -> None:
        summary = open(self.debug_dir / "summary.log", "w", encoding="utf-8")
        try:
            print("task:", task.task_id, file=summary)
            print("module:", task.target_file, file=summary)
            print("corrections:", attempt - 1, file=summary)
        finally:
            summary.close()
        append_line(self.debug_dir / "debug.log", f"{task.task_id} ends")

    def close(self) -> None:
        self.trace.close()
