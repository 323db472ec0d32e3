# SPDX-License-Identifier: Apache-2.0
"""Drop-in for the package `atomicwrites` 1.4, which is no longer maintained.

    from untorn.compat.atomicwrites import atomic_write    # was: from atomicwrites import …

    with atomic_write("foo.txt", overwrite=True) as f:
        f.write("Hello world.")                            # foo.txt does not exist yet
    # now it does

The names, arguments and results are those of that package, for subclasses of AtomicWriter too: the
file that is written is a real one, in the same directory, with a name and a descriptor; its mode is
that of tempfile (0600) whatever the file before had, and a symbolic link is replaced itself. It is
synced before it is moved, and its directory afterwards.

What is different: without `prefix` and `suffix` the temporary has a name that `untorn doctor` knows
and is locked while its writer lives, so that what a killed program leaves is found and removed; and
what the kernel cannot lock or sync is an error only where that package had one. New programs use
untorn.open, which keeps mode, owner and attributes of the file.
"""

import contextlib
import errno
import fcntl
import io
import os
import secrets
import tempfile
from typing import IO, Any, Callable, ContextManager, Dict, Iterator, Optional, Type, Union

__all__ = ["AtomicWriter", "atomic_write", "move_atomic", "replace_atomic"]
__version__ = "1.4.1"

DEFAULT_MODE = "w"

_AnyPath = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]


def replace_atomic(src: _AnyPath, dst: _AnyPath) -> None:
    """Moves `src` to `dst`, which is replaced if it exists.

    Both must be on one file system. The directory of `dst` is synced.
    """
    os.rename(src, dst)
    _sync_directory(_folder_of(dst))


def move_atomic(src: _AnyPath, dst: _AnyPath) -> None:
    """Moves `src` to `dst`; FileExistsError if that exists.

    Both must be on one file system. For an instant both names may exist. Both directories are
    synced.
    """
    os.link(src, dst)
    os.unlink(src)
    target, source = _folder_of(dst), _folder_of(src)
    _sync_directory(target)
    if source != target:
        _sync_directory(source)


class AtomicWriter:
    """Writes a file of which nobody sees a part.

        with AtomicWriter(path).open() as f:
            f.write(...)

    path       where it shall be; it may exist or not
    mode       of the temporary file: with "w", and neither "a" nor "x"
    overwrite  False: an error if `path` exists, raised after the file has been written; either way
               the operation is atomic
    Others are for get_fileobject(): prefix, suffix, dir, and the arguments of io.open.

    Subclasses may replace get_fileobject(), sync(), commit() and rollback().
    """

    def __init__(self, path: _AnyPath, mode: str = DEFAULT_MODE, overwrite: bool = False,
                 **open_kwargs: Any) -> None:
        if "a" in mode:
            raise ValueError("Appending to an existing file is not supported, because that would "
                             "copy it first: open it in mode 'w' and copy explicitly, or see "
                             "untorn.LineLog.")
        if "x" in mode:
            raise ValueError("Use the `overwrite`-parameter instead.")
        if "w" not in mode:
            raise ValueError("AtomicWriters can only be written to.")
        self._path = os.fspath(path)
        self._mode = mode
        self._overwrite = overwrite
        self._open_kwargs: Dict[str, Any] = open_kwargs

    def open(self) -> ContextManager[IO[Any]]:
        """The temporary file, as a block: it is published at the end, unless that is an error."""
        return self._open(self.get_fileobject)

    @contextlib.contextmanager
    def _open(self, get_fileobject: Callable[..., IO[Any]]) -> Iterator[IO[Any]]:
        file: Optional[IO[Any]] = None
        lock: Optional[int] = None
        succeeded = False
        try:
            with get_fileobject(**self._open_kwargs) as file:
                lock = _keep_lock(file)
                yield file
                self.sync(file)
            self.commit(file)
            succeeded = True
        finally:
            if not succeeded:
                # The error that ended the block is the one to see, not one of tidying up.
                with contextlib.suppress(Exception):
                    self.rollback(file)  # type: ignore[arg-type]
            if lock is not None:
                os.close(lock)

    def get_fileobject(self, suffix: str = "", prefix: Optional[str] = None,
                       dir: Optional[_AnyPath] = None, **kwargs: Any) -> IO[Any]:
        """A new temporary file, by default in the directory of the path."""
        folder = _folder_of(self._path) if dir is None else os.fspath(dir)
        if prefix is None and not suffix:
            descriptor, name = _make_temporary(folder)
        else:
            descriptor, name = tempfile.mkstemp(
                _like(folder, suffix), _like(folder, prefix or tempfile.gettempprefix()), folder)
        _lock(descriptor)
        kwargs["mode"], kwargs["file"] = self._mode, name
        try:
            # The same open file, so that the lock is its.
            kwargs.setdefault("opener", lambda path, flags: os.dup(descriptor))
            file: IO[Any] = io.open(**kwargs)
            return file
        except BaseException:
            os.unlink(name)
            raise
        finally:
            os.close(descriptor)

    def sync(self, f: IO[Any]) -> None:
        """Everything written is on the disk when it returns."""
        f.flush()
        os.fsync(f.fileno())

    def commit(self, f: IO[Any]) -> None:
        """Moves the temporary file to its place."""
        if self._overwrite:
            replace_atomic(f.name, self._path)
        else:
            move_atomic(f.name, self._path)

    def rollback(self, f: IO[Any]) -> None:
        """Removes the temporary file."""
        os.unlink(f.name)


def atomic_write(path: _AnyPath, writer_cls: Type[AtomicWriter] = AtomicWriter,
                 **cls_kwargs: Any) -> ContextManager[IO[Any]]:
    """A file that appears under the path, whole, at the end of the block.

        with atomic_write(path) as f:
            f.write(...)

    `writer_cls` is AtomicWriter or a subclass; it gets the other arguments.
    """
    return writer_cls(path, **cls_kwargs).open()


def _folder_of(path: _AnyPath) -> Any:
    return os.path.normpath(os.path.dirname(os.fspath(path)))


def _like(sample: Any, text: str) -> Any:
    return os.fsencode(text) if isinstance(sample, bytes) else text


def _make_temporary(folder: Any) -> Any:
    """A file whose name says that it is ours to sweep."""
    while True:
        name = os.path.join(folder, _like(folder, f".untorn-tmp-{secrets.token_hex(16)}"))
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with contextlib.suppress(FileExistsError):
            return os.open(name, flags, 0o600), name


def _lock(descriptor: int) -> None:
    """Says to `untorn doctor` that the writer lives; where there are no locks, it asks nobody."""
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _keep_lock(file: IO[Any]) -> Optional[int]:
    """A descriptor that holds the lock until the file, closed by then, has its place.

    None for a file of a subclass that has no descriptor.
    """
    try:
        return os.dup(file.fileno())
    except (AttributeError, io.UnsupportedOperation):
        return None


def _sync_directory(folder: Any) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a file system without such a sync
            raise
    finally:
        os.close(descriptor)
