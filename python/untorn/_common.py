# SPDX-License-Identifier: Apache-2.0
"""What all that writes shares: receipts, and the checks of arguments that come first."""

import os
from dataclasses import dataclass
from typing import Any, NoReturn, Tuple

from untorn import _untorn
from untorn.errors import Error, IsADirectoryError

LEVELS = ("process", "ordered", "durable")
FLAGS = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC


@dataclass(frozen=True)
class Receipt:
    """What a successful call did."""

    outcome: str  # "applied"
    requested: str  # "process", "ordered" or "durable"
    achieved: str  # the level that this file system gives; "none" for what was written in place
    protocol: str  # "classic", or "in_place"
    syncs: int  # sync calls made
    etag: str  # names this version of the file; "" for what was written in place
    bytes: int  # length of the content
    existed: bool  # the name held a file before
    unchanged: bool = False
    hard_links_split: bool = False  # that file had other names, which keep the old content
    metadata_lost: Tuple[str, ...] = ()  # "owner", "group", "mode", "xattr user.x", …
    why_lower: str = ""  # why `achieved` is lower than `requested`


def path_of(path: Any) -> Any:
    if isinstance(path, int):
        raise TypeError("a file is replaced by its path, not through a file descriptor")
    return os.fspath(path)


def check_durability(durability: str) -> None:
    if durability not in LEVELS:
        raise ValueError(f"durability is {', '.join(LEVELS[:2])} or durable, not {durability!r}")


def asks_for_in_place(error: Error, path: Any) -> bool:
    """There is something that builtin open could write, and that no rename can replace."""
    if isinstance(error, IsADirectoryError):
        return False
    if error.code in ("not_regular_file", "mount_point"):
        return True
    return (error.code == "permission_denied" and error.step in ("create_temporary", "rename")
            and os.path.exists(path))


def in_place_receipt(durability: str, count: int) -> Receipt:
    return Receipt(outcome="applied", requested=durability, achieved="none", protocol="in_place",
                   syncs=0, etag="", bytes=count, existed=True,
                   why_lower="it cannot be replaced, and was written in place")


def fail(path: Any, error: OSError, step: str) -> NoReturn:
    """Raises the Error that says the same as an OSError of Python's own."""
    if error.errno is None:
        raise error
    _untorn.fail(path, error.errno, step)
