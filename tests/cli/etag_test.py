# SPDX-License-Identifier: Apache-2.0
"""untorn etag, and untorn write --if-match: no update is lost among those who use them."""

import concurrent.futures
import os
import stat
import subprocess
import unittest

from command import COMMAND, CommandTest, clean_environment


class Etag(CommandTest):
    def etag_of(self, name):
        result = self.run_untorn("etag", name)
        self.assert_exit(result, 0)
        self.assertEqual(result.stderr, b"")
        self.assertRegex(result.stdout, rb"\A[!-~]+\n\Z")
        return result.stdout.decode().rstrip("\n")

    def test_the_etag_alone_is_on_stdout_and_that_of_the_receipt(self):
        written = self.document(self.run_untorn("write", "--format", "json", "a", stdin=b"one"))
        self.assertEqual(self.etag_of("a"), written["etag"])
        self.assertEqual(self.etag_of("a"), written["etag"])

    def test_it_changes_with_every_version(self):
        seen = set()
        for content in (b"one", b"two", b"one"):
            self.run_untorn("write", "a", stdin=content)
            seen.add(self.etag_of("a"))
        with open(self.path("a"), "r+b") as file:  # in place
            file.write(b"x")
        seen.add(self.etag_of("a"))
        self.assertEqual(len(seen), 4)

    def test_the_document_has_exactly_the_fields_that_are_promised(self):
        self.write("a", b"12345")
        document = self.document(self.run_untorn("etag", "--format", "json", "a"))
        self.assertEqual(next(iter(document)), "schema")
        self.assertEqual(document, {"schema": "untorn.etag/1", "root": self.folder, "path": "a",
                                    "etag": self.etag_of("a"), "bytes": 5})

    def test_a_link_is_followed(self):
        self.write("a", b"x")
        os.symlink("a", self.path("link"))
        self.assertEqual(self.etag_of("link"), self.etag_of("a"))

    def test_what_is_no_file_exits_2_and_says_why(self):
        os.mkdir(self.path("d"))
        os.mkfifo(self.path("fifo"))
        os.symlink("nowhere", self.path("dangling"))
        os.symlink("loop", self.path("loop"))
        for name, code in (("none", "not_found"), ("d", "not_regular_file"),
                           ("fifo", "not_regular_file"), ("dangling", "not_found"),
                           ("none/a", "not_found")):
            with self.subTest(name):
                result = self.run_untorn("etag", "--format", "json", name)
                self.assert_exit(result, 2)
                document = self.document(result)
                self.assertEqual(document["schema"], "untorn.etag/1")
                self.assertEqual(document["error"]["code"], code)
                self.assertIn(os.path.basename(name).encode(), result.stderr)
                self.assertEqual(self.run_untorn("etag", name).stdout, b"")
        self.assert_exit(self.run_untorn("etag", "loop"), 2)

    def test_a_file_that_may_not_be_read_exits_2(self):
        if os.geteuid() == 0:
            self.skipTest("root may read everything")
        self.write("a", b"x", 0o000)
        self.assert_exit(self.run_untorn("etag", "a"), 2)

    def test_usage_errors_exit_2(self):
        self.write("a", b"x")
        for arguments in ([], ["a", "b"], ["--nothing", "a"], [""]):
            self.assert_exit(self.run_untorn("etag", *arguments), 2)

    def test_output_is_replaced_whole_and_never_the_file_itself(self):
        self.write("a", b"x")
        self.assert_exit(self.run_untorn("etag", "--output", "e", "a"), 0)
        self.assertEqual(self.read("e").decode(), self.etag_of("a") + "\n")
        self.assert_exit(self.run_untorn("etag", "--output", "a", "a"), 2)
        self.assertEqual(self.read("a"), b"x")

    def test_hostile_names_stay_one_line_and_valid_json(self):
        for name in (b"new\nline", b"quote\"", b"\xff\xfe", b"-dash"):
            path = os.path.join(os.fsencode(self.folder), name)
            with open(path, "wb") as file:
                file.write(b"x")
            document = self.document(self.run_untorn("etag", "--format", "json", "--", name))
            self.assertEqual(document["bytes"], 1)
            os.unlink(path)
            result = self.run_untorn("etag", "--", name)
            self.assert_exit(result, 2)
            self.assertEqual(result.stderr.count(b"\n"), 1)


