# SPDX-License-Identifier: Apache-2.0
"""`python3 -m agent_pipeline_safe PROJECT_DIR`,
or `python3 path/to/agent_pipeline_safe PROJECT_DIR`."""

import sys
from pathlib import Path

# The model and the sample project of the example beside this one did not have to change.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from agent_pipeline_safe.cli import main  # noqa: E402

sys.exit(main())
