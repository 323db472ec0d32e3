# SPDX-License-Identifier: Apache-2.0
"""The command `untorn prove` from Python: no crash could have broken this run, or here is one.

    python -m untorn.prove [OPTIONS] -- COMMAND [ARG…]

is `untorn prove`: the same flags, output and exit codes. In a program:

    report = untorn.prove.prove([sys.executable, "save.py"], root="project")
    for violation in report.violations:
        print(violation.path, violation.observed, violation.missing)

The command is looked for in UNTORN_BINARY, beside the package, and on PATH. Linux on x86-64.
"""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

from untorn._native import Path

__all__ = ["Engine", "Operation", "ProveError", "Report", "Source", "Undecided", "Violation",
           "find_command", "main", "prove"]

_PACKAGE = os.path.dirname(os.path.abspath(__file__))
_REPORTED = (0, 1, 2)  # exit codes after which there is a document


class ProveError(RuntimeError):
    """`untorn prove` could not do its work: it cannot be found or run, or refused the arguments.

    `code` is that of the tool's error ("unsupported" where this machine forbids tracing,
    "not_found" for a command that does not exist, …).
    """

    def __init__(self, message: str, code: str = "internal") -> None:
        super().__init__(message)
        self.code = code


@dataclasses.dataclass(frozen=True)
class Source:
    """A line of the program: relative to the root where it lies below it, else absolute."""

    path: str
    line: int
    function: str


@dataclasses.dataclass(frozen=True)
class Operation:
    """What one call did: "write", "rename", …; and the line that made it, where that is known."""

    operation: str
    path: str
    source: Optional[Source]


@dataclasses.dataclass(frozen=True)
class Violation:
    """One way in which a crash breaks a path, by its simplest example."""

    engine: str
    check: str
    path: str
    observed: str
    missing: str
    states: int
    replay: str
    lost: Optional[Operation]
    kept: Optional[Operation]
    proved_fix: Optional[str]
    document: Dict[str, Any] = dataclasses.field(repr=False, compare=False)


@dataclasses.dataclass(frozen=True)
class Undecided:
    """Why nothing can be said: a reason as the reference lists them, and its detail."""

    reason: str
    detail: str


@dataclasses.dataclass(frozen=True)
class Engine:
    """How many states one engine had, and how many of them were judged."""

    engine: str
    states_total: int
    states_checked: int
    exhaustive: bool
    violations: int


@dataclasses.dataclass(frozen=True)
class Report:
    """What `untorn prove --format json` says. `document` is all of it."""

    verdict: str
    exit_code: int
    root: str
    command_exit: Optional[int]
    states_total: int
    states_checked: int
    engines: Tuple[Engine, ...]
    violations: Tuple[Violation, ...]
    undecided: Tuple[Undecided, ...]
    notes: Tuple[str, ...]
    limits: Tuple[str, ...]
    document: Dict[str, Any] = dataclasses.field(repr=False, compare=False)

    @property
    def proved(self) -> bool:
        """Every state of the models was judged, and none is bad."""
        return self.verdict == "proved"


def find_command() -> Optional[str]:
    """The path of the command `untorn`, or None."""
    named = os.environ.get("UNTORN_BINARY")
    if named:
        return named
    above = os.path.dirname(_PACKAGE)
    places = [os.path.join(above, "bin", "untorn"),
              os.path.join(os.path.dirname(above), "bin", "untorn"),
              os.path.join(os.path.dirname(sys.executable), "untorn")]
    for place in places:
        if os.path.isfile(place) and os.access(place, os.X_OK):
            return place
    return shutil.which("untorn")


def _list_of(name: str, values: Union[str, Path, Iterable[Union[str, Path]], None]) -> List[str]:
    if values is None:
        return []
    if isinstance(values, (str, bytes, os.PathLike)):
        return [os.fsdecode(values)]
    texts = [os.fsdecode(value) for value in values]
    if not all(texts):
        raise ValueError(f"{name}: an empty value")
    return texts


