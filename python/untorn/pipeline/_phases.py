# SPDX-License-Identifier: Apache-2.0
"""What the phases of a pipeline write besides its state."""

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Tuple, Union

from untorn._native import Content, Path, content_of, path_text, real_of, text_of
from untorn._values import AppendReceipt, value_from
from untorn.pipeline._project import ProjectObject

_KINDS = ("prompt", "role")


@dataclass(frozen=True)
class Improvement:
    """A prompt or role that was improved, and how that did."""

    id: str
    kind: str  # "prompt" or "role"
    name: str
    path: str  # of the file, below the project
    rationale: str
    status: str  # "pending", "accepted", "rejected" or "rolled_back"
    score: Optional[float]
    note: str
    created: str
    updated: str
    old_text: Optional[str] = None  # None: there was no file, or list() left it out
    new_text: Optional[str] = None
    already: bool = False  # it had been done before: nothing was changed now


@dataclass(frozen=True)
class WrittenDocument:
    """One file of a DocumentReceipt."""

    path: str
    bytes: int
    existed: bool
    unchanged: bool


@dataclass(frozen=True)
class DocumentReceipt:
    """What writing documents did."""

    files: Tuple[WrittenDocument, ...]
    syncs: int


class PhaseFiles(ProjectObject):
    """Debug logs, documents, and improvements of prompts and roles that can be taken back.

        files = PhaseFiles("project")
        files.debug("planning", "task 1f0c: 3 candidates")
        files.write_document("docs/REPORT.md", report)
        better = files.improve("prompt", "planner", text, rationale="shorter")
        files.record_result(better.id, accepted=False, score=0.4)
        files.rollback(better.id)

    The improved file and the record of its improvement, with the text before it, appear in one
    transaction; so do the restored file and the record of the rollback.
    """

    _kind = "PhaseFiles"

    def debug(self, name: str, text: Union[str, Content]) -> AppendReceipt:
        """Appends to `.pipeline/debug/NAME.log`; several lines stay together."""
        fields, _ = self._native.call("debug", {"name": text_of(name, "name")}, [content_of(text)])
        return value_from(AppendReceipt, fields)

    def sync_debug(self) -> None:
        """What debug() appended is on the disk when it returns."""
        self._native.call("sync_debug")

    def write_document(self, path: Path, text: Union[str, Content]) -> DocumentReceipt:
        """Replaces a document whole, and makes the folders above it."""
        return self.write_documents({path: text})

    def write_documents(self, documents: Mapping[Path, Union[str, Content]]) -> DocumentReceipt:
        """Replaces several, all or none."""
        fields, _ = self._native.call(
            "write_documents", {"paths": [path_text(path) for path in documents]},
            [content_of(text) for text in documents.values()])
        files = tuple(value_from(WrittenDocument, entry) for entry in fields["files"])
        return value_from(DocumentReceipt, {**fields, "files": files})

    def read_document(self, path: Path) -> bytes:
        """The content. FileNotFoundError."""
        return self._native.call("read_document", {"path": path_text(path)})[1][0]

    def improve(self, kind: str, name: str, text: Union[str, Content], *, rationale: str = "",
                id: str = "") -> Improvement:
        """Replaces a prompt (`prompts/NAME.md`) or role (a JSON object) and keeps what it held.

        An `id` of the caller's is done once: a retry after a crash changes nothing.
        """
        if kind not in _KINDS:
            raise ValueError(f"kind is prompt or role, not {kind!r}")
        fields, _ = self._native.call("improve", {
            "kind": kind, "name": text_of(name, "name"),
            "rationale": text_of(rationale, "rationale"), "id": text_of(id, "id"),
        }, [content_of(text)])
        return value_from(Improvement, fields)

    def record_result(self, id: str, *, accepted: bool, score: Optional[float] = None,
                      note: str = "") -> Improvement:
        """Marks it accepted or rejected."""
        if not isinstance(accepted, bool):
            raise TypeError(f"accepted must be bool, not {type(accepted).__name__}")
        return value_from(Improvement, self._native.value(
            "record_result", id=text_of(id, "id"), accepted=accepted, note=text_of(note, "note"),
            score=None if score is None else real_of(score, "score")))

    def rollback(self, id: str, note: str = "") -> Improvement:
        """Brings the old text back. Code "conflict" if someone else wrote the file since."""
        return value_from(Improvement, self._native.value("rollback", id=text_of(id, "id"),
                                                          note=text_of(note, "note")))

    def info(self, id: str) -> Improvement:
        """FileNotFoundError for an id that is not there."""
        return value_from(Improvement, self._native.value("info", id=text_of(id, "id")))

    def list(self) -> Dict[str, Any]:
        """"improvements" by id, without their texts, and "unreadable" records with the reason."""
        found: Dict[str, Any] = self._native.value("list")
        improvements: List[Dict[str, Any]] = found["improvements"]
        return {**found, "improvements": [value_from(Improvement, entry)
                                          for entry in improvements]}
