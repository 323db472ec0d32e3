# SPDX-License-Identifier: Apache-2.0
"""Files that survive crashes: a reader finds the old content or the new, never a torn file.

    receipt = untorn.write_text("settings.json", text)

    with untorn.open("report.md", "w", encoding="utf-8") as file:
        file.write(text)          # the name holds the old content until the block ends

`durability` says what has happened when a call returns: "process" (safe from kills), "ordered" (a
power cut too leaves a whole version, perhaps the old one), "durable" (the new one; the default).
"""

from untorn import errors
from untorn._files import (
    Receipt,
    atomic_write,
    open,
    read_bytes,
    read_text,
    write_bytes,
    write_json,
    write_text,
)
from untorn._untorn import version as __version__
from untorn.errors import Error

__all__ = [
    "Error",
    "Receipt",
    "atomic_write",
    "errors",
    "open",
    "read_bytes",
    "read_text",
    "write_bytes",
    "write_json",
    "write_text",
]
