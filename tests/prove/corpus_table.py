# SPDX-License-Identifier: Apache-2.0
"""Writes the table of the corpus into docs/internals/prove-corpus.md, or says that it is old.

    corpus_table.py            writes it
    corpus_table.py --check    exit 1 if the page does not have it
"""

import pathlib
import sys

import corpus_test
import expectation

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "internals" / "prove-corpus.md"
MARKERS = ("<!-- programs: written by tests/prove/corpus_table.py -->", "<!-- programs: end -->")
HEADER = ["program", "language", "verdict", "what is found", "other models", "what it does"]


def found(wanted):
    """Engine, check and lines of each violation; the reasons where there is no verdict."""
    texts = []
    for violation in wanted.violations():
        text = f"{violation['engine']} {violation['check']}"
        for key in ("lost", "kept"):
            marks = violation.get(key, "").replace("@", "").replace(",", " or ")
            if marks and marks != "none":
                text += f", {key} `{marks}`"
        texts.append(text)
    texts += [reason for reason, *_ in wanted.all("undecided")]
    return "; ".join(texts)


def models(wanted):
    """The verdicts under the models that the program names."""
    by_verdict = {}
    for model, verdict, *_ in wanted.all("model"):
        by_verdict.setdefault(verdict, []).append(model)
    return "; ".join(f"{verdict}: {', '.join(names)}" for verdict, names in by_verdict.items())


def table():
    """The table, good programs last, and the counts before it."""
    order = {"violated": 0, "proved": 1, "passed": 2, "undecided": 3}
    rows, counts = [], {}
    for path in sorted(corpus_test.FOLDER.iterdir()):
        if path.suffix not in corpus_test.LANGUAGES:
            continue
        wanted = expectation.Expectation(path)
        verdict = wanted.one("verdict")[0]
        counts[verdict] = counts.get(verdict, 0) + 1
        rows.append((order[verdict], [f"`{path.name}`", corpus_test.LANGUAGES[path.suffix], verdict,
                                      found(wanted), models(wanted), wanted.sentence]))
    rows = [cells for _, cells in sorted(rows)]
    lines = ["| " + " | ".join(HEADER) + " |", "|" + " --- |" * len(HEADER)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    said = ", ".join(f"{counts[v]} {v}" for v in order if v in counts)
    return f"{len(rows)} programs: {said}.\n\n" + "\n".join(lines)


def main():
    text = PAGE.read_text(encoding="utf-8")
    head, rest = text.split(MARKERS[0], 1)
    new = "\n\n".join([head + MARKERS[0], table(), MARKERS[1]]) + rest.split(MARKERS[1], 1)[1]
    if sys.argv[1:] == ["--check"]:
        if new != text:
            print(f"{PAGE}: the table is old; run tests/prove/corpus_table.py", file=sys.stderr)
        return int(new != text)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
