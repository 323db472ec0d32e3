# SPDX-License-Identifier: Apache-2.0
"""Files that survive crashes: a reader finds the old content or the new, never a torn file.

    receipt = untorn.write_text("settings.json", text)

    with untorn.open("report.md", "w", encoding="utf-8") as file:
        file.write(text)          # the name holds the old content until the block ends

`durability` says what has happened when a call returns: "process" (safe from kills), "ordered" (a
power cut too leaves a whole version, perhaps the old one), "durable" (the new one; the default).
"""

from untorn import errors
from untorn._batch import Batch, BatchFile, BatchReceipt, batch
from untorn._common import Receipt
from untorn._document import Document
from untorn._files import (
    atomic_write,
    read_bytes,
    read_text,
    write_bytes,
    write_json,
    write_text,
)
from untorn._health import doctor, probe, sweep
from untorn._line_log import LineLog
from untorn._open import open
from untorn._registry import (
    Registry,
    RegistryChange,
    RegistryEntry,
    RegistryVersion,
    SpecProblem,
)
from untorn._transaction import Transaction, TreeLock, recover, transaction, tree_lock
from untorn._untorn import version as __version__
from untorn._values import (
    AppendReceipt,
    Generation,
    Recovery,
    ReplacedDocument,
    TornLines,
    TransactionReceipt,
    TransactionRecovery,
)
from untorn._versions import (
    InPlaceRecovery,
    KeptSidecar,
    Version,
    etag,
    read_version,
    recover_in_place,
)
from untorn.errors import ConflictError, Error

__all__ = [
    "AppendReceipt", "Batch", "BatchFile", "BatchReceipt", "ConflictError", "Document", "Error",
    "Generation", "InPlaceRecovery", "KeptSidecar", "LineLog", "Receipt", "Recovery", "Registry",
    "RegistryChange", "RegistryEntry", "RegistryVersion", "ReplacedDocument", "SpecProblem",
    "TornLines", "Transaction", "TransactionReceipt", "TransactionRecovery", "TreeLock", "Version",
    "atomic_write", "batch", "doctor", "errors", "etag", "open", "probe", "read_bytes", "read_text",
    "read_version", "recover", "recover_in_place", "sweep", "transaction", "tree_lock",
    "write_bytes", "write_json", "write_text",
]
