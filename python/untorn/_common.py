# SPDX-License-Identifier: Apache-2.0
"""What all that writes shares: receipts, and the checks of arguments that come first."""

import operator
import os
from dataclasses import dataclass
from typing import Any, NoReturn, Optional, Tuple

from untorn import _untorn
from untorn.errors import Error, IsADirectoryError

LEVELS = ("process", "ordered", "durable")
_BACKUPS_MAX = 1000
_Options = Tuple[Optional[str], bool, int, bool, bool, Any]
FLAGS = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC


@dataclass(frozen=True)
class Receipt:
    """What a successful call did."""

    outcome: str  # "applied"
    requested: str  # "process", "ordered" or "durable"
    achieved: str  # the level that this file system gives; "none" for what was written in place
    protocol: str  # "classic", "one_commit", "in_place", or "none" if nothing was written
    syncs: int  # sync calls made
    etag: str  # names this version of the file; "" for what was written in place
    bytes: int  # length of the content
    existed: bool  # the name held a file before
    unchanged: bool = False
    hard_links_split: bool = False  # that file had other names, which keep the old content
    metadata_lost: Tuple[str, ...] = ()  # "owner", "group", "mode", "xattr user.x", …
    why_lower: str = ""  # why `achieved` is lower than `requested`
    commits: int = 0  # flushing commits of the file system's journal that these cost, by the table
    retries: int = 0  # attempts that met somebody else and were made again


def path_of(path: Any) -> Any:
    if isinstance(path, int):
        raise TypeError("a file is replaced by its path, not through a file descriptor")
    return os.fspath(path)


def check_durability(durability: str) -> None:
    if durability not in LEVELS:
        raise ValueError(f"durability is {', '.join(LEVELS[:2])} or durable, not {durability!r}")


def options_of(if_match: Optional[str], match: str, backups: int, create_parents: bool,
               protocol: str, sidecar: Any, allow_in_place: bool) -> Optional[_Options]:
    """What the extension takes; None if nothing but defaults was asked for."""
    if if_match is not None and not isinstance(if_match, str):
        raise TypeError(f"if_match must be str, not {type(if_match).__name__}")
    if if_match is not None and (not if_match or "\0" in if_match):
        raise ValueError("if_match is no etag of a version that was read")
    if match not in ("cooperative", "detect"):
        raise ValueError(f"match is cooperative or detect, not {match!r}")
    if match == "detect" and if_match is None:
        raise ValueError("match='detect' is for if_match, which is missing")
    check_protocol(protocol)
    count = check_backups(backups)
    folder = None if sidecar is None else path_of(sidecar)
    if allow_in_place and (if_match is not None or count or folder is not None):
        raise ValueError("allow_in_place writes without looking at what is there: it does not go "
                         "with if_match, backups or sidecar")
    options = (if_match, match == "detect", count, bool(create_parents), protocol == "classic",
               folder)
    return None if options == (None, False, 0, False, False, None) else options


def check_protocol(protocol: str) -> None:
    if protocol not in ("automatic", "classic"):
        raise ValueError(f"protocol is automatic or classic, not {protocol!r}")


def check_backups(backups: int) -> int:
    count = operator.index(backups)
    if not 0 <= count <= _BACKUPS_MAX:
        raise ValueError(f"backups must be from 0 to {_BACKUPS_MAX}, not {count}")
    return count


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
