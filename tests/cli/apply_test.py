# SPDX-License-Identifier: Apache-2.0
"""untorn apply: every flag, every exit code, every field of the document."""

import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import unittest

from command import COMMAND, CommandTest, need

FIELDS = {"schema", "root", "outcome", "requested", "achieved", "why_lower", "syncs", "check",
          "reverse", "files", "problems", "metadata_lost"}
FILE_FIELDS = {"path", "change", "hunks", "old_path", "lines_added", "lines_removed"}
PROBLEM_FIELDS = {"path", "hunk", "patch_line", "line", "message"}

FOUR_CHANGES = b"""\
diff --git a/gone b/gone
deleted file mode 100644
--- a/gone
+++ /dev/null
@@ -1 +0,0 @@
-bye
diff --git a/a b/a
--- a/a
+++ b/a
@@ -1,3 +1,3 @@
 one
-two
+2
 three
diff --git a/new/deep/run.sh b/new/deep/run.sh
new file mode 100755
--- /dev/null
+++ b/new/deep/run.sh
@@ -0,0 +1 @@
+#!/bin/sh
diff --git a/old b/moved
similarity index 100%
rename from old
rename to moved
"""


def edit(name, before="one", after="1"):
    return f"--- a/{name}\n+++ b/{name}\n@@ -1 +1 @@\n-{before}\n+{after}\n".encode()


class ApplyOnce(CommandTest):
    def test_what_is_in_place_already_is_unchanged(self):
        self.write("a", b"x\n", 0o755)
        mode = b"diff --git a/a b/a\nold mode 100644\nnew mode 100755\n"
        result = self.run_untorn("apply", "--format", "json", stdin=mode)
        self.assert_exit(result, 0)
        self.assertEqual(self.document(result)["outcome"], "unchanged")
        os.chmod(self.path("a"), 0o644)
        result = self.run_untorn("apply", "--format", "json", stdin=mode)
        self.assertEqual(self.document(result)["outcome"], "applied")

    def test_a_patch_that_makes_a_file_twice_fits_no_tree(self):
        part = b"--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n"
        result = self.run_untorn("apply", stdin=part + part)
        self.assert_exit(result, 2)
        self.assertIn(b"makes it twice (line 5)", result.stderr)
        self.assertEqual(self.names(), [])

    def test_the_root_is_the_same_when_the_patch_cannot_be_read(self):
        result = self.run_untorn("apply", "--format", "json", stdin=b"")
        self.assertEqual(self.document(result)["root"], self.folder)


