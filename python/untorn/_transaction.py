# SPDX-License-Identifier: Apache-2.0
"""Several files of one tree, all or none."""

import warnings
from types import TracebackType
from typing import Any, Optional, Type, Union

from untorn._native import Content, Native, Path, content_of, count_of, mode_of, path_text, run
from untorn._values import TransactionReceipt, TransactionRecovery, value_from


class Transaction:
    """Changes of one tree that take effect together, at the end of the block.

        with untorn.transaction("project") as t:
            t["patches/0007.patch"] = patch      # str (UTF-8) or bytes
            t["counter.json"] = "7\\n"
            del t["draft.txt"]
        t.receipt.syncs

    An exception that leaves the block, discard(), and a crash at any instant before the end change
    nothing; a crash after it is finished by the next transaction, or by recover(). Between the two
    a reader that does not use Untorn may see some names new and others old: see tree_lock().

    One that is collected without an end is discarded, with a ResourceWarning.

    Paths are relative to the tree, with "/"; one that leads out of it is refused. The tree's lock
    is held from the beginning on, so a transaction should be short; another one waits `lock_wait`
    seconds, and then fails with code "busy". Content is not there before the end: read() and
    t["name"] give it as the transaction would leave it.
    """

    def __init__(self, root: Path, *, lock_wait: float = 10.0) -> None:
        self._root = path_text(root)
        self._native: Optional[Native] = Native("Transaction", {"path": self._root},
                                                lock_wait=lock_wait, renews=False)
        self._receipt: Optional[TransactionReceipt] = None
        self._recovery = value_from(TransactionRecovery, self._native.value("recovery"))

    def __repr__(self) -> str:
        return f"<untorn.Transaction {self._root!r}>"

    @property
    def receipt(self) -> Optional[TransactionReceipt]:
        """What commit() did; None before it."""
        return self._receipt

    @property
    def recovery(self) -> TransactionRecovery:
        """What the beginning had to do about an earlier transaction that a crash interrupted."""
        return self._recovery

    def put(self, path: Path, content: Union[str, Content], *, mode: Optional[int] = None,
            exclusive: bool = False) -> None:
        """The file gets that content; made if it is not there.

        `exclusive`: fail with FileExistsError if there is one. `mode`: permission bits.
        """
        arguments = {"path": path_text(path), "mode": mode_of(mode), "exclusive": bool(exclusive)}
        self._open().call("put", arguments, [content_of(content)])

    def remove(self, path: Path) -> None:
        """Removes a file, a link, or an empty directory."""
        self._open().call("remove", {"path": path_text(path)})

    def rename(self, source: Path, target: Path) -> None:
        """Gives a file, link or directory a name that is not there."""
        self._open().call("rename", {"source": path_text(source), "target": path_text(target)})

    def mkdir(self, path: Path, mode: int = 0o777) -> None:
        """Makes a directory and what is missing above it; one that is there already is fine."""
        arguments = {"path": path_text(path), "mode": count_of(mode, "mode", 0, 0o7777)}
        self._open().call("make_directory", arguments)

    def read(self, path: Path) -> Optional[bytes]:
        """The content as this transaction would leave it; None if there is no such file."""
        _, contents = self._open().call("read", {"path": path_text(path)})
        return contents[0] if contents else None

    def __setitem__(self, path: Path, content: Union[str, Content]) -> None:
        self.put(path, content)

    def __getitem__(self, path: Path) -> bytes:
        content = self.read(path)
        if content is None:
            raise KeyError(path)
        return content

    def __delitem__(self, path: Path) -> None:
        self.remove(path)

    def __contains__(self, path: Path) -> bool:
        return self.read(path) is not None

    def commit(self) -> TransactionReceipt:
        """All of it, in place and durable when it returns; or an error, and nothing.

        After an error with outcome "unknown" the next transaction finishes the work. The object is
        spent afterwards.
        """
        native, self._native = self._open(), None
        self._receipt = value_from(TransactionReceipt, native.value("commit"))
        return self._receipt

    def discard(self) -> None:
        """Gives everything up. Safe to call at any time, also twice."""
        native, self._native = self._native, None
        if native is not None:
            native.call("discard")

    def __enter__(self) -> "Transaction":
        self._open()
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], value: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        if kind is not None:
            self.discard()
        elif self._native is not None:
            self.commit()

    def __del__(self) -> None:
        if getattr(self, "_native", None) is not None:
            warnings.warn(f"discarded {self!r}, which was never finished", ResourceWarning, 2, self)

    def _open(self) -> Native:
        if self._native is None:
            raise ValueError("the transaction is finished; begin another one")
        return self._native


def transaction(root: Path, *, lock_wait: float = 10.0) -> Transaction:
    """Begins a Transaction over a tree: takes its lock, and recovers what a crash interrupted."""
    return Transaction(root, lock_wait=lock_wait)


class TreeLock:
    """Keeps every transaction of a tree away: what is read in the block is no mixture.

        with untorn.tree_lock("project"):
            first, second = read("a.json"), read("b.json")

    Any number of holders at once. What a crash left is recovered first (`recovery`).
    """

    def __init__(self, root: Path, *, lock_wait: float = 10.0) -> None:
        self._root = path_text(root)
        self._native: Optional[Native] = Native("TreeLock", {"path": self._root},
                                                lock_wait=lock_wait, renews=False)
        self._recovery = value_from(TransactionRecovery, self._native.value("recovery"))

    def __repr__(self) -> str:
        return f"<untorn.TreeLock {self._root!r}>"

    @property
    def recovery(self) -> TransactionRecovery:
        """What had to be recovered first."""
        return self._recovery

    def release(self) -> None:
        """Lets transactions go on. Safe to call twice."""
        native, self._native = self._native, None
        if native is not None:
            native.call("release")

    def __enter__(self) -> "TreeLock":
        if self._native is None:
            raise ValueError("the lock was released; take it anew")
        return self

    def __exit__(self, *exception: Any) -> None:
        self.release()


def tree_lock(root: Path, *, lock_wait: float = 10.0) -> TreeLock:
    """Takes a TreeLock."""
    return TreeLock(root, lock_wait=lock_wait)


def recover(root: Path, *, lock_wait: float = 10.0) -> TransactionRecovery:
    """Finishes what a crash interrupted in this tree, and removes temporaries that it left.

    Idempotent; the answer is false if there was nothing to do. transaction() and tree_lock() do it
    by themselves.
    """
    fields, _ = run("recover", {"path": path_text(root)}, lock_wait=lock_wait)
    return value_from(TransactionRecovery, fields)
