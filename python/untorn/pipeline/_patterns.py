# SPDX-License-Identifier: Apache-2.0
"""What a pipeline has learnt from its runs."""

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

from untorn._native import count_of, real_of, run, text_of
from untorn._values import Recovery, recovery_from, value_from
from untorn.pipeline._project import ProjectObject


@dataclass(frozen=True)
class RecordedExecution:
    """What recording an execution did."""

    already: bool  # it was counted before: nothing changed
    executions: int  # counted in all


@dataclass(frozen=True)
class ToolPattern:
    """How a tool does in a phase."""

    phase: str
    tool: str
    uses: int
    successes: int
    duration_s: float  # mean
    confidence: float  # that it succeeds
    last_used: str


@dataclass(frozen=True)
class FailurePattern:
    """An error that a tool runs into."""

    tool: str
    phase: str  # where it was last seen
    signature: str
    example: str  # the last error of that kind
    count: int
    confidence: float  # that a use of the tool ends so
    helped: Tuple[Dict[str, Any], ...]  # {"tool", "count"}: what succeeded with the task next
    last_seen: str


@dataclass(frozen=True)
class SuccessPattern:
    """What a tool succeeded with."""

    phase: str
    tool: str
    count: int
    confidence: float
    tasks: Tuple[str, ...]  # the last distinct ones, newest first


@dataclass(frozen=True)
class PhasePattern:
    """Which phase follows which."""

    source: str
    target: str
    count: int
    successes: int  # the first execution in `target` succeeded
    confidence: float  # that `target` is what follows `source`


@dataclass(frozen=True)
class Recommendation:
    """What to do, or not to do, next."""

    kind: str  # "use_tool", "avoid_tool", "try_tool" or "next_phase"
    subject: str  # the tool or the phase
    score: float
    confidence: float
    similarity: float
    reason: str


class PatternStore(ProjectObject):
    """Executions and what follows from them, in `PROJECT/.pipeline/patterns.json`.

        store = PatternStore("project")
        store.record_execution("run 12, step 7", phase="coding", tool="create_file", success=True)
        for advice in store.recommendations(phase="coding", task="write a parser"):
            print(advice.kind, advice.subject, advice.reason)

    An execution is counted once for each operation id: who records it again after a crash is told
    `already`. No count is lost, whatever other processes record. Confidence is the lower end of
    Wilson's interval, similarity that of Jaccard over words.
    """

    _kind = "PatternStore"

    @property
    def patterns_file(self) -> str:
        """The path of patterns.json."""
        path: str = self._native.value("patterns_file")
        return path

    @property
    def last_recovery(self) -> Optional[Recovery]:
        """What the last call had to do about damage; None: nothing."""
        return recovery_from(self._native.value("last_recovery"))

    def record_execution(self, operation_id: str, *, phase: str, tool: str, success: bool,
                         duration_s: float = 0.0, task: str = "", error: str = "",
                         happened_ns: Optional[int] = None) -> RecordedExecution:
        """Counts one use of a tool, once for each operation id.

        What happened (nanoseconds since the epoch; by default now) before the last id that was
        forgotten is refused with code "conflict": it cannot be told whether it was counted.
        """
        if not isinstance(success, bool):
            raise TypeError(f"success must be bool, not {type(success).__name__}")
        return value_from(RecordedExecution, self._native.value(
            "record_execution", operation_id=text_of(operation_id, "operation_id"),
            phase=text_of(phase, "phase"), tool=text_of(tool, "tool"), success=success,
            duration_s=real_of(duration_s, "duration_s"), task=text_of(task, "task"),
            error=text_of(error, "error"),
            happened_ns=None if happened_ns is None else count_of(happened_ns, "happened_ns")))

    def tool_patterns(self, phase: str = "") -> List[ToolPattern]:
        """How tools do, best first; of one phase or all."""
        values = self._native.value("tool_patterns", phase=text_of(phase, "phase"))
        return [value_from(ToolPattern, fields) for fields in values]

    def failure_patterns(self) -> List[FailurePattern]:
        """Errors that come back, most frequent first."""
        return [value_from(FailurePattern, fields)
                for fields in self._native.value("failure_patterns")]

    def success_patterns(self, phase: str = "") -> List[SuccessPattern]:
        """What tools succeeded with, of one phase or all."""
        values = self._native.value("success_patterns", phase=text_of(phase, "phase"))
        return [value_from(SuccessPattern, fields) for fields in values]

    def phase_patterns(self) -> List[PhasePattern]:
        """Which phase follows which, most frequent first."""
        return [value_from(PhasePattern, {**fields, "source": fields["from"],
                                          "target": fields["to"]})
                for fields in self._native.value("phase_patterns")]

    def recommendations(self, *, phase: str = "", task: str = "", error: str = "",
                        limit: int = 5) -> List[Recommendation]:
        """What to do in this context, best first; what is empty does not matter."""
        values = self._native.value(
            "recommendations", phase=text_of(phase, "phase"), task=text_of(task, "task"),
            error=text_of(error, "error"), limit=count_of(limit, "limit"))
        return [value_from(Recommendation, fields) for fields in values]

    def statistics(self) -> Dict[str, Any]:
        """Totals: executions, successes, failures, success_rate, duration_s, tools, phases, …"""
        found: Dict[str, Any] = self._native.value("statistics")
        return found

    @staticmethod
    def similarity(left: str, right: str) -> float:
        """Of two texts: words in common by words in both together."""
        value: float = run("similarity", {"left": text_of(left, "left"),
                                          "right": text_of(right, "right")})[0]
        return value

    @staticmethod
    def confidence(successes: int, tries: int) -> float:
        """The lower end of Wilson's interval for a share, at 95 %."""
        value: float = run("confidence", {"successes": count_of(successes, "successes"),
                                          "tries": count_of(tries, "tries")})[0]
        return value

    @staticmethod
    def signature(error: str) -> str:
        """What an error has in common with the same mistake in another line."""
        value: str = run("signature", {"error": text_of(error, "error")})[0]
        return value
