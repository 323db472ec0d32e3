# SPDX-License-Identifier: Apache-2.0
"""The child of a test that is marked `crash_safe`: imports its module and calls it.

Reads from the environment what pytest_plugin.py put there. Fixtures were set up by the parent; only
what the function itself does is judged. A test that fails ends with exit code 1 and a traceback.
"""

import base64
import importlib
import importlib.util
import os
import pickle
import sys
from types import ModuleType
from typing import Any, Dict

VARIABLE = "UNTORN_MARKED_TEST"


def pack(call: Dict[str, Any]) -> str:
    """What the child needs, as text for the environment. Pickle's errors are passed on."""
    module = {name: call[name] for name in ("path", "module", "file", "function")}
    parts = (pickle.dumps(module), pickle.dumps(call["arguments"]))
    return " ".join(base64.b64encode(part).decode() for part in parts)


def _import(name: str, file: str) -> ModuleType:
    """As pytest imported it: by name where that leads to the same file, else from the file."""
    specification = None
    try:
        specification = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        pass  # a name that cannot be found is looked for by its file
    if specification is None or specification.origin != file:
        specification = importlib.util.spec_from_file_location(name, file)
    if specification is None or specification.loader is None:
        raise ImportError(f"{file} is no Python module")
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    specification.loader.exec_module(module)
    return module


def main() -> None:
    """Calls the function that the environment names."""
    module, arguments = (base64.b64decode(part)
                         for part in os.environ.pop(VARIABLE).split(" "))
    call = pickle.loads(module)
    sys.path[:] = call["path"]
    found: Any = _import(call["module"], call["file"])
    names = call["function"].split(".")
    for name in names[:-1]:
        found = getattr(found, name)()  # a class of tests: pytest makes a new one for each, too
    getattr(found, names[-1])(**pickle.loads(arguments))


if __name__ == "__main__":
    main()
