# SPDX-License-Identifier: Apache-2.0
"""What an agent may do to the files of the project."""

import codecs
import configparser
import contextlib
import logging
import shutil as sh
from pathlib import Path
from typing import Any, Callable, Dict


class ToolCallError(Exception):
    """A call that cannot be carried out; the message goes back to the agent."""


class ToolCallHandler:
    """Carries out the calls of an agent inside `project_dir`."""

    def __init__(self, project_dir: Path, logger: logging.Logger):
        self.project_dir = Path(project_dir)
        self.logger = logger
        self.handlers: Dict[str, Callable[[Dict[str, Any]], None]] = {
            "create_file": self._create_file,
            "modify_file": self._modify_file,
            "append_to_file": self._append_to_file,
            "set_revision": self._set_revision,
            "copy_template": self._copy_template,
            "write_settings": self._write_settings,
            "add_package": self._add_package,
        }

    def call(self, name: str, **arguments: Any) -> None:
        if name not in self.handlers:
            raise ToolCallError(f"there is no tool {name!r}")
        self.logger.debug("call %s %s", name, arguments.get("path", ""))
        self.handlers[name](arguments)

    def resolve(self, path: str) -> Path:
        if Path(path).is_absolute() or ".." in Path(path).parts:
            raise ToolCallError(f"{path} is outside the project")
        return self.project_dir / path

    def _create_file(self, arguments: Dict[str, Any]) -> None:
        source_path = self.resolve(arguments["path"])
        source_path.parent.mkdir(parents=True, exist_ok=True)
        source_path.write_text(arguments["content"])

    def _modify_file(self, arguments: Dict[str, Any]) -> None:
        source_path = self.resolve(arguments["path"])
        source = source_path.read_text(encoding="utf-8")
        if arguments["old"] not in source:
            raise ToolCallError(f"{arguments['path']} does not contain {arguments['old']!r}")
        modified = source.replace(arguments["old"], arguments["new"], 1)
        with open(source_path, "w", encoding="utf-8", newline="") as f:
            f.write(modified)

    def _append_to_file(self, arguments: Dict[str, Any]) -> None:
        source_path = self.resolve(arguments["path"])
        with source_path.open("a", encoding="utf-8") as f:
            f.write("\n\n" + arguments["content"])

    def _set_revision(self, arguments: Dict[str, Any]) -> None:
        """Overwrite the four digits after "Revision", which every module has."""
        source_path = self.resolve(arguments["path"])
        with open(source_path, "r+b") as module:
            place = module.read().find(b"Revision ")
            if place < 0:
                raise ToolCallError(f"{arguments['path']} has no revision")
            module.seek(place + len(b"Revision "))
            module.write(b"%04d" % arguments["revision"])

    def _copy_template(self, arguments: Dict[str, Any]) -> None:
        template_source = self.resolve(arguments["template"])
        sh.copyfile(template_source, self.resolve(arguments["path"]))

    def _write_settings(self, arguments: Dict[str, Any]) -> None:
        settings = configparser.ConfigParser()
        settings["inventory"] = arguments["settings"]
        config_path = self.project_dir / "settings.ini"
        with codecs.open(str(config_path), "w", "utf-8") as config_file:
            settings.write(config_file)

    def _add_package(self, arguments: Dict[str, Any]) -> None:
        package = self.resolve(arguments["path"])
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").touch()

    def run_module(self, path: str) -> Dict[str, Any]:
        """Execute a module with its output thrown away; what it raises is passed on."""
        code = compile(self.resolve(path).read_text(encoding="utf-8"), path, "exec")
        names: Dict[str, Any] = {"__name__": "checked"}
        with open("/dev/null", "w") as sink, contextlib.redirect_stdout(sink):
            print("running", path)
            exec(code, names)
        return names
