# SPDX-License-Identifier: Apache-2.0
"""The page of untorn watch in a real browser."""

import shutil
import subprocess
import unittest

from command import need
from watch_test import PATIENCE_S, WatchTest

# No network of its own, no first steps: the browser asks nobody but the page.
ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync")


class Page(WatchTest):
    def setUp(self):
        super().setUp()
        self.browser = shutil.which("chromium")
        need(self, self.browser, "browser", "there is no chromium")

    def shown(self, process):
        """The document as the browser has built it."""
        result = subprocess.run(
            [self.browser, *ARGUMENTS, f"--user-data-dir={self.path('profile')}", "--dump-dom",
             f"http://127.0.0.1:{process.port}/"], check=False, capture_output=True,
            stdin=subprocess.DEVNULL, timeout=PATIENCE_S)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout.decode()

    def test_what_is_wrong_is_shown(self):
        self.write("state/a.json", b"{")
        page = self.shown(self.start("--documents", "*.json", "state"))
        self.assertIn('<h1 class="bad">1 problem</h1>', page)
        self.assertIn("<code>a.json</code>", page)
        self.assertIn("corrupt-document", page)

    def test_a_name_of_a_file_runs_nothing(self):
        name = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'"
        self.write(f"state/{name}.json", b"{")
        page = self.shown(self.start("--documents", "*.json", "state"))
        self.assertIn("<title>problems – untorn watch</title>", page)
        self.assertNotIn("<img", page)
        self.assertNotIn("<script", page)


if __name__ == "__main__":
    unittest.main()
