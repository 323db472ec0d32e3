# SPDX-License-Identifier: Apache-2.0
"""The source files of a project, changed by a program."""

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Dict, List, Optional, Tuple, Type, Union

from untorn._native import Content, Native, Path, content_of, count_of, path_text, text_of
from untorn._values import value_from
from untorn.pipeline._project import ProjectObject


@dataclass(frozen=True)
class CodeFileChange:
    """What a change did to one file."""

    path: str
    action: str  # "create", "modify", "append", "write", "remove" or "restore"
    bytes: int  # of the new content
    line: int = 0  # where it was changed, from 1; 0: not at a line


@dataclass(frozen=True)
class CodeReceipt:
    """What a change did."""

    operation: str
    already: bool  # it had been done before, and nothing was changed now
    files: Tuple[CodeFileChange, ...]
    syncs: int


@dataclass(frozen=True)
class CodeVersion:
    """One version that restore() can bring back."""

    number: int
    absent: bool  # the file did not exist
    bytes: int
    kept_ns: int  # since the epoch


def _receipt(fields: Dict[str, Any]) -> CodeReceipt:
    files = tuple(value_from(CodeFileChange, entry) for entry in fields["files"])
    return value_from(CodeReceipt, {**fields, "files": files})


class CodeChange:
    """Several edits, all or none, at the end of the block.

        with files.change("task-1f0c") as change:
            change.create("shop/parser.py", source)
            change.modify("shop/main.py", "import sys", "import sys\\nfrom shop import parser")

    An exception that leaves the block, and discard(), change nothing. An operation with a name is
    done once: `already` tells, and committing it again changes nothing.
    """

    def __init__(self, native: Native, already: bool) -> None:
        self._native: Optional[Native] = native
        self._already = already
        self._receipt: Optional[CodeReceipt] = None

    @property
    def already(self) -> bool:
        """The operation was done before; nothing will be changed."""
        return self._already

    @property
    def receipt(self) -> Optional[CodeReceipt]:
        """What commit() did; None before it."""
        return self._receipt

    def create(self, path: Path, content: Union[str, Content]) -> None:
        """A new file, with the directories above it. FileExistsError."""
        self._edit("create", path, content)

    def write(self, path: Path, content: Union[str, Content]) -> None:
        """The whole content, of a file that exists or not."""
        self._edit("write", path, content)

    def modify(self, path: Path, old_text: Union[str, Content],
               new_text: Union[str, Content]) -> None:
        """Replaces a text that occurs exactly once; else an error with code "conflict" that says
        where it occurs, or which line is most like it."""
        self._edit("modify", path, old_text, new_text)

    def append(self, path: Path, text: Union[str, Content]) -> None:
        """At the end of a file that exists; if its last line has no end, one is added first."""
        self._edit("append", path, text)

    def remove(self, path: Path) -> None:
        """Removes a file."""
        self._edit("remove", path)

    def read(self, path: Path) -> Optional[bytes]:
        """The content as this change would leave it; None if there is no such file."""
        _, contents = self._open().call("change.read", {"path": path_text(path)})
        return contents[0] if contents else None

    def commit(self) -> CodeReceipt:
        """All of it. The object is spent afterwards."""
        native, self._native = self._open(), None
        self._receipt = _receipt(native.value("change.commit"))
        return self._receipt

    def discard(self) -> None:
        """Gives everything up. Safe to call twice."""
        native, self._native = self._native, None
        if native is not None:
            native.call("change.discard")

    def __enter__(self) -> "CodeChange":
        self._open()
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], value: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        if kind is not None:
            self.discard()
        elif self._native is not None:
            self.commit()

    def _edit(self, method: str, path: Path, *texts: Union[str, Content]) -> None:
        self._open().call("change." + method, {"path": path_text(path)},
                          [content_of(text) for text in texts])

    def _open(self) -> Native:
        if self._native is None:
            raise ValueError("the change is finished; begin another one")
        return self._native


class CodeFiles(ProjectObject):
    """Creates, modifies, appends to and restores source files, never outside of the project.

        files = CodeFiles("project")
        files.modify("shop/main.py", "def total(", "def total_of(")
        files.restore("shop/main.py")

    Text is written in UTF-8, bytes as they are; what nobody changed keeps its bytes. What a change
    replaces is kept, the last 10 versions of each file. Activity is told in
    `.pipeline/logs/activity.log`, one JSON object a line.
    """

    _kind = "CodeFiles"

    def change(self, operation: str = "") -> CodeChange:
        """Begins a change of several files, under the project's lock. An operation with a name
        (letters, digits, "_", "-", ".") is done once, whatever crashes."""
        name = text_of(operation, "operation")
        native = self._native.another()
        return CodeChange(native, native.value("begin_change", operation=name))

    def create(self, path: Path, content: Union[str, Content]) -> CodeReceipt:
        """A new file, with the directories above it. FileExistsError."""
        return self._one("create", path, content)

    def write(self, path: Path, content: Union[str, Content]) -> CodeReceipt:
        """The whole content, of a file that exists or not."""
        return self._one("write", path, content)

    def modify(self, path: Path, old_text: Union[str, Content],
               new_text: Union[str, Content]) -> CodeReceipt:
        """Replaces a text that occurs exactly once. See CodeChange.modify()."""
        return self._one("modify", path, old_text, new_text)

    def append(self, path: Path, text: Union[str, Content]) -> CodeReceipt:
        """At the end of a file that exists."""
        return self._one("append", path, text)

    def remove(self, path: Path) -> CodeReceipt:
        """Removes a file. restore() brings it back."""
        return self._one("remove", path)

    def restore(self, path: Path, back: int = 1) -> CodeReceipt:
        """Makes versions(path)[back - 1] the content again, or the file absent as it was then."""
        return _receipt(self._native.value("restore", path=path_text(path),
                                           back=count_of(back, "back")))

    def versions(self, path: Path) -> List[CodeVersion]:
        """Newest first. A file that was never changed here has none."""
        return [value_from(CodeVersion, fields)
                for fields in self._native.value("versions", path=path_text(path))]

    def read(self, path: Path) -> bytes:
        """The content. FileNotFoundError."""
        return self._native.call("read", {"path": path_text(path)})[1][0]

    def forget_operations(self, older_than: int) -> int:
        """Removes the marks of operations done more than so many seconds ago; how many."""
        count: int = self._native.value("forget_operations",
                                        older_than_s=count_of(older_than, "older_than", 0, 2 ** 62))
        return count

    def activity(self, count: int = 100) -> List[Any]:
        """The last lines of the activity log, oldest first."""
        lines: List[Any] = self._native.value("activity", count=count_of(count, "count"))
        return lines

    def _one(self, method: str, path: Path, *texts: Union[str, Content]) -> CodeReceipt:
        fields, _ = self._native.call(method, {"path": path_text(path)},
                                      [content_of(text) for text in texts])
        return _receipt(fields)
