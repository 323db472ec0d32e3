# SPDX-License-Identifier: Apache-2.0
import io
import os
from dataclasses import dataclass
from typing import Any, Optional, Tuple, Union, overload

from typing_extensions import Buffer, Literal

from . import errors as errors
from .errors import Error as Error

__version__: str

_Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
_Durability = Literal["process", "ordered", "durable"]

@dataclass(frozen=True)
class Receipt:
    outcome: str
    requested: str
    achieved: str
    protocol: str
    syncs: int
    etag: str
    bytes: int
    existed: bool
    unchanged: bool = ...
    hard_links_split: bool = ...
    metadata_lost: Tuple[str, ...] = ...
    why_lower: str = ...

class _TextFile(io.TextIOWrapper):
    @property
    def receipt(self) -> Optional[Receipt]: ...
    def discard(self) -> None: ...

class _BinaryFile(io.BufferedWriter):
    @property
    def receipt(self) -> Optional[Receipt]: ...
    def discard(self) -> None: ...

def write_text(
    path: _Path,
    data: str,
    encoding: Optional[str] = "utf-8",
    errors: Optional[str] = None,
    newline: Optional[str] = None,
    *,
    durability: _Durability = "durable",
    allow_in_place: bool = False,
) -> Receipt: ...
def write_bytes(
    path: _Path,
    data: Buffer,
    *,
    durability: _Durability = "durable",
    allow_in_place: bool = False,
) -> Receipt: ...
def write_json(
    path: _Path,
    obj: Any,
    *,
    durability: _Durability = "durable",
    allow_in_place: bool = False,
    **json_dumps_kwargs: Any,
) -> Receipt: ...
def atomic_write(
    path: _Path,
    content: Union[str, Buffer],
    *,
    durability: _Durability = "durable",
    allow_in_place: bool = False,
) -> Receipt: ...
def read_text(
    path: _Path,
    encoding: Optional[str] = "utf-8",
    errors: Optional[str] = None,
    newline: Optional[str] = None,
) -> str: ...
def read_bytes(path: _Path) -> bytes: ...
@overload
def open(
    file: _Path,
    mode: Literal["w", "wt", "tw", "x", "xt", "tx"],
    buffering: int = -1,
    encoding: Optional[str] = None,
    errors: Optional[str] = None,
    newline: Optional[str] = None,
    closefd: Literal[True] = True,
    opener: None = None,
    *,
    durability: _Durability = "durable",
    allow_in_place: bool = False,
) -> _TextFile: ...
@overload
def open(
    file: _Path,
    mode: Literal["wb", "bw", "xb", "bx"],
    buffering: int = -1,
    encoding: None = None,
    errors: None = None,
    newline: None = None,
    closefd: Literal[True] = True,
    opener: None = None,
    *,
    durability: _Durability = "durable",
    allow_in_place: bool = False,
) -> _BinaryFile: ...
