# SPDX-License-Identifier: Apache-2.0
"""open(): every mode of the builtin that a replacement can honour, and a hint for the others."""

import builtins
import os
import sys
import warnings

from untorn._common import (FLAGS, asks_for_in_place, check_durability, fail, options_of,
                            path_of)
from untorn._layers import (BinaryFile, InPlaceFile, RawFile, SpooledFile, TextFile,
                            UpdatedBinaryFile)
from untorn.errors import Error

_BUFFER_BYTES = 1 << 16


def open(file, mode="r", buffering=-1, encoding=None, errors=None, newline=None, closefd=True,
         opener=None, *, durability="durable", allow_in_place=False, if_match=None,
         match="cooperative", backups=0, create_parents=False, protocol="automatic", sidecar=None):
    """As builtin open; in modes with "w" or "x" the name holds the old content until close().

    Leaving `with` by an exception, and discard(), leave the file as it is; so does garbage
    collection, with a ResourceWarning. After close() the file's `receipt` says what was done.

    Files opened by "w" and "x" go forwards only: there is no seek(), no truncate(), no fileno().
    With "+" they are kept in a file without a name until close(), and can be read, sought and
    truncated like any other. "r" is the builtin, with the errors of this package. "a" and "r+" are
    refused, since a file is replaced whole: see LineLog, and read_text with write_text.
    """
    letters = _letters(mode)
    check_durability(durability)
    more = options_of(if_match, match, backups, create_parents, protocol, sidecar, allow_in_place)
    _check_options(letters, more, if_match)
    if "r" in letters:
        return _open_to_read(file, mode, buffering, encoding, errors, newline, closefd, opener)
    path = path_of(file)
    binary = "b" in letters
    _check_layers(binary, buffering, encoding, errors, newline)
    if not closefd or opener is not None:
        raise ValueError("the file is opened by its path alone: no opener, no closefd=False")
    raw_mode = ("x" if "x" in letters else "w") + "b" + ("+" if "+" in letters else "")
    raw = _open_raw(path, raw_mode, durability, allow_in_place, more)
    try:
        if binary and buffering == 0:
            return raw
        size = buffering if buffering > 1 else _BUFFER_BYTES
        buffer = (UpdatedBinaryFile if "+" in letters else BinaryFile)(raw, size)
        if binary:
            return buffer
        return TextFile(buffer, mode, encoding, errors, newline, line_buffering=buffering == 1)
    except BaseException:
        raw.discard()
        raw.close()
        raise


def _letters(mode):
    if not isinstance(mode, str):
        raise TypeError(f"open() argument 'mode' must be str, not {type(mode).__name__}")
    letters = set(mode)
    if letters - set("rwxab+t") or len(mode) > len(letters) or len(letters & set("rwxa")) != 1:
        raise ValueError(f"invalid mode: {mode!r}")
    if letters >= set("bt"):
        raise ValueError("can't have text and binary mode at once")
    if "a" in letters:
        raise ValueError(f"a file is replaced whole, so mode {mode!r} is refused; lines are "
                         "appended by untorn.LineLog, or read the file and write it anew")
    if letters >= set("r+"):
        raise ValueError(f"a file is replaced whole, so mode {mode!r} is refused; read_text or "
                         "read_bytes, then write_text or write_bytes, or mode 'w+'")
    return letters


def _check_options(letters, more, if_match):
    if "r" in letters and more is not None:
        raise ValueError("if_match, match, backups, create_parents, protocol and sidecar are for "
                         "modes that write")
    if "x" in letters and if_match is not None:
        raise ValueError("mode 'x' makes a new file, and if_match names one that is there")


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


def _open_to_read(file, *arguments):
    try:
        return builtins.open(file, *arguments)
    except OSError as error:
        if isinstance(file, int):
            raise
        fail(file, error, "inspect")


def _open_raw(path, mode, durability, allow_in_place, more):
    access = os.O_RDWR if "+" in mode else os.O_WRONLY
    flags = (FLAGS & ~os.O_WRONLY) | access | (os.O_EXCL if "x" in mode else os.O_TRUNC)
    sys.audit("open", path, mode, flags)
    try:
        return (SpooledFile if "+" in mode else RawFile)(path, mode, durability, more)
    except Error as error:
        if not allow_in_place or not asks_for_in_place(error, path):
            raise
    try:
        return InPlaceFile(path, mode, durability)
    except OSError as error:
        fail(path, error, "write")
