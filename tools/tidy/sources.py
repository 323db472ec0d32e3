# SPDX-License-Identifier: Apache-2.0
"""The tree as the rules see it: files with their kind, C++ with comments and strings blanked."""

import bisect
import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

SKIPPED_FOLDERS = {".git", "build", "node_modules", "__pycache__", ".untorn", "corpus"}

KINDS = {
    ".h": "cpp", ".cpp": "cpp", ".c": "cpp", ".py": "python", ".sh": "shell", ".cmake": "cmake",
    ".md": "markdown", ".json": "json", ".toml": "config", ".yml": "config", ".yaml": "config",
}
KINDS_BY_NAME = {
    "CMakeLists.txt": "cmake", "Makefile": "make", ".clang-tidy": "config",
    ".clang-format": "config", ".gitignore": "ignore", "LICENSE": "text",
}
# How a generation of a document begins: bytes that the library wrote, kept as they are.
GENERATION = b"untorn-generation "


@dataclass(frozen=True)
class Finding:
    path: str
    line: int
    rule: str
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.message} [{self.rule}]"


class Source:
    """One file. Paths are relative to the root of the tree, with '/'."""

    def __init__(self, root, path):
        self.path = path
        self.data = Path(root, path).read_bytes()

    @cached_property
    def text(self):
        return self.data.decode("utf-8", "replace")

    @cached_property
    def lines(self):
        return self.text.split("\n")

    @cached_property
    def kind(self):
        name = os.path.basename(self.path)
        kind = KINDS_BY_NAME.get(name) or KINDS.get(os.path.splitext(name)[1])
        if kind:
            return kind
        first = self.data.split(b"\n", 1)[0]
        if first.startswith(b"#!"):
            return "python" if b"python" in first else "shell"
        return "binary" if b"\0" in self.data or first.startswith(GENERATION) else "text"

    @property
    def is_header(self):
        return self.path.endswith(".h")

    @property
    def is_public_header(self):
        return self.path.startswith("include/untorn/")

    @cached_property
    def is_test(self):
        """Built with the tests only: by its folder, its name, or what it includes."""
        return (self.path.startswith("tests/")
                or re.search(r"(?:^|_)test(?:_|\.)", os.path.basename(self.path)) is not None
                or re.search(r"^#include <(?:gtest|gmock|rapidcheck)", self.text, re.M) is not None)

    @property
    def room(self):
        """The folder under src/ that owns this file, or None."""
        parts = self.path.split("/")
        return parts[1] if parts[0] == "src" and len(parts) > 2 else None

    @cached_property
    def code(self):
        """C++ of the same length, with comments, strings and characters blanked."""
        return blank(self.text)

    @cached_property
    def statements(self):
        """The code with preprocessor directives blanked too."""
        return re.sub(r"(?m)^[ \t]*#(?:[^\n\\]|\\.|\\\n)*",
                      lambda match: re.sub(r"[^\n]", " ", match.group()), self.code)

    @cached_property
    def _line_starts(self):
        return [0] + [match.end() for match in re.finditer("\n", self.text)]

    def line_of(self, offset):
        return bisect.bisect_right(self._line_starts, offset)

    def finding(self, rule, line, message):
        return Finding(self.path, line, rule, message)


def read_tree(root):
    """Every file of ours under `root`, sorted by path."""
    sources = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(set(folders) - SKIPPED_FOLDERS)
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")
            if not os.path.islink(os.path.join(root, path)):
                sources.append(Source(root, path))
    return sources


_TOKEN = re.compile(
    r'''//[^\n]*|/\*.*?\*/'''
    r'''|R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"'''
    r'''|"(?:\\.|[^"\\\n])*"'''
    r'''|(?<![0-9A-Za-z_])(?:u8|[uUL])?'(?:\\.|[^'\\\n])+\'''',
    re.DOTALL)


def blank(text):
    """Blanks comments and literals, but keeps the quotes of strings and every line end."""
    def spaces(match):
        found = match.group()
        if found.startswith('"'):
            return '"' + " " * (len(found) - 2) + '"'
        return re.sub(r"[^\n]", " ", found)
    return _TOKEN.sub(spaces, text)


@dataclass(frozen=True)
class Function:
    name: str
    first_line: int
    last_line: int

    @property
    def lines(self):
        return self.last_line - self.first_line + 1


_NOT_FUNCTION = re.compile(r"\b(namespace|class|struct|union|enum|concept|extern)\b")
_NAME = re.compile(r"([A-Za-z_~][\w:~]*|operator\s*\S+)\s*\(")


def functions_of(source):
    """The outermost function bodies of a C++ file, lambdas counted with the function they are in.

    Works on the braces: a brace that follows a parameter list, outside of any parenthesis, opens a
    body. What precedes it since the last statement tells a function from a class or namespace.
    """
    code = source.statements
    functions = []
    start = 0
    at = 0
    while (found := re.compile(r"[;{}]").search(code, at)) is not None:
        at = found.end()
        head = code[start:found.start()]
        if found.group() != "{":
            if head.count("(") <= head.count(")"):
                start = at
            continue
        if head.count("(") > head.count(")") or re.search(r"[,:]\s*[\w:]+(<[^{}]*>)?\s*$", head) \
                and re.search(r"\)[^;{}]*:[^:]", head):
            at = matching_brace(code, found.start())  # an argument or a member initializer
            continue
        signature = _NAME.search(head)
        before_parameters = re.sub(r"template\s*<[^{};]*>", "",
                                   head[:signature.start()] if signature else head)
        if signature and "=" not in before_parameters \
                and not _NOT_FUNCTION.search(before_parameters):
            at = matching_brace(code, found.start())
            first = start + len(head) - len(head.lstrip())
            functions.append(Function(signature.group(1), source.line_of(first),
                                      source.line_of(at - 1)))
        elif "=" in head or re.search(r"\b(enum)\b", head):
            at = matching_brace(code, found.start())  # an initializer or a list of enumerators
            continue
        start = at
    return functions


def matching_brace(code, opening):
    """The offset just behind the brace that closes the one at `opening`."""
    depth = 0
    for found in re.finditer(r"[{}]", code[opening:]):
        depth += 1 if found.group() == "{" else -1
        if depth == 0:
            return opening + found.end()
    return len(code)
