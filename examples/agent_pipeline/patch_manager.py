# SPDX-License-Identifier: Apache-2.0
"""Patches: made from two versions of a file, kept, applied with a backup."""

import difflib
import io
import re
import shutil
from pathlib import Path
from typing import List

HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")


class PatchConflict(Exception):
    """The file is not what the patch was made from."""


class PatchManager:
    """Keeps patches in `patches_dir` and applies them to files of the project."""

    def __init__(self, project_dir: Path, patches_dir: Path, backup_dir: Path):
        self.project_dir = Path(project_dir)
        self.patches_dir = Path(patches_dir)
        self.backup_dir = Path(backup_dir)

    def create(self, name: str, path: str, changed: str) -> Path:
        """Store the patch that turns the file at `path` into `changed`."""
        current = (self.project_dir / path).read_text(encoding="utf-8")
        lines = difflib.unified_diff(
            current.splitlines(True), changed.splitlines(True), f"a/{path}", f"b/{path}"
        )
        patch_file = self.patches_dir / f"{name}.patch"
        patch_file.write_text("".join(lines), encoding="utf-8")
        return patch_file

    def apply(self, patch_file: Path, path: str) -> None:
        target = self.project_dir / path
        lines = target.read_text(encoding="utf-8").splitlines(True)
        patched = patched_lines(lines, patch_file.read_text(encoding="utf-8"))
        self.backup(target)
        source_writer = io.open
        with source_writer(target, "w", encoding="utf-8") as source:
            source.writelines(patched)
        self._log_applied(patch_file.name, path)

    def backup(self, target: Path) -> Path:
        backup_path = self.backup_dir / (target.name + ".bak")
        shutil.copy2(str(target), str(backup_path))
        return backup_path

    def _log_applied(self, name: str, path: str) -> None:
        with open(self.patches_dir / "applied.log", "a", encoding="utf-8") as log:
            print(name, path, sep="\t", file=log)


def patched_lines(lines: List[str], patch: str) -> List[str]:
    """Apply a unified diff; every line of context and every removed line must match."""
    result: List[str] = []
    position = 0
    for line in patch.splitlines(True):
        hunk = HUNK.match(line)
        if hunk:
            start = int(hunk.group(1)) - (0 if hunk.group(2) == "0" else 1)
            result.extend(lines[position:start])
            position = start
        elif line.startswith(("---", "+++")):
            continue
        elif line.startswith("+"):
            result.append(line[1:])
        else:
            if position >= len(lines) or lines[position] != line[1:]:
                raise PatchConflict(f"line {position + 1} is not {line[1:].rstrip()!r}")
            if line.startswith(" "):
                result.append(lines[position])
            position += 1
    return result + lines[position:]