def _arguments(options: Mapping[str, Any]) -> List[str]:
    """Flags of the command line. Unknown names are refused."""
    repeated = ("also", "check", "only", "ignore")
    joined = ("expect", "engine")
    single = ("ack", "model", "budget", "seed", "stop_after", "save_trace", "from_trace", "report",
              "isolation", "root")
    switches = ("deep", "require_exhaustive")
    arguments = []
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        if value is None or value is False:
            continue
        if name in repeated:
            for text in _list_of(name, value):
                arguments.append(f"{flag}={text}")
        elif name in joined:
            arguments.append(f"{flag}={','.join(_list_of(name, value))}")
        elif name in single:
            text = str(value) if isinstance(value, int) else os.fsdecode(value)
            arguments.append(f"{flag}={text}")
        elif name in switches:
            arguments.append(flag)
        else:
            raise TypeError(f"untorn prove has no option {name!r}")
    return arguments


def _required_command() -> str:
    found = find_command()
    if found is None:
        raise ProveError("the command untorn is neither named by UNTORN_BINARY, nor beside the "
                         "Python package, nor on PATH", "not_found")
    return found


def _run(arguments: List[str], cwd: Optional[Path], env: Optional[Mapping[str, str]],
         timeout: Optional[float]) -> "subprocess.CompletedProcess[bytes]":
    line = [_required_command(), "prove", *arguments]
    try:
        return subprocess.run(line, cwd=cwd, env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
                              check=False)
    except OSError as error:
        raise ProveError(f"{line[0]} cannot be run: {error.strerror}") from error


def _source(document: Optional[Dict[str, Any]]) -> Optional[Source]:
    if document is None:
        return None
    return Source(document["path"], document["line"], document["function"])


def _operation(document: Optional[Dict[str, Any]]) -> Optional[Operation]:
    if document is None:
        return None
    return Operation(document["operation"], document["path"], _source(document.get("source")))


def _violation(document: Dict[str, Any]) -> Violation:
    return Violation(document["engine"], document["check"], document["path"], document["observed"],
                     document["missing"], document["states"], document["replay"],
                     _operation(document["lost"]), _operation(document["kept"]),
                     document["proved_fix"], document)


def _report(document: Dict[str, Any], exit_code: int) -> Report:
    scope = document["scope"]
    engines = tuple(Engine(each["engine"], each["states_total"], each["states_checked"],
                           each["exhaustive"], each["violations"])
                    for each in document["engines"])
    undecided = tuple(Undecided(each["reason"], each["detail"]) for each in document["undecided"])
    return Report(document["verdict"], exit_code, document["root"], document["command_exit"],
                  scope["states_total"], scope["states_checked"], engines,
                  tuple(_violation(each) for each in document["violations"]), undecided,
                  tuple(document["notes"]), tuple(document["limits"]), document)


def prove(command: Optional[Sequence[Union[str, Path]]] = None, *, root: Optional[Path] = None,
          cwd: Optional[Path] = None, env: Optional[Mapping[str, str]] = None,
          timeout: Optional[float] = None, **options: Any) -> Report:
    """Runs the command once in a private world and judges every state that a crash could leave.

    The options are those of the command line: `also`, `check`, `expect`, `ack`, `only`, `ignore`,
    `engine`, `model`, `deep`, `budget`, `seed`, `require_exhaustive`, `stop_after`, `save_trace`,
    `from_trace` (then without a command), `report`, `isolation`; lists are lists. `cwd` and `env`
    are those of the command, `timeout` is in seconds, for everything (subprocess.TimeoutExpired).

    A verdict is no exception, whatever it is. ProveError: the tool could not do its work.
    """
    if isinstance(command, (str, bytes)):
        raise TypeError("command is a list of arguments; for a shell command: ['sh', '-c', …]")
    arguments = ["--format=json", "--quiet", *_arguments({"root": root, **options})]
    if command is not None:
        arguments += ["--", *[os.fsdecode(argument) for argument in command]]
    process = _run(arguments, cwd, env, timeout)
    try:
        document = json.loads(process.stdout.decode("utf-8"))
    except ValueError:
        document = None
    messages = process.stderr.decode("utf-8", "replace").strip()
    if document is None or process.returncode not in _REPORTED:
        raise ProveError(messages or f"untorn prove ended with {process.returncode}")
    if "error" in document:
        raise ProveError(document["error"]["message"], document["error"]["code"])
    return _report(document, process.returncode)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """`python -m untorn.prove`: becomes the command. Returns only if that cannot be found."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        command = _required_command()
        sys.stdout.flush()
        os.execv(command, [command, "prove", *given])
    except ProveError as error:
        print(f"error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"error: {command} cannot be run: {error.strerror}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
