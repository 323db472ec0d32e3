# SPDX-License-Identifier: Apache-2.0
"""Learns which phases follow each other and which errors come back."""

from __future__ import annotations

import io
import json
import logging
import pickle
from collections import Counter
from pathlib import Path
from typing import Any, Dict, List


class PatternRecognition:
    """Patterns of past runs, kept beside the state."""

    def __init__(self, data_dir: Path, logger: logging.Logger):
        self.patterns_file = Path(data_dir) / "patterns.json"
        self.index_file = Path(data_dir) / "pattern_index.pickle"
        self.logger = logger
        self.patterns: Dict[str, Any] = self.load()
        self.index: Counter = self.load_index()

    def load(self) -> Dict[str, Any]:
        if not self.patterns_file.exists():
            return {"sequences": [], "errors": {}}
        try:
            with open(self.patterns_file, encoding="utf-8") as f:
                return json.load(f)
        except ValueError:
            self.logger.warning("Could not read %s", self.patterns_file)
            return {"sequences": [], "errors": {}}

    def load_index(self) -> Counter:
        if not self.index_file.exists():
            return Counter()
        return pickle.loads(self.index_file.read_bytes())

    def save(self) -> None:
        with open(self.patterns_file, "w", encoding="utf-8") as f:
            json.dump(self.patterns, f, indent=2, sort_keys=True)

    def save_index(self) -> None:
        self.index_file.write_bytes(pickle.dumps(self.index, protocol=4))

    def learn(self, phase_history: List[str], errors: List[str]) -> None:
        """Take in the latest phases and errors."""
        pairs = zip(phase_history[-10:], phase_history[-9:])
        self.index.update(f"{before} > {after}" for before, after in pairs)
        self.patterns["sequences"] = [name for name, _ in self.index.most_common(20)]
        seen = Counter(self.patterns["errors"])
        seen.update(errors)
        self.patterns["errors"] = dict(seen)
        self.save()
        self.save_index()

    def describe(self) -> str:
        """The patterns as a table for a prompt."""
        table = io.StringIO()
        table.write("pattern | seen\n")
        for name, count in sorted(self.index.items(), key=lambda item: (-item[1], item[0])):
            table.write(f"{name} | {count}\n")
        return table.getvalue()
