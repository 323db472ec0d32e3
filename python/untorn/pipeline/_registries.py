# SPDX-License-Identifier: Apache-2.0
"""The tools and the roles of a project."""

import json
from dataclasses import dataclass
from typing import Any, ClassVar, Dict, List, Mapping, Optional, Tuple, Union

from untorn._native import Content, Native, content_of, count_of, real_of, text_of
from untorn._registry import (RegistryChange, RegistryVersion, Spec, SpecProblem, change_from,
                              problems_from, spec_bytes, versions_from)
from untorn._values import value_from
from untorn.pipeline._project import ProjectObject


@dataclass(frozen=True)
class Tool:
    """A tool that agents may call."""

    name: str
    description: str
    implementation: str  # file name in the folder
    version: str
    tags: Tuple[str, ...]
    parameters: Any  # JSON Schema; None if it takes none
    spec: Any  # all of the specification
    revision: int
    code: Optional[bytes] = None  # the implementation; list() and search() leave it out


@dataclass(frozen=True)
class Role:
    """A role that agents take."""

    name: str
    description: str
    capabilities: Tuple[str, ...]
    tools: Tuple[str, ...]
    tags: Tuple[str, ...]
    version: str
    spec: Any  # all of the specification
    revision: int
    prompt: Optional[str] = None  # list() and search() leave it out


@dataclass(frozen=True)
class UseStatistics:
    """How often a tool or role was used."""

    name: str
    uses: int
    successes: int
    failures: int
    total_ms: float
    last_used: str  # "": never
    success_rate: float = 0.0
    mean_ms: float = 0.0


@dataclass(frozen=True)
class TeamMember:
    """One of a team, and why."""

    name: str
    score: int  # of its own
    added: int  # to what those before it cover
    reasons: Tuple[str, ...]


@dataclass(frozen=True)
class Team:
    """Who was chosen for a problem."""

    members: Tuple[TeamMember, ...]  # in the order of choice
    uncovered: Tuple[str, ...]  # words of the problem that no role has


class _PairRegistry(ProjectObject):
    """What both registries share: a specification and one file beside it."""

    _kind: ClassVar[str]
    _native: Native

    def remove(self, name: str) -> RegistryChange:
        """Removes it. Its versions stay: restore() brings it back."""
        return change_from(self._native.value("remove", name=text_of(name, "name")))

    delete = remove

    def validate(self, spec: Spec) -> List[SpecProblem]:
        """Every mistake of a specification; empty: it would be accepted."""
        return problems_from(self._native.call("validate", contents=[spec_bytes(spec)])[0])

    def versions(self, name: str) -> List[RegistryVersion]:
        """Newest first; also of one that was removed."""
        return versions_from(self._native.value("versions", name=text_of(name, "name")))

    def restore(self, name: str, number: int) -> RegistryChange:
        """Puts a version back as a new one."""
        return change_from(self._native.value("restore", name=text_of(name, "name"),
                                              number=count_of(number, "number")))

    def record_use(self, name: str, success: bool, milliseconds: float = 0.0,
                   operation_id: str = "") -> bool:
        """Counts a use. False: this operation id was counted before."""
        if not isinstance(success, bool):
            raise TypeError(f"success must be bool, not {type(success).__name__}")
        counted: bool = self._native.value(
            "record_use", name=text_of(name, "name"), success=success,
            milliseconds=real_of(milliseconds, "milliseconds"),
            operation_id=text_of(operation_id, "operation_id"))
        return counted

    def statistics(self) -> List[UseStatistics]:
        """By name; those that were never used included."""
        return [value_from(UseStatistics, fields) for fields in self._native.value("statistics")]

    def verify(self, repair: bool = True) -> Dict[str, Any]:
        """Looks at every file. With `repair`, what is damaged is set aside and brought back."""
        found: Dict[str, Any] = self._native.value("verify", repair=bool(repair))
        return found

    def _change(self, method: str, spec: Spec,
                content: Optional[Union[str, Content]]) -> RegistryChange:
        contents = [spec_bytes(spec)] + ([] if content is None else [content_of(content)])
        return change_from(self._native.call(method, contents=contents)[0])


