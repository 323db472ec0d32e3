# SPDX-License-Identifier: Apache-2.0
"""What the phases do to the files of the project. Every function may be called again for the same
task: what it did before, it does not do twice."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Callable, Dict, List

from agent_pipeline.model import ScriptedModel
from untorn.pipeline import (
    CodeFiles,
    LineFixer,
    PatchEdit,
    PatchManager,
    PhaseFiles,
    RoleRegistry,
    Task,
    ToolRegistry,
)

TOOL = "count_lines"
ROLES = {"analyst": ["measure", "compare"], "developer": ["code", "python"], "tester": ["check"]}
PROMPTS = ("planning", "review")


class Workers:
    """Everything that does work on the project."""

    def __init__(self, project_dir: Path, seed: int):
        self.project_dir = project_dir
        self.model = ScriptedModel(seed, token="")
        self.files = CodeFiles(project_dir)
        self.fixer = LineFixer(project_dir)
        self.patches = PatchManager(project_dir)
        self.tools = ToolRegistry(project_dir)
        self.roles = RoleRegistry(project_dir)
        self.phase_files = PhaseFiles(project_dir)
        self.duties: Dict[str, Callable[[Task], None]] = {
            "coding": self.code,
            "debugging": self.debug,
            "patching": self.patch,
            "line_fixing": self.fix_lines,
            "documentation": self.document,
            "tooling": self.count_lines,
            "prompts": self.improve_prompts,
            "roles": self.improve_role,
        }

    def do(self, phase: str, task: Task) -> None:
        self.duties[phase](task)

    def code(self, task: Task) -> None:
        """The module and the package's list of modules appear together."""
        name, number = Path(task.target_file).stem, round_of(task)
        with self.files.change(task.task_id) as change:
            change.write("inventory/__init__.py", f'"""Works on {name} since round {number}."""\n')
            change.write(task.target_file, self.model.source(name, number))

    def debug(self, task: Task) -> None:
        """One name is misspelt; the correction fits in one place only."""
        wrong, right = self.model.correction()
        with self.files.change(task.task_id) as change:
            change.modify(task.target_file, wrong, right)
        self.phase_files.debug("debug", f"{task.task_id} {wrong} -> {right}")

    def patch(self, task: Task) -> None:
        """The description carries the task's id: after a crash its patch is found again."""
        mine = [patch for patch in self.patches.list() if patch.description == task.task_id]
        simpler = ("return max(0, missing)", "return missing if missing > 0 else 0")
        patch = mine[0] if mine else self.patches.create(
            task.task_id, [PatchEdit(task.target_file, replacements=[simpler])])
        self.patches.apply(patch.number)

    def fix_lines(self, task: Task) -> None:
        """Blanks at line ends, tabs, a missing last newline: a second time there are none."""
        self.fixer.fix(task.target_file)

    def document(self, task: Task) -> None:
        """The reference is replaced whole; the line in the list of changes is added once."""
        modules = sorted(path.stem for path in (self.project_dir / "inventory").glob("*.py"))
        self.phase_files.write_document(
            "docs/reference.md", "# Reference\n\n" + "".join(f"- `{name}`\n" for name in modules))
        with self.files.change(task.task_id) as change:
            known = change.read("CHANGELOG.md")
            text = known.decode() if known is not None else "# Changes\n\n"
            change.write("CHANGELOG.md", text + f"- {task.description}\n")

    def count_lines(self, task: Task) -> None:
        """The tool is a specification and a script, both there or neither; its uses are counted."""
        if TOOL not in [tool.name for tool in self.tools.list()]:
            self.tools.register_tool(
                {"name": TOOL, "description": "Counts the lines of a text.",
                 "implementation": f"{TOOL}.py",
                 "parameters": {"type": "object", "properties": {"text": {"type": "string"}},
                                "required": ["text"]}},
                self.model.tool(TOOL))
        script = self.project_dir / ".pipeline" / "tools" / f"{TOOL}.py"
        answer = subprocess.run([sys.executable, str(script)], text=True, check=True,
                                input=json.dumps({"text": task.description}), capture_output=True)
        self.tools.record_use(TOOL, "lines" in json.loads(answer.stdout),
                              operation_id=task.task_id)

    def improve_prompts(self, task: Task) -> None:
        """Each improvement keeps the old prompt, so that it can be rolled back."""
        for name in PROMPTS:
            advice = self.model.advice(f"{name} {task.description}")
            self.phase_files.improve("prompt", name, f"# {name}\n\n{advice}\n",
                                     rationale=task.description, id=f"{task.task_id}-{name}")

    def improve_role(self, task: Task) -> None:
        """The weakest role gets a hint; which one that is, the script decides."""
        known = {role.name for role in self.roles.list()}
        for name, capabilities in ROLES.items():
            if name not in known:
                self.roles.register_role({"name": name, "description": f"the {name}",
                                          "capabilities": capabilities}, f"You are the {name}.\n")
        weakest = min(ROLES, key=lambda name: self.model.score(f"{name} {task.description}"))
        self.roles.record_use(weakest, True, operation_id=task.task_id)
        hints: List[str] = [self.model.advice(f"{weakest} {task.description}", 1)]
        spec = {"name": weakest, "description": f"the {weakest}",
                "capabilities": ROLES[weakest], "hints": hints}
        self.roles.update(spec, f"You are the {weakest}.\n\n{hints[0]}\n")


def round_of(task: Task) -> int:
    return int(task.description.rsplit(" ", 1)[1].rstrip(")"))
