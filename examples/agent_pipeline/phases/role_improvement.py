# SPDX-License-Identifier: Apache-2.0
"""Compares how the roles do and gives weak ones new hints."""

import codecs
import csv
import json
import shutil
import struct
from pathlib import Path as P
from typing import Any, Dict, List

from ..role_registry import RoleRegistry
from ..state.manager import PipelineState, Task
from .base import Phase, PhaseResult

write_file = open
COUNTER = struct.Struct("<Q")


class RoleImprovementPhase(Phase):
    """Works on the specifications in the registry of roles."""

    name = "role_improvement"

    def __init__(self, workspace, model, logger, registry: RoleRegistry):
        super().__init__(workspace, model, logger)
        self.registry = registry
        self.performance_file = workspace.data_dir / "role_performance.json"
        self.cache_file = workspace.data_dir / "role_cache.json"
        self.counter_file = workspace.data_dir / "role_improvements.dat"

    def run(self, task: Task, state: PipelineState) -> PhaseResult:
        performance = self.load_performance()
        for name in self.registry.names():
            scores = performance.setdefault(name, [])
            scores.append(self.model.score(f"{name} {task.task_id}"))
            del scores[:-8]
        weakest = min(sorted(performance), key=lambda name: performance[name][-1])
        self.save_performance(performance)
        self.improve(weakest, task)
        count = self.count_improvement()
        self.add_history(task, weakest)
        self.write_table(performance)
        self.write_report(task, performance)
        self.write_summary(f"{weakest} was improved, {count} improvements so far")
        self.save_cache(performance)
        return PhaseResult(True, f"improved {weakest}", {"improvements": count})

    def load_performance(self) -> Dict[str, List[float]]:
        if not self.performance_file.exists():
            return {}
        return json.loads(self.performance_file.read_text())

    def save_performance(self, performance: Dict[str, List[float]]) -> None:
        with write_file(self.performance_file, "w") as f:
            json.dump(performance, f, indent=2)

    def improve(self, name: str, task: Task) -> None:
        role = self.registry.load(name)
        self.back_up(name)
        role["revision"] += 1
        role["hints"] = (role["hints"] + [self.model.advice(f"{name} {task.task_id}", 1)])[-5:]
        self.save_role(role)
        self.write_prompt(role)
        self.registry.write_roster()

    def save_role(self, role: Dict[str, Any]) -> None:
        role_path = self.registry.role_path(role["name"])
        with role_path.open("w", encoding="utf-8") as specification:
            specification.write(json.dumps(role, indent=2))

    def back_up(self, name: str) -> None:
        backup_path = self.workspace.backup_dir / f"{name}.role.bak"
        shutil.copy(self.registry.role_path(name), backup_path)

    def write_prompt(self, role: Dict[str, Any]) -> None:
        hints = "\n".join(role["hints"])
        prompt_path = self.workspace.prompts_dir / f"role_{role['name']}.md"
        prompt_path.write_text(f"You are the {role['name']}.\n\n{hints}\n", encoding="utf-8")

    def count_improvement(self) -> int:
        """One more in the eight bytes of the counter."""
        self.counter_file.touch()
        with self.counter_file.open("r+b") as counter:
            stored = counter.read(COUNTER.size)
            count = 1 + (COUNTER.unpack(stored)[0] if stored else 0)
            counter.seek(0)
            counter.write(COUNTER.pack(count))
        return count

    def add_history(self, task: Task, name: str) -> None:
        log_path = P(self.workspace.log_dir) / "role_history.log"
        log = open(log_path, "a", encoding="utf-8")
        try:
            log.write(f"{task.task_id}\t{name}\n")
        finally:
            log.close()

    def write_table(self, performance: Dict[str, List[float]]) -> None:
        report_path = self.workspace.docs_dir / "role_report.csv"
        with open(report_path, "w", newline="", encoding="utf-8") as report:
            writer = csv.writer(report)
            writer.writerow(["role", "last score", "runs"])
            for name, scores in sorted(performance.items()):
                writer.writerow([name, scores[-1], len(scores)])

    def write_report(self, task: Task, performance: Dict[str, List[float]]) -> None:
        with codecs.open(str(self.workspace.docs_dir / "role_report.md"), "w", "utf-8") as report:
            report.write(f"# Roles after {task.task_id}\n\n")
            report.writelines(f"- {name}: {performance[name][-1]}\n" for name in performance)

    def write_summary(self, summary: str) -> None:
        P(self.workspace.docs_dir, "role_summary.txt").write_text(summary + "\n")

    def save_cache(self, performance: Dict[str, List[float]]) -> None:
        means = {name: sum(scores) / len(scores) for name, scores in performance.items()}
        self.cache_file.write_bytes(json.dumps(means).encode("utf-8"))
