# SPDX-License-Identifier: Apache-2.0
"""The session with the model: a token that is asked for once and kept."""

import hashlib
import os
from pathlib import Path


class Session:
    """Keeps the token of the model's server; only its owner may read it."""

    def __init__(self, data_dir: Path, seed: int):
        self.token_path = Path(data_dir) / "session_token"
        self._seed = seed

    def token(self) -> str:
        expected = hashlib.sha256(f"session {self._seed}".encode()).hexdigest()
        if not self.token_path.exists() or self.token_path.read_text() != expected:
            self._store(expected)
        return expected

    def _store(self, token: str) -> None:
        descriptor = os.open(
            self.token_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600
        )
        try:
            os.write(descriptor, token.encode("ascii"))
        finally:
            os.close(descriptor)
