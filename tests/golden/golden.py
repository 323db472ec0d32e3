# SPDX-License-Identifier: Apache-2.0
"""The table of the example and a copy of the example, for the tests beside this file."""

import json
import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
HOME = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(HOME, "tests", "cli"))

from command import CommandTest  # noqa: E402

PROGRAM = "agent_pipeline"
EXAMPLE = os.path.join(HOME, "examples", PROGRAM)
FLAW = "UT014"


def read_table():
    with open(os.path.join(HERE, "agent_pipeline.json"), encoding="utf-8") as file:
        return json.load(file)


class GoldenTest(CommandTest):
    """Each test has a copy of the example to itself, in its own folder."""

    maxDiff = None

    def setUp(self):
        super().setUp()
        self.table = read_table()
        self.program = self.path(PROGRAM)
        shutil.copytree(EXAMPLE, self.program, ignore=shutil.ignore_patterns("__pycache__"))

    def scan(self, *arguments):
        """The document of a scan of the copy, from above it: names are relative to the copy."""
        result = self.run_untorn("scan", "--no-cache", "--format", "json", *arguments, PROGRAM)
        self.assertIn(result.returncode, (0, 1), result.stderr)
        return self.document(result)

    def sites(self, report):
        return [finding for finding in report["findings"] if finding["code"] != FLAW]

    def expected_sites(self):
        return {(file["path"], site["line"]): site
                for file in self.table["files"] for site in file["sites"]}
