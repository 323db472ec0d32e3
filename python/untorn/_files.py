# SPDX-License-Identifier: Apache-2.0
"""Reading and replacing files. The protocol is the library's; this is Python's side of it.

  F1  Arguments are checked before anything is touched.
  F2  Content is published by close() alone, and only after everything written has reached the
      replacement; garbage collection, an exception and a failed flush discard it.
  F3  Bytes are those that builtin open would have written: they come from the same classes of `io`.
"""

import builtins
import io
import json
import os
import sys
import warnings
from dataclasses import dataclass
from typing import Tuple

from untorn import _untorn
from untorn.errors import Error, IsADirectoryError

_LEVELS = ("process", "ordered", "durable")
_BUFFER_BYTES = 1 << 16
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC


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


def write_text(path, data, encoding="utf-8", errors=None, newline=None, *, durability="durable",
               allow_in_place=False):
    """Replaces the file by text, encoded as Path.write_text does. encoding=None: the locale's."""
    if not isinstance(data, str):
        raise TypeError(f"data must be str, not {type(data).__name__}")
    content = _encoded(data, encoding, errors, newline)
    return _replace(path, content, durability, allow_in_place)


def write_bytes(path, data, *, durability="durable", allow_in_place=False):
    """Replaces the file by the bytes of any object with a buffer."""
    memoryview(data).release()
    return _replace(path, data, durability, allow_in_place)


def write_json(path, obj, *, durability="durable", allow_in_place=False, **json_dumps_kwargs):
    """Replaces the file by what json.dumps makes of obj, in UTF-8."""
    text = json.dumps(obj, **json_dumps_kwargs)
    return write_text(path, text, durability=durability, allow_in_place=allow_in_place)


def atomic_write(path, content, *, durability="durable", allow_in_place=False):
    """write_text for a str, write_bytes for anything else."""
    write = write_text if isinstance(content, str) else write_bytes
    return write(path, content, durability=durability, allow_in_place=allow_in_place)


def read_text(path, encoding="utf-8", errors=None, newline=None):
    """The whole file as text."""
    path = _path(path)
    try:
        with builtins.open(path, "r", -1, encoding, errors, newline) as file:
            return file.read()
    except OSError as error:
        _fail(path, error, "inspect")


def read_bytes(path):
    """The whole file."""
    path = _path(path)
    try:
        with builtins.open(path, "rb") as file:
            return file.read()
    except OSError as error:
        _fail(path, error, "inspect")


def open(file, mode, buffering=-1, encoding=None, errors=None, newline=None, closefd=True,
         opener=None, *, durability="durable", allow_in_place=False):
    """As builtin open, for modes with "w" or "x": the name holds the old content until close().

    Leaving `with` by an exception, and discard(), leave the file as it is; so does garbage
    collection, with a ResourceWarning. After close() the file's `receipt` says what was done.
    Files go forwards only: there is no seek(), no truncate(), no fileno().
    """
    path = _path(file)
    letters = _letters(mode)
    binary = "b" in letters
    _check_layers(binary, buffering, encoding, errors, newline)
    if not closefd or opener is not None:
        raise ValueError("the file is opened by its path alone: no opener, no closefd=False")
    _check_durability(durability)
    raw = _open_raw(path, "xb" if "x" in letters else "wb", durability, allow_in_place)
    try:
        if binary and buffering == 0:
            return raw
        buffer = _BinaryFile(raw, buffering if buffering > 1 else _BUFFER_BYTES)
        if binary:
            return buffer
        return _TextFile(buffer, mode, encoding, errors, newline, line_buffering=buffering == 1)
    except BaseException:
        raw.discard()
        raw.close()
        raise


class _Layer:
    """What the classes of files share. `_raw` is the lowest of those that are stacked."""

    _raw = None

    @property
    def receipt(self):
        """The Receipt of the commit; None before it, and when the content was discarded."""
        return self._raw.receipt

    def discard(self):
        """Gives the new content up; the name keeps what it holds."""
        self._raw.discard()

    def close(self):
        """Publishes everything written. F2."""
        if self.closed:
            return
        try:
            self.flush()
        except BaseException:
            self.discard()
            raise
        finally:
            super().close()

    def __exit__(self, kind, value, trace):
        if kind is not None:
            self.discard()
        self.close()

    def __del__(self):
        raw = self._raw
        if raw is None or raw.finished:
            return
        warnings.warn(f"discarded {self!r}, which was never closed", ResourceWarning, 2, self)
        self.discard()
        self.close()


class _RawFile(_Layer, io.RawIOBase):
    """A replacement as an unbuffered file."""

    receipt = None
    finished = True  # until there is something to commit or discard
    _raw = property(lambda self: self)

    def __init__(self, path, mode, durability):
        replacer = _untorn.Replacer(path, durability, "x" in mode)
        # The native methods themselves: between Python's instructions a signal could come after the
        # bytes were taken and before the caller knows, and they would be written twice.
        self.write = replacer.write
        self.tell = replacer.tell
        self._replacer, self.name, self.mode = replacer, path, mode
        self.finished = False

    def writable(self):
        return True

    def discard(self):
        self.finished = True
        self._replacer.discard()

    def close(self):
        if self.closed:
            return
        try:
            if not self.finished:
                self.finished = True
                self.receipt = Receipt(**self._replacer.commit())
        finally:
            io.RawIOBase.close(self)

    def __repr__(self):
        return f"<untorn file name={self.name!r} mode={self.mode!r}>"


