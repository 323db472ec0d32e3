# SPDX-License-Identifier: Apache-2.0
import os
from typing import Any, Optional, Union

from typing_extensions import Literal

from ._common import Receipt

_Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
_Durability = Literal["process", "ordered", "durable"]
_Match = Literal["cooperative", "detect"]
_Protocol = Literal["automatic", "classic"]
# Any object with a buffer is taken; before Python 3.12 there is no type that says so.
_Buffer = Union[bytes, bytearray, memoryview, Any]

def write_text(
    path: _Path,
    data: str,
    encoding: Optional[str] = "utf-8",
    errors: Optional[str] = None,
    newline: Optional[str] = None,
    *,
    durability: _Durability = "durable",
    allow_in_place: bool = False,
    if_match: Optional[str] = None,
    match: _Match = "cooperative",
    backups: int = 0,
    create_parents: bool = False,
    protocol: _Protocol = "automatic",
    sidecar: Optional[_Path] = None,
) -> Receipt: ...
def write_bytes(
    path: _Path,
    data: _Buffer,
    *,
    durability: _Durability = "durable",
    allow_in_place: bool = False,
    if_match: Optional[str] = None,
    match: _Match = "cooperative",
    backups: int = 0,
    create_parents: bool = False,
    protocol: _Protocol = "automatic",
    sidecar: Optional[_Path] = None,
) -> Receipt: ...
def write_json(
    path: _Path,
    obj: Any,
    *,
    durability: _Durability = "durable",
    allow_in_place: bool = False,
    if_match: Optional[str] = None,
    match: _Match = "cooperative",
    backups: int = 0,
    create_parents: bool = False,
    protocol: _Protocol = "automatic",
    sidecar: Optional[_Path] = None,
    **json_dumps_kwargs: Any,
) -> Receipt: ...
def atomic_write(
    path: _Path,
    content: Union[str, _Buffer],
    *,
    durability: _Durability = "durable",
    allow_in_place: bool = False,
    if_match: Optional[str] = None,
    match: _Match = "cooperative",
    backups: int = 0,
    create_parents: bool = False,
    protocol: _Protocol = "automatic",
    sidecar: Optional[_Path] = None,
) -> Receipt: ...
def read_text(
    path: _Path,
    encoding: Optional[str] = "utf-8",
    errors: Optional[str] = None,
    newline: Optional[str] = None,
) -> str: ...
def read_bytes(path: _Path) -> bytes: ...
