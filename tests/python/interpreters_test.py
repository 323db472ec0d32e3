# SPDX-License-Identifier: Apache-2.0
"""One build serves every CPython from 3.8 on: the same tests under each that this machine has."""

import glob
import os
import re
import subprocess
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor

import untorn
from harness import need

HERE = os.path.dirname(os.path.abspath(__file__))
SUITES = ("package_test", "atomic_file_test", "semantics_test", "open_test", "atomicwrites_test",
          "document_test", "transaction_test", "registry_test", "state_test")
OLDEST, NEWEST = 8, 13


def interpreters():
    """{minor version: path}, each version once, the running one apart."""
    found = {}
    places = [os.path.expanduser("~/.pyenv/versions/3.*/bin/python3"), "/usr/bin/python3"]
    for path in sorted(path for place in places for path in glob.glob(place)):
        answer = subprocess.run([path, "-c", "import sys; print(*sys.version_info[:2])"],
                                stdout=subprocess.PIPE, check=False).stdout.decode()
        match = re.match(r"3 (\d+)\n", answer)
        if match and int(match.group(1)) >= OLDEST:
            found.setdefault(int(match.group(1)), path)
    found.pop(sys.version_info[1], None)
    return found


def run_suites(path):
    environment = {**os.environ, "PYTHONPATH": os.path.dirname(untorn.__path__[0])}
    return subprocess.run([path, "-B", "-m", "unittest", "-q", *SUITES], cwd=HERE, env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


class Interpreters(unittest.TestCase):
    def test_every_version_from_3_8_on_passes_the_same_tests(self):
        found = interpreters()
        wanted = set(range(OLDEST, NEWEST + 1)) - {sys.version_info[1]}
        need(self, wanted <= set(found), "python",
             f"of CPython 3.{OLDEST} to 3.{NEWEST} there are only {sorted(found)}")
        with ThreadPoolExecutor(2) as pool:
            results = dict(zip(found, pool.map(run_suites, found.values())))
        for minor, result in results.items():
            with self.subTest(version=f"3.{minor}"):
                self.assertEqual(result.returncode, 0, result.stdout.decode(errors="replace"))


if __name__ == "__main__":
    unittest.main()
