# SPDX-License-Identifier: Apache-2.0
"""Names for versions of a file, and recovery of what is overwritten where it lies."""

from dataclasses import dataclass
from typing import Tuple

from untorn._native import Path, path_text, run
from untorn._values import value_from


@dataclass(frozen=True)
class Version:
    """What a file held, and the name of that version."""

    content: bytes
    etag: str


def etag(path: Path) -> str:
    """Names the version that the file holds, for `if_match`.

    It changes whenever the file is replaced or written. Reads the file once, in constant memory.
    """
    text: str = run("etag", {"path": path_text(path)})[0]
    return text


def read_version(path: Path) -> Version:
    """The whole file, and the etag of exactly these bytes.

        read = untorn.read_version("list.json")
        untorn.write_bytes("list.json", changed(read.content), if_match=read.etag)

    The second line raises ConflictError if the file was changed in between.
    """
    text, contents = run("read_version", {"path": path_text(path)})
    return Version(content=contents[0], etag=text)


@dataclass(frozen=True)
class KeptSidecar:
    """A sidecar that a recovery left alone."""

    sidecar: str  # its name in the directory
    target: str  # the path that it names; "" if it could not be read
    why: str


@dataclass(frozen=True)
class InPlaceRecovery:
    """What was done about files that were being overwritten where they lie."""

    finished: Tuple[str, ...] = ()  # overwritten from their sidecar
    discarded: Tuple[str, ...] = ()  # targets of sidecars that never became whole: they are old
    kept: Tuple[KeptSidecar, ...] = ()  # whole ones whose target is gone or is another file now
    damaged: Tuple[str, ...] = ()  # sidecars that storage damaged, by the names that they have now

    def __bool__(self) -> bool:
        """Something was found."""
        return bool(self.finished or self.discarded or self.kept or self.damaged)


def recover_in_place(directory: Path) -> InPlaceRecovery:
    """Finishes what a crash interrupted, for every sidecar in `directory`.

    May be repeated at any time. Writers with `sidecar=directory` do it by themselves, first.
    """
    fields, _ = run("recover_in_place", {"path": path_text(directory)})
    kept = [KeptSidecar(**each) for each in fields["kept"]]
    return value_from(InPlaceRecovery, {**fields, "kept": kept})
