# SPDX-License-Identifier: Apache-2.0
"""untorn bench: what it says it measured, and that nothing of it stays."""

import os
import signal
import subprocess
import time
import unittest

from command import CommandTest

SMALL = ("--rounds", "3", "--files", "4", "--bytes", "100")
FIELDS = {"what", "files", "requested", "achieved", "choice", "protocol", "rounds", "median_us",
          "p99_us", "syncs", "commits", "flushes"}


class Bench(CommandTest):
    def document_of(self, *arguments):
        result = self.run_untorn("bench", "--format", "json", *arguments)
        self.assert_exit(result, 0)
        return self.document(result)

    def test_the_document_has_every_level_and_protocol_for_one_file_and_a_batch(self):
        document = self.document_of(*SMALL)
        self.assertEqual(next(iter(document)), "schema")
        self.assertEqual(document["schema"], "untorn.bench/1")
        self.assertEqual((document["bytes"], document["rounds"], document["files"]), (100, 3, 4))
        found = set()
        for each in document["results"]:
            self.assertEqual(set(each), FIELDS)
            self.assertEqual(each["rounds"], 3)
            self.assertEqual(each["files"], 4 if each["what"] == "batch" else 1)
            self.assertLessEqual(each["median_us"], each["p99_us"])
            self.assertGreater(each["median_us"], 0)
            found.add((each["what"], each["requested"], each["choice"]))
        self.assertEqual(found, {(what, level, choice) for what in ("file", "batch")
                                 for level in ("process", "ordered", "durable")
                                 for choice in ("classic", "automatic")})
        self.assertEqual(self.names(), [])

    def test_syncs_are_those_of_the_receipts(self):
        kind = subprocess.run(["stat", "-f", "-c", "%T", self.folder], stdout=subprocess.PIPE,
                              check=True).stdout
        results = self.document_of(*SMALL)["results"]
        by_level = {each["requested"]: each for each in results
                    if each["what"] == "file" and each["choice"] == "classic"}
        self.assertEqual(by_level["process"]["syncs"], 0)
        if kind.strip() not in (b"tmpfs", b"ramfs"):
            self.assertEqual((by_level["ordered"]["syncs"], by_level["durable"]["syncs"]), (1, 2))
        for each in results:
            if each["requested"] == "process":
                self.assertEqual(each["commits"], 0)

    def test_flushes_are_a_number_or_the_limits_say_why_not(self):
        document = self.document_of(*SMALL)
        unknown = [each for each in document["results"] if each["flushes"] is None]
        said = any("flushes cannot be counted" in limit for limit in document["limits"])
        self.assertEqual(bool(unknown), said)
        self.assertIn(len(unknown), (0, len(document["results"])))

    def test_where_nothing_can_be_counted_it_says_so(self):
        if not os.access("/dev/shm", os.W_OK):
            self.skipTest("there is no folder in memory")
        document = self.document_of(*SMALL, "/dev/shm")
        self.assertTrue(document["filesystem"]["volatile"])
        self.assertEqual({each["flushes"] for each in document["results"]}, {None})
        self.assertEqual({each["achieved"] for each in document["results"]}, {"process"})
        self.assertIn("power cut", " ".join(document["limits"]))

    def test_the_table_has_a_line_for_each_and_the_notes(self):
        result = self.run_untorn("bench", "--color", "never", *SMALL)
        self.assert_exit(result, 0)
        text = result.stdout.decode()
        self.assertEqual(len([line for line in text.splitlines() if line.startswith("  ")]), 13)
        self.assertIn("Note: ", text)
        self.assertIn(b"measuring in", result.stderr)
        quiet = self.run_untorn("bench", "--quiet", *SMALL)
        self.assertEqual(quiet.stderr, b"")

    def test_wrong_sizes_and_folders_exit_2_and_leave_nothing(self):
        self.write("file", b"x")
        for arguments in (["--rounds", "0"], ["--rounds", "x"], ["--rounds", "-1"],
                          ["--bytes", "9999999999999"], ["--files", "0"], ["--files", "10001"],
                          ["none"], ["file"], [".", "two"]):
            with self.subTest(arguments):
                result = self.run_untorn("bench", "--format", "json", *arguments)
                self.assert_exit(result, 2)
                self.assertEqual(self.document(result)["schema"], "untorn.bench/1")
                self.assertIn("message", self.document(result)["error"])
        self.assertEqual(self.names(), ["file"])

    def test_a_folder_that_may_not_be_written_exits_2(self):
        if os.geteuid() == 0:
            self.skipTest("root may write everywhere")
        os.mkdir(self.path("d"), 0o500)
        self.assert_exit(self.run_untorn("bench", "d"), 2)

    def test_a_signal_ends_it_and_removes_everything(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process = self.start_untorn("bench", "--rounds", "100000", "--files", "20")
            for _ in range(500):
                if self.names():
                    break
                time.sleep(0.01)
            self.assertNotEqual(self.names(), [])
            process.send_signal(number)
            process.communicate(timeout=30)
            self.assertEqual(process.returncode, 128 + number)
            self.assertEqual(self.names(), [])

    def test_other_files_of_the_folder_are_not_touched(self):
        self.write("mine", b"x")
        os.mkdir(self.path("0"))
        before = os.stat(self.path("mine"))
        self.assert_exit(self.run_untorn("bench", *SMALL), 0)
        self.assertEqual(self.names(), ["0", "mine"])
        after = os.stat(self.path("mine"))
        self.assertEqual((before.st_ino, before.st_mtime_ns), (after.st_ino, after.st_mtime_ns))


if __name__ == "__main__":
    unittest.main()
