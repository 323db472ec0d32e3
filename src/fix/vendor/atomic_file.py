# SPDX-License-Identifier: Apache-2.0
"""Write files so that a crash leaves the old content or the new, never an empty or torn file.

    atomic_write_text(path, text)           instead of    path.write_text(text)
    atomic_write_bytes(path, data)          instead of    path.write_bytes(data)
    with atomic_open(path, "w") as file:    instead of    with open(path, "w") as file:

Arguments, defaults, results and exceptions are those of the builtins. What differs:

- The content takes the name at the end of the block, at once; an exception discards it.
- `durability` says what has happened by then. "process": readers and kills find a whole file.
  "ordered" (one fsync): a power cut too, though perhaps the old one. "durable" (two): the new one.
- The file is a new one: owner, mode and attributes are kept as far as this process may set them,
  other hard links keep the old content. A kill may leave a .untorn-tmp-<32 hex digits> beside it.
- What cannot be replaced is written in place as before, without these promises: FIFOs, devices,
  what /proc leads to (as /dev/stdout does), mount points, files in a directory that may not change.
- Mode "x" makes the name at the end, by a hard link. "a", "r+" and descriptors are refused.
"""

import contextlib
import errno
import os
import shutil
import stat
import warnings


def atomic_write_text(path, text, encoding=None, errors=None, newline=None, *,
                      durability="durable"):
    """Path.write_text, atomically. Returns the number of characters."""
    if not isinstance(text, str):
        raise TypeError(f"data must be str, not {type(text).__name__}")
    with atomic_open(path, "w", -1, encoding, errors, newline, durability=durability) as file:
        return file.write(text)


def atomic_write_bytes(path, data, *, durability="durable"):
    """Path.write_bytes, atomically. Returns the number of bytes."""
    view = memoryview(data)  # its TypeError comes before anything is touched
    with atomic_open(path, "wb", durability=durability) as file:
        return file.write(view)


def atomic_write(filepath, content):
    """atomic_write_text for a str, atomic_write_bytes for anything else."""
    (atomic_write_text if isinstance(content, str) else atomic_write_bytes)(filepath, content)


def atomic_open(path, mode="w", buffering=-1, encoding=None, errors=None, newline=None, *,
                durability="durable"):
    """open() for a `with` block. Without one close() commits; what is never closed is discarded."""
    if durability not in ("process", "ordered", "durable"):
        raise ValueError(f"durability is process, ordered or durable, not {durability!r}")
    if isinstance(mode, str) and not set(mode) & set("wx"):
        raise ValueError(f"a file is replaced whole, by mode 'w' or 'x', not by {mode!r}")
    return _Replacement(os.fspath(path), mode, durability, buffering, encoding, errors, newline)


