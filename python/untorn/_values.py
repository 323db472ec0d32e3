# SPDX-License-Identifier: Apache-2.0
"""What calls answer: plain values with the names that the library's have."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple, Type, TypeVar

from untorn._common import Receipt

Value = TypeVar("Value")


def value_from(kind: Type[Value], fields: Dict[str, Any]) -> Value:
    """The fields that the class has; lists become tuples. Later versions may send more."""
    names = {field.name for field in dataclasses.fields(kind)}
    known = {name: tuple(value) if isinstance(value, list) else value
             for name, value in fields.items() if name in names}
    return kind(**known)


@dataclass(frozen=True)
class Generation:
    """One version of a document that is kept."""

    number: int
    bytes: int
    kept_ns: int  # when, since the epoch
    origin: str  # "replaced", "edited" or "recovered"
    mode: int  # permission bits of the file that held it
    from_copy: bool  # it was kept in another directory: this tree is a copy
    intact: bool  # its checksum is right


@dataclass(frozen=True)
class Recovery:
    """What was done about a damaged or missing file."""

    reason: str  # "it is empty", "it ends in the middle of a value at line 3, column 7"
    set_aside: str  # name of the damaged file now, beside the document; "" if there was none
    generation: Generation  # what came back
    generations_lost: int  # later ones that cannot be used: their changes are lost
    lost: str  # what is lost, as far as it is known
    written: bool  # False: only looked at; nothing was set aside or put in place
    file_adds_nothing: bool  # nothing can have been in the damaged part that did not come back
    message: str  # one line for a person

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class ReplacedDocument:
    """What replacing a document did."""

    receipt: Receipt
    generation: int  # that holds the new content
    kept_edit: bool  # the old content was someone's edit, and became a generation too
    recovery: Optional[Recovery]  # the old content was damaged


@dataclass(frozen=True)
class TransactionReceipt:
    """What a commit did."""

    operations: int
    bytes: int
    syncs: int
    achieved: str
    why_lower: str = ""
    metadata_lost: Tuple[str, ...] = ()  # "PATH: owner"
    changed: Tuple[str, ...] = ()  # targets that changed between the last look and the rename


@dataclass(frozen=True)
class TransactionRecovery:
    """What was done about a transaction that a crash interrupted."""

    kind: str  # "none", "rolled_forward", "discarded" or "refused"
    applied: int = 0  # operations that this recovery carried out
    already: int = 0  # that had been carried out before the crash
    kept: Tuple[str, ...] = ()  # names of content that could not be applied
    changed: Tuple[str, ...] = ()  # targets that another program had changed
    detail: str = ""
    message: str = ""  # one line for a person; "" if nothing happened

    def __bool__(self) -> bool:
        """Something happened."""
        return self.kind != "none"


@dataclass(frozen=True)
class AppendReceipt:
    """What an append did."""

    lines: int
    bytes: int
    syncs: int
    synced: bool  # these lines and all before them were synced
    rotated: bool  # they are the first of a new file
    achieved: str
    why_lower: str = ""


@dataclass(frozen=True)
class TornLines:
    """What was moved away from the end of a log."""

    bytes: int
    lines: int  # line ends among them
    moved_to: str  # name beside the log
    reason: str
    message: str

    def __str__(self) -> str:
        return self.message


def generation_from(fields: Dict[str, Any]) -> Generation:
    return value_from(Generation, fields)


def receipt_from(fields: Dict[str, Any]) -> Receipt:
    return value_from(Receipt, fields)


def recovery_from(fields: Optional[Dict[str, Any]]) -> Optional[Recovery]:
    if fields is None:
        return None
    return value_from(Recovery, {**fields, "generation": generation_from(fields["generation"])})


def replaced_from(fields: Dict[str, Any]) -> ReplacedDocument:
    return ReplacedDocument(receipt_from(fields["receipt"]), fields["generation"],
                            fields["kept_edit"], recovery_from(fields["recovery"]))
