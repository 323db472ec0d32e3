# SPDX-License-Identifier: Apache-2.0
"""Load the state of a project and save it once.

    python3 -m agent_pipeline.save PROJECT_DIR
"""

import sys
from pathlib import Path
from typing import List, Optional

from .state.manager import StateManager


def save_once(project_dir: Path) -> int:
    """Count one more save in the state; a project without a state gets one."""
    manager = StateManager(project_dir)
    state = manager.load()
    state.metrics["manual_saves"] = state.metrics.get("manual_saves", 0) + 1
    manager.save(state)
    sys.stdout.write(f"saved {manager.state_file}\n")
    sys.stdout.flush()
    return 0


def main(arguments: Optional[List[str]] = None) -> int:
    given = sys.argv[1:] if arguments is None else arguments
    if len(given) != 1:
        sys.stderr.write("usage: python3 -m agent_pipeline.save PROJECT_DIR\n")
        return 2
    return save_once(Path(given[0]))


if __name__ == "__main__":
    sys.exit(main())
