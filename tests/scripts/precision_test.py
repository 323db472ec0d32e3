# SPDX-License-Identifier: Apache-2.0
"""bench/precision: what is counted as right, wrong, unjudged and missed, and that the judgements
that are kept can be used."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "bench" / "precision"
sys.path.insert(0, str(FOLDER))

import judged  # noqa: E402
import packages  # noqa: E402
import page  # noqa: E402

SOURCE = """import os
def first(path):
    with open(path, "w") as file:
        file.write("1")
def second(path):
    with open(path, "w") as file:
        file.write("2")
os.replace("a", "b")
"""


def finding(line, code="UT001", **other):
    return {"path": "a.py", "line": line, "code": code, "severity": "high", "role": "state",
            "suppressed": False, **other}


class PrecisionTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="untorn-precision-")
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        (self.root / "a.py").write_text(SOURCE, encoding="utf-8")

    def site(self, line, code="UT001", severity="high", role="state"):
        text, nth = judged.key_of(SOURCE.split("\n"), line)
        if code is None:
            severity = role = None
        return judged.Site("a.py", line, text, nth, code, "because", severity, role)

    def package(self, *sites, complete=False):
        return judged.Package("name", "1.0", "name", "name", sites, complete=complete)

    def counts(self, package, *findings):
        return judged.count(judged.judge(package, findings, self.root))

    def result(self, package, *findings):
        verdicts = judged.judge(package, findings, self.root)

        class Result:
            files = 1
            release = package.version
            counts = judged.count(verdicts)
            missed = judged.missed(package, verdicts)
        Result.package, Result.judged = package, verdicts
        return Result

    def write(self, **changes):
        """The path of a file of judgements."""
        data = {"schema": "untorn.precision/1", "name": "name", "version": "1.0",
                "distribution": "name", "folder": "name", "sites": [], **changes}
        path = self.root / "name.json"
        path.write_text(json.dumps(data), encoding="utf-8")
        return path

    def test_a_finding_is_right_only_under_the_judged_rule(self):
        package = self.package(self.site(3), self.site(6, None), self.site(8, "UT003"))
        counts = self.counts(package, finding(3), finding(6), finding(8, "UT004"))
        self.assertEqual((1, 2, 0), (counts.right, counts.wrong, counts.unjudged))
        self.assertAlmostEqual(1 / 3, counts.precision)

    def test_what_nobody_read_counts_in_no_share(self):
        counts = self.counts(self.package(self.site(3)), finding(3), finding(8, "UT003"))
        self.assertEqual((2, 1, 1.0), (counts.findings, counts.unjudged, counts.precision))
        self.assertIsNone(self.counts(self.package(), finding(3)).precision)

    def test_suppressed_findings_are_none(self):
        counts = self.counts(self.package(self.site(3)), finding(3, suppressed=True))
        self.assertEqual(0, counts.findings)

    def test_equal_lines_of_a_file_are_told_apart(self):
        package = self.package(self.site(3), self.site(6, None))
        self.assertEqual((1, 0), (self.counts(package, finding(3)).right,
                                  self.counts(package, finding(6)).right))

    def test_a_judgement_follows_its_line(self):
        package = self.package(self.site(8, "UT003"))
        (self.root / "a.py").write_text("# new\n\n" + SOURCE, encoding="utf-8")
        self.assertEqual(1, self.counts(package, finding(10, "UT003")).right)
        self.assertEqual(1, self.counts(package, finding(8, "UT003")).unjudged)

    def test_severity_and_role_are_asked_of_right_findings(self):
        package = self.package(self.site(3), self.site(6, severity="low", role="log"),
                               self.site(8, None))
        counts = self.counts(package, finding(3, severity="medium"),
                             finding(6, severity="low", role="cache"), finding(8))
        self.assertEqual((1, 1, 1),
                         (counts.exact_severity, counts.near_severity, counts.exact_role))

    def test_what_is_missed_is_what_holds_and_was_not_found(self):
        package = self.package(self.site(3), self.site(6, None), self.site(8, "UT003"))
        result = self.result(package, finding(8, "UT004"))
        self.assertEqual([3], [site.line for site in result.missed])

    def test_recall_is_asked_of_packages_that_were_read_whole(self):
        read = self.result(self.package(self.site(3), self.site(6), complete=True), finding(3))
        self.assertIn("| name | 2 | 1 | 1 | 50 % |", page.recall_table([read]))
        partly = self.result(self.package(self.site(3), self.site(6)), finding(3))
        self.assertNotIn("| name |", page.recall_table([partly]))

    def test_the_page_adds_the_packages_up(self):
        package = self.package(self.site(3), self.site(6, None))
        results = [self.result(package, finding(3)), self.result(package, finding(6))]
        self.assertIn("| **together** |  | 2 | 2 | 1 | 1 | 0 | 50 % |",
                      page.precision_table(results))
        self.assertIn("| `name/a.py:6` | UT001 | high | state | **wrong** | because |",
                      page.whole(results))

    def test_judgements_that_cannot_be_used_are_refused(self):
        half = {"path": "a.py", "line": 1, "text": "0", "nth": 1, "code": "UT001", "why": "because"}
        whole = {**half, "severity": "low", "role": "log"}
        for changes in ({"schema": "untorn.precision/9"}, {"sites": [half]},
                        {"sites": [whole, whole]}, {"sites": [{**whole, "why": ""}]},
                        {"sites": [{**whole, "more": 1}]}, {"unknown": 1}):
            with self.subTest(changes), self.assertRaises(judged.JudgementError):
                judged.load(self.write(**changes))
        self.assertEqual("because", judged.load(self.write(sites=[whole])).sites[0].why)

    def test_the_judged_release_is_preferred_to_others(self):
        for release in ("2.0", "1.0", "3.0"):
            folder = self.root / release
            (folder / "name").mkdir(parents=True)
            info = folder / f"name-{release}.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Name: name\nVersion: {release}\n", encoding="utf-8")
        where = [packages.Place(self.root / release) for release in ("2.0", "1.0", "3.0")]
        self.assertEqual((self.root / "1.0" / "name", "1.0"),
                         packages.find(self.package(), where))
        self.assertEqual("2.0", packages.find(self.package(), where[::2])[1])
        self.assertIsNone(packages.find(self.package(), []))

    def test_what_cannot_be_measured_ends_with_2(self):
        for arguments, reason in ((["nosuch"], "no judgements of nosuch; there are "),
                                  (["--untorn", str(self.root / "none"), "stdlib"], "none")):
            with self.subTest(arguments):
                result = subprocess.run([sys.executable, "-B", str(FOLDER / "run"), *arguments],
                                        text=True, capture_output=True, check=False)
                self.assertEqual(2, result.returncode, result.stderr)
                self.assertIn(reason, result.stderr)

    def test_all_judgements_that_are_kept_can_be_read(self):
        kept = [judged.load(path) for path in sorted((FOLDER / "judgements").glob("*.json"))]
        self.assertGreaterEqual(len(kept), 6)
        self.assertIn("python", {package.distribution for package in kept})
        self.assertGreaterEqual(sum(len(package.sites) for package in kept), 250)


if __name__ == "__main__":
    unittest.main()
