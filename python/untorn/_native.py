# SPDX-License-Identifier: Apache-2.0
"""Calling the tables of the extension: arguments as JSON, content as bytes beside it.

  N1  An object belongs to the process that made it. After fork(2) the child makes one of its own
      from the same arguments, or refuses where something is being collected.
  N2  A wait for a lock ends soon after Ctrl-C: the library waits in slices (extension/object.h).
"""

import json
import operator
import os
from typing import Any, Callable, Iterable, List, Optional, Tuple, Union

from untorn import _untorn
from untorn._common import LEVELS

Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
Content = Union[bytes, bytearray, memoryview]
LogFunction = Callable[[str, str], None]
Reply = Tuple[Any, List[bytes]]

_SLICE_MS = 100
_WAIT_MAX_S = 10.0 ** 6


def path_text(path: Path) -> str:
    """The path as text; bytes that are no UTF-8 are surrogates, as os.fsdecode has it."""
    if isinstance(path, int):
        raise TypeError("a path was expected, not a file descriptor")
    text = os.fsdecode(path)
    if "\0" in text:
        raise ValueError("a path has no NUL byte")
    return text


def text_of(value: str, name: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be str, not {type(value).__name__}")
    return value


def real_of(value: float, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number, not {type(value).__name__}")
    return float(value)


def count_of(value: int, name: str, least: int = 0, most: int = 2 ** 63 - 1) -> int:
    number = operator.index(value)
    if not least <= number <= most:
        raise ValueError(f"{name} must be from {least} to {most}, not {number}")
    return number


def mode_of(mode: Optional[int]) -> Optional[int]:
    return None if mode is None else count_of(mode, "mode", 0, 0o7777)


def level_of(durability: str) -> str:
    if durability not in LEVELS:
        raise ValueError(f"durability is {', '.join(LEVELS[:2])} or durable, not {durability!r}")
    return durability


def wait_ms_of(lock_wait: float) -> int:
    seconds = real_of(lock_wait, "lock_wait")
    if not 0 <= seconds <= _WAIT_MAX_S:
        raise ValueError(f"lock_wait is a number of seconds from 0 to {_WAIT_MAX_S:.0f}, "
                         f"not {seconds}")
    return int(seconds * 1000)


def function_of(function: Any, name: str) -> Any:
    if not callable(function):
        raise TypeError(f"{name} must be a function, not {type(function).__name__}")
    return function


def content_of(data: Union[str, Content], encoding: str = "utf-8") -> bytes:
    """The bytes of text or of an object with a buffer."""
    if isinstance(data, str):
        return data.encode(encoding)
    if isinstance(data, bytes):
        return data
    try:
        return bytes(memoryview(data))
    except TypeError:
        raise TypeError(f"text or bytes were expected, not {type(data).__name__}") from None


def _encoded(arguments: Any) -> bytes:
    return json.dumps(arguments).encode("ascii")


def _decoded(answer: Tuple[bytes, List[bytes]]) -> Reply:
    return json.loads(answer[0].decode("ascii")), answer[1]


def run(function: str, arguments: Any, contents: Iterable[bytes] = (),
        lock_wait: float = 0) -> Reply:
    """One of the extension's functions."""
    wait_ms = wait_ms_of(lock_wait)
    arguments = {**arguments, "lock_wait_ms": min(wait_ms, _SLICE_MS)}
    return _decoded(_untorn.run(function, _encoded(arguments), tuple(contents), None, wait_ms))


class Native:
    """One object of a class of the library."""

    def __init__(self, kind: str, arguments: Any, contents: Iterable[bytes] = (),
                 lock_wait: float = 10.0, log: Optional[LogFunction] = None,
                 renews: bool = True) -> None:
        wait_ms = wait_ms_of(lock_wait)
        text = _encoded({**arguments, "lock_wait_ms": min(wait_ms, _SLICE_MS)})
        self._made_of = (kind, text, tuple(contents), log, wait_ms)
        self._renews = renews
        self._make()

    def _make(self) -> None:
        self._object = _untorn.Object(*self._made_of)
        self._process = os.getpid()

    def call(self, method: str, arguments: Any = None, contents: Iterable[bytes] = (),
             function: Optional[Callable[[Optional[bytes]], Optional[bytes]]] = None) -> Reply:
        if self._process != os.getpid():  # N1
            if not self._renews:
                raise RuntimeError("it belongs to the process that began it, not to a child of it")
            self._make()
        answer = self._object.call(method, _encoded(arguments or {}), tuple(contents), function)
        return _decoded(answer)

    def another(self) -> "Native":
        """A second object of the same arguments, for one thing that is collected and then done."""
        other = Native.__new__(Native)
        other._made_of, other._renews = self._made_of, False
        other._make()
        return other

    def value(self, method: str, **arguments: Any) -> Any:
        """The value that a method without content answers."""
        return self.call(method, arguments)[0]
