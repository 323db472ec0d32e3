# SPDX-License-Identifier: Apache-2.0
"""The verdicts of docs/real-programs.md: programs as they are installed here, one run of each."""

import fnmatch
import os
import re
import shutil
import subprocess
import sys

import harness
import real_programs


class RealPrograms(harness.ProveCase):
    """One test per program; see add_tests."""

    def run_case(self, case):
        """Makes the files, proves the command, and compares."""
        if shutil.which(case.tool) is None:
            harness.skip(case.tool, f"{case.tool} is not installed")
        extra = {"PYTHON": harness.python()}
        made = subprocess.run(["sh", "-ec", case.before], cwd=self.root, check=False,
                              env=harness.environment(extra), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=60)
        if made.returncode != 0:
            harness.skip(case.tool, f"its files cannot be made here: {made.stderr!r}")
        proof = self.run_unchanged(["sh", "-c", case.command], case.options, extra=extra)
        why = proof.describe()
        self.assertEqual(proof.document["verdict"], case.verdict, why)
        violations = proof.document["violations"]
        for wanted in case.finds:
            engine, check, path, observed = wanted.split()
            self.assertTrue(any(v["engine"] == engine and v["check"] == check
                                and fnmatch.fnmatchcase(v["path"], path)
                                and fnmatch.fnmatchcase(v["observed"], observed)
                                for v in violations), f"{wanted}\n{why}")
        if case.only:
            self.assertEqual({v["engine"] for v in violations}, {case.only}, why)
        if case.verdict == "proved":
            self.assertTrue(all(e["exhaustive"] for e in proof.document["engines"]), why)


def add_tests():
    """Gives the class one test for each program."""
    for case in real_programs.cases():
        name = "test_" + re.sub(r"[^a-z0-9]+", "_", case.name.lower()).strip("_")
        if hasattr(RealPrograms, name):
            raise ValueError(f"two cases are named {name}")
        setattr(RealPrograms, name, lambda self, case=case: self.run_case(case))


add_tests()

if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(harness.main())
