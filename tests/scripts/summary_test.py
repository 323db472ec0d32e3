# SPDX-License-Identifier: Apache-2.0
"""scripts/summary: the last line counts every run, and nothing that failed is passed over."""

import subprocess
import tempfile
import unittest
from pathlib import Path

SUMMARY = Path(__file__).resolve().parents[2] / "scripts" / "summary"
PASSED = '<testcase name="a" status="run"/>'
FAILED = '<testcase name="b" status="fail"><failure message=""/></testcase>'
SKIPPED = '<testcase name="c" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/></testcase>'
NOT_BUILT = ('<testcase name="d" status="notrun"><skipped message="Unable to find executable"/>'
             "</testcase>")
SKIPPED_AFTER_FAILING = (
    '<testcase name="e" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>'
    "<system-out>[  FAILED  ] e\n[  SKIPPED ] e</system-out></testcase>")


class SummaryTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="untorn-summary-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_summary(self, runs, failed_parts=()):
        """The exit code and the last line for {folder: test cases, or None for no run}."""
        for name, cases in runs.items():
            (self.folder / name).mkdir()
            if cases is not None:
                (self.folder / name / "junit.xml").write_text(
                    f"<testsuite>{''.join(cases)}</testsuite>", encoding="utf-8")
        result = subprocess.run([str(SUMMARY), *failed_parts, "--", *runs], cwd=self.folder,
                                text=True, capture_output=True, check=False)
        return result.returncode, result.stdout.splitlines()[-1]

    def test_runs_are_added_up(self):
        self.assertEqual((0, "3 passed, 0 failed, 1 skipped"),
                         self.run_summary({"release": [PASSED, PASSED, SKIPPED], "asan": [PASSED]}))

    def test_a_failed_test_counts_once(self):
        self.assertEqual((1, "1 passed, 1 failed, 0 skipped"),
                         self.run_summary({"release": [PASSED, FAILED]}, ["release"]))

    def test_a_test_that_could_not_start_has_failed(self):
        self.assertEqual((1, "1 passed, 1 failed, 0 skipped"),
                         self.run_summary({"release": [PASSED, NOT_BUILT]}))

    def test_a_test_that_failed_before_it_skipped_has_failed(self):
        self.assertEqual((1, "1 passed, 1 failed, 0 skipped"),
                         self.run_summary({"release": [PASSED, SKIPPED_AFTER_FAILING]}))

    def test_a_part_that_failed_outside_of_its_tests_counts(self):
        self.assertEqual((1, "1 passed, 2 failed, 0 skipped"),
                         self.run_summary({"release": [PASSED], "asan": None}, ["asan", "lint"]))

    def test_no_test_at_all_is_a_failure(self):
        self.assertEqual((1, "0 passed, 0 failed, 0 skipped"), self.run_summary({"release": None}))


if __name__ == "__main__":
    unittest.main()
