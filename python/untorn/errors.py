# SPDX-License-Identifier: Apache-2.0
"""What went wrong, at which step, and what the file holds now.

Every error of this package is an `Error`, and an instance of the OSError subclass that a builtin
would have raised: `except FileNotFoundError` goes on to match. The classes here are named like
those they extend.
"""

import builtins
import errno as _errno
import os as _os


class Error(OSError):
    """`errno`, `strerror` and `filename` as of any OSError, and:

    code     what kind of failure it was: "no_space", "not_regular_file", …
    step     which step of the protocol failed: "write", "sync_file", "rename", …
    outcome  what the file holds now: "not_applied" (what it held before), "applied_unsynced" (the
             new content, which a power cut may take back) or "unknown"
    advice   what to do next: "retry", "reread_then_retry", "fix_then_retry" or "stop"

    str() gives one line with all of it.
    """

    code = step = outcome = advice = message = None

    def __str__(self):
        return self.message or super().__str__()


class ConflictError(Error):
    """The file is not the version that `if_match` named, or somebody else changed what is written.

    Read again, decide anew, then write: `code` is "conflict".
    """


def _extend(name):
    base = getattr(builtins, name)
    return type(name, (Error, base), {"__module__": __name__, "__doc__": f"A {name} of ours."})


BlockingIOError = _extend("BlockingIOError")
FileExistsError = _extend("FileExistsError")
FileNotFoundError = _extend("FileNotFoundError")
InterruptedError = _extend("InterruptedError")
IsADirectoryError = _extend("IsADirectoryError")
NotADirectoryError = _extend("NotADirectoryError")
PermissionError = _extend("PermissionError")
TimeoutError = _extend("TimeoutError")

# The number for a failure that no system call reported.
_NUMBERS = {
    "not_found": _errno.ENOENT,
    "already_exists": _errno.EEXIST,
    "permission_denied": _errno.EACCES,
    "invalid_argument": _errno.EINVAL,
    "not_regular_file": _errno.EINVAL,
    "mount_point": _errno.EBUSY,
    "has_hard_links": _errno.EMLINK,
    "no_space": _errno.ENOSPC,
    "unsupported": _errno.ENOTSUP,
    "busy": _errno.EBUSY,
    "timed_out": _errno.ETIMEDOUT,
    "conflict": _errno.ESTALE,
    "corrupt": _errno.EBADMSG,
}


def _number_of(code, path):
    """As open() would have it."""
    if path is None:
        return _NUMBERS.get(code, _errno.EIO)
    name = _os.fsencode(path)
    if not name:
        return _errno.ENOENT
    if code == "not_regular_file" and (name.endswith(b"/") or _os.path.isdir(name)):
        return _errno.EISDIR
    return _NUMBERS.get(code, _errno.EIO)


def make_error(number, path, code, step, outcome, advice, message):
    """The error for a failure of the library, of the class that fits its errno."""
    number = number or _number_of(code, path)
    usual = type(OSError(number, ""))
    kind = ConflictError if code == "conflict" else globals().get(usual.__name__, Error)
    names = () if path is None else (path,)
    error = kind(number, _os.strerror(number), *names)
    error.code, error.step, error.outcome, error.advice = code, step, outcome, advice
    error.message = message
    return error
