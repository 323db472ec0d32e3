# SPDX-License-Identifier: Apache-2.0
"""Judgements of people, held against the findings of a scan.

A judgement says of one place in one release of a package what somebody found who read the code
around it: the rule that truly holds there, or none. It is kept apart from what any scan said, so
that a later scan, with other rules, is measured by the same truth.

P1. A place is its path, the text of its line, and which of the lines with that text it is. The line
    number is for readers; other releases with the same line are judged alike.
P2. A finding is right if its rule is the judged one, wrong if there is none or another one, and
    unjudged if nobody has read the place. Unjudged findings count in no share.
P3. Recall is asked only of packages of which every place was read ("complete").
"""

import dataclasses
import hashlib
import json

SEVERITIES = ("low", "medium", "high", "critical")


class JudgementError(Exception):
    """A file of judgements that cannot be used; says which and why."""


@dataclasses.dataclass(frozen=True)
class Site:
    """One place that somebody has read."""

    path: str
    line: int
    text: str             # of the line, see key_of()
    nth: int              # of the lines of the file that have this text, from 1
    code: str | None      # the rule that holds, or None: no finding belongs here
    why: str
    severity: str | None = None
    role: str | None = None

    @property
    def key(self):
        return self.path, self.text, self.nth


@dataclasses.dataclass(frozen=True)
class Package:
    """One release of a package, and all that is judged in it."""

    name: str
    version: str
    distribution: str          # what brings it; "python" for the standard library
    folder: str                # below the folder of the packages
    sites: tuple
    exclude: tuple = ()
    complete: bool = False     # every place was read, not only the findings
    blind: bool = False        # first scanned when the rules stood


@dataclasses.dataclass(frozen=True)
class Judged:
    """A finding and the judgement of its place, if there is one."""

    finding: dict
    site: Site | None

    @property
    def verdict(self):
        if self.site is None:
            return "unjudged"
        return "right" if self.finding["code"] == self.site.code else "wrong"

    @property
    def steps(self):
        """How far the severity is from the judged one."""
        return abs(SEVERITIES.index(self.finding["severity"])
                   - SEVERITIES.index(self.site.severity))


@dataclasses.dataclass(frozen=True)
class Counts:
    """What a scan got right. Severities and roles are asked of right findings only."""

    right: int = 0
    wrong: int = 0
    unjudged: int = 0
    exact_severity: int = 0
    near_severity: int = 0     # one step off
    exact_role: int = 0

    def __add__(self, other):
        return Counts(*(mine + yours for mine, yours in
                        zip(dataclasses.astuple(self), dataclasses.astuple(other))))

    @property
    def findings(self):
        return self.right + self.wrong + self.unjudged

    @property
    def precision(self):
        """The share of right findings, or None where nothing is judged."""
        judged = self.right + self.wrong
        return self.right / judged if judged else None


def key_of(lines, number):
    """(text, nth) of the line `number`, from 1, of a file: blanks at its ends do not matter."""
    text = lines[number - 1].strip()
    nth = sum(1 for line in lines[:number] if line.strip() == text)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12], nth


def read_lines(path):
    """The lines of a source, whatever its encoding."""
    return path.read_bytes().decode("utf-8", "surrogateescape").split("\n")


def load(path):
    """The package whose judgements `path` holds."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        sites = tuple(Site(**site) for site in data.pop("sites"))
        schema = data.pop("schema")
        package = Package(**{**data, "exclude": tuple(data.get("exclude", ()))}, sites=sites)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise JudgementError(f"{path.name}: {error}") from error
    if schema != "untorn.precision/1":
        raise JudgementError(f"{path.name}: schema {schema!r} is not known")
    check(package)
    return package


def check(package):
    """Judgements that contradict each other, or that say half of what they must, are an error."""
    seen = set()
    for site in package.sites:
        place = f"{package.name}: {site.path}:{site.line}"
        if site.key in seen:
            raise JudgementError(f"{place} is judged twice")
        seen.add(site.key)
        if site.code is not None and (site.severity not in SEVERITIES or not site.role):
            raise JudgementError(f"{place} needs a severity and a role")
        if not site.why:
            raise JudgementError(f"{place} needs a reason")


def judge(package, findings, root):
    """A Judged for each finding of a scan of `root`. Suppressed ones are none."""
    places = {site.key: site for site in package.sites}
    files = {}
    judged = []
    for finding in findings:
        if finding["suppressed"]:
            continue
        path = finding["path"]
        if path not in files:
            files[path] = read_lines(root / path)
        judged.append(Judged(finding, places.get((path, *key_of(files[path], finding["line"])))))
    return judged


def count(judged):
    """The Counts of a list of Judged."""
    verdicts = [each.verdict for each in judged]
    right = [each for each in judged if each.verdict == "right"]
    return Counts(
        right=len(right), wrong=verdicts.count("wrong"), unjudged=verdicts.count("unjudged"),
        exact_severity=sum(each.steps == 0 for each in right),
        near_severity=sum(each.steps == 1 for each in right),
        exact_role=sum(each.finding["role"] == each.site.role for each in right))


def missed(package, judged):
    """The places where a rule holds and nothing was found, whatever rule was named there."""
    found = {each.site.key for each in judged if each.site is not None}
    return [site for site in package.sites if site.code is not None and site.key not in found]
