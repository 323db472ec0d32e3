# SPDX-License-Identifier: Apache-2.0
"""Takes tasks from the queue and leads each through its phase."""

import logging
import os
import socket
from dataclasses import dataclass
from typing import Any, Callable, Dict, List

from .handlers import ToolCallError, ToolCallHandler
from .line_fixer import LineFixer, NoSuchLine
from .model import ScriptedModel
from .patch_manager import PatchConflict, PatchManager
from .pattern_recognition import PatternRecognition
from .phases.base import Phase, PhaseResult
from .phases.debugging import DebuggingPhase
from .phases.documentation import DocumentationPhase
from .phases.prompt_improvement import PromptImprovementPhase
from .phases.role_improvement import RoleImprovementPhase
from .planning import plan_round
from .publish import publish_heartbeat
from .role_registry import RoleRegistry
from .session import Session
from .state.manager import PipelineState, StateManager, Task, TaskStatus
from .tool_registry import ToolRegistry
from .workspace import Workspace

ATTEMPTS = 3
HEARTBEAT_STEPS = 8


class ProjectBusy(Exception):
    """Another pipeline works on the project."""


@dataclass(frozen=True)
class StepReport:
    number: int
    phase: str
    task_id: str
    status: str


class Coordinator:
    """One pipeline over one project."""

    def __init__(self, workspace: Workspace, seed: int, logger: logging.Logger):
        self.workspace = workspace
        self.logger = logger
        self.states = StateManager(workspace.project_dir, logger)
        self.model = ScriptedModel(seed, Session(workspace.data_dir, seed).token())
        self.seed = seed
        self.listeners: List[Callable[[StepReport], None]] = []

    def on_step(self, listener: Callable[[StepReport], None]) -> None:
        self.listeners.append(listener)

    def run(self, steps: int) -> str:
        """Do so many steps; answers a line about the project as it is then."""
        try:
            with self.states.exclusive():
                return self._run_alone(steps)
        except BlockingIOError as problem:
            raise ProjectBusy(f"{self.workspace.project_dir} is being worked on") from problem

    def _run_alone(self, steps: int) -> str:
        state = self.states.load()
        state.pipeline_run_id = state.pipeline_run_id or f"run-{self.seed:04d}"
        work = Workers(self.workspace, self.model, self.logger)
        watcher, speaker = socket.socketpair()
        with watcher, speaker, speaker.makefile("w", encoding="utf-8") as events:
            for _ in range(steps):
                report = self._step(state, work)
                events.write(f"{report.number} {report.status}\n")
                events.flush()
                self._heard(watcher.recv(256))
                for listener in self.listeners:
                    listener(report)
        work.close()
        return f"{state.steps_done} steps done, {len(state.queue)} tasks open"

    def _heard(self, event: bytes) -> None:
        number, status = event.decode("utf-8").split()
        if int(number) % HEARTBEAT_STEPS != 0:
            return
        heartbeat = {"step": int(number), "status": status, "pid": os.getpid()}
        publish_heartbeat(self.workspace.data_dir / "heartbeat.json", heartbeat)

    def _step(self, state: PipelineState, work: "Workers") -> StepReport:
        task = self._next_task(state)
        task.status = TaskStatus.IN_PROGRESS
        task.attempts += 1
        self.states.save(state)
        phase = task.task_id.split("-", 1)[1]
        result = work.do(phase, task, state)
        self.states.save(state)
        self._close_task(state, task, phase, result)
        self.states.save(state)
        work.patterns.learn(state.phase_history, [e["message"] for e in task.errors[-1:]])
        state.metrics["patterns"] = work.patterns.describe()
        state.forget_old_tasks()
        self.states.save(state)
        return StepReport(state.steps_done, phase, task.task_id, task.status.value)

    def _next_task(self, state: PipelineState) -> Task:
        task = state.next_task()
        if task is None:
            state.metrics["rounds"] = state.metrics.get("rounds", 0) + 1
            for planned in plan_round(state.metrics["rounds"]):
                state.add_task(planned)
            self.states.save(state)
            task = state.next_task()
        assert task is not None, "a round has tasks without dependencies"
        return task

    def _close_task(
        self, state: PipelineState, task: Task, phase: str, result: PhaseResult
    ) -> None:
        state.steps_done += 1
        if result.succeeded:
            task.status = TaskStatus.COMPLETED
        else:
            task.errors.append({"message": result.message, "details": result.details})
            again = task.attempts < ATTEMPTS
            task.status = TaskStatus.NEEDS_FIXES if again else TaskStatus.FAILED
        conversation = self.model.advice(f"{task.task_id} {task.attempts}", sentences=70)
        entry = {"step": state.steps_done, "task": task.task_id, "message": result.message}
        state.record_run(phase, result.succeeded, {**entry, "conversation": conversation})
        state.rebuild_queue()


