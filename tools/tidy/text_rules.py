# SPDX-License-Identifier: Apache-2.0
"""Rules on the text of every file: form, licence, words and paths, sizes, documents."""

import ast
import os
import re

from sources import functions_of

COLUMNS_MAX = 100
FILE_LINES_MAX = 800
FILE_LINES_WANTED = 400
FUNCTION_LINES_MAX = 70

CODE = {"cpp", "python", "shell", "cmake", "make", "config"}
COMMENTED = CODE | {"ignore"}

# Data that a test reads from a program's own comments, one fact a line.
DATA_LINE = re.compile(r"(?:#|//): ")

# In pieces, so that this file does not break its own rules.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" "DO", "FIX" "ME", "XX" "X", "HA" "CK"]) + r")\b")
SWITCHED_OFF = re.compile(r"\bDISABLED" r"_\w+|@unittest\.skip" r"\(")
NEIGHBOUR = re.compile(r"\.\./" r"shared")
MACHINE_PATH = re.compile(
    r"(?<![\w.$}/~>)-])/(?:root|work|farm)" r"(?=/[\w.])")
HOME_PATH = re.compile(r"(?<![\w.$}/~>)-])/(?:home|Users|mnt|srv|opt)" r"(?=/[\w.])")
PACKAGE_HOST = re.compile(
    r"\b(?:deb|security|registry|proxy|pypi|files|index|static|crates|repo1?)"
    r"\.[a-z0-9-]+\.(?:org|com|io|net)\b")


def form(source):
    """Line lengths, blanks at line ends, tabs, line ends."""
    if source.kind in ("binary", "json") or source.path == "LICENSE":
        return
    if source.data and not source.data.endswith(b"\n"):
        yield source.finding("form", len(source.lines), "the last line has no line end")
    if source.data.endswith(b"\n\n"):
        yield source.finding("form", len(source.lines) - 1, "empty lines at the end")
    if b"\r" in source.data:
        yield source.finding("form", 1, "carriage returns: lines end with a line feed alone")
    for number, line in enumerate(source.lines, 1):
        if line != line.rstrip():
            yield source.finding("form", number, "blanks at the end of the line")
        if source.kind in ("cpp", "python", "cmake") and "\t" in line:
            yield source.finding("form", number, "a tab")
        if source.kind in CODE and len(line) > COLUMNS_MAX and not DATA_LINE.match(line):
            yield source.finding("form", number, f"{len(line)} columns; {COLUMNS_MAX} at most")


def licence(source):
    if source.kind not in CODE:
        return
    head = source.lines[:3]
    if not any("SPDX-License-Identifier: Apache-2.0" in line for line in head):
        yield source.finding("licence", 1, "no SPDX line at the top")


def words(source):
    """What stays out of the tree: open tasks, switched-off tests, machines, hosts."""
    if source.kind == "binary" or source.path == "LICENSE":
        return
    for number, line in enumerate(source.lines, 1):
        if (found := UNFINISHED.search(line)) is not None:
            yield source.finding("words", number, f"'{found.group()}': finish it or leave it out")
        if (found := SWITCHED_OFF.search(line)) is not None:
            yield source.finding("words", number, f"'{found.group()}': a test that is switched off")
        if NEIGHBOUR.search(line):
            yield source.finding("words", number, "a path outside of the project")
        found = MACHINE_PATH.search(line)
        if found is None and not source.is_test:  # a test may make such paths up
            found = HOME_PATH.search(line)
        if found is not None:
            yield source.finding("words", number, f"'{found.group()}': a path of one machine")
        if (found := PACKAGE_HOST.search(line)) is not None:
            yield source.finding("words", number, f"'{found.group()}': the host of a registry")