class IfMatch(CommandTest):
    def etag_of(self, name):
        return self.run_untorn("etag", name).stdout.decode().rstrip("\n")

    def test_the_version_that_was_read_is_replaced(self):
        self.write("a", b"old")
        for match in ((), ("--match", "cooperative"), ("--match", "detect")):
            seen = self.etag_of("a")
            result = self.run_untorn("write", "--if-match", seen, *match, "a", stdin=b"new")
            self.assert_exit(result, 0)
            self.assertEqual(self.read("a"), b"new")
        self.assertEqual(self.names(), ["a"])

    def test_another_version_exits_1_and_stays(self):
        self.write("a", b"old")
        seen = self.etag_of("a")
        for change in (lambda: self.write("a", b"new"),
                       lambda: self.run_untorn("write", "a", stdin=b"old")):
            change()
            for match in ("cooperative", "detect"):
                before = os.stat(self.path("a"))
                result = self.run_untorn("write", "--format", "json", "--if-match", seen,
                                         "--match", match, "a", stdin=b"mine")
                self.assert_exit(result, 1)
                document = self.document(result)
                self.assertEqual(document["outcome"], "not_applied")
                self.assertEqual(document["error"]["code"], "conflict")
                after = os.stat(self.path("a"))
                self.assertEqual((before.st_ino, before.st_mtime_ns),
                                 (after.st_ino, after.st_mtime_ns))
        self.assertEqual(self.names(), ["a"])

    def test_a_file_that_is_gone_exits_1(self):
        self.write("a", b"old")
        seen = self.etag_of("a")
        os.unlink(self.path("a"))
        self.assert_exit(self.run_untorn("write", "--if-match", seen, "a", stdin=b"x"), 1)
        self.assertEqual(self.names(), [])

    def test_the_etag_of_another_file_exits_1_and_words_that_are_none_exit_2(self):
        self.write("a", b"old")
        self.write("b", b"old")
        other = self.etag_of("b")
        self.assert_exit(self.run_untorn("write", "--if-match", other, "a", stdin=b"x"), 1)
        for word in ("x", "*", "é", "u1-0-0-0-0", other + " ", "u2-" + "f" * 5000):
            result = self.run_untorn("write", "--format", "json", "--if-match", word, "a",
                                     stdin=b"x")
            self.assert_exit(result, 2)
            self.assertEqual(self.document(result)["error"]["code"], "invalid_argument")
        self.assertEqual(self.read("a"), b"old")

    def test_contradictions_exit_2_before_anything_is_read(self):
        self.write("a", b"old")
        seen = self.etag_of("a")
        for arguments in (["--if-match", ""], ["--match", "detect"], ["--match", "always"],
                          ["--if-match", seen, "--must-not-exist"]):
            result = self.run_untorn("write", "--format", "json", *arguments, "a", stdin=b"x")
            self.assert_exit(result, 2)
            self.assertEqual(self.document(result)["error"]["code"], "invalid_argument")
        self.assertEqual(self.read("a"), b"old")

    def test_no_update_of_many_writers_is_lost(self):
        self.write("a", b"0")

        def add_one(_):
            for _ in range(200):
                seen = subprocess.run([COMMAND, "etag", "a"], cwd=self.folder, check=True,
                                      stdout=subprocess.PIPE, env=clean_environment()).stdout
                number = int(self.read("a"))
                done = self.run_untorn("write", "--durability", "process", "--if-match",
                                       seen.decode().strip(), "a",
                                       stdin=str(number + 1).encode())
                if done.returncode == 0:
                    return True
                self.assert_exit(done, 1)
            return False

        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            self.assertEqual(list(pool.map(add_one, range(18))), [True] * 18)
        self.assertEqual(self.read("a"), b"18")
        self.assertEqual(self.names(), ["a"])
        self.assertTrue(stat.S_ISREG(os.stat(self.path("a")).st_mode))


if __name__ == "__main__":
    unittest.main()
