# SPDX-License-Identifier: Apache-2.0
"""The state of a pipeline between runs."""

from .manager import PipelineState, StateManager, Task, TaskStatus

__all__ = ["PipelineState", "StateManager", "Task", "TaskStatus"]