class Apply(CommandTest):
    def fill(self):
        self.write("a", b"one\ntwo\nthree\n")
        self.write("gone", b"bye\n")
        self.write("old", b"same\n")

    def everything(self, folder=None):
        result = {}
        for root, _, files in os.walk(folder or self.folder):
            for name in files:
                path = os.path.join(root, name)
                with open(path, "rb") as file:
                    result[os.path.relpath(path, folder or self.folder)] = file.read()
        return result

    def document_of(self, *arguments, stdin=b"", code=0):
        result = self.run_untorn("apply", "--format", "json", *arguments, stdin=stdin)
        self.assert_exit(result, code)
        document = self.document(result)
        self.assertEqual(document["schema"], "untorn.apply/1")
        self.assertEqual(set(document) - {"error"}, FIELDS)
        self.assertEqual("error" in document, code != 0)
        return document

    def refused(self, patch, *arguments, code=2):
        """Exit 2, an error in one line, nothing changed and nothing left behind."""
        before = self.everything()
        result = self.run_untorn("apply", *arguments, stdin=patch)
        self.assert_exit(result, code)
        self.assertEqual(result.stdout, b"")
        self.assertEqual(self.everything(), before)
        self.assertNotIn(".untorn", self.names())
        return result.stderr.decode()

    def test_all_files_change_and_nothing_else_is_left(self):
        self.fill()
        result = self.run_untorn("apply", stdin=FOUR_CHANGES)
        self.assert_exit(result, 0)
        self.assertEqual(result.stdout, b"")
        self.assertEqual(self.everything(), {"a": b"one\n2\nthree\n", "moved": b"same\n",
                                             "new/deep/run.sh": b"#!/bin/sh\n"})
        self.assertEqual(self.names(), ["a", "moved", "new"])

    def test_the_document_of_a_success(self):
        self.fill()
        self.write("p", FOUR_CHANGES)
        document = self.document_of("p")
        self.assertEqual(next(iter(document)), "schema")
        self.assertEqual(document["root"], self.folder)
        self.assertEqual(document["outcome"], "applied")
        self.assertEqual(document["requested"], "durable")
        self.assertIn(document["achieved"], ("durable", "process"))
        self.assertGreater(document["syncs"], 0)
        self.assertEqual(document["problems"], [])
        self.assertEqual([(file["path"], file["change"], file["hunks"])
                          for file in document["files"]],
                         [("gone", "deleted", 1), ("a", "modified", 1),
                          ("new/deep/run.sh", "added", 1), ("moved", "renamed", 0)])
        for file in document["files"]:
            self.assertEqual(set(file), FILE_FIELDS)
        self.assertEqual(document["files"][3]["old_path"], "old")

    def test_a_hunk_that_does_not_fit_is_exit_1_with_the_place_and_what_is_there(self):
        self.fill()
        self.write("a", b"one\nTWO\nthree\n")
        before = self.everything()
        result = self.run_untorn("apply", stdin=FOUR_CHANGES)
        self.assert_exit(result, 1)
        self.assertIn(b"a: hunk 1 does not fit: line 2 should be \"two\", but is \"TWO\"",
                      result.stderr)
        self.assertEqual(self.everything(), before)
        document = self.document_of(stdin=FOUR_CHANGES, code=1)
        self.assertEqual(document["outcome"], "not_applied")
        self.assertIsNone(document["achieved"])
        self.assertEqual(len(document["problems"]), 1)
        problem = document["problems"][0]
        self.assertEqual(set(problem), PROBLEM_FIELDS)
        self.assertEqual((problem["path"], problem["hunk"], problem["patch_line"], problem["line"]),
                         ("a", 1, 10, 2))
        error = document["error"]
        self.assertEqual(set(error), {"code", "step", "outcome", "advice", "message", "path"})
        self.assertEqual((error["code"], error["outcome"]), ("conflict", "not_applied"))
        self.assertEqual(self.everything(), before)
        self.assertEqual(self.names(), ["a", "gone", "old"])

    def test_every_problem_is_told_not_only_the_first(self):
        self.write("x", b"X\n")
        document = self.document_of(stdin=edit("x") + edit("none"), code=1)
        self.assertEqual([problem["path"] for problem in document["problems"]], ["x", "none"])

    def test_check_changes_nothing_whatever_it_says(self):
        self.fill()
        before = self.everything()
        document = self.document_of("--check", stdin=FOUR_CHANGES)
        self.assertEqual(document["outcome"], "not_applied")
        self.assertIs(document["check"], True)
        self.assertEqual(len(document["files"]), 4)
        self.assert_exit(self.run_untorn("apply", "--check", stdin=edit("none")), 1)
        self.assert_exit(self.run_untorn("apply", "--check", "-R", stdin=FOUR_CHANGES), 1)
        self.assertEqual(self.everything(), before)
        self.assertEqual(self.names(), ["a", "gone", "old"])

    def test_check_works_in_a_tree_that_may_not_be_written(self):
        need(self, os.geteuid() != 0, "user", "root may write everywhere")
        self.fill()
        os.chmod(self.folder, 0o555)
        self.addCleanup(os.chmod, self.folder, 0o755)
        self.assert_exit(self.run_untorn("apply", "--check", stdin=edit("gone", "bye")), 0)
        result = self.run_untorn("apply", stdin=edit("gone", "bye"))
        self.assert_exit(result, 2)
        self.assertIn(b"Permission", result.stderr.replace(b"permission", b"Permission"))

    def test_reverse_brings_everything_back(self):
        self.fill()
        before = self.everything()
        for _ in range(2):
            self.assert_exit(self.run_untorn("apply", stdin=FOUR_CHANGES), 0)
            self.assertNotEqual(self.everything(), before)
            document = self.document_of("--reverse", stdin=FOUR_CHANGES)
            self.assertIs(document["reverse"], True)
            self.assertEqual(self.everything(), before)
        self.assertEqual(self.names(), ["a", "gone", "old"], "folders too")

    def test_the_folder_and_the_leading_components_can_be_chosen(self):
        os.makedirs(self.path("d/sub"))
        self.write("d/sub/x", b"one\n")
        for options, name in ((["-p", "0"], "sub/x"), (["-p2"], "a/b/sub/x"),
                              (["--strip", "3"], "1/2/3/sub/x")):
            patch = f"--- {name}\n+++ {name}\n@@ -1 +1 @@\n-one\n+1\n".encode()
            document = self.document_of("--directory", "d", *options, stdin=patch)
            self.assertEqual(document["root"], self.path("d"))
            self.assertEqual(document["files"][0]["path"], "sub/x")
            self.assertEqual(self.read("d/sub/x"), b"1\n")
            self.write("d/sub/x", b"one\n")
        self.write("x", b"one\n")
        plain = b"--- x\n+++ x\n@@ -1 +1 @@\n-one\n+1\n"
        self.refused(plain, "-p1", code=2)
        self.assert_exit(self.run_untorn("apply", stdin=plain), 0)
        for number in ("-1", "x", "", "1001", "99999999999999999999"):
            self.refused(plain, "--strip=" + number)

    def test_paths_that_lead_out_or_into_folders_of_tools_are_refused(self):
        self.write("one", b"one\n")
        os.mkdir(self.path("d"))
        for name in ("../one", "/etc/hostname", "d/../one", ".git/config", "d/.git/hooks/x",
                     ".untorn/lock", ".GIT/config", "./one", "d/./x"):
            text = self.refused(edit(name), "--directory", "d")
            self.assertIn("may not change this path", text)
            for header in (f"diff --git a/x b/x\nrename from x\nrename to {name}\n",
                           f"diff --git a/x b/x\ncopy from {name}\ncopy to x\n"):
                self.refused(header.encode(), "--directory", "d")
        self.assertEqual(self.read("one"), b"one\n")
        self.assertEqual(os.listdir(self.path("d")), [])

    def test_links_are_not_followed(self):
        os.makedirs(self.path("d"))
        self.write("out", b"one\n")
        os.symlink("../out", self.path("d/file"))
        os.symlink("..", self.path("d/folder"))
        for name in ("file", "folder/out"):
            self.assertIn("symbolic link", self.refused(edit(name), "--directory", "d"))
        new = b"--- /dev/null\n+++ b/folder/new\n@@ -0,0 +1 @@\n+x\n"
        self.assertIn("symbolic link", self.refused(new, "--directory", "d"))
        self.assertEqual(self.read("out"), b"one\n")

    def test_what_is_no_patch_is_exit_2_and_names_the_line(self):
        self.fill()
        for patch, words in ((b"", "line 1: it holds no diff"),
                             (b"hello\n", "line 1: it holds no diff"),
                             (b"\0" * 5000, "line 1: it holds no diff"),
                             (b"x\n@@ -1 +1 @@\n-a\n+b\n", "line 2: a hunk stands here"),
                             (edit("a")[:-1], "line 5: the patch ends"),
                             (edit("a") + b"+more\n", "line 6: the hunk of line 3 has more"),
                             (b"diff --git a/i b/i\nindex 1..2\nGIT binary patch\n", "binary"),
                             (b"diff --git a/l b/l\nnew file mode 120000\n", "symbolic link"),
                             (b"diff --git a/s b/s\nnew file mode 160000\n", "submodule"),
                             (FOUR_CHANGES.replace(b"rename from old\n", b""), "name of the file")):
            text = self.refused(patch)
            self.assertIn(words, text)
            self.assertEqual(text.count("\n"), 1, text)
        document = self.document_of(stdin=b"", code=2)
        self.assertEqual(document["error"]["code"], "invalid_argument")
        self.assertEqual(document["files"], [])

    def test_a_missing_patch_or_folder_is_exit_2(self):
        self.write("p", edit("x"))
        document = self.document_of("none", code=2)
        self.assertEqual(document["error"]["code"], "not_found")
        self.assert_exit(self.run_untorn("apply", "."), 2)
        document = self.document_of("--directory", "none", "p", code=2)
        self.assertEqual(document["error"]["code"], "not_found")
        document = self.document_of("--directory", "p", "p", code=2)
        self.assert_exit(self.run_untorn("apply", "p", "p"), 2)
        self.assert_exit(self.run_untorn("apply", "--fuzz", "2", "p"), 2)

    def test_the_patch_may_come_through_a_pipe(self):
        self.write("x", b"one\n")
        done = subprocess.run(["sh", "-c", '"$0" apply /dev/fd/3 3<&0', COMMAND],
                              cwd=self.folder, input=edit("x"), check=False)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(self.read("x"), b"1\n")
        self.assert_exit(self.run_untorn("apply", "-", stdin=edit("x", "1", "2")), 0)
        self.assertEqual(self.read("x"), b"2\n")

    def test_modes_stay_and_follow_the_patch_in_execution_alone(self):
        self.write("x", b"one\n", mode=0o640)
        self.assert_exit(self.run_untorn("apply", stdin=edit("x")), 0)
        self.assertEqual(stat.S_IMODE(os.stat(self.path("x")).st_mode), 0o640)
        mode = b"diff --git a/x b/x\nold mode 100644\nnew mode 100755\n"
        self.assert_exit(self.run_untorn("apply", stdin=mode), 0)
        self.assertEqual(stat.S_IMODE(os.stat(self.path("x")).st_mode), 0o750)
        for mask, bits in ((0o022, 0o755), (0o077, 0o700), (0o002, 0o775)):
            name = f"run{mask:o}"
            new = (f"diff --git a/{name} b/{name}\nnew file mode 100755\n--- /dev/null\n"
                   f"+++ b/{name}\n@@ -0,0 +1 @@\n+x\n").encode()
            self.assert_exit(self.run_untorn("apply", stdin=new, umask=mask), 0)
            self.assertEqual(stat.S_IMODE(os.stat(self.path(name)).st_mode), bits)

    def test_what_was_kept_in_the_folder_before_stays(self):
        self.write("x", b"one\n")
        os.mkdir(self.path(".untorn"), 0o700)
        self.assert_exit(self.run_untorn("apply", stdin=edit("x")), 0)
        self.assertIn(".untorn", self.names())

    def test_the_report_does_not_replace_what_the_patch_has_changed(self):
        self.write("x", b"one\n")
        result = self.run_untorn("apply", "--output", "x", stdin=edit("x"))
        self.assert_exit(result, 2)
        self.assertEqual(self.read("x"), b"one\n")
        result = self.run_untorn("apply", "--output", "report", stdin=edit("x"))
        self.assert_exit(result, 0)
        self.assertRegex(self.read("report").decode(), r"\A1 file: 1 modified; \w+, syncs: \d+\n\Z")

    def test_strict_refuses_where_nothing_is_durable(self):
        self.write("x", b"one\n")
        kind = subprocess.run(["stat", "-f", "-c", "%T", self.folder], stdout=subprocess.PIPE,
                              check=True).stdout.strip()
        result = self.run_untorn("apply", "--strict", stdin=edit("x"))
        if kind in (b"tmpfs", b"ramfs"):
            self.assert_exit(result, 2)
            self.assertEqual(self.read("x"), b"one\n")
        else:
            self.assert_exit(result, 0)

    def test_a_file_that_is_too_large_for_the_limit_changes_nothing(self):
        self.write("x", b"one\n")
        big = b"--- /dev/null\n+++ b/big\n@@ -0,0 +1 @@\n+" + b"x" * 200_000 + b"\n"
        before = self.everything()
        result = self.run_untorn(
            "apply", stdin=edit("x") + big,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536)))
        self.assert_exit(result, 2)
        self.assertEqual(self.everything(), before)
        self.assertEqual(self.names(), ["x"])

    def test_interrupting_while_the_patch_is_read_changes_nothing(self):
        self.write("x", b"one\n")
        process = self.start_untorn("apply")
        process.stdin.write(edit("x"))
        process.stdin.flush()
        process.stderr.close()
        # The command holds signals back once it reads; before that it dies by them, as it may.
        process.send_signal(signal.SIGINT)
        self.assertIn(process.wait(timeout=30), (130, -signal.SIGINT))
        self.assertEqual(self.read("x"), b"one\n")
        self.assertEqual(self.names(), ["x"])

    def test_help_has_an_example_and_the_exit_codes(self):
        result = self.run_untorn("apply", "--help")
        self.assert_exit(result, 0)
        for words in (b"--directory", b"--check", b"--reverse", b"--strict", b"Exit code"):
            self.assertIn(words, result.stdout)

    def test_a_thousand_files_are_one_change(self):
        names = [f"d{number % 10}/f{number}" for number in range(1000)]
        patch = b"".join(b"--- /dev/null\n+++ b/" + name.encode() + b"\n@@ -0,0 +1 @@\n+x\n"
                         for name in names)
        shm = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        if shm:
            shutil.rmtree(self.folder)
            self.folder = os.path.join(shm, os.path.basename(self.folder))
            os.mkdir(self.folder)
            self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        document = self.document_of(stdin=patch)
        self.assertEqual(len(document["files"]), 1000)
        self.assertEqual(len(self.everything()), 1000)
        # One clash, and none of the others is made.
        self.assert_exit(self.run_untorn("apply", "-R", stdin=patch), 0)
        self.assertEqual(self.names(), [])
        os.mkdir(self.path("d3"))
        self.write("d3/f3", b"in the way\n")
        document = self.document_of(stdin=patch, code=1)
        self.assertEqual([problem["path"] for problem in document["problems"]], ["d3/f3"])
        self.assertEqual(list(self.everything()), ["d3/f3"])

    def test_json_stays_valid_whatever_the_names_are(self):
        patch = b'--- /dev/null\n+++ "b/q\\"\\377\\n"\n@@ -0,0 +1 @@\n+x\n'
        result = self.run_untorn("apply", "--format", "json", stdin=patch)
        self.assert_exit(result, 0)
        json.loads(result.stdout.decode("utf-8"))
        self.assertEqual(os.listdir(os.fsencode(self.folder)), [b'q"\xff\n'])


if __name__ == "__main__":
    unittest.main()
