# SPDX-License-Identifier: Apache-2.0
"""untorn doctor where it may not do everything: read-only, unreadable, another user's."""

import os
import shutil
import subprocess
import unittest

from command import COMMAND, CommandTest, clean_environment, need

LEFT = ".untorn-tmp-0123456789abcdef0123456789abcdef"


class DoctorWithoutRights(CommandTest):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("state"))

    def as_nobody(self, *arguments):
        """The command as a user without any right of root."""
        need(self, os.geteuid() != 0 or shutil.which("setpriv") is not None, "root",
             "setpriv is not installed")
        os.chmod(self.folder, 0o755)
        copy = self.path("untorn")  # where nobody may read it
        shutil.copy(COMMAND, copy)
        prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        return subprocess.run([*(prefix if os.geteuid() == 0 else []), copy, *arguments],
                              cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False, env=clean_environment())

    def test_a_read_only_folder_is_left_as_it_is_and_the_reason_told(self):
        self.write("state/" + LEFT, b"x", mode=0o644)
        os.chmod(self.path("state"), 0o555)
        self.addCleanup(os.chmod, self.path("state"), 0o755)
        result = self.as_nobody("doctor", "--repair", "--format", "json", "state")
        self.assert_exit(result, 1)
        problem, = self.document(result)["problems"]
        self.assertIs(problem["repaired"], False)
        self.assertIn("Permission denied", problem["repair"])
        self.assertEqual(os.listdir(self.path("state")), [LEFT])
        result = self.as_nobody("doctor", "--probe", "--format", "json", "state")
        self.assert_exit(result, 2)
        self.assertEqual(self.document(result)["error"]["code"], "permission_denied")

    def test_a_temporary_that_cannot_be_opened_is_of_unknown_owner(self):
        self.write("state/" + LEFT, b"x", mode=0o000)
        result = self.as_nobody("doctor", "--repair", "--format", "json", "state")
        self.assert_exit(result, 0)
        problem, = self.document(result)["problems"]
        self.assertEqual((problem["owner"], problem["severity"]), ("unknown", "info"))
        self.assertEqual(os.listdir(self.path("state")), [LEFT])

    def test_a_folder_that_cannot_be_read_is_never_called_healthy(self):
        os.mkdir(self.path("state/closed"), 0o700)
        os.chmod(self.path("state/closed"), 0o000)
        self.addCleanup(os.chmod, self.path("state/closed"), 0o700)
        result = self.as_nobody("doctor", "--format", "json", "state")
        self.assert_exit(result, 2)
        skipped, = self.document(result)["skipped"]
        self.assertEqual(skipped, {"path": "closed", "reason": "Permission denied",
                                   "failed": True})
        result = self.as_nobody("doctor", "state")
        self.assertIn(b"not everything could be looked at", result.stdout)


if __name__ == "__main__":
    unittest.main()
