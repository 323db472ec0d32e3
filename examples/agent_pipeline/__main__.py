# SPDX-License-Identifier: Apache-2.0
"""Run by `python3 -m agent_pipeline` as well as by `python3 path/to/agent_pipeline`."""

import importlib
import sys
from pathlib import Path


def _package_name() -> str:
    if __package__:
        return __package__
    folder = Path(__file__).resolve().parent
    sys.path.insert(0, str(folder.parent))
    return folder.name


if __name__ == "__main__":
    sys.exit(importlib.import_module(_package_name() + ".cli").main())
