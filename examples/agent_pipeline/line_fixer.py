# SPDX-License-Identifier: Apache-2.0
"""Repairs that need no model: trailing blanks, tabs, a missing last newline."""

import filecmp
import tempfile
from pathlib import Path
from typing import List


class NoSuchLine(Exception):
    """The file is shorter than the line that is to be replaced."""


class LineFixer:
    """Fixes lines of source files in place."""

    def __init__(self, project_dir: Path):
        self.project_dir = Path(project_dir)

    def fix_file(self, path: str) -> bool:
        """Clean every line; answers whether anything had to change."""
        source_path = self.project_dir / path
        lines = source_path.read_text(encoding="utf-8").splitlines()
        fixed = [fixed_line(line) + "\n" for line in lines]
        if is_same(source_path, fixed):
            return False
        source_file = open(source_path, "w", encoding="utf-8")
        try:
            source_file.writelines(fixed)
        finally:
            source_file.close()
        return True

    def replace_line(self, path: str, number: int, text: str) -> None:
        """Replace one line, counted from 1."""
        source_path = self.project_dir / path
        lines = source_path.read_text(encoding="utf-8").splitlines(True)
        if not 0 < number <= len(lines):
            raise NoSuchLine(f"{path} has {len(lines)} lines, not {number}")
        lines[number - 1] = text + "\n"
        rewrite_source(source_path, "".join(lines))


def fixed_line(line: str) -> str:
    return line.rstrip().expandtabs(4)


def rewrite_source(source_path: Path, source: str, mode: str = "w") -> None:
    with source_path.open(mode=mode, encoding="utf-8") as source_file:
        source_file.write(source)


def is_same(source_path: Path, lines: List[str]) -> bool:
    with tempfile.NamedTemporaryFile("w", suffix=".py", encoding="utf-8") as candidate:
        candidate.writelines(lines)
        candidate.flush()
        return filecmp.cmp(candidate.name, source_path, shallow=False)
