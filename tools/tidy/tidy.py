#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The style test: what no formatter and no compiler checks of this tree. Takes under a second.

  tools/tidy/tidy.py [ROOT]     default: the tree this file lies in

Prints one line a finding and exits 1 if there is any. Files that are merely long are notes.
Exceptions to the rule that only src/filesystem changes files are in allowed_calls.txt.
"""

import sys
from pathlib import Path

import cpp_rules
import text_rules
from sources import Source, read_tree

ALLOWED_CALLS = "tools/tidy/allowed_calls.txt"


def read_allowed(root):
    """{(path pattern, call): file of the exceptions}, from its lines `PATTERN CALL,… REASON…`."""
    allowed = {}
    if not Path(root, ALLOWED_CALLS).exists():
        return allowed
    source = Source(root, ALLOWED_CALLS)
    for number, line in enumerate(source.lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split(None, 2)
        if len(fields) != 3:
            raise SystemExit(f"{ALLOWED_CALLS}:{number}: wants PATTERN CALL,… REASON")
        for call in fields[1].split(","):
            allowed[fields[0], call] = source
    return allowed


def check(root):
    """The findings and the notes on the tree at `root`."""
    sources = read_tree(root)
    findings = []
    for rules in (text_rules, cpp_rules):
        for source in sources:
            for rule in rules.EACH_FILE:
                findings.extend(rule(source))
        for rule in rules.WHOLE_TREE:
            findings.extend(rule(sources))
    findings.extend(cpp_rules.seam(sources, read_allowed(root)))
    return sorted(findings, key=lambda f: (f.path, f.line, f.rule)), text_rules.long_files(sources)


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    findings, notes = check(root)
    for note in notes:
        print(f"note: {note}")
    for finding in findings:
        print(finding)
    print(f"tidy: {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
