# SPDX-License-Identifier: Apache-2.0
"""Reads what a program of the corpus expects, from the marked comments at its top.

A line `#: KEY VALUE…` (in C `//: …`) is a directive; the words follow the rules of the shell, and
further lines that begin with more than one space after the mark belong to it.
Source lines are not numbered but marked: a program line that ends in the comment `line: NAME` is
what `@NAME` means.

  file NAME json|text|zeros VALUE   a file that exists before the run
  before COMMAND…                   run in the root before the run; {program}, {python}, {root}
  command COMMAND…                  what is proved, if not the program itself
  arguments OPTION…                 further options of `untorn prove`
  needs TOOL                        the test is skipped where this command is missing
  verdict WORD                      proved, passed, violated or undecided
  violation KEY=VALUE…              engine, check, path (* for any), observed (a list), lost, kept
                                    (lists of @NAME; none for null), missing (a regular expression)
  others yes                        further violations are allowed; otherwise the list is complete
  clean ENGINE                      this engine was exhaustive and found nothing
  exhaustive yes                    every engine was
  engines NAME…                     exactly these ran
  class PATH CLASS                  of a path in the report
  versions PATH COUNT               the same
  judged PATH CHECK…                the checks that judged it are at least these
  undecided REASON [WORD]           a reason, and a word that its detail must hold
  note REGEX, limit REGEX           some note, some limit matches
  model NAME VERDICT [CHECK…]       the verdict under `--model NAME`, and all checks that fail there
  library python                    the program imports the Python package of this build
  source PATH                       every source line named lies in this path, spelt like this;
                                    any: they lie in a library, not in the program
  shallow VERDICT                   the verdict without --deep
  function NAME                     every source line named lies in this function
"""

import re
import shlex


class Expectation:
    """The directives of one program, and its marked lines."""

    def __init__(self, path):
        self.path = path
        self.lines = {}
        self.directives = []
        mark = re.compile(r"(?:#|//)\s*line: ([a-z_]+)\s*$")
        directive = re.compile(r"^(?:#|//): (\S+)\s*(.*)$")
        continuation = re.compile(r"^(?:#|//):\s+(.*)$")
        text_lines = path.read_text(encoding="utf-8").splitlines()
        self.length = len(text_lines)
        for number, text in enumerate(text_lines, 1):
            if found := mark.search(text):
                self.lines.setdefault(found[1], []).append(number)
            if found := directive.match(text):
                self.directives.append((found[1], words(found[2])))
            elif found := continuation.match(text):
                self.directives[-1][1].extend(words(found[1]))
        known = {"file", "before", "command", "arguments", "needs", "verdict", "violation",
                 "others", "clean", "exhaustive", "engines", "class", "versions", "judged",
                 "undecided", "note", "limit", "source", "function", "model", "library", "shallow"}
        self.sentence = first_sentence(path)
        unknown = {key for key, _ in self.directives} - known
        if unknown:
            raise ValueError(f"{path.name}: unknown directive {sorted(unknown)}")
        if len(self.all("verdict")) != 1:
            raise ValueError(f"{path.name}: exactly one verdict is needed")

    def all(self, key):
        """The words of every directive with this key."""
        return [value for name, value in self.directives if name == key]

    def one(self, key):
        """The words of the only directive with this key, or None."""
        found = self.all(key)
        return found[0] if found else None

    def violations(self):
        """Each expected violation as a dictionary."""
        return [dict(word.split("=", 1) for word in value) for value in self.all("violation")]

    def numbers(self, value):
        """'@a,@b' → the line numbers that carry these marks; 'none' → {None}."""
        numbers = set()
        for word in value.split(","):
            if word == "none":
                numbers.add(None)
            else:
                numbers.update(self.lines[word.removeprefix("@")])
        return numbers


def first_sentence(path):
    """What the comment at the top of the program says first."""
    said = []
    for text in path.read_text(encoding="utf-8").splitlines()[1:]:
        found = re.match(r"(?:#|//)(?!:)\s?(.*)$", text)
        if not found:
            break
        said.append(found[1])
    return re.match(r"(.*?[.:])(\s|$)", " ".join(said).strip())[1].rstrip(".:")


def words(text):
    """Splits like a shell; inside the words \\n and \\" mean what they mean in C."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = ""
    return [word.replace("\\n", "\n") for word in lexer]


def content(kind, value):
    """The bytes of a `file` directive."""
    if kind == "text":
        return value.encode()
    if kind == "zeros":
        return bytes(int(value))
    if kind == "json":
        head, tail = b'{"generation": 1, "padding": "', b'"}\n'
        return head + b"a" * (int(value) - len(head) - len(tail)) + tail
    raise ValueError(f"unknown kind of content: {kind}")
