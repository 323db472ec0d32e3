# SPDX-License-Identifier: Apache-2.0
"""Numbered patches of a project."""

from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from untorn._native import Content, Path, content_of, count_of, path_text, text_of
from untorn._values import value_from
from untorn.pipeline._project import ProjectObject


@dataclass(frozen=True)
class PatchEdit:
    """What shall become of one file: all of `content`, or `replacements` (pairs of a text that
    occurs exactly once and what takes its place), or `remove`. Just one of the three."""

    path: Path
    content: Optional[Union[str, Content]] = None
    replacements: Sequence[Tuple[Union[str, Content], Union[str, Content]]] = field(
        default_factory=tuple)
    remove: bool = False


@dataclass(frozen=True)
class PatchedFile:
    """One file of a patch."""

    path: str
    old_path: Optional[str]  # of a renamed or copied file
    change: str  # "modified", "added", "deleted", "renamed" or "copied"
    hunks: int
    lines_added: int
    lines_removed: int


@dataclass(frozen=True)
class PatchProblem:
    """Why a patch does not fit, at one place."""

    path: str
    hunk: int  # from 1; 0: the file as a whole
    patch_line: int
    line: int  # of the file; 0: not at a line
    message: str

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class PatchInfo:
    """One patch."""

    number: int
    name: str  # "0001_fix_the_greeting"
    description: str
    status: str  # "created", "applied", "reverted" or "damaged"
    created: str
    changed: Optional[str]  # when it was applied or reverted last
    patch_file: str  # relative to the project
    files: Tuple[PatchedFile, ...]
    damage: Optional[str]


@dataclass(frozen=True)
class PatchCheck:
    """How a patch stands to the files as they are. True if it applies."""

    applies: bool
    is_applied: bool
    files: Tuple[PatchedFile, ...]
    problems: Tuple[PatchProblem, ...]

    def __bool__(self) -> bool:
        return self.applies


@dataclass(frozen=True)
class PatchResult:
    """What applying or reverting did."""

    info: PatchInfo  # afterwards
    already: bool  # it was applied (reverted) before: nothing was done
    operations: int = 0
    syncs: int = 0
    achieved: Optional[str] = None


class PatchManager(ProjectObject):
    """Patches made from edits, kept as files that `git apply` reads, applied and reverted whole.

        patches = PatchManager("project")
        made = patches.create("Fix the greeting", {"hello.py": new_text})
        patches.apply(made.number)       # all files of the patch, or none
        patches.revert(made.number)      # the same backwards

    A number is given once. A patch that does not fit changes nothing: code "conflict", and the
    message shows the place. Applied twice is applied once.
    """

    _kind = "PatchManager"

    def create(self, description: str,
               edits: Union[Mapping[Path, Union[str, Content]], Sequence[PatchEdit]]) -> PatchInfo:
        """Makes and keeps the patch that turns the files as they are into what `edits` say.

        `edits` are new contents by path, or PatchEdits. None of the files is changed.
        """
        if isinstance(edits, Mapping):
            edits = [PatchEdit(path, content) for path, content in edits.items()]
        contents: List[bytes] = []

        def place(content: Union[str, Content]) -> int:
            contents.append(content_of(content))
            return len(contents) - 1

        values = [{"path": path_text(edit.path), "remove": bool(edit.remove),
                   "content": None if edit.content is None else place(edit.content),
                   "replacements": [[place(before), place(after)]
                                    for before, after in edit.replacements]} for edit in edits]
        return _info(self._native.call("create", {
            "description": text_of(description, "description"), "edits": values}, contents)[0])

    def add(self, description: str, patch: Union[str, Content]) -> PatchInfo:
        """Keeps a git or unified diff that was made elsewhere."""
        return _info(self._native.call("add", {
            "description": text_of(description, "description")}, [content_of(patch)])[0])

    def dry_run(self, number: int) -> PatchCheck:
        """Would apply() work? Changes nothing."""
        return _check(self._numbered("dry_run", number))

    def verify(self, number: int) -> PatchCheck:
        """Is it applied and can be reverted, or would it apply? Changes nothing."""
        return _check(self._numbered("verify", number))

    def apply(self, number: int) -> PatchResult:
        """All of its files, or none."""
        return _result(self._numbered("apply", number))

    def revert(self, number: int) -> PatchResult:
        """The same backwards. What was changed since is refused, never overwritten."""
        return _result(self._numbered("revert", number))

    def info(self, number: int) -> PatchInfo:
        """FileNotFoundError if no patch has that number."""
        return _info(self._numbered("info", number))

    def list(self) -> List[PatchInfo]:
        """By number, damaged ones with their status."""
        return [_info(fields) for fields in self._native.value("list")]

    def text(self, number: int) -> bytes:
        """The patch itself."""
        return self._native.call("text", {"number": count_of(number, "number")})[1][0]

    def _numbered(self, method: str, number: int) -> Dict[str, Any]:
        fields: Dict[str, Any] = self._native.value(method, number=count_of(number, "number"))
        return fields


def _files(fields: Dict[str, Any]) -> Tuple[PatchedFile, ...]:
    return tuple(value_from(PatchedFile, entry) for entry in fields["files"])


def _info(fields: Dict[str, Any]) -> PatchInfo:
    return value_from(PatchInfo, {**fields, "files": _files(fields)})


def _check(fields: Dict[str, Any]) -> PatchCheck:
    problems = tuple(value_from(PatchProblem, entry) for entry in fields["problems"])
    return value_from(PatchCheck, {**fields, "files": _files(fields), "problems": problems})


def _result(fields: Dict[str, Any]) -> PatchResult:
    return value_from(PatchResult, {**fields, "info": _info(fields["info"])})
