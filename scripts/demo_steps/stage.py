# SPDX-License-Identifier: Apache-2.0
"""What every step of the demonstration uses: claims, lines, and runs of the real command."""

import json
import os
import pathlib
import shlex
import signal
import subprocess
import sys

HOME = pathlib.Path(__file__).resolve().parents[2]
# Another build of the command may be shown: UNTORN_COMMAND=path/to/untorn scripts/demo
UNTORN = pathlib.Path(os.environ.get("UNTORN_COMMAND", HOME / "build" / "bin" / "untorn"))
REPORTS = HOME / "build" / "demo"
EXAMPLE = HOME / "examples" / "agent_pipeline"
AUDIT = HOME / "tests" / "golden" / "agent_pipeline.json"
# The interpreter itself: a launcher would be another program to the tracer.
PYTHON = os.path.realpath(sys.executable)
STEPS = 7
LINES_MAX = 60
COLUMNS = 100
STOP_WAIT_S = 10

lines_said = 0


class Wrong(Exception):
    """A step did not show what it claims."""


def claim(holds, what):
    """Ends the demonstration when something that it says is not so."""
    if not holds:
        raise Wrong(what)


def say(text=""):
    """So many lines, at once."""
    global lines_said
    print(text, flush=True)
    lines_said += 1 + text.count("\n")


def step(number, title):
    say(f"{chr(10) if lines_said else ''}({number}/{STEPS}) {title}")


def cut(text):
    """What fits on a line."""
    return text if len(text) <= COLUMNS else text[:COLUMNS - 1] + "…"


def shown(command):
    """The command as a person would type it."""
    return " ".join(shlex.quote("python3" if word == PYTHON else word) for word in command)


def printable(name):
    """A name of a stranger's file, without what would move the cursor."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode()
                   for c in name)


def run(command, folder, environment=None):
    """Runs a program to its end. What stops the demonstration stops the program first, by Ctrl-C,
    so that it removes what it has made."""
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})},
                               start_new_session=True)
    try:
        output, messages = process.communicate()
    except BaseException:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=STOP_WAIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        raise
    return subprocess.CompletedProcess(command, process.returncode, output, messages)


def untorn(verb, folder, *arguments, environment=None):
    """Runs the command in this folder, without a report."""
    return run([str(UNTORN), verb, *arguments], folder, environment)


def document(name, verb, folder, *arguments, environment=None):
    """Runs a verb for its JSON document, keeps that as a report, and returns (it, exit code)."""
    result = untorn(verb, folder, "--format", "json", "--quiet", *arguments,
                    environment=environment)
    (REPORTS / f"{name}.json").write_bytes(result.stdout)
    claim(result.stdout, f"untorn {verb} said nothing: {result.stderr.decode(errors='replace')}")
    found = json.loads(result.stdout)
    claim("error" not in found, f"untorn {verb} failed: {found.get('error')}")
    return found, result.returncode


def prove(name, root, command, *options, environment=None):
    """Runs the prover, keeps its document, and returns it."""
    say(f"      $ untorn prove {''.join(o + ' ' for o in options)}-- {shown(command)}")
    return document(name, "prove", root, "--root", str(root), *options, "--", *command,
                    environment=environment)[0]


def states(proof):
    """'18 of 18 states', or that they are a sample."""
    checked, total = (proof["scope"][key] for key in ("states_checked", "states_total"))
    if all(engine["exhaustive"] for engine in proof["engines"]):
        return f"{checked} of {total} states"
    return f"a sample of {checked} states"


def place(operation):
    """'write at naive.py line 24 in save'."""
    if operation is None:
        return "nothing"
    source = operation["source"]
    if not source:
        return operation["operation"]
    inside = f" in {source['function']}()" if source.get("function") else ""
    return f"{operation['operation']:8} at {source['path']} line {source['line']}{inside}"


def power_loss(proof, folder=""):
    """The violation of the power engine that the demonstration shows, below this folder."""
    for violation in proof["violations"]:
        if (violation["engine"], violation["check"]) == ("power", "atomic"):
            if violation["path"].startswith(folder):
                return violation
    raise Wrong(f"no file below '{folder}' is torn by a power cut: {proof['verdict']}")
