# SPDX-License-Identifier: Apache-2.0
"""The protocols of the library under the models: each is right where the library picks it, and one
commit for content and name is caught where sync_file_range orders nothing."""

import sys

import harness

# The model under which one_commit is right, and which the library is told to assume for it.
RANGES_ORDER = ("ext4", "xfs")
RANGES_DO_NOT = ("portable", "btrfs")


class Protocols(harness.ProveCase):
    """Each test replaces a file that is there, by replace_file at one level."""

    def setUp(self):
        super().setUp()
        (self.root / "settings.json").write_text('{"generation": 1}\n', encoding="utf-8")

    def judge(self, level, model, assumed=None, expected="atomic,parse,durable"):
        """The document of a proof; `assumed` is what the program takes its file system for."""
        command = [str(harness.PROGRAMS / f"library_{level}")]
        if assumed:
            command = ["/usr/bin/env", f"UNTORN_ASSUME_FS={assumed}", *command]
        proof = self.run_unchanged(command, ["--model", model, "--expect", expected])
        return proof.document, proof.describe()

    def test_what_the_library_picks_is_proved_under_every_model(self):
        for model in (*RANGES_ORDER, *RANGES_DO_NOT):
            with self.subTest(model=model):
                document, why = self.judge("durable", model)
                self.assertEqual(document["verdict"], "proved", why)

    def test_ordered_is_whole_under_every_model(self):
        for model in (*RANGES_ORDER, *RANGES_DO_NOT):
            with self.subTest(model=model):
                document, why = self.judge("ordered", model, expected="atomic,parse")
                self.assertEqual(document["verdict"], "proved", why)

    def test_one_commit_is_violated_where_ranges_order_nothing(self):
        for assumed in RANGES_ORDER:
            for model in RANGES_DO_NOT:
                with self.subTest(assumed=assumed, model=model):
                    document, why = self.judge("durable", model, assumed)
                    self.assertEqual(document["verdict"], "violated", why)
                    checks = {violation["check"] for violation in document["violations"]}
                    self.assertIn("atomic", checks, why)

    def test_one_commit_is_proved_where_they_do(self):
        for assumed in RANGES_ORDER:
            for model in RANGES_ORDER:
                with self.subTest(assumed=assumed, model=model):
                    document, why = self.judge("durable", model, assumed)
                    self.assertEqual(document["verdict"], "proved", why)


if __name__ == "__main__":
    sys.exit(harness.main())