class _Replacement:
    def __init__(self, path, mode, durability, *arguments):
        self._path, self._durability, self._process = path, durability, os.getpid()
        self._file = self._descriptor = self._temporary = None
        try:
            self._file = open(path, mode, *arguments, opener=self._open)
        except BaseException:
            self.discard()
            raise

    def __enter__(self):
        return self._file

    def __exit__(self, kind, value, trace):
        self.close() if kind is None else self.discard()

    def __getattr__(self, name):
        return getattr(self._file, name)

    def __del__(self):
        if self._temporary:
            warnings.warn(f"discarded, never closed: {self._path!r}", ResourceWarning, 2)
        self.discard()

    def close(self):
        """Commits. If it fails before the rename, the old content stays and no temporary."""
        try:
            self._file.close()
            if self._temporary:
                self._commit()
        finally:
            self.discard()

    def discard(self):
        """Leaves the name alone. Does nothing after close(), or a second time."""
        temporary, self._temporary = self._temporary, None
        with contextlib.suppress(OSError if temporary else ()):  # its last bytes are not needed
            if self._file:
                self._file.close()
        if self._descriptor is not None:
            self._descriptor = os.close(self._descriptor)
        if temporary and self._process == os.getpid():  # in a forked child it is not ours
            os.unlink(temporary)

    def _open(self, path, flags):
        """The descriptor for builtin open to work on: a temporary's, or of the file itself."""
        self._target, self._old = _look(path, flags & os.O_EXCL)
        if self._target is None:
            return os.open(path, flags, 0o666)
        name = b".untorn-tmp-%032x" % int.from_bytes(os.urandom(16), "big")
        temporary = os.path.join(os.path.dirname(self._target), name)
        try:
            descriptor = os.open(temporary, flags | os.O_EXCL, 0o600 if self._old else 0o666)
        except OSError as error:
            if self._old and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
                return os.open(path, flags, 0o666)
            error.filename = path
            raise
        self._temporary = temporary
        self._descriptor = os.dup(descriptor)  # for what follows after the file was closed
        with contextlib.suppress(ImportError, OSError):  # only tells cleaners that we live
            import fcntl
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return descriptor

    def _commit(self):
        if self._process != os.getpid():
            raise RuntimeError(f"{self._path!r} was opened by another process")
        try:
            if self._old:
                self._copy_metadata()
            if self._durability != "process":
                os.fsync(self._descriptor)
            if os.name == "nt":  # where an open file cannot be renamed
                self._descriptor = os.close(self._descriptor)
            self._publish(os.link if "x" in self._file.mode else os.replace)
            if self._durability == "durable" and os.name != "nt":
                self._sync_directory()
        except OSError as error:
            error.filename, error.filename2 = self._path, None
            raise

    def _publish(self, move):
        try:
            move(self._temporary, self._target)
        except OSError as error:
            if not self._old or error.errno not in (errno.EBUSY, errno.EACCES, errno.EPERM):
                raise
            shutil.copyfile(self._temporary, self._target)
        temporary, self._temporary = self._temporary, None
        if os.path.lexists(temporary):  # linked or copied
            os.unlink(temporary)

    def _copy_metadata(self):
        """Owner, then attributes with the ACL, then mode; what this process may not set is left."""
        old, descriptor = self._old, self._descriptor
        with contextlib.suppress(OSError, AttributeError):  # Windows has not these calls
            os.fchown(descriptor, -1, old.st_gid)
            os.fchown(descriptor, old.st_uid, -1)
        with contextlib.suppress(OSError, AttributeError):  # only Linux has these
            wanted = set(os.listxattr(self._target)) - {"security.ima", "security.evm"}
            for name in set(os.listxattr(descriptor)) - wanted:  # a default ACL gave them
                os.removexattr(descriptor, name)
            for name in wanted:
                with contextlib.suppress(OSError):
                    os.setxattr(descriptor, name, os.getxattr(self._target, name))
        new, mode = os.fstat(descriptor), stat.S_IMODE(old.st_mode)
        if new.st_uid != old.st_uid:
            mode &= ~stat.S_ISUID
        if new.st_gid != old.st_gid:  # the rights of one group are not for another
            mode = mode & ~(stat.S_ISGID | stat.S_IRWXG) | (mode & stat.S_IRWXO) << 3
        with contextlib.suppress(PermissionError, AttributeError):  # vfat, Windows
            os.fchmod(descriptor, mode)

    def _sync_directory(self):
        descriptor = os.open(os.path.dirname(self._target), os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP):
                raise
        finally:
            os.close(descriptor)


def _look(path, exclusive):
    """What `path` leads to, absolute and in bytes, or None to write in place; and its status."""
    name, old = os.fsencode(path), None
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        old = os.stat(path)  # also refuses loops, and other users' links in /tmp
        if exclusive or not stat.S_ISREG(old.st_mode):
            return None, old
        os.close(os.open(path, os.O_WRONLY))  # refuses what open() would, and a rename would not
    while os.path.islink(name) and not exclusive:
        folder = os.path.dirname(name)
        if os.path.realpath(folder).startswith(b"/proc/"):
            return None, old
        name = os.path.join(folder, os.readlink(name))
    if os.path.basename(name) in (b"", b".", b"..") or not old and os.path.lexists(name):
        return None, old
    return (name if os.path.isabs(name) else os.path.join(os.getcwdb(), name)), old
