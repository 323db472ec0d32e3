# SPDX-License-Identifier: Apache-2.0
from typing import Any, Callable, Dict, List, NoReturn, Optional, Tuple, Union

_Path = Union[str, bytes]
_Reply = Tuple[bytes, List[bytes]]
_More = Optional[Tuple[Optional[str], bool, int, bool, bool, Optional[_Path]]]
_Function = Optional[Callable[[Optional[bytes]], Optional[bytes]]]

version: str

class Replacer:
    def __init__(self, path: _Path, durability: str, exclusive: bool, more: _More) -> None: ...
    def write(self, data: Any, /) -> int: ...
    def commit(self) -> Dict[str, Any]: ...
    def discard(self) -> None: ...
    def tell(self) -> int: ...

class Object:
    def __init__(
        self,
        kind: str,
        arguments: bytes,
        contents: Tuple[bytes, ...],
        log: Optional[Callable[[str, str], None]],
        wait_ms: int,
    ) -> None: ...
    def call(
        self, method: str, arguments: bytes, contents: Tuple[bytes, ...], function: _Function, /
    ) -> _Reply: ...

def replace(
    path: _Path, data: Any, durability: str, exclusive: bool, more: _More, /
) -> Dict[str, Any]: ...
def fail(path: _Path, errno: int, step: str, /) -> NoReturn: ...
def run(
    name: str,
    arguments: bytes,
    contents: Tuple[bytes, ...],
    function: _Function,
    wait_ms: int,
    /,
) -> _Reply: ...
