# SPDX-License-Identifier: Apache-2.0
"""untorn doctor on logs, transactions and counters that real, killed commands left behind."""

import os
import shutil
import signal
import subprocess
import time
import unittest

from command import COMMAND, CommandTest, clean_environment, need

PATCH = b"""--- a/one.txt
+++ b/one.txt
@@ -1 +1 @@
-old one
+new one
--- a/two.txt
+++ b/two.txt
@@ -1 +1 @@
-old two
+new two
"""
OLD = (b"old one\n", b"old two\n")
NEW = (b"new one\n", b"new two\n")
LEFT = ".untorn-tmp-0123456789abcdef0123456789abcdef"


class DoctorRepair(CommandTest):
    def doctor(self, *arguments, code=0, folder="tree"):
        result = self.run_untorn("doctor", "--format", "json", *arguments, folder)
        self.assert_exit(result, code)
        return self.document(result)

    def kinds(self, *arguments, code=0, folder="tree"):
        return [(each["path"], each["kind"], each["severity"], each["repaired"])
                for each in self.doctor(*arguments, code=code, folder=folder)["problems"]]

    def make_tree(self):
        shutil.rmtree(self.path("tree"), ignore_errors=True)
        os.mkdir(self.path("tree"))
        for name, content in zip(("one.txt", "two.txt"), OLD):
            self.write("tree/" + name, content)

    def contents(self):
        return self.read("tree/one.txt"), self.read("tree/two.txt")

    def apply_until_rename(self, count):
        """Applies the patch; strace kills it at that rename. False: it came to its end."""
        arguments = ["strace", "-f", "-o", "/dev/null", "-e", "trace=rename,renameat,renameat2",
                     "-e", f"inject=rename,renameat,renameat2:signal=SIGKILL:when={count}",
                     COMMAND, "apply", "--directory", self.path("tree")]
        result = subprocess.run(arguments, input=PATCH, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, check=False, env=clean_environment())
        if result.returncode == 0:
            return False
        need(self, result.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL), "strace",
             f"strace cannot trace here: {result.stderr[:200]!r}")
        return True

    def test_a_transaction_that_was_killed_anywhere_is_all_or_none_after_a_repair(self):
        need(self, shutil.which("strace") is not None, "strace", "strace is not installed")
        kinds = set()
        for count in range(1, 50):
            self.make_tree()
            if not self.apply_until_rename(count):
                break
            with self.subTest(count):
                before = self.contents()
                problems = self.doctor(code=None)["problems"]
                kinds |= {(each["kind"], each["severity"]) for each in problems}
                self.assertEqual(self.contents(), before)
                repaired = self.doctor("--repair")["problems"]
                self.assertTrue(all(each["repaired"] for each in repaired), repaired)
                self.assertIn(self.contents(), (OLD, NEW))
                if ("interrupted-transaction", "error") in {
                        (each["kind"], each["severity"]) for each in problems}:
                    self.assertEqual(self.contents(), NEW)
                self.assertEqual(self.kinds(), [])
                self.assertEqual([name for name in os.listdir(self.path("tree"))
                                  if name.startswith(".untorn-")], [])
        self.assertEqual(self.contents(), NEW)
        self.assertIn(("interrupted-transaction", "error"), kinds)

    def assert_exit(self, result, code):
        if code is not None:
            super().assert_exit(result, code)

    def test_a_torn_log_is_found_cut_and_filed_away(self):
        self.make_tree()
        self.assert_exit(self.run_untorn("append", "tree/x.log", stdin=b"whole\n"), 0)
        with open(self.path("tree/x.log"), "ab") as log:
            log.write(b"torn \0\0")
        self.assertEqual(self.kinds(code=1), [("x.log", "torn-log", "warning", False)])
        self.assertEqual(self.kinds("--repair"), [("x.log", "torn-log", "warning", True)])
        self.assertEqual(self.read("tree/x.log"), b"whole\n")
        self.assertEqual(self.read("tree/x.log.torn-1"), b"torn \0\0")
        note = [("x.log.torn-1", "set-aside", "info", False)]
        self.assertEqual(self.kinds(), note)
        self.assertEqual(self.kinds("--ack"), note)
        document = self.doctor()
        self.assertEqual(document["problems"], [])
        self.assertEqual(document["acknowledged"], 1)
        self.assertEqual(self.read("tree/x.log.torn-1"), b"torn \0\0")

    def test_two_acknowledge_at_once_and_neither_forgets_the_other(self):
        os.makedirs(self.path("tree/.untorn"))
        for folder in ("a", "b"):
            os.mkdir(self.path("tree/" + folder))
            for index in range(50):
                self.write(f"tree/{folder}/{index}.json.damaged-1", b"x")
        doctors = [self.start_untorn("doctor", "--ack", "tree/" + folder) for folder in ("a", "b")]
        for doctor in doctors:
            self.assertEqual(doctor.wait(60), 0)
        document = self.doctor()
        self.assertEqual(document["problems"], [])
        self.assertEqual(document["acknowledged"], 100)

    def test_ack_without_any_tree_keeps_its_list_in_the_named_folder(self):
        self.make_tree()
        self.write("tree/a.json.damaged-1", b"x")
        self.assertEqual(len(self.kinds("--ack")), 1)
        self.assertEqual(self.kinds(), [])
        self.assertTrue(os.path.isfile(self.path("tree/.untorn/acknowledged")))
        self.assertEqual(os.stat(self.path("tree/.untorn")).st_mode & 0o777, 0o700)
        self.assertEqual(os.stat(self.path("tree/.untorn/acknowledged")).st_mode & 0o777, 0o600)

    def test_writes_are_counted_where_there_is_a_tree_and_nowhere_else(self):
        self.make_tree()
        os.makedirs(self.path("tree/in/deep"))
        self.assert_exit(self.run_untorn("write", "tree/in/deep/f", stdin=b"x"), 0)
        self.assertFalse(os.path.exists(self.path("tree/.untorn")))
        self.assertNotIn("counters", self.doctor())
        os.mkdir(self.path("tree/.untorn"), 0o700)
        for level in ("process", "ordered", "durable", "durable"):
            result = self.run_untorn("write", "--durability", level, "tree/in/deep/f", stdin=b"xyz")
            self.assert_exit(result, 0)
        self.assert_exit(self.run_untorn("write", "tree/none/f", stdin=b"x"), 2)
        self.assert_exit(self.run_untorn("write", "tree/in", stdin=b"x"), 2)
        counters = self.doctor()["counters"]
        counts = {(each["durability"], each["outcome"]): each["count"]
                  for each in counters["commits"]}
        self.assertEqual(sum(count for (_, outcome), count in counts.items()
                             if outcome == "applied"), 4, counts)
        self.assertEqual(sum(count for (_, outcome), count in counts.items()
                             if outcome == "not_applied"), 1, counts)
        self.assertEqual(counters["bytes"], 12)
        self.assertEqual(counters["commit_duration"]["count"], 5)
        self.assertEqual(counters["commit_duration"]["buckets"][-1]["le_s"], 5)
        self.assertGreaterEqual(counters["sync_duration"]["count"], 5)

    def test_a_repair_is_counted_and_a_look_leaves_no_trace(self):
        self.make_tree()
        os.mkdir(self.path("tree/.untorn"), 0o700)
        self.write("tree/" + LEFT, b"x")
        self.doctor(code=1)
        self.assertEqual(os.listdir(self.path("tree/.untorn")), [])
        self.assertEqual(self.doctor("--repair")["counters"]["swept"], 1)

    def test_counting_does_not_keep_a_program_from_being_proved(self):
        self.make_tree()
        os.mkdir(self.path("tree/.untorn"), 0o700)
        result = self.run_untorn("prove", "--format", "json", "--root", "tree", "--", "sh", "-c",
                                 f"echo new | {COMMAND} write {self.path('tree/one.txt')}")
        document = self.document(result)
        need(self, document["verdict"] in ("proved", "violated"), "prove",
             f"nothing can be proved here: {document['undecided']}")
        self.assertEqual(document["verdict"], "proved", document["violations"])
        self.assertNotIn("counters", " ".join(each["path"] for each in document["paths"]))
        self.assertIn(".untorn/counters", " ".join(document["limits"]))

    def test_what_killed_writers_counted_is_not_lost(self):
        self.make_tree()
        os.mkdir(self.path("tree/.untorn"), 0o700)
        for _ in range(5):
            writer = self.start_untorn("write", "tree/f")
            deadline = time.monotonic() + 30
            while not any(name.startswith(".untorn-tmp-")
                          for name in os.listdir(self.path("tree"))):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.005)
            writer.kill()
            writer.wait()
            self.assert_exit(self.run_untorn("doctor", "--repair", "tree"), 0)
        counters = self.doctor()["counters"]
        self.assertEqual(counters["swept"], 5)
        self.assertEqual(counters["processes"], 10)

    def test_killed_repairs_are_finished_by_the_next_one(self):
        self.make_tree()
        self.assert_exit(self.run_untorn("append", "tree/x.log", stdin=b"whole\n"), 0)
        for index in range(40):
            with open(self.path("tree/x.log"), "ab") as log:
                log.write(b"torn %d" % index)
            self.write("tree/" + LEFT, b"x")
            doctor = self.start_untorn("doctor", "--repair", "tree")
            time.sleep(index * 0.0005)
            doctor.kill()
            doctor.wait()
            self.doctor("--repair")
            self.assertEqual(self.read("tree/x.log"), b"whole\n")
        torn = {self.read("tree/" + name) for name in os.listdir(self.path("tree"))
                if name.startswith("x.log.torn-")}
        self.assertTrue({b"torn %d" % index for index in range(40)} <= torn)

    def test_a_folder_inside_of_a_tree_is_judged_with_what_the_tree_keeps(self):
        os.makedirs(self.path("tree/.untorn/counters"), 0o700)
        os.mkdir(self.path("tree/in"))
        self.write("tree/.untorn/counters/total", b"not ours")
        document = self.doctor("--repair")
        self.assertEqual([each["path"] for each in document["problems"]], [])
        self.assertEqual(len([name for name in os.listdir(self.path("tree/.untorn/counters"))
                              if name.startswith("damaged-total-")]), 1)
        self.assertEqual(self.kinds(folder="tree/in"), [])


if __name__ == "__main__":
    unittest.main()
