# SPDX-License-Identifier: Apache-2.0
"""What every phase has in common."""

import logging
from dataclasses import dataclass, field
from typing import Any, Dict

from ..model import ScriptedModel
from ..state.manager import PipelineState, Task
from ..workspace import Workspace


@dataclass
class PhaseResult:
    succeeded: bool
    message: str = ""
    details: Dict[str, Any] = field(default_factory=dict)


class Phase:
    """One kind of work; `run` does a task and answers how it went."""

    name = "phase"

    def __init__(self, workspace: Workspace, model: ScriptedModel, logger: logging.Logger):
        self.workspace = workspace
        self.model = model
        self.logger = logger

    def run(self, task: Task, state: PipelineState) -> PhaseResult:
        raise NotImplementedError
