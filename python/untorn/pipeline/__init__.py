# SPDX-License-Identifier: Apache-2.0
"""The systems of an agent pipeline, each over a project directory.

    PROJECT/.pipeline/    what they keep, for people and other programs to read
    PROJECT/.untorn/      what Untorn keeps beside it: generations, locks, counters
"""

from untorn.pipeline._code import CodeChange, CodeFileChange, CodeFiles, CodeReceipt, CodeVersion
from untorn.pipeline._lines import LineEdit, LineFixer, LineReceipt, TextLines
from untorn.pipeline._parts import (FileState, FileStatus, PhaseRun, PhaseState, QueueEntry, Task,
                                    TaskError, TaskStatus)
from untorn.pipeline._patches import (PatchCheck, PatchedFile, PatchEdit, PatchInfo, PatchManager,
                                      PatchProblem, PatchResult)
from untorn.pipeline._patterns import (FailurePattern, PatternStore, PhasePattern, Recommendation,
                                       RecordedExecution, SuccessPattern, ToolPattern)
from untorn.pipeline._phases import DocumentReceipt, Improvement, PhaseFiles, WrittenDocument
from untorn.pipeline._registries import (Role, RoleRegistry, Team, TeamMember, Tool, ToolRegistry,
                                         UseStatistics)
from untorn.pipeline._state import PipelineState
from untorn.pipeline._state_manager import StateManager

__all__ = [
    "CodeChange", "CodeFileChange", "CodeFiles", "CodeReceipt", "CodeVersion", "DocumentReceipt",
    "FailurePattern", "FileState", "FileStatus", "Improvement", "LineEdit", "LineFixer",
    "LineReceipt", "PatchCheck", "PatchEdit", "PatchInfo", "PatchManager", "PatchProblem",
    "PatchResult", "PatchedFile", "PatternStore", "PhaseFiles", "PhasePattern", "PhaseRun",
    "PhaseState", "PipelineState", "QueueEntry", "Recommendation", "RecordedExecution", "Role",
    "RoleRegistry", "StateManager", "SuccessPattern", "Task", "TaskError", "TaskStatus", "Team",
    "TeamMember", "TextLines", "Tool", "ToolPattern", "ToolRegistry", "UseStatistics",
    "WrittenDocument",
]
