# SPDX-License-Identifier: Apache-2.0
"""Types and documentation: mypy on the package and on programs that use it, a docstring for all."""

import ast
import inspect
import os
import pkgutil
import shutil
import subprocess
import unittest
from importlib import import_module

import untorn
from harness import FolderTest, need

PACKAGE = os.path.dirname(untorn.__file__)
# What a user writes, and what mypy must say of its type.
PROGRAM = '''
import os
from pathlib import Path
from typing import Any, Dict, Optional

import untorn
from untorn.compat.atomicwrites import atomic_write
from untorn.pipeline import CodeFiles, PipelineState, StateManager, Task, TaskStatus

receipt: untorn.Receipt = untorn.write_text(Path("a"), "text", durability="ordered")
read: untorn.Version = untorn.read_version("a")
receipt = untorn.write_bytes("a", read.content, if_match=read.etag, match="detect", backups=2)
commits: int = receipt.commits
with untorn.batch(durability="ordered") as pages:
    pages["a"] = "text"
    pages[Path("b")] = b"bytes"
if pages.receipt is not None:
    failed: Optional[untorn.Error] = pages.receipt.files[0].error
finished: bool = bool(untorn.recover_in_place("beside"))
with untorn.open("a", "w", create_parents=True, sidecar=Path("beside")) as text:
    count: int = text.write("x")
    made: Optional[untorn.Receipt] = text.receipt
with untorn.open("a", "wb+") as updated:
    updated.write(b"x")
    back: bytes = updated.read()
with untorn.open(b"a", "wb", 0) as raw:
    raw.write(b"x")
with untorn.open("a") as reader:
    line: str = reader.readline()
with untorn.transaction("project") as change:
    change["a"] = "text"
    change[Path("b")] = b"bytes"
    content: bytes = change["a"]
if change.receipt is not None:
    syncs: int = change.receipt.syncs
with untorn.LineLog("log", sync="batched") as log:
    lines: int = log.append(["a", b"b"]).lines
document = untorn.Document("state.json", indent=2)
document.update(lambda value: {**value, "a": 1})
report: Dict[str, Any] = untorn.doctor(["."], repair=True)
manager = StateManager("project")
state: PipelineState = manager.load()
task: Task = state.add_task("a", "b", priority=2)
state.update_task_status(task.task_id, TaskStatus.COMPLETED)
state.update_task_status(task.task_id, "COMPLETED")
following: Optional[Task] = state.get_next_task()
manager.update(lambda state: state.rebuild_queue())
done: bool = CodeFiles("project").modify("a", "b", "c").already
with atomic_write("a", overwrite=True, encoding="utf-8") as file:
    file.write("x")
try:
    pass
except untorn.ConflictError as conflict:
    outcome: str = conflict.outcome
except untorn.Error as error:
    code: str = error.code
'''
# Each line is wrong.
WRONG = '''
import untorn
from untorn.pipeline import StateManager
untorn.write_text("a", b"bytes")
untorn.write_text("a", "text", durability="most")
untorn.open("a", "w").write(b"bytes")
untorn.open("a", "wb").write("text")
untorn.write_text("a", "text", if_match=b"etag")
untorn.write_text("a", "text", match="always")
untorn.batch(backups="many")
untorn.batch().put("a", 3)
untorn.etag(3)
untorn.transaction(3)
untorn.LineLog("a", keep="all")
StateManager("a").save(3)
StateManager("a").rollback("one")
untorn.Document()
'''


def modules():
    """Every public module of the package."""
    yield untorn
    for found in pkgutil.walk_packages(untorn.__path__, "untorn."):
        if not any(part.startswith("_") for part in found.name.split(".")[1:]):
            yield import_module(found.name)


def public_things():
    """(name, thing) for all that a user may call, and its methods and properties."""
    for module in modules():
        yield module.__name__, module
        names = getattr(module, "__all__", [n for n in vars(module) if not n.startswith("_")])
        for name in names:
            thing = getattr(module, name)
            if inspect.ismodule(thing) or not (inspect.isclass(thing) or inspect.isroutine(thing)):
                continue
            yield f"{module.__name__}.{name}", thing
            if not inspect.isclass(thing):
                continue
            for member in dir(thing):
                value = inspect.getattr_static(thing, member)
                if member.startswith("_") or not isinstance(
                        value, (property, staticmethod, classmethod, type(public_things))):
                    continue
                yield f"{module.__name__}.{name}.{member}", getattr(thing, member)


class Documentation(unittest.TestCase):
    def test_everything_public_has_a_docstring(self):
        missing = [name for name, thing in public_things()
                   if not (inspect.getdoc(thing) or "").strip()]
        self.assertEqual(missing, [])

    def test_there_is_a_lot_to_document(self):
        self.assertGreater(len(list(public_things())), 200)

    def test_what_all_lists_is_there(self):
        for module in modules():
            for name in getattr(module, "__all__", []):
                self.assertTrue(hasattr(module, name), name)


class Stubs(unittest.TestCase):
    def test_the_stubs_declare_the_parameters_that_there_are(self):
        for stub in ("_files", "_open"):
            with open(os.path.join(PACKAGE, stub + ".pyi"), "rb") as file:
                tree = ast.parse(file.read())
            module = import_module("untorn." + stub)
            declared = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
            functions = {name for name, value in vars(module).items()
                         if inspect.isfunction(value) and value.__module__ == module.__name__
                         and not name.startswith("_")}
            self.assertEqual({node.name for node in declared}, functions)
            for node in declared:
                parameters = inspect.signature(getattr(module, node.name)).parameters
                wanted = [arg.arg for arg in node.args.args + node.args.kwonlyargs]
                wanted += [node.args.kwarg.arg] if node.args.kwarg else []
                self.assertEqual(list(parameters), wanted, node.name)


class Mypy(FolderTest):
    def setUp(self):
        super().setUp()
        need(self, shutil.which("mypy"), "python", "there is no mypy here")

    def mypy(self, *arguments):
        environment = {**os.environ, "MYPYPATH": os.path.dirname(PACKAGE)}
        environment.pop("PYTHONPATH", None)
        result = subprocess.run(
            ["mypy", "--strict", "--no-error-summary", "--python-version", "3.9", "--cache-dir",
             self.path("cache"), *arguments],
            cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            check=False)
        return result.stdout.decode().splitlines()

    def test_the_package_passes_strictly(self):
        self.assertEqual(self.mypy(PACKAGE), [])

    def test_a_program_that_uses_it_passes_strictly(self):
        self.write("program.py", PROGRAM.encode())
        self.assertEqual(self.mypy("program.py"), [])

    def test_wrong_uses_are_found_each(self):
        self.write("wrong.py", WRONG.encode())
        found = {int(line.split(":")[1]) for line in self.mypy("wrong.py") if ": error:" in line}
        self.assertEqual(found, set(range(4, WRONG.count("\n") + 1)))


if __name__ == "__main__":
    unittest.main()
