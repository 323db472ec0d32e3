# SPDX-License-Identifier: Apache-2.0
"""Tools that agents may call: a specification and a script for each."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List


class ToolRegistry:
    """Specifications of the tools, and the scripts that do their work."""

    def __init__(self, tools_dir: Path):
        self.tools_dir = Path(tools_dir)
        self.registry_path = self.tools_dir / "registry.json"
        self.tools: Dict[str, Dict[str, Any]] = {}
        self.load()

    def load(self) -> None:
        if self.registry_path.exists():
            for name in json.loads(self.registry_path.read_text(encoding="utf-8")):
                spec_path = self.tools_dir / f"{name}.spec.json"
                self.tools[name] = json.loads(spec_path.read_text(encoding="utf-8"))

    def script_path(self, name: str) -> str:
        return os.path.join(self.tools_dir, name + ".py")

    def register(self, name: str, description: str, script: str) -> None:
        """Add a tool, or replace the tool of that name."""
        spec = {"name": name, "description": description, "input": {"text": "string"}}
        self._store_script(name, script)
        self._store_specification(name, spec)
        self.tools[name] = spec
        self._store_registry()

    def _store_script(self, name: str, script: str) -> None:
        descriptor = os.open(self.script_path(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o755)
        try:
            os.write(descriptor, script.encode("utf-8"))
        finally:
            os.close(descriptor)

    def _store_specification(self, name: str, spec: Dict[str, Any]) -> None:
        spec_path = self.tools_dir / f"{name}.spec.json"
        with spec_path.open("w", encoding="utf-8") as handle:
            json.dump(spec, handle, indent=2, sort_keys=True)

    def _store_registry(self) -> None:
        names: List[str] = sorted(self.tools)
        self.registry_path.write_text(json.dumps(names, indent=2) + "\n", encoding="utf-8")

    def call(self, name: str, text: str) -> Dict[str, Any]:
        """Run a tool in a folder of its own; a tool that fails answers with "error"."""
        with tempfile.TemporaryDirectory(prefix="agent-tool-") as scratch:
            question = Path(scratch) / "question.json"
            question.write_text(json.dumps({"text": text}), encoding="utf-8")
            with open(os.devnull, "wb") as nowhere:
                process = subprocess.Popen(
                    [sys.executable, "-S", "-E", self.script_path(name)],
                    cwd=scratch,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=nowhere,
                )
                process.stdin.write(question.read_bytes())
                answer, _ = process.communicate()
        if process.returncode != 0:
            return {"error": f"tool {name} ended with {process.returncode}"}
        return json.loads(answer)
