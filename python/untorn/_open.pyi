# SPDX-License-Identifier: Apache-2.0
import os
from typing import IO, Any, BinaryIO, Callable, Optional, TextIO, Union, overload

from typing_extensions import Literal

from ._layers import BinaryFile, RawFile, SpooledFile, TextFile, UpdatedBinaryFile

_Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
_Durability = Literal["process", "ordered", "durable"]
_Match = Literal["cooperative", "detect"]
_Protocol = Literal["automatic", "classic"]
_WriteText = Literal["w", "wt", "tw", "x", "xt", "tx", "w+", "+w", "wt+", "w+t", "x+", "xt+", "x+t"]
_WriteBinary = Literal["wb", "bw", "xb", "bx"]
_UpdateBinary = Literal["wb+", "w+b", "+wb", "xb+", "x+b"]
_ReadText = Literal["r", "rt", "tr"]
_ReadBinary = Literal["rb", "br"]

@overload
def open(
    file: Union[int, _Path],
    mode: _ReadText = "r",
    buffering: int = -1,
    encoding: Optional[str] = None,
    errors: Optional[str] = None,
    newline: Optional[str] = None,
    closefd: bool = True,
    opener: Optional[Callable[[str, int], int]] = None,
    *,
    durability: _Durability = "durable",
    allow_in_place: bool = False,
    if_match: Optional[str] = None,
    match: _Match = "cooperative",
    backups: int = 0,
    create_parents: bool = False,
    protocol: _Protocol = "automatic",
    sidecar: Optional[_Path] = None,
) -> TextIO: ...
@overload
def open(
    file: Union[int, _Path],
    mode: _ReadBinary,
    buffering: int = -1,
    encoding: None = None,
    errors: None = None,
    newline: None = None,
    closefd: bool = True,
    opener: Optional[Callable[[str, int], int]] = None,
    *,
    durability: _Durability = "durable",
    allow_in_place: bool = False,
    if_match: Optional[str] = None,
    match: _Match = "cooperative",
    backups: int = 0,
    create_parents: bool = False,
    protocol: _Protocol = "automatic",
    sidecar: Optional[_Path] = None,
) -> BinaryIO: ...
@overload
def open(
    file: _Path,
    mode: _WriteText,
    buffering: int = -1,
    encoding: Optional[str] = None,
    errors: Optional[str] = None,
    newline: Optional[str] = None,
    closefd: Literal[True] = True,
    opener: None = None,
    *,
    durability: _Durability = "durable",
    allow_in_place: bool = False,
    if_match: Optional[str] = None,
    match: _Match = "cooperative",
    backups: int = 0,
    create_parents: bool = False,
    protocol: _Protocol = "automatic",
    sidecar: Optional[_Path] = None,
) -> TextFile: ...
@overload
def open(  # type: ignore[misc]
    file: _Path,
    mode: Union[_WriteBinary, _UpdateBinary],
    buffering: Literal[0],
    encoding: None = None,
    errors: None = None,
    newline: None = None,
    closefd: Literal[True] = True,
    opener: None = None,
    *,
    durability: _Durability = "durable",
    allow_in_place: bool = False,
    if_match: Optional[str] = None,
    match: _Match = "cooperative",
    backups: int = 0,
    create_parents: bool = False,
    protocol: _Protocol = "automatic",
    sidecar: Optional[_Path] = None,
) -> Union[RawFile, SpooledFile]: ...
@overload
def open(
    file: _Path,
    mode: _WriteBinary,
    buffering: int = -1,
    encoding: None = None,
    errors: None = None,
    newline: None = None,
    closefd: Literal[True] = True,
    opener: None = None,
    *,
    durability: _Durability = "durable",
    allow_in_place: bool = False,
    if_match: Optional[str] = None,
    match: _Match = "cooperative",
    backups: int = 0,
    create_parents: bool = False,
    protocol: _Protocol = "automatic",
    sidecar: Optional[_Path] = None,
) -> BinaryFile: ...
@overload
def open(
    file: _Path,
    mode: _UpdateBinary,
    buffering: int = -1,
    encoding: None = None,
    errors: None = None,
    newline: None = None,
    closefd: Literal[True] = True,
    opener: None = None,
    *,
    durability: _Durability = "durable",
    allow_in_place: bool = False,
    if_match: Optional[str] = None,
    match: _Match = "cooperative",
    backups: int = 0,
    create_parents: bool = False,
    protocol: _Protocol = "automatic",
    sidecar: Optional[_Path] = None,
) -> UpdatedBinaryFile: ...
@overload
def open(
    file: Union[int, _Path],
    mode: str,
    buffering: int = -1,
    encoding: Optional[str] = None,
    errors: Optional[str] = None,
    newline: Optional[str] = None,
    closefd: bool = True,
    opener: Optional[Callable[[str, int], int]] = None,
    *,
    durability: _Durability = "durable",
    allow_in_place: bool = False,
    if_match: Optional[str] = None,
    match: _Match = "cooperative",
    backups: int = 0,
    create_parents: bool = False,
    protocol: _Protocol = "automatic",
    sidecar: Optional[_Path] = None,
) -> IO[Any]: ...
