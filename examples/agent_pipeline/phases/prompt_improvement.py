# SPDX-License-Identifier: Apache-2.0
"""Scores the prompts and replaces those that a better wording beats."""

import hashlib
import io
import json
import os
import zipfile
from pathlib import Path
from shutil import copy2
from typing import Any, Dict, List

from ..state.manager import PipelineState, Task
from .base import Phase, PhaseResult


class PromptImprovementPhase(Phase):
    """Works on the Markdown prompts of the project."""

    name = "prompt_improvement"

    def __init__(self, workspace, model, logger):
        super().__init__(workspace, model, logger)
        self.prompts_dir: Path = workspace.prompts_dir
        self.metrics_file = workspace.data_dir / "prompt_metrics.json"
        self.settings_path = workspace.data_dir / "prompt_settings.json"

    def run(self, task: Task, state: PipelineState) -> PhaseResult:
        metrics = self.load_metrics()
        improved: List[str] = []
        for prompt_path in sorted(self.prompts_dir.glob("*.md")):
            name = prompt_path.stem
            score = self.model.score(f"{name} {state.steps_done}")
            if score > metrics.get(name, {}).get("score", 0.0):
                self.improve(prompt_path, task)
                metrics[name] = {"score": score, "task": task.task_id}
                improved.append(name)
        self.save_metrics(metrics)
        self.save_settings({"best": sorted(metrics), "task": task.task_id})
        self.add_history(task, improved)
        self.write_report(task, metrics)
        return PhaseResult(True, f"{len(improved)} improved", {"bundle": self.bundle_digest()})

    def load_metrics(self) -> Dict[str, Any]:
        if not self.metrics_file.exists():
            return {}
        with open(self.metrics_file, "r") as f:
            return json.load(f)

    def save_metrics(self, metrics: Dict[str, Any]) -> None:
        with open(self.metrics_file, "w") as f:
            json.dump(metrics, f, indent=4)

    def improve(self, prompt_path: Path, task: Task) -> None:
        copy2(prompt_path, self.workspace.backup_dir / f"{prompt_path.stem}.prompt.bak")
        first = prompt_path.read_text(encoding="utf-8").split("\n\n")[0]
        advice = self.model.advice(f"{prompt_path.stem} {task.task_id}", sentences=6)
        prompt_path.write_text(
            first + "\n\n" + advice + "\n",
            encoding="utf-8",
        )

    def save_settings(self, settings: Dict[str, Any]) -> None:
        temporary = f"{self.settings_path}.tmp"
        with open(temporary, "w", encoding="utf-8") as stream:
            json.dump(settings, stream)
        os.rename(temporary, self.settings_path)

    def add_history(self, task: Task, improved: List[str]) -> None:
        history_path = self.workspace.log_dir / "prompt_history.jsonl"
        with history_path.open("at", encoding="utf-8") as history:
            history.write(json.dumps({"task": task.task_id, "improved": improved}) + "\n")

    def write_report(self, task: Task, metrics: Dict[str, Any]) -> None:
        rows = [f"| {name} | {entry['score']} |" for name, entry in sorted(metrics.items())]
        text = "\n".join([f"# Prompts after {task.task_id}", "", "| prompt | score |", *rows, ""])
        Path(self.workspace.docs_dir, "prompt_report.md").write_bytes(text.encode("utf-8"))

    def bundle_digest(self) -> str:
        """A digest of all prompts as one archive; nothing of it is kept."""
        bundle = io.BytesIO()
        with zipfile.ZipFile(bundle, "w") as archive:
            for prompt_path in sorted(self.prompts_dir.glob("*.md")):
                entry = zipfile.ZipInfo(prompt_path.name)
                archive.writestr(entry, prompt_path.read_text(encoding="utf-8"))
        return hashlib.sha256(bundle.getvalue()).hexdigest()
