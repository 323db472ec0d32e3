# SPDX-License-Identifier: Apache-2.0
"""untorn write: backups, parents, protocols, hard links, and what is overwritten where it lies."""

import os
import stat
import unittest

from command import CommandTest


class WriteOptions(CommandTest):
    def document_of(self, *arguments, stdin=b"new", code=0):
        result = self.run_untorn("write", "--format", "json", *arguments, stdin=stdin)
        self.assert_exit(result, code)
        return self.document(result)

    def test_backups_keep_the_last_versions_in_order(self):
        for number in range(5):
            self.document_of("--keep-backup", "3", "a", stdin=b"%d" % number)
        found = {name: self.read(name) for name in self.names()}
        self.assertEqual(found, {"a": b"4", "a.~1~": b"3", "a.~2~": b"2", "a.~3~": b"1"})

    def test_no_backup_is_made_of_a_file_that_is_not_there_or_for_0(self):
        self.document_of("--keep-backup", "2", "a")
        self.document_of("--keep-backup", "0", "a")
        self.document_of("a")
        self.assertEqual(self.names(), ["a"])

    def test_a_number_of_backups_that_is_none_exits_2(self):
        self.write("a", b"old")
        for text in ("-1", "x", "1001", "1.5", "", "99999999999999999999"):
            document = self.document_of("--keep-backup", text, "a", code=2)
            self.assertIn("--keep-backup", document["error"]["message"])
        self.assertEqual(self.read("a"), b"old")
        self.assertEqual(self.names(), ["a"])

    def test_parents_are_made_only_when_it_is_asked_for(self):
        self.document_of("x/y/z/a", code=2)
        self.assertEqual(self.names(), [])
        self.document_of("--create-parents", "x/y/z/a")
        self.assertEqual(self.read("x/y/z/a"), b"new")
        self.assertEqual(sorted(os.listdir(self.path("x/y/z"))), ["a"])
        self.document_of("--create-parents", "x/a/b/c/d")
        self.write("file", b"x")
        self.document_of("--create-parents", "file/below/a", code=2)
        self.assertEqual(self.read("file"), b"x")

    def test_the_protocol_can_be_the_classic_one(self):
        classic = self.document_of("--protocol", "classic", "a")
        self.assertEqual(classic["protocol"], "classic")
        self.assertEqual(classic["syncs"], 2)
        automatic = self.document_of("--protocol", "automatic", "a")
        self.assertIn(automatic["protocol"], ("classic", "one_commit"))
        for document in (classic, automatic):
            self.assertIsInstance(document["commits"], int)
            self.assertEqual(document["retries"], 0)
        self.assertEqual(self.document_of("--durability", "process", "a")["commits"], 0)
        self.document_of("--protocol", "fastest", "a", code=2)

    def test_hard_links_split_are_refused_or_all_get_it(self):
        self.write("a", b"old", 0o640)
        os.link(self.path("a"), self.path("b"))
        refused = self.document_of("--hard-links", "refuse", "a", code=2)
        self.assertEqual(refused["error"]["code"], "has_hard_links")
        self.document_of("--hard-links", "in-place", "a", code=2)  # without --sidecar
        os.mkdir(self.path("side"))
        done = self.document_of("--hard-links", "in-place", "--sidecar", "side", "a")
        self.assertEqual(done["protocol"], "in_place")
        self.assertEqual((self.read("a"), self.read("b")), (b"new", b"new"))
        self.assertEqual(stat.S_IMODE(os.stat(self.path("b")).st_mode), 0o640)
        self.assertEqual([name for name in os.listdir(self.path("side"))
                          if not name.endswith("lock")], [])
        split = self.document_of("a", stdin=b"mine")
        self.assertIs(split["hard_links_split"], True)
        self.assertEqual((self.read("a"), self.read("b")), (b"mine", b"new"))

    def test_a_sidecar_folder_that_is_not_there_is_refused_and_nothing_changed(self):
        self.write("a", b"old")
        os.link(self.path("a"), self.path("b"))
        self.document_of("--hard-links", "in-place", "--sidecar", "none", "a", code=2)
        self.assertEqual(self.read("a"), b"old")
        self.assertEqual(self.names(), ["a", "b"])


if __name__ == "__main__":
    unittest.main()
