# SPDX-License-Identifier: Apache-2.0
"""A real program with a transaction under the real `untorn prove`.

The check recovers each crash state as the next run of the program would, and demands all files or
none. That it can fail is shown by what it says without a transaction, and without the recovery.
"""

import shlex
import sys

import harness

PROGRAM = harness.PROGRAMS / "transaction_program"
BEFORE = {"a": "old a", "b": "old b", "gone": "old", "name": "moved"}


class Transactions(harness.ProveCase):
    """One change of several files, in three ways."""

    def setUp(self):
        super().setUp()
        for name, text in BEFORE.items():
            (self.root / name).write_text(text, encoding="utf-8")

    def prove(self, *arguments, check, expect="atomic,durable-if-synced"):
        """The program with these arguments, judged by its own check."""
        command = f"{shlex.quote(str(PROGRAM))} {check}"
        return self.run_unchanged([str(PROGRAM), *arguments],
                                  ["--expect", expect, "--check", command])

    def test_all_or_none_in_every_crash_state_once_recovered(self):
        """Proved: every state of both models was looked at."""
        proof = self.prove(check="check")
        self.assertEqual(proof.document["verdict"], "proved", proof.describe())

    def test_each_file_replaced_by_itself_is_caught(self):
        """The check tells a mixture."""
        proof = self.prove("apart", check="pair", expect="none")
        self.assertEqual(proof.document["verdict"], "violated", proof.describe())

    def test_without_the_recovery_a_mixture_is_seen(self):
        """Between the commit point and the end of the applying there is one."""
        proof = self.prove(check="look", expect="none")
        self.assertEqual(proof.document["verdict"], "violated", proof.describe())


if __name__ == "__main__":
    sys.exit(harness.main())
