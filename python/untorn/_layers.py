# SPDX-License-Identifier: Apache-2.0
"""The layers of a file that is being replaced, stacked as `io` stacks its own.

  F2  Content is published by close() alone, and only after everything written has reached the
      replacement; garbage collection, an exception and a failed flush discard it.
  F3  Bytes are those that builtin open would have written: they come from the same classes of `io`.
"""

import io
import os
import tempfile
import warnings

from untorn import _untorn
from untorn._common import Receipt, fail, in_place_receipt

_PIECE_BYTES = 1 << 20


class Layer:
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


def _file_without_name(path):
    """The descriptor of a new file that nothing can find, on the file system of the path."""
    folder = os.path.dirname(os.path.realpath(path))
    try:
        with tempfile.TemporaryFile("w+b", 0, dir=folder) as file:
            return os.dup(file.fileno())
    except OSError as error:
        fail(path, error, "create_temporary")


class RawFile(Layer, io.RawIOBase):
    """A replacement as an unbuffered file."""

    receipt = None
    finished = True  # until there is something to commit or discard
    _raw = property(lambda self: self)

    def __init__(self, path, mode, durability, more):
        replacer = _untorn.Replacer(path, durability, "x" in mode, more)
        # The native methods themselves: between Python's instructions a signal could come after the
        # bytes were taken and before the caller knows, and they would be written twice.
        self.write = replacer.write
        self.tell = replacer.tell
        self._replacer, self.name, self.mode = replacer, path, mode
        self.finished = False

    def writable(self):
        return True

    def readinto(self, buffer):
        raise io.UnsupportedOperation("it is not open for reading")

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


class InPlaceFile(Layer, io.FileIO):
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
            self.receipt = in_place_receipt(self._durability, self._count)


class SpooledFile(Layer, io.FileIO):
    """A replacement that can be read and sought: a file without a name until it is committed."""

    receipt = None
    finished = True
    _raw = property(lambda self: self)

    def __init__(self, path, mode, durability, more):
        self._replacer = _untorn.Replacer(path, durability, "x" in mode, more)  # refusals come here
        super().__init__(_file_without_name(path), "rb+")
        self.name, self.finished = path, False

    def discard(self):
        self.finished = True
        self._replacer.discard()

    def close(self):
        if self.closed:
            return
        try:
            if not self.finished:
                self.finished = True
                self._copy()
                self.receipt = Receipt(**self._replacer.commit())
        finally:
            io.FileIO.close(self)

    def _copy(self):
        """Reads without moving the position, which a child of fork(2) shares."""
        at = 0
        while piece := os.pread(self.fileno(), _PIECE_BYTES, at):
            self._replacer.write(piece)
            at += len(piece)


class BinaryFile(Layer, io.BufferedWriter):
    """A replacement as a buffered binary file."""

    def __init__(self, raw, buffer_size):
        super().__init__(raw, buffer_size)
        self._raw = raw

    def detach(self):
        raw = super().detach()
        self._raw = None
        return raw


class UpdatedBinaryFile(Layer, io.BufferedRandom):
    """A replacement as a buffered binary file that can be read back."""

    def __init__(self, raw, buffer_size):
        super().__init__(raw, buffer_size)
        self._raw = raw

    def detach(self):
        raw = super().detach()
        self._raw = None
        return raw


class TextFile(Layer, io.TextIOWrapper):
    """A replacement as a text file."""

    def __init__(self, buffer, mode, encoding, errors, newline, line_buffering):
        raw = buffer.raw
        if isinstance(raw, RawFile):
            # Only a file that seems to be seekable gets the byte order mark of utf-16.
            raw.seekable = lambda: True
        super().__init__(buffer, encoding, errors, newline, line_buffering)
        raw.__dict__.pop("seekable", None)
        self._raw, self.mode = raw, mode

    def detach(self):
        buffer = super().detach()
        self._raw = None
        return buffer
