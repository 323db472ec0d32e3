# SPDX-License-Identifier: Apache-2.0
"""A text log of whole lines, appended by any number of processes."""

from typing import Any, Iterable, Optional, Union

from untorn._native import (Content, Native, Path, content_of, count_of, mode_of, path_text,
                            real_of)
from untorn._values import AppendReceipt, TornLines, value_from

_SYNCS = ("each", "batched", "never")


class LineLog:
    """Appends lines that no other process interleaves and no crash glues together.

        with untorn.LineLog("activity.log") as log:
            log.append("task 1f0c begins")
            log.append(["two lines", "that stay together"])

    `sync` says when lines are on the disk: "each" (when append() returns; the default), "batched"
    (after `batch_lines` lines or `batch_time` seconds, at the next append, and at sync() and
    close()), "never" (the kernel decides). What a crash left torn at the end is moved to
    NAME.torn-<number> when the log is opened: `torn` tells.

    With `rotate_bytes` or `rotate_age` (seconds) a new file is begun in time: NAME becomes NAME.1,
    and `keep` old files stay. `tree` is the folder whose `.untorn/` is used. Local file systems
    only: elsewhere it fails with code "unsupported".
    """

    def __init__(self, path: Path, *, sync: str = "each", batch_lines: int = 100,
                 batch_time: float = 1.0, rotate_bytes: int = 0, rotate_age: int = 0,
                 keep: int = 5, mode: Optional[int] = None, lock_wait: float = 10.0,
                 tree: Optional[Path] = None) -> None:
        if sync not in _SYNCS:
            raise ValueError(f"sync is each, batched or never, not {sync!r}")
        self._path = path_text(path)
        self._native: Optional[Native] = Native("LineLog", {
            "path": self._path, "sync": sync,
            "batch_lines": count_of(batch_lines, "batch_lines"),
            "batch_ms": count_of(int(real_of(batch_time, "batch_time") * 1000), "batch_time"),
            "rotate_bytes": count_of(rotate_bytes, "rotate_bytes"),
            "rotate_age_s": count_of(rotate_age, "rotate_age", 0, 10 ** 9),
            "keep": count_of(keep, "keep", 1, 1000), "mode": mode_of(mode),
            "tree": None if tree is None else path_text(tree),
        }, lock_wait=lock_wait)

    def __repr__(self) -> str:
        return f"<untorn.LineLog {self._path!r}>"

    @property
    def path(self) -> str:
        """As it was given."""
        return self._path

    @property
    def torn(self) -> Optional[TornLines]:
        """What opening it, or an append since, moved away last; None if it was whole."""
        fields = self._open().value("torn")
        return None if fields is None else value_from(TornLines, fields)

    @property
    def closed(self) -> bool:
        """close() was called."""
        return self._native is None

    def append(self, lines: Union[str, Content, Iterable[Union[str, Content]]]) -> AppendReceipt:
        """One line, or several that stay together; without their line ends.

        Text is written in UTF-8. A line with a line end or a NUL inside is refused. After an error
        none of them is in the log, unless its outcome says otherwise.
        """
        if isinstance(lines, (str, bytes, bytearray, memoryview)):
            lines = [lines]
        contents = [content_of(line) for line in lines]
        fields, _ = self._open().call("append", contents=contents)
        return value_from(AppendReceipt, fields)

    def sync(self) -> None:
        """Everything that this object appended is on the disk when it returns."""
        self._open().call("sync")

    def close(self) -> None:
        """Syncs what a batch still holds. Safe to call twice."""
        native, self._native = self._native, None
        if native is not None:
            native.call("close")

    def __enter__(self) -> "LineLog":
        self._open()
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def _open(self) -> Native:
        if self._native is None:
            raise ValueError("the log is closed")
        return self._native
