# SPDX-License-Identifier: Apache-2.0
"""untorn append: every flag, every exit code, every field of the document, and many at once."""

import fcntl
import json
import os
import random
import resource
import shutil
import signal
import stat
import subprocess
import time
import unittest

from command import COMMAND, CommandTest, clean_environment, need

FIELDS = {"schema", "root", "path", "outcome", "requested", "lines", "bytes", "achieved",
          "why_lower", "protocol", "syncs", "etag", "existed", "rotated", "last_line_completed",
          "torn", "metadata_lost"}


class Append(CommandTest):
    def document_of(self, *arguments, stdin=b"one\n", code=0):
        result = self.run_untorn("append", "--format", "json", *arguments, stdin=stdin)
        self.assert_exit(result, code)
        return self.document(result)

    def append(self, content, *arguments, code=0):
        result = self.run_untorn("append", "a.log", *arguments, stdin=content)
        self.assert_exit(result, code)
        return result

    def keeps_nothing(self):
        """Where the scratch folder is a tmpfs, no level above process can be achieved."""
        kind = subprocess.run(["stat", "-f", "-c", "%T", self.folder], stdout=subprocess.PIPE,
                              check=True).stdout
        return kind.strip() in (b"tmpfs", b"ramfs")

    def test_lines_of_stdin_are_added_and_nothing_is_printed(self):
        self.assertEqual(self.append(b"one\ntwo\n", "--quiet").stdout, b"")
        self.append(b"\nthree\n")
        self.assertEqual(self.read("a.log"), b"one\ntwo\n\nthree\n")
        self.assertEqual(self.names(), [".untorn", "a.log"])

    def test_the_document_of_a_success_has_exactly_the_fields_that_are_promised(self):
        document = self.document_of("a.log", "--quiet", stdin=b"one\ntwo\n")
        self.assertEqual(next(iter(document)), "schema")
        self.assertEqual(set(document), FIELDS)
        lowered = self.keeps_nothing()
        expected = {"schema": "untorn.append/1", "root": self.folder, "path": "a.log",
                    "outcome": "applied", "requested": "durable", "lines": 2, "bytes": 8,
                    "achieved": "process" if lowered else "durable", "protocol": "append",
                    "existed": False, "rotated": False, "last_line_completed": False,
                    "torn": None, "metadata_lost": []}
        self.assertEqual({name: document[name] for name in expected}, expected)
        self.assertRegex(document["etag"], r"\A[!-~]+\Z")
        again = self.document_of("a.log")
        self.assertIs(again["existed"], True)
        self.assertEqual((again["lines"], again["syncs"]), (1, 1))
        self.assertNotEqual(again["etag"], document["etag"])

    def test_process_costs_no_sync(self):
        document = self.document_of("a.log", "--durability", "process")
        self.assertEqual((document["requested"], document["achieved"], document["syncs"]),
                         ("process", "process", 0))

    def test_no_input_changes_nothing(self):
        self.write("a.log", b"old\n")
        document = self.document_of("a.log", stdin=b"")
        self.assertEqual((document["outcome"], document["lines"]), ("unchanged", 0))
        self.assertEqual(self.read("a.log"), b"old\n")

    def test_a_last_line_without_its_end_is_added_with_a_warning(self):
        result = self.append(b"one\nno end")
        self.assertIn(b"warning", result.stderr)
        self.assertIn(b"no end", result.stderr)
        self.assertEqual(self.read("a.log"), b"one\nno end\n")
        self.assertIs(self.document_of("a.log", stdin=b"x")["last_line_completed"], True)

    def test_line_ends_of_windows_become_plain_ones(self):
        self.append(b"one\r\ntwo\r\n")
        self.assertEqual(self.read("a.log"), b"one\ntwo\n")

    def test_the_document_names_a_folder_that_was_given_with_a_slash(self):
        os.mkdir(self.path("logs"))
        document = self.document_of("logs/", code=2)
        self.assertEqual((document["root"], document["path"]), (self.folder, "logs"))
        self.assertEqual(document["error"]["path"], "logs")

    def test_input_that_is_refused_makes_no_log(self):
        for content in (b"a\0b\n", b"b\r\r\n", b"b\r\r"):
            for flags in ((), ("--stream",)):
                result = self.append(content, *flags, code=2)
                self.assertIn(b"nothing was appended", result.stderr)
                self.assertEqual(self.names(), [])

    def test_what_is_no_text_is_refused_and_nothing_is_appended(self):
        self.write("a.log", b"old\n")
        for content, line in ((b"one\nt\0wo\n", b"line 2"), (b"\0", b"line 1")):
            result = self.append(content, code=2)
            self.assertIn(line, result.stderr)
            self.assertIn(b"nothing was appended", result.stderr)
        self.append(b"twice\r\r\n", code=2)
        self.assertEqual(self.read("a.log"), b"old\n")

    def test_a_torn_end_is_moved_away_and_told(self):
        self.write("a.log", b"whole\ntorn")
        document = self.document_of("a.log", "--quiet")
        self.assertEqual(document["torn"], {"bytes": 4, "lines": 0, "moved_to": "a.log.torn-1",
                                            "reason": "it ends in the middle of a line"})
        self.assertEqual(self.read("a.log"), b"whole\none\n")
        self.assertEqual(self.read("a.log.torn-1"), b"torn")
        self.write("a.log", b"one\n\0\0\0\n")
        result = self.append(b"two\n")
        self.assertIn(b"NUL bytes at line 2", result.stderr)
        self.assertEqual(self.read("a.log"), b"one\ntwo\n")

    def test_rotation_by_size_and_number_of_files(self):
        for number in range(100, 110):
            self.append(b"%d\n" % number, "--rotate-bytes", "8", "--keep", "2")
        self.assertEqual(self.names(), [".untorn", "a.log", "a.log.1", "a.log.2"])
        kept = b"".join(self.read(name) for name in ("a.log.2", "a.log.1", "a.log"))
        self.assertEqual(kept, b"104\n105\n106\n107\n108\n109\n")
        self.assertIs(self.document_of("a.log", "--rotate-bytes", "8")["rotated"], True)
        self.append(b"x" * 2000 + b"\n", "--rotate-bytes", "1K")
        self.assertEqual(len(self.read("a.log")), 2001)

    def test_rotation_by_age(self):
        self.append(b"old\n")
        self.append(b"same\n", "--rotate-age", "1h")
        time.sleep(1.1)
        self.append(b"new\n", "--rotate-age", "1s")
        self.assertEqual((self.read("a.log.1"), self.read("a.log")), (b"old\nsame\n", b"new\n"))

    def test_one_folder_of_ours_for_a_tree(self):
        os.makedirs(self.path("project/logs"))
        self.append(b"one\n")
        self.run_untorn("append", "project/logs/b.log", stdin=b"two\n")
        self.assertEqual(os.listdir(self.path("project/logs")), ["b.log"])
        self.run_untorn("append", "project/logs/c.log", "--tree", "project", stdin=b"three\n")
        self.assertEqual(sorted(os.listdir(self.path("project"))), [".untorn", "logs"])
        result = subprocess.run([COMMAND, "append", "d.log"], input=b"four\n", check=True,
                                cwd=self.path("project/logs"), env=clean_environment())
        self.assertEqual(result.returncode, 0)
        self.assertEqual(sorted(os.listdir(self.path("project/logs"))),
                         ["b.log", "c.log", "d.log"])
        mode = stat.S_IMODE(os.stat(self.path("project/.untorn")).st_mode)
        self.assertEqual(mode, 0o700)

    def test_wrong_usage_exits_2_and_makes_nothing(self):
        for arguments in ([], ["a.log", "--durability", "ordered"], ["a.log", "--keep", "0"],
                          ["a.log", "--keep", "-1"], ["a.log", "--keep", "many"],
                          ["a.log", "--rotate-bytes", "1X"], ["a.log", "--rotate-bytes", "-1"],
                          ["a.log", "--rotate-bytes", "99999999999999999999"],
                          ["a.log", "--rotate-age", "soon"], ["a.log", "--lock-wait", "x"],
                          ["a.log", "b.log"], ["a.log", "--output", "a.log"],
                          ["a.log", "--output", "./a.log"]):
            result = self.run_untorn("append", *arguments, stdin=b"one\n")
            self.assert_exit(result, 2)
            self.assertIn(b"untorn: error", result.stderr)
            self.assertEqual(self.names(), [], arguments)

    def test_what_is_no_file_is_refused_with_2(self):
        os.mkdir(self.path("d"))
        os.mkfifo(self.path("fifo"))
        for path, code in (("d", "not_regular_file"), ("fifo", "not_regular_file"),
                           ("none/a.log", "not_found"), ("/dev/null", None), ("", None)):
            document = self.document_of(path, code=2)
            self.assertEqual(document["schema"], "untorn.append/1")
            if code is not None:
                self.assertEqual(document["error"]["code"], code)

    def test_the_result_can_go_to_a_file(self):
        result = self.append(b"one\n", "--format", "json", "--output", "report.json")
        self.assertEqual(result.stdout, b"")
        self.assertIn(b'"lines": 1', self.read("report.json"))

    def test_a_closed_stdin_is_an_error(self):
        result = self.run_untorn("append", "a.log", stdin=subprocess.DEVNULL,
                                 preexec_fn=lambda: os.close(0))
        self.assert_exit(result, 2)
        self.assertIn(b"it is closed", result.stderr)

    def test_a_lock_that_stays_taken_is_an_error_and_nothing_is_appended(self):
        self.append(b"one\n")
        with open(self.path("a.log"), "rb") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            document = self.document_of("a.log", "--lock-wait", "100ms", code=2)
        self.assertEqual(document["error"]["code"], "busy")
        self.assertEqual(document["lines"], 0)
        self.assertEqual(self.read("a.log"), b"one\n")

    def test_a_limit_on_file_sizes_is_a_full_disk_and_leaves_whole_lines(self):
        self.append(b"one\n")
        limit = 4096

        def limited():
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        result = self.run_untorn("append", "--format", "json", "a.log", stdin=b"x" * 9000 + b"\n",
                                 preexec_fn=limited)
        self.assert_exit(result, 2)
        self.assertEqual(self.document(result)["error"]["code"], "no_space")
        self.assertEqual(self.read("a.log"), b"one\n")

    def test_a_file_that_may_not_be_written_is_refused(self):
        need(self, os.geteuid() != 0, "user", "root may write everything")
        self.write("a.log", b"old\n", 0o444)
        document = self.document_of("a.log", code=2)
        self.assertEqual(document["error"]["code"], "permission_denied")


