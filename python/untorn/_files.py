# SPDX-License-Identifier: Apache-2.0
"""Reading and replacing whole files. The protocol is the library's; this is Python's side of it.

  F1  Arguments are checked before anything is touched.
  F3  Bytes are those that builtin open would have written: they come from the same classes of `io`.
"""

import builtins
import io
import json
import os
import sys

from untorn import _untorn
from untorn._common import (FLAGS, Receipt, asks_for_in_place, check_durability, fail, options_of,
                            path_of)
from untorn._layers import InPlaceFile
from untorn.errors import Error


def write_text(path, data, encoding="utf-8", errors=None, newline=None, *, durability="durable",
               allow_in_place=False, if_match=None, match="cooperative", backups=0,
               create_parents=False, protocol="automatic", sidecar=None):
    """Replaces the file by text, encoded as Path.write_text does. encoding=None: the locale's."""
    if not isinstance(data, str):
        raise TypeError(f"data must be str, not {type(data).__name__}")
    more = options_of(if_match, match, backups, create_parents, protocol, sidecar, allow_in_place)
    content = _encoded(data, encoding, errors, newline)
    return _replace(path, content, durability, allow_in_place, more)


def write_bytes(path, data, *, durability="durable", allow_in_place=False, if_match=None,
                match="cooperative", backups=0, create_parents=False, protocol="automatic",
                sidecar=None):
    """Replaces the file by the bytes of any object with a buffer."""
    memoryview(data).release()
    more = options_of(if_match, match, backups, create_parents, protocol, sidecar, allow_in_place)
    return _replace(path, data, durability, allow_in_place, more)


def write_json(path, obj, *, durability="durable", allow_in_place=False, if_match=None,
               match="cooperative", backups=0, create_parents=False, protocol="automatic",
               sidecar=None, **json_dumps_kwargs):
    """Replaces the file by what json.dumps makes of obj, in UTF-8."""
    more = options_of(if_match, match, backups, create_parents, protocol, sidecar, allow_in_place)
    content = _encoded(json.dumps(obj, **json_dumps_kwargs), "utf-8", None, None)
    return _replace(path, content, durability, allow_in_place, more)


def atomic_write(path, content, *, durability="durable", allow_in_place=False, if_match=None,
                 match="cooperative", backups=0, create_parents=False, protocol="automatic",
                 sidecar=None):
    """write_text for a str, write_bytes for anything else."""
    write = write_text if isinstance(content, str) else write_bytes
    return write(path, content, durability=durability, allow_in_place=allow_in_place,
                 if_match=if_match, match=match, backups=backups, create_parents=create_parents,
                 protocol=protocol, sidecar=sidecar)


def read_text(path, encoding="utf-8", errors=None, newline=None):
    """The whole file as text."""
    path = path_of(path)
    try:
        with builtins.open(path, "r", -1, encoding, errors, newline) as file:
            return file.read()
    except OSError as error:
        fail(path, error, "inspect")


def read_bytes(path):
    """The whole file."""
    path = path_of(path)
    try:
        with builtins.open(path, "rb") as file:
            return file.read()
    except OSError as error:
        fail(path, error, "inspect")


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


def _replace(path, content, durability, allow_in_place, more):
    path = path_of(path)
    check_durability(durability)
    sys.audit("open", path, "wb", FLAGS | os.O_TRUNC)
    try:
        return Receipt(**_untorn.replace(path, content, durability, False, more))
    except Error as error:
        if not allow_in_place or not asks_for_in_place(error, path):
            raise
    try:
        with InPlaceFile(path, "wb", durability) as file:
            view = memoryview(content).cast("B")
            while view:
                view = view[file.write(view):]
    except OSError as error:
        fail(path, error, "write")
    return file.receipt