class Workers:
    """Everything that does work on the project."""

    def __init__(self, workspace: Workspace, model: ScriptedModel, logger: logging.Logger):
        self.workspace = workspace
        self.model = model
        self.handler = ToolCallHandler(workspace.project_dir, logger)
        self.patches = PatchManager(
            workspace.project_dir, workspace.patches_dir, workspace.backup_dir
        )
        self.fixer = LineFixer(workspace.project_dir)
        self.tools = ToolRegistry(workspace.tools_dir)
        self.roles = RoleRegistry(workspace.roles_dir)
        self.roles.prepare()
        self.patterns = PatternRecognition(workspace.data_dir, logger)
        self.debugging = DebuggingPhase(workspace, model, logger, self.handler)
        self.phases: Dict[str, Phase] = {
            "debugging": self.debugging,
            "documentation": DocumentationPhase(workspace, model, logger),
            "prompts": PromptImprovementPhase(workspace, model, logger),
            "roles": RoleImprovementPhase(workspace, model, logger, self.roles),
        }
        self.duties: Dict[str, Callable[[Task], str]] = {
            "coding": self._code,
            "patching": self._patch,
            "line_fixing": self._fix_lines,
            "tooling": self._register_tool,
        }

    def do(self, phase: str, task: Task, state: PipelineState) -> PhaseResult:
        if phase in self.phases:
            return self.phases[phase].run(task, state)
        try:
            return PhaseResult(True, self.duties[phase](task))
        except (ToolCallError, PatchConflict, NoSuchLine) as problem:
            return PhaseResult(False, str(problem))

    def _code(self, task: Task) -> str:
        path, round_number = task.target_file, int(task.task_id[1:5])
        name = path.rsplit("/", 1)[-1][: -len(".py")]
        call = self.handler.call
        call("add_package", path="inventory")
        call("create_file", path=path, content=self.model.source(name, round_number))
        call("set_revision", path=path, revision=round_number)
        call("append_to_file", path=path, content=f"OWNER = {task.task_id!r}\n")
        call("copy_template", template="inventory/template.py", path=f"inventory/{name}_rules.py")
        settings: Dict[str, Any] = {"target": 20 + round_number % 7, "module": name}
        call("write_settings", settings=settings)
        return f"created {path}"

    def _patch(self, task: Task) -> str:
        source = (self.workspace.project_dir / task.target_file).read_text(encoding="utf-8")
        changed = source.replace("return max(0, missing)", "return missing if missing > 0 else 0")
        patch = self.patches.create(task.task_id, task.target_file, changed)
        self.patches.apply(patch, task.target_file)
        return f"applied {patch.name}"

    def _fix_lines(self, task: Task) -> str:
        changed = self.fixer.fix_file(task.target_file)
        self.fixer.replace_line(task.target_file, 1, f'"""Reorder rule, by {task.task_id}.')
        return "lines fixed" if changed else "only the first line"

    def _register_tool(self, task: Task) -> str:
        name = "count_lines"
        self.tools.register(name, task.description, self.model.tool(name))
        answer = self.tools.call(name, self.patterns.describe())
        if "error" in answer:
            raise ToolCallError(answer["error"])
        return f"{name} counted {answer['lines']} lines"

    def close(self) -> None:
        self.debugging.close()