class Stream(CommandTest):
    def start(self, *arguments):
        return self.start_untorn("append", "--stream", "a.log", *arguments)

    def wait_for(self, content):
        for _ in range(1000):
            if os.path.exists(self.path("a.log")) and self.read("a.log") == content:
                return
            time.sleep(0.01)
        self.fail(f"a.log does not become {content!r}")

    def test_lines_appear_while_the_input_goes_on(self):
        process = self.start()
        process.stdin.write(b"one\ntw")
        process.stdin.flush()
        self.wait_for(b"one\n")
        process.stdin.write(b"o\n")
        process.stdin.flush()
        self.wait_for(b"one\ntwo\n")
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 0)

    def test_after_ctrl_c_the_lines_that_came_are_there(self):
        process = self.start()
        process.stdin.write(b"one\npartial")
        process.stdin.flush()
        self.wait_for(b"one\n")
        process.send_signal(signal.SIGINT)
        _, messages = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130)
        self.assertIn(b"interrupted", messages)
        self.assertEqual(self.read("a.log"), b"one\n")

    def test_what_is_no_text_ends_it_with_3_since_lines_were_appended(self):
        process = self.start()
        process.stdin.write(b"one\n")
        process.stdin.flush()
        self.wait_for(b"one\n")
        _, messages = process.communicate(b"\0\n", timeout=30)
        self.assertEqual(process.returncode, 3)
        self.assertIn(b"are in the log: 1", messages)

    def test_without_stream_ctrl_c_leaves_nothing(self):
        self.write("a.log", b"old\n")
        process = self.start_untorn("append", "a.log")
        process.stdin.write(b"one\n")
        process.stdin.flush()
        for _ in range(1000):  # it has opened the log, so it holds signals back
            if os.path.exists(self.path(".untorn")):
                break
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130)
        self.assertEqual(self.read("a.log"), b"old\n")