class ToolRegistry(_PairRegistry):
    """Tools: `PROJECT/.pipeline/tools/NAME.json` beside its implementation, both or neither.

        tools = ToolRegistry("project")
        tools.register_tool({"name": "word_count", "description": "Counts words.",
                             "implementation": "word_count.py",
                             "parameters": {"type": "object", "properties": {
                                 "text": {"type": "string"}}, "required": ["text"]}}, code)
        tools.check_arguments("word_count", {"text": 7})     # names every mistake

    Opening it verifies what is there: damaged files are set aside and brought back, and logged as
    a warning. Changes of a wrong specification fail with code "conflict" and name every mistake.
    """

    _kind = "ToolRegistry"

    def register_tool(self, spec: Spec, code: Union[str, Content]) -> RegistryChange:
        """A new tool. FileExistsError if there is one of that name."""
        return self._change("register_tool", spec, code)

    register = register_tool

    def update(self, spec: Spec, code: Optional[Union[str, Content]] = None) -> RegistryChange:
        """Another specification; without `code` the implementation stays."""
        return self._change("update", spec, code)

    def get(self, name: str) -> Tool:
        """FileNotFoundError if there is none."""
        fields, contents = self._native.call("get", {"name": text_of(name, "name")})
        return _tool({**fields, "spec": json.loads(contents[0].decode("utf-8")),
                      "code": contents[1] if len(contents) > 1 else None})

    def list(self) -> List[Tool]:
        """By name."""
        return [_tool({**fields, "code": None}) for fields in self._native.value("list")]

    def search(self, text: str = "", tag: str = "") -> List[Tool]:
        """Those that have each word somewhere, and the tag."""
        values = self._native.value("search", text=text_of(text, "text"), tag=text_of(tag, "tag"))
        return [_tool({**fields, "code": None}) for fields in values]

    def check_arguments(self, name: str, arguments: Mapping[str, Any]) -> List[SpecProblem]:
        """Every mistake of a call's arguments against the tool's parameters."""
        values, _ = self._native.call("check_arguments", {"name": text_of(name, "name")},
                                      [spec_bytes(arguments)])
        return problems_from(values)


class RoleRegistry(_PairRegistry):
    """Roles: `PROJECT/.pipeline/roles/NAME.json` beside its prompt NAME.md, both or neither.

        roles = RoleRegistry("project")
        roles.register_role({"name": "reviewer", "description": "looks for mistakes",
                             "capabilities": ["review", "python"]}, prompt)
        team = roles.select_team("review the python parser", 3)
    """

    _kind = "RoleRegistry"

    def register_role(self, spec: Spec, prompt: Union[str, Content]) -> RegistryChange:
        """A new role. FileExistsError if there is one of that name."""
        return self._change("register_role", spec, prompt)

    register = register_role

    def update(self, spec: Spec, prompt: Optional[Union[str, Content]] = None) -> RegistryChange:
        """Another specification; without `prompt` it stays."""
        return self._change("update", spec, prompt)

    def get(self, name: str) -> Role:
        """FileNotFoundError if there is none."""
        fields, contents = self._native.call("get", {"name": text_of(name, "name")})
        prompt = contents[1].decode("utf-8", "surrogateescape") if len(contents) > 1 else None
        return _role({**fields, "spec": json.loads(contents[0].decode("utf-8")), "prompt": prompt})

    def list(self) -> List[Role]:
        """By name."""
        return [_role({**fields, "prompt": None}) for fields in self._native.value("list")]

    def search(self, text: str = "", capability: str = "") -> List[Role]:
        """Those that have each word somewhere, and the capability."""
        values = self._native.value("search", text=text_of(text, "text"),
                                    capability=text_of(capability, "capability"))
        return [_role({**fields, "prompt": None}) for fields in values]

    def select_team(self, problem: str, size: int = 3) -> Team:
        """At most `size` roles for a problem, each with the reasons; the same every time."""
        fields = self._native.value("select_team", problem=text_of(problem, "problem"),
                                    size=count_of(size, "size"))
        members = tuple(value_from(TeamMember, entry) for entry in fields["members"])
        return Team(members, tuple(fields["uncovered"]))


def _tool(fields: Dict[str, Any]) -> Tool:
    return value_from(Tool, {**_named(Tool), **fields})


def _role(fields: Dict[str, Any]) -> Role:
    return value_from(Role, {**_named(Role), **fields})


def _named(kind: Any) -> Dict[str, Any]:
    """What a member means that the library leaves out."""
    return {"parameters": None} if kind is Tool else {}
