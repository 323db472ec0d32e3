# SPDX-License-Identifier: Apache-2.0
"""Loads and saves the state of a pipeline."""

import json
from typing import Any, Callable, Dict, List, Optional

from untorn._native import count_of, function_of, real_of, text_of
from untorn._values import (Generation, Recovery, ReplacedDocument, generation_from, recovery_from,
                            replaced_from)
from untorn.pipeline._project import ProjectObject
from untorn.pipeline._state import PipelineState


class StateManager(ProjectObject):
    """Keeps `PROJECT/.pipeline/state.json`, with its last versions as generations.

        manager = StateManager("project")
        state = manager.load()
        state.add_task("write the parser", "parser.py", priority=2)
        manager.save(state)
        manager.update(lambda state: state.update_task_status(task_id, "COMPLETED"))

    load() never answers a new state because the file was damaged: it brings the newest good
    generation back, and `last_recovery` says what was set aside and what is lost. update() loses no
    change of other processes; save() fails with code "conflict" when the state was saved by
    anybody since this one was loaded. The logger gets "Saved state to …" (debug), "Failed to save
    state: …" (error) and what was recovered (warning). The file is what json.dump(…, indent=2)
    writes, and keeps the style of one that was there.
    """

    _kind = "StateManager"

    @property
    def state_file(self) -> str:
        """The path of state.json."""
        path: str = self._native.value("state_file")
        return path

    @property
    def last_recovery(self) -> Optional[Recovery]:
        """What the last load(), save() or update() had to do about damage; None: nothing."""
        return recovery_from(self._native.value("last_recovery"))

    def load(self) -> PipelineState:
        """The saved state; a new one only if none was ever saved.

        An error with code "corrupt": it is damaged and no generation can be used; "unsupported":
        its version is newer; "invalid_argument": a member has the wrong type. The file stays.
        """
        return _state(*self._native.call("load"))

    def save(self, state: PipelineState) -> ReplacedDocument:
        """Saves the state, with a new `updated`."""
        content = _text_of(state)
        fields, _ = self._native.call("save", {"generation": state.generation}, [content])
        state.updated = fields["updated"]
        _set_generation(state, fields["generation"])
        return replaced_from(fields)

    def update(self, change: Callable[[PipelineState], Any]) -> PipelineState:
        """load(), `change` and save() with nobody between; returns the saved state.

        `change` gets the state and changes it, or returns another PipelineState. If it raises,
        nothing is saved and the exception goes on. Do not use the same manager inside of it.
        """
        function_of(change, "change")

        def work(text: Optional[bytes]) -> bytes:
            state = _state(None, [text or b""])
            result = change(state)
            return _text_of(result if isinstance(result, PipelineState) else state)

        return _state(*self._native.call("update", function=work))

    def backup_state(self) -> str:
        """Copies the saved state to `.pipeline/backups/state_<time>.json`; the path."""
        path: str = self._native.value("backup_state")
        return path

    def history(self) -> List[Generation]:
        """The generations, newest first: the present state, the one before it, …"""
        return [generation_from(fields) for fields in self._native.value("history")]

    def rollback(self, n: int = 1) -> PipelineState:
        """Saves history()[n] anew; 1 is the state before the present one."""
        return _state(*self._native.call("rollback", {"back": count_of(n, "n")}))

    def save_phase_state(self, phase: str, state: Any) -> ReplacedDocument:
        """Keeps any JSON value for one phase, in `.pipeline/phases/NAME.json`."""
        content = json.dumps(state).encode("ascii")
        fields, _ = self._native.call("save_phase_state", {"phase": text_of(phase, "phase")},
                                      [content])
        return replaced_from(fields)

    def load_phase_state(self, phase: str, default: Any = None) -> Any:
        """What save_phase_state() kept; `default` if it never did."""
        _, contents = self._native.call("load_phase_state", {"phase": text_of(phase, "phase")})
        return json.loads(contents[0].decode("utf-8")) if contents else default

    def phases_with_state(self) -> List[str]:
        """The phases that have one, sorted."""
        names: List[str] = self._native.value("phases_with_state")
        return names

    def summary(self) -> Dict[str, Any]:
        """Counts of tasks, files and runs, and `text`, one line for a person."""
        found: Dict[str, Any] = self._native.value("summary")
        return found

    def increment_no_update_count(self, phase: str) -> int:
        """Saves that the phase found nothing to do; how often in a row."""
        count: int = self._native.value("increment_no_update_count", phase=text_of(phase, "phase"))
        return count

    def reset_no_update_count(self, phase: str) -> None:
        """Saves that the phase found something to do."""
        self._native.value("reset_no_update_count", phase=text_of(phase, "phase"))

    def get_no_update_count(self, phase: str) -> int:
        """How often in a row the phase found nothing to do."""
        count: int = self._native.value("get_no_update_count", phase=text_of(phase, "phase"))
        return count

    def add_performance_metric(self, name: str, value: float, context: Any = None) -> None:
        """Saves a value of a metric, with its time and context."""
        self._native.call("add_performance_metric", {
            "name": text_of(name, "name"), "value": real_of(value, "value")},
            [json.dumps(context).encode("ascii")])

    def learn_pattern(self, name: str, data: Any) -> None:
        """Saves a pattern: an object itself, anything else as {"pattern": …}."""
        self._with_value("learn_pattern", data, name=text_of(name, "name"))

    def add_fix(self, fix: Dict[str, Any]) -> None:
        """Saves a fix; its "type" (a string) and "success" (a boolean) are understood."""
        self._with_value("add_fix", fix)

    def add_correlation(self, correlation: Dict[str, Any]) -> None:
        """Saves a correlation: an object with members of the caller's choice."""
        self._with_value("add_correlation", correlation)

    def add_troubleshooting_result(self, result: Dict[str, Any]) -> None:
        """Saves a result: an object with members of the caller's choice."""
        self._with_value("add_troubleshooting_result", result)

    def get_fix_effectiveness(self) -> Dict[str, Any]:
        """How often fixes worked: total, successful, unknown, success_rate, and by_type."""
        found: Dict[str, Any] = self._native.value("get_fix_effectiveness")
        return found

    def _with_value(self, method: str, value: Any, **arguments: Any) -> None:
        self._native.call(method, arguments, [json.dumps(value).encode("ascii")])


def _state(generation: Optional[int], contents: List[bytes]) -> PipelineState:
    state = PipelineState.from_dict(json.loads(contents[0].decode("utf-8")))
    _set_generation(state, generation)
    return state


def _set_generation(state: PipelineState, generation: Optional[int]) -> None:
    state.__dict__["generation"] = generation


def _text_of(state: PipelineState) -> bytes:
    if not isinstance(state, PipelineState):
        raise TypeError(f"a PipelineState was expected, not {type(state).__name__}")
    return json.dumps(state.to_dict()).encode("ascii")