class Many(CommandTest):
    def lines(self):
        content = self.read("a.log")
        self.assertTrue(content.endswith(b"\n"))
        return content.split(b"\n")[:-1]

    def test_lines_of_eight_processes_are_whole_and_the_lines_of_a_call_are_together(self):
        calls, processes = 25, 8

        def text(writer, call):
            body = b"%d " % writer * (5 if call % 5 else 2000)
            return b"".join(b"%d %d %d %s\n" % (writer, call, n, body) for n in range(3))

        with open(os.path.join(self.folder, "run.sh"), "w", encoding="ascii") as script:
            script.write('for input in in.$1.*; do "$0" append --durability process a.log '
                         '< $input || exit 1; done\n')
        for writer in range(processes):
            for call in range(calls):
                self.write(f"in.{writer}.{call:03}", text(writer, call))
        running = [subprocess.Popen(["sh", "-c", '. ./run.sh', COMMAND, str(writer)],
                                    cwd=self.folder, env=clean_environment())
                   for writer in range(processes)]
        self.assertEqual([process.wait(timeout=120) for process in running], [0] * processes)
        lines = self.lines()
        self.assertEqual(len(lines), processes * calls * 3)
        seen = {}
        for first in range(0, len(lines), 3):
            writer, call = (int(word) for word in lines[first].split()[:2])
            self.assertEqual(b"\n".join(lines[first:first + 3]) + b"\n", text(writer, call))
            self.assertEqual(call, seen.get(writer, -1) + 1)
            seen[writer] = call

    def test_after_a_hundred_kills_the_log_holds_whole_lines_and_all_that_were_acknowledged(self):
        random.seed(11)
        block = b"".join(b"%06d %s\n" % (n, b"x" * 500) for n in range(4000))
        self.write("input", block)
        acknowledged = 0
        for _ in range(100):
            with open(self.path("input"), "rb") as stdin:
                process = subprocess.Popen(
                    [COMMAND, "append", "--quiet", "--durability", "process", "a.log"],
                    cwd=self.folder, stdin=stdin, env=clean_environment())
                time.sleep(random.uniform(0, 0.012))
                process.kill()
                acknowledged += process.wait() == 0
        result = self.run_untorn("append", "a.log", stdin=b"last\n")
        self.assert_exit(result, 0)
        lines = self.lines()
        self.assertEqual(lines.pop(), b"last")
        expected = block.split(b"\n")[:-1]
        whole = 0
        position = 0
        for line in lines:
            if line != expected[position]:  # a killed call left a beginning of its lines
                self.assertEqual(line, expected[0])
                position = 0
            position += 1
            if position == len(expected):
                whole += 1
                position = 0
        self.assertGreaterEqual(whole, acknowledged)

    def test_a_full_disk_leaves_whole_lines_and_can_be_used_again(self):
        unshare = shutil.which("unshare")
        need(self, unshare is not None, "namespaces", "unshare(1) is not installed")
        user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        probe = subprocess.run([unshare, *user, "--mount", "true"], stderr=subprocess.PIPE,
                               check=False)
        need(self, probe.returncode == 0, "namespaces", probe.stderr.decode())
        script = """
            mkdir disk && mount -t tmpfs -o size=64k none disk && cd disk || exit 99
            head -c 2999 /dev/zero | tr '\\0' x > ../line && echo >> ../line
            lines=0
            while :; do
              "$0" append --quiet --format json a.log < ../line > ../result 2> ../messages
              code=$?
              [ $code -eq 0 ] || break
              lines=$((lines + 1)); [ $lines -lt 100 ] || exit 98
            done
            echo $code > ../code
            [ $(stat -c %s a.log) -eq $((lines * 3000)) ] || exit 97
            [ "$(sort -u a.log)" = "$(cat ../line)" ] || exit 96
            : > a.log
            "$0" append --quiet a.log < ../line || exit 95
            [ $(stat -c %s a.log) -eq 3000 ] || exit 94
        """
        result = subprocess.run([unshare, *user, "--mount", "sh", "-c", script, COMMAND],
                                cwd=self.folder, env=clean_environment(), check=False,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assert_exit(result, 0)
        self.assertEqual(self.read("code").strip(), b"2")
        document = json.loads(self.read("result"))
        self.assertEqual(document["error"]["code"], "no_space")
        self.assertEqual(document["outcome"], "not_applied")


class Proved(CommandTest):
    CHECK = """#!/bin/sh
"$UNTORN" append --quiet a.log < /dev/null || exit 1
text=$(tr '\\000' '?' < a.log | tr '\\n' ',')
case "$text" in old,|old,one,|old,one,two,) ;; *) echo "$text"; exit 1 ;; esac
if grep -q . "$UNTORN_ACKED"; then [ "$text" = old,one,two, ]; fi
"""

    def test_in_every_crash_state_the_next_append_finds_whole_lines_and_what_was_promised(self):
        self.write("a.log", b"old\n")
        self.write("input", b"one\ntwo\n")
        self.write("check.sh", self.CHECK.encode(), 0o755)
        result = self.run_untorn(
            "prove", "--format", "json", "--expect", "none", "--check", "./check.sh",
            "--ack", "appended", "--", "sh", "-c",
            '"$UNTORN" append --quiet a.log < input && echo appended',
            environment={"UNTORN": COMMAND})
        if result.returncode == 2:
            need(self, False, "prove", result.stderr.decode(errors="replace"))
        document = self.document(result)
        self.assertEqual(document["verdict"], "proved", document["violations"])
        self.assertGreater(document["scope"]["states_checked"], 5)


if __name__ == "__main__":
    unittest.main()
