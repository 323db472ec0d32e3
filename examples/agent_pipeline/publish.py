# SPDX-License-Identifier: Apache-2.0
"""The heartbeat that a supervisor reads while the pipeline runs."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any, Dict


def publish_heartbeat(path: Path, facts: Dict[str, Any]) -> None:
    """Replace the heartbeat: a reader finds the old one or the new one, never a part."""
    folder = os.path.dirname(os.path.abspath(path))
    descriptor, temporary = tempfile.mkstemp(prefix=".heartbeat-", dir=folder)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(facts, stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
