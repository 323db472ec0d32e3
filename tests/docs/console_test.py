# SPDX-License-Identifier: Apache-2.0
"""The guides tell the truth: every block of a document that is marked `console` is run, all in one
shell from the top of the sources, and has to print what the document shows.

A line that begins with "$ " is a command (one that ends with a backslash goes on in the next line,
and so does a here-document); what follows is its output. "…" stands for anything within a line, and
a line "…" for any number of lines.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HOME = pathlib.Path(__file__).resolve().parents[2]
COMMAND = pathlib.Path(os.environ.get("UNTORN_COMMAND", HOME / "build/bin/untorn"))
DOCUMENTS = ["docs/guide/migrate.md", "docs/guide/replace-a-file.md"]


class Step:
    """One command and the lines that it has to print."""

    def __init__(self, line, command):
        self.line, self.command, self.expected = line, command, []


def is_complete(command):
    """Not in the middle of a here-document or of a continued line."""
    document = re.search(r"<<-?\s*'?(\w+)'?", command)
    if document:
        return command.endswith("\n" + document.group(1))
    return not command.endswith("\\")


def steps_of(text):
    steps, inside = [], False
    for number, line in enumerate(text.split("\n"), start=1):
        if line.startswith("```"):
            inside = line == "```console"
        elif not inside:
            continue
        elif steps and not is_complete(steps[-1].command):
            steps[-1].command += "\n" + line
        elif line.startswith("$ "):
            steps.append(Step(number, line[2:]))
        else:
            steps[-1].expected.append(line)
    return steps


def pattern_of(lines):
    parts = []
    for line in lines:
        if line.strip() == "…":
            parts.append(r"(?:[^\n]*\n)*?")
        else:
            parts.append(".*".join(re.escape(part) for part in line.split("…")) + r"\n")
    return "".join(parts)


def run_all(steps):
    """What each command printed, and its exit code."""
    with tempfile.TemporaryDirectory(prefix="untorn-guide-") as scratch:
        marker = "-- end of step --"
        script = "".join(f"{step.command}\nprintf '\\n%s %s\\n' '{marker}' $?\n" for step in steps)
        environment = dict(
            os.environ, PATH=f"{COMMAND.parent}:{os.environ['PATH']}", HOME=scratch,
            TMPDIR=scratch, NO_COLOR="1", PYTHONDONTWRITEBYTECODE="1",
            GIT_CONFIG_NOSYSTEM="1", GIT_AUTHOR_NAME="Reader", GIT_AUTHOR_EMAIL="reader@localhost",
            GIT_COMMITTER_NAME="Reader", GIT_COMMITTER_EMAIL="reader@localhost")
        done = subprocess.run(["bash", "-c", script], cwd=HOME, env=environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=300, check=False)
    results = re.findall(rf"(.*?)\n{marker} (\d+)\n", done.stdout, re.DOTALL)
    return [(text + "\n" if text and not text.endswith("\n") else text, int(code))
            for text, code in results]


class ConsoleTest(unittest.TestCase):
    maxDiff = None

    def test_every_document_prints_what_it_shows(self):
        for document in DOCUMENTS:
            steps = steps_of((HOME / document).read_text(encoding="utf-8"))
            self.assertGreater(len(steps), 5, document)
            results = run_all(steps)
            for step, (printed, code) in zip(steps, results):
                with self.subTest(document=document, line=step.line, command=step.command):
                    if not re.fullmatch(pattern_of(step.expected), printed):
                        self.assertEqual("\n".join(step.expected), f"{printed}(exit code {code})")
            self.assertEqual(len(results), len(steps), "the shell ended early")

    def test_a_wrong_document_is_noticed(self):
        steps = steps_of("```console\n$ echo one\ntwo\n$ echo a b c\na … c\n```\n")
        results = run_all(steps)
        self.assertEqual([printed for printed, _ in results], ["one\n", "a b c\n"])
        matches = [re.fullmatch(pattern_of(step.expected), printed) is not None
                   for step, (printed, _) in zip(steps, results)]
        self.assertEqual(matches, [False, True])


if __name__ == "__main__":
    if not COMMAND.exists():
        sys.exit(f"{COMMAND} is missing: make build")
    unittest.main()
