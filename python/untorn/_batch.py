# SPDX-License-Identifier: Apache-2.0
"""Many files, each replaced whole, for the price of one."""

import warnings
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Dict, Optional, Tuple, Type, Union

from untorn._common import Receipt, check_backups, check_protocol
from untorn._native import Content, Native, Path, content_of, level_of, path_text
from untorn._values import receipt_from, value_from
from untorn.errors import Error, make_error


@dataclass(frozen=True)
class BatchFile:
    """One file of a batch: its receipt, or why it was not replaced."""

    path: str
    receipt: Optional[Receipt]
    error: Optional[Error]


@dataclass(frozen=True)
class BatchReceipt:
    """What the commit of a batch did."""

    files: Tuple[BatchFile, ...]  # in the order in which they were put
    failed: int
    requested: str
    achieved: str  # the lowest of those that were replaced
    protocol: str
    syncs: int
    commits: int
    bytes: int


class Batch:
    """Files that are replaced together, at the end of the block, and share their syncs.

        with untorn.batch() as b:
            for name, page in pages.items():
                b[name] = page               # str (UTF-8) or bytes; written at once, not yet there
        b.receipt.commits                    # the same for one file and for a thousand

    Each file is replaced whole, as by write_bytes(), but they are independent: after a crash at the
    end of the block some may be new and others old. For all or none see transaction().

    An exception that leaves the block, and discard(), change nothing. If single files cannot be
    replaced at the end, the others are; then the error of the first is raised, and `receipt` has
    all of them. One that is collected without an end is discarded, with a ResourceWarning.
    """

    def __init__(self, *, durability: str = "durable", protocol: str = "automatic",
                 backups: int = 0, create_parents: bool = False) -> None:
        check_protocol(protocol)
        arguments = {"durability": level_of(durability), "classic": protocol == "classic",
                     "backups": check_backups(backups), "create_parents": bool(create_parents)}
        self._native: Optional[Native] = Native("Batch", arguments, renews=False)
        self._receipt: Optional[BatchReceipt] = None

    @property
    def receipt(self) -> Optional[BatchReceipt]:
        """What commit() did; None before it."""
        return self._receipt

    def put(self, path: Path, content: Union[str, Content]) -> None:
        """The file will get that content. A path may be put once."""
        self._open().call("put", {"path": path_text(path)}, [content_of(content)])

    def __setitem__(self, path: Path, content: Union[str, Content]) -> None:
        self.put(path, content)

    def commit(self) -> BatchReceipt:
        """Publishes all. The object is spent afterwards."""
        native, self._native = self._open(), None
        self._receipt = receipt = _receipt_from(native.value("commit"))
        for file in receipt.files:
            if file.error is not None:
                raise file.error
        return receipt

    def discard(self) -> None:
        """Gives everything up. Safe to call at any time, also twice."""
        native, self._native = self._native, None
        if native is not None:
            native.call("discard")

    def __enter__(self) -> "Batch":
        self._open()
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], value: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        if kind is not None:
            self.discard()
        elif self._native is not None:
            self.commit()

    def __del__(self) -> None:
        if getattr(self, "_native", None) is not None:
            warnings.warn(f"discarded {self!r}, which was never finished", ResourceWarning, 2, self)
            self.discard()

    def _open(self) -> Native:
        if self._native is None:
            raise ValueError("the batch is finished; begin another one")
        return self._native


def batch(*, durability: str = "durable", protocol: str = "automatic", backups: int = 0,
          create_parents: bool = False) -> Batch:
    """Begins a Batch."""
    return Batch(durability=durability, protocol=protocol, backups=backups,
                 create_parents=create_parents)


def _file_from(fields: Dict[str, Any]) -> BatchFile:
    receipt, error = fields["receipt"], fields["error"]
    return BatchFile(path=fields["path"],
                     receipt=None if receipt is None else receipt_from(receipt),
                     error=None if error is None else make_error(path=fields["path"], **error))


def _receipt_from(fields: Dict[str, Any]) -> BatchReceipt:
    return value_from(BatchReceipt, {**fields, "files": [*map(_file_from, fields["files"])]})
