# SPDX-License-Identifier: Apache-2.0
"""Roles of the agents: a specification for each, and a roster of them all."""

import json
from pathlib import Path
from typing import Any, Dict, List

DEFAULT_ROLES = {
    "planner": "splits the work into tasks",
    "coder": "writes and changes modules",
    "reviewer": "looks for mistakes",
}


class RoleRegistry:
    """Specifications of the roles by name."""

    def __init__(self, roles_dir: Path):
        self.roles_dir = Path(roles_dir)
        self.roster_path = self.roles_dir / "roster.txt"

    def role_path(self, name: str) -> Path:
        return self.roles_dir / f"{name}.role.json"

    def prepare(self) -> None:
        for name, summary in DEFAULT_ROLES.items():
            if not self.role_path(name).exists():
                self.register({"name": name, "summary": summary, "revision": 1, "hints": []})

    def load(self, name: str) -> Dict[str, Any]:
        with open(self.role_path(name), "r", encoding="utf-8") as stream:
            return json.load(stream)

    def register(self, role: Dict[str, Any]) -> None:
        """Store a role and bring the roster up to date."""
        role_path = self.role_path(role["name"])
        temporary = role_path.with_suffix(".tmp")
        temporary.write_text(json.dumps(role, indent=2), encoding="utf-8")
        temporary.replace(role_path)
        self.write_roster()

    def names(self) -> List[str]:
        return sorted(path.name[: -len(".role.json")] for path in self._specifications())

    def _specifications(self) -> List[Path]:
        return list(self.roles_dir.glob("*.role.json"))

    def write_roster(self) -> None:
        mode = "w"
        with open(self.roster_path, mode, encoding="utf-8") as roster:
            for name in self.names():
                roster.write(f"{name}: revision {self.load(name)['revision']}\n")

    def roster(self) -> Dict[str, str]:
        """The roster as it was last written."""
        entries: Dict[str, str] = {}
        for line in self.roster_path.read_text(encoding="utf-8").splitlines():
            name, separator, revision = line.partition(": ")
            if separator:
                entries[name] = revision
        return entries