class _InPlaceFile(_Layer, io.FileIO):
    """What cannot be replaced, as builtin open writes it."""

    receipt = None
    finished = True
    _raw = property(lambda self: self)

    def __init__(self, path, mode, durability):
        super().__init__(path, mode)
        self._durability, self._count, self.finished = durability, 0, False

    def write(self, data):
        count = super().write(data)
        self._count += count or 0
        return count

    def discard(self):
        """What was written stays written: nothing was set aside."""

    def close(self):
        self.finished = True
        if not self.closed:
            io.FileIO.close(self)
            self.receipt = _in_place_receipt(self._durability, self._count)


class _BinaryFile(_Layer, io.BufferedWriter):
    """A replacement as a buffered binary file."""

    def __init__(self, raw, buffer_size):
        super().__init__(raw, buffer_size)
        self._raw = raw

    def detach(self):
        raw = super().detach()
        self._raw = None
        return raw


class _TextFile(_Layer, io.TextIOWrapper):
    """A replacement as a text file."""

    def __init__(self, buffer, mode, encoding, errors, newline, line_buffering):
        raw = buffer.raw
        if isinstance(raw, _RawFile):
            # Only a file that seems to be seekable gets the byte order mark of utf-16.
            raw.seekable = lambda: True
        super().__init__(buffer, encoding, errors, newline, line_buffering)
        raw.__dict__.pop("seekable", None)
        self._raw, self.mode = raw, mode

    def detach(self):
        buffer = super().detach()
        self._raw = None
        return buffer


def _path(path):
    if isinstance(path, int):
        raise TypeError("a file is replaced by its path, not through a file descriptor")
    return os.fspath(path)


def _check_durability(durability):
    if durability not in _LEVELS:
        raise ValueError(f"durability is {', '.join(_LEVELS[:2])} or durable, not {durability!r}")


def _letters(mode):
    if not isinstance(mode, str):
        raise TypeError(f"open() argument 'mode' must be str, not {type(mode).__name__}")
    letters = set(mode)
    if letters - set("rwxab+t") or len(mode) > len(letters) or len(letters & set("rwxa")) != 1:
        raise ValueError(f"invalid mode: {mode!r}")
    if letters & set("ra+"):
        raise ValueError(f"a file is replaced whole, by mode 'w' or 'x', not by {mode!r}")
    if letters >= set("bt"):
        raise ValueError("can't have text and binary mode at once")
    return letters


def _check_layers(binary, buffering, encoding, errors, newline):
    """The conditions of builtin open."""
    if not isinstance(buffering, int):
        raise TypeError(f"buffering must be an integer, not {type(buffering).__name__}")
    if not binary and buffering == 0:
        raise ValueError("can't have unbuffered text I/O")
    if binary and buffering == 1:
        warnings.warn("line buffering (buffering=1) isn't supported in binary mode, the default "
                      "buffer size will be used", RuntimeWarning, 3)
    for name, value in (("encoding", encoding), ("errors", errors), ("newline", newline)):
        if binary and value is not None:
            raise ValueError(f"binary mode doesn't take an {name} argument")


def _encoded(text, encoding, errors, newline):
    """F3."""
    translated = os.linesep if newline is None else newline
    if encoding == "utf-8" and translated in ("", "\n"):
        return str.encode(text, "utf-8", "strict" if errors is None else errors)
    buffer = io.BytesIO()
    layer = io.TextIOWrapper(buffer, encoding, errors, newline)
    layer.write(text)
    layer.flush()
    return buffer.getvalue()


def _replace(path, content, durability, allow_in_place):
    path = _path(path)
    _check_durability(durability)
    sys.audit("open", path, "wb", _FLAGS | os.O_TRUNC)
    try:
        return Receipt(**_untorn.replace(path, content, durability, False))
    except Error as error:
        if not allow_in_place or not _asks_for_in_place(error, path):
            raise
    try:
        with _InPlaceFile(path, "wb", durability) as file:
            view = memoryview(content).cast("B")
            while view:
                view = view[file.write(view):]
    except OSError as error:
        _fail(path, error, "write")
    return file.receipt


def _open_raw(path, mode, durability, allow_in_place):
    sys.audit("open", path, mode, _FLAGS | (os.O_EXCL if "x" in mode else os.O_TRUNC))
    try:
        return _RawFile(path, mode, durability)
    except Error as error:
        if not allow_in_place or not _asks_for_in_place(error, path):
            raise
    try:
        return _InPlaceFile(path, mode, durability)
    except OSError as error:
        _fail(path, error, "write")


def _asks_for_in_place(error, path):
    """There is something that builtin open could write, and that no rename can replace."""
    if isinstance(error, IsADirectoryError):
        return False
    if error.code in ("not_regular_file", "mount_point"):
        return True
    return (error.code == "permission_denied" and error.step in ("create_temporary", "rename")
            and os.path.exists(path))


def _in_place_receipt(durability, count):
    return Receipt(outcome="applied", requested=durability, achieved="none", protocol="in_place",
                   syncs=0, etag="", bytes=count, existed=True,
                   why_lower="it cannot be replaced, and was written in place")


def _fail(path, error, step):
    """Raises the Error that says the same as an OSError of Python's own."""
    if error.errno is None:
        raise error
    _untorn.fail(path, error.errno, step)
