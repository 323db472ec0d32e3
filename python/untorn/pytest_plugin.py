# SPDX-License-Identifier: Apache-2.0
"""A pytest plug-in: marked tests are run under `untorn prove`.

    @pytest.mark.crash_safe(root="tmp_path", check="python3 verify.py", model="ext4")
    def test_save(tmp_path):
        save(tmp_path / "state.json", {"generation": 2})

The test passes if no crash of this run of it leaves a bad state (`proved` or `passed`), fails with
the report otherwise, and is skipped where `untorn prove` cannot run. `root` is the name of a
fixture (tmp_path if not given) or a folder; the other arguments are those of untorn.prove.prove().

Fixtures are set up and torn down by pytest as always, before and after. The function itself runs in
a child process, and only what it does is judged; so its arguments must be picklable, and what it
changes in memory is not seen by fixtures. Installed with the package; without installation
`-p untorn.pytest_plugin`.
"""

import inspect
import os
import pickle
import sys
from typing import Any, Dict, List, Optional

import pytest

from untorn import _marked_test
from untorn import prove as _prove

MARK = "crash_safe"
_ENVIRONMENT_BYTES_MAX = 120_000  # the kernel allows 128 KiB for one variable
_MESSAGE_LINES_MAX = 40


def pytest_configure(config: pytest.Config) -> None:
    """Makes the mark known."""
    config.addinivalue_line(
        "markers",
        f"{MARK}(root='tmp_path', **options): run the test under `untorn prove`; no crash may "
        "leave a bad state. The options are those of untorn.prove.prove().")


def pytest_collection_modifyitems(items: List[pytest.Item]) -> None:
    """The root is a fixture of the test even if the function does not name it."""
    for item in items:
        mark = item.get_closest_marker(MARK)
        names = getattr(item, "fixturenames", None)
        if mark is None or names is None:
            continue
        root = mark.kwargs.get("root", "tmp_path")
        if isinstance(root, str) and root.isidentifier() and root not in names:
            names.append(root)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """What cannot work is said before any fixture is set up."""
    mark = item.get_closest_marker(MARK)
    if mark is None:
        return
    if mark.args:
        pytest.fail(f"{MARK} takes named arguments only, like root='tmp_path'", pytrace=False)
    function = getattr(item, "function", None)
    parent_class = getattr(item, "cls", None)
    # unittest calls its tests itself, and nothing could stand between.
    if function is None or hasattr(parent_class, "assertEqual"):
        pytest.fail(f"{MARK} works on functions and on methods of plain classes", pytrace=False)
    if inspect.iscoroutinefunction(function):
        pytest.fail(f"{MARK} works on plain functions; run the loop inside the test",
                    pytrace=False)
    if _prove.find_command() is None:
        pytest.skip("the command untorn is not installed (UNTORN_BINARY names it)")


def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Optional[bool]:
    """Instead of calling a marked function: runs it under `untorn prove`."""
    mark = pyfuncitem.get_closest_marker(MARK)
    if mark is None:
        return None
    options = dict(mark.kwargs)
    root = _root_of(pyfuncitem, options.pop("root", "tmp_path"))
    environment = {**os.environ, _marked_test.VARIABLE: _packed_call(pyfuncitem)}
    _judge(root, options, environment)
    return True


def _root_of(item: pytest.Function, root: Any) -> str:
    folder = root
    if isinstance(root, str) and root in item.funcargs:
        folder = item.funcargs[root]
    try:
        path = os.path.realpath(os.fsdecode(folder))
    except TypeError:
        pytest.fail(f"{MARK}: the fixture {root} gives no path, but {folder!r}", pytrace=False)
    if not os.path.isdir(path):
        pytest.fail(f"{MARK}: root {path} is no folder", pytrace=False)
    return path


def _packed_call(item: pytest.Function) -> str:
    names = list(inspect.signature(item.obj).parameters)
    arguments: Dict[str, Any] = {}
    for name in names:
        value = item.funcargs[name]
        try:
            pickle.dumps(value)
        except Exception as error:  # whatever the value's own methods raise
            pytest.fail(f"{MARK}: the fixture {name} cannot be handed to the child process that "
                        f"runs the test: {error}", pytrace=False)
        arguments[name] = value
    function = item.obj.__qualname__
    if "<locals>" in function:
        pytest.fail(f"{MARK}: {function} is made by a function and cannot be found by its name",
                    pytrace=False)
    packed = _marked_test.pack({
        "path": list(sys.path), "module": item.module.__name__,
        "file": os.path.realpath(str(item.module.__file__)), "function": function,
        "arguments": arguments})
    if len(packed) > _ENVIRONMENT_BYTES_MAX:
        pytest.fail(f"{MARK}: the arguments of the test are too large for a child process",
                    pytrace=False)
    return packed


def _judge(root: str, options: Dict[str, Any], environment: Dict[str, str]) -> None:
    command = ["--", sys.executable, "-B", "-m", _marked_test.__name__]
    try:
        flags = [f"--root={root}", *_prove._arguments(options)]
        process = _prove._run(["--color=never", *flags, *command], root, environment, None)
        report = process.stdout.decode("utf-8", "replace")
        if process.returncode in (1, 2) and not report:
            # No report: the tool could not do its work. Why, a document says precisely.
            _prove.prove(command[1:], root=root, cwd=root, env=environment, **options)
    except _prove.ProveError as error:
        if error.code == "unsupported":
            pytest.skip(f"untorn prove cannot run here: {error}")
        pytest.fail(f"untorn prove: {error}", pytrace=False)
    except TypeError as error:
        pytest.fail(f"{MARK}: {error}", pytrace=False)
    if process.returncode == 0:
        return
    said = process.stderr.decode("utf-8", "replace").splitlines()[-_MESSAGE_LINES_MAX:]
    pytest.fail("\n".join([report, *said]).strip(), pytrace=False)