def sizes(source):
    if source.kind not in ("cpp", "python", "shell"):
        return
    lines = len(source.lines) - 1
    if lines > FILE_LINES_MAX:
        yield source.finding("size", 1, f"{lines} lines; {FILE_LINES_MAX} at most")
    for name, first, last in bodies(source):
        if last - first + 1 > FUNCTION_LINES_MAX:
            yield source.finding(
                "size", first, f"{name} has {last - first + 1} lines; {FUNCTION_LINES_MAX} at most")


def bodies(source):
    """(name, first line, last line) of each function."""
    if source.kind == "cpp":
        return [(f.name, f.first_line, f.last_line) for f in functions_of(source)]
    if source.kind == "python":
        try:
            tree = ast.parse(source.text)
        except SyntaxError:  # a test's input may be wrong on purpose
            return []
        return [(node.name, node.lineno, node.end_lineno) for node in ast.walk(tree)
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return shell_bodies(source)


def shell_bodies(source):
    found = []
    opened = None
    for number, line in enumerate(source.lines, 1):
        if (match := re.match(r"(\w+)\(\) \{$", line)) is not None:
            opened = (match.group(1), number)
        elif line == "}" and opened:
            found.append((*opened, number))
            opened = None
    return found


def decisions(sources):
    """docs/decisions/NNNN-title.md: one file a number, and no other names."""
    seen = {}
    for source in sources:
        if not source.path.startswith("docs/decisions/"):
            continue
        name = os.path.basename(source.path)
        match = re.fullmatch(r"(\d{4})-[a-z0-9]+(-[a-z0-9]+)*\.md", name)
        if not match:
            yield source.finding("decisions", 1, "a decision is named NNNN-title.md")
        elif match.group(1) in seen:
            yield source.finding("decisions", 1, f"number taken by {seen[match.group(1)]}")
        else:
            seen[match.group(1)] = source.path


def links(sources):
    """A relative link of a document leads to a file or folder that is there."""
    present = {source.path for source in sources}
    for path in list(present):
        while path := os.path.dirname(path):
            present.add(path)
    for source in sources:
        if source.kind != "markdown":
            continue
        for number, line in enumerate(source.lines, 1):
            for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", line):
                if re.match(r"[a-z]+:", target):
                    continue
                resolved = os.path.normpath(os.path.join(os.path.dirname(source.path), target))
                if resolved not in present and resolved != ".":
                    yield source.finding("links", number, f"'{target}' leads nowhere")


MENTION = re.compile(
    r"(?<![\w./{-])(?:docs|tests|src|include|scripts|tools|examples|bench)/"
    r"[\w./-]+\.(?:md|cpp|h|py)\b")


def mentions(sources):
    """A file of ours that a comment or a document names is there."""
    present = {source.path for source in sources}
    for source in sources:
        if source.kind not in ("cpp", "markdown", "cmake", "shell"):
            continue
        for number, line in enumerate(source.lines, 1):
            for name in MENTION.findall(line):
                if name not in present:
                    yield source.finding("mentions", number, f"'{name}' is not there")


def quotes(sources):
    """A code block of a document that names a file, as in `<!-- a/b.cpp -->`, is a part of it."""
    files = {source.path: source for source in sources}
    for source in sources:
        if source.kind != "markdown":
            continue
        for match in re.finditer(r"^<!-- (\S+) -->\n+```\w*\n(.*?)^```$", source.text,
                                 re.MULTILINE | re.DOTALL):
            quoted = files.get(match.group(1))
            if quoted is None or match.group(2) not in quoted.text:
                yield source.finding("quotes", source.line_of(match.start()),
                                     f"this is not what {match.group(1)} says")


def long_files(sources):
    """Notes, not findings: files past the wanted length."""
    return [f"{source.path}: {len(source.lines) - 1} lines, {FILE_LINES_WANTED} wanted"
            for source in sources
            if source.kind in ("cpp", "python") and len(source.lines) - 1 > FILE_LINES_WANTED]


EACH_FILE = [form, licence, words, sizes]
WHOLE_TREE = [decisions, links, mentions, quotes]
