# SPDX-License-Identifier: Apache-2.0
"""Keeps the documents of the project in step with its modules."""

import ast
import tempfile
from pathlib import Path
from typing import List, Tuple

from ..state.manager import PipelineState, Task
from .base import Phase, PhaseResult

BEGIN = "<!-- modules -->"


class DocumentationPhase(Phase):
    """Writes the list of modules, the reference and the list of changes."""

    name = "documentation"

    def run(self, task: Task, state: PipelineState) -> PhaseResult:
        modules = self.modules()
        self.update_readme([name for name, _ in modules])
        self.write_reference(modules)
        self.add_change(task.description)
        return PhaseResult(True, f"{len(modules)} modules", {"words": self.count_words(modules)})

    def modules(self) -> List[Tuple[str, str]]:
        """Name and first line of the documentation of every module that parses."""
        found: List[Tuple[str, str]] = []
        for path in sorted((self.workspace.project_dir / "inventory").glob("*.py")):
            try:
                tree = ast.parse(path.read_text(encoding="utf-8"))
            except SyntaxError as problem:
                self.logger.warning("%s does not parse: %s", path, problem)
                continue
            found.append((path.stem, (ast.get_docstring(tree) or "").split("\n")[0]))
        return found

    def update_readme(self, names: List[str]) -> None:
        readme = self.workspace.project_dir / "README.md"
        text = readme.read_text(encoding="utf-8") if readme.exists() else "# Inventory\n\n"
        head = text.split(BEGIN)[0]
        listed = "".join(f"- `{name}`\n" for name in names)
        readme.write_text(f"{head}{BEGIN}\n{listed}", encoding="utf-8")

    def write_reference(self, modules: List[Tuple[str, str]]) -> None:
        reference_path = self.workspace.docs_dir / "reference.md"
        with open(reference_path, "w", encoding="utf-8") as document:
            print("# Reference", file=document)
            for name, summary in modules:
                print(f"\n## {name}\n\n{summary}", file=document)

    def add_change(self, description: str) -> None:
        changelog: Path = self.workspace.project_dir / "CHANGELOG.md"
        with open(changelog, "a", encoding="utf-8") as document:
            document.write(f"- {description}\n")

    def count_words(self, modules: List[Tuple[str, str]]) -> int:
        with tempfile.TemporaryFile("w+", encoding="utf-8") as scratch:
            for _, summary in modules:
                scratch.write(summary + " ")
            scratch.seek(0)
            return len(scratch.read().split())
