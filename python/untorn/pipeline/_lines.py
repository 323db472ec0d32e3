# SPDX-License-Identifier: Apache-2.0
"""Edits of single lines that change nothing else."""

from dataclasses import dataclass
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

from untorn._native import Path, count_of, path_text, run, text_of
from untorn._values import value_from
from untorn.pipeline._project import ProjectObject


@dataclass(frozen=True)
class LineEdit:
    """The lines `first` to `last` become `lines`; no lines: they are removed.

    With last = first - 1 nothing is replaced, and the lines are inserted before `first`.
    `expected` are the lines that `first` to `last` must hold now.
    """

    first: int
    last: int
    lines: Sequence[str] = ()
    expected: Optional[Sequence[str]] = None


@dataclass(frozen=True)
class TextLines:
    """What a file looks like, line by line."""

    encoding: str  # "utf-8", "utf-8-sig", "utf-16-le", "utf-16-be" or "latin-1"
    line_end: str  # that most lines have
    mixed: bool  # not all have the same
    ends_with_newline: bool
    lines: Tuple[str, ...]  # without their ends


@dataclass(frozen=True)
class LineReceipt:
    """What an edit did."""

    changed: bool  # False: the file had this content already, and was not written
    lines_changed: int
    fixes: Dict[str, int]  # that were made, with the number of their lines
    encoding: str
    syncs: int


def _lines(lines: Iterable[str], name: str) -> List[str]:
    if isinstance(lines, str):
        raise TypeError(f"{name} must be a list of str, not str")
    return [text_of(line, name) for line in lines]


class LineFixer(ProjectObject):
    """Replaces, inserts and removes lines of a project's files, and makes the automatic fixes.

        fixer = LineFixer("project")
        fixer.replace_line("shop/main.py", 12, "    return total", expected="    return totl")
        fixer.fix("shop/main.py")

    Lines count from 1 and are without their ends. Every other line keeps its bytes; the encoding
    (UTF-8 with and without mark, UTF-16, Latin-1), line ends and a missing last newline are kept.
    An edit with an expected content that is not there fails with code "conflict" and shows what is.
    """

    _kind = "LineFixer"

    def read(self, path: Path) -> TextLines:
        """The lines of a file, and what it looks like."""
        return value_from(TextLines, self._native.value("read", path=path_text(path)))

    def edit(self, path: Path, edits: Iterable[LineEdit]) -> LineReceipt:
        """Several edits of one file at once. Numbers are those of the file as it is."""
        values: List[Dict[str, Any]] = [{
            "first": count_of(edit.first, "first", 1), "last": count_of(edit.last, "last"),
            "lines": _lines(edit.lines, "lines"),
            "expected": None if edit.expected is None else _lines(edit.expected, "expected"),
        } for edit in edits]
        return value_from(LineReceipt, self._native.value("edit", path=path_text(path),
                                                          edits=values))

    def replace_line(self, path: Path, number: int, text: str,
                     expected: Optional[str] = None) -> LineReceipt:
        """One line becomes `text`."""
        wanted = None if expected is None else [text_of(expected, "expected")]
        return self.edit(path, [LineEdit(number, number, [text_of(text, "text")], wanted)])

    def replace_lines(self, path: Path, first: int, last: int, lines: Sequence[str],
                      expected: Optional[Sequence[str]] = None) -> LineReceipt:
        """The lines `first` to `last` become `lines`."""
        return self.edit(path, [LineEdit(first, last, lines, expected)])

    def insert_lines(self, path: Path, before: int, lines: Sequence[str]) -> LineReceipt:
        """Inserts lines before a line; one above the number of lines: at the end."""
        before = count_of(before, "before", 1)
        return self.edit(path, [LineEdit(before, before - 1, lines)])

    def remove_lines(self, path: Path, first: int, last: int,
                     expected: Optional[Sequence[str]] = None) -> LineReceipt:
        """Removes the lines `first` to `last`."""
        return self.edit(path, [LineEdit(first, last, (), expected)])

    @staticmethod
    def all_fixes() -> Tuple[str, ...]:
        """The automatic fixes, in the order in which they are made."""
        return tuple(run("line_fixes", {})[0])

    def fix(self, path: Path, fixes: Optional[Iterable[str]] = None) -> LineReceipt:
        """Makes the automatic fixes, or some of them."""
        known = self.all_fixes()
        wanted = list(known) if fixes is None else _lines(fixes, "fixes")
        for name in wanted:
            if name not in known:
                raise ValueError(f"a fix is one of {', '.join(known)}, not {name!r}")
        return value_from(LineReceipt, self._native.value("fix", path=path_text(path),
                                                          fixes=wanted))
