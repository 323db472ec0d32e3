# SPDX-License-Identifier: Apache-2.0
"""untorn write: every flag, every exit code, every field of the document."""

import json
import os
import resource
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time
import unittest

from command import COMMAND, CommandTest, clean_environment, need

FIELDS = {"schema", "root", "path", "outcome", "requested", "achieved", "why_lower", "protocol",
          "syncs", "commits", "retries", "bytes", "etag", "existed", "hard_links_split",
          "metadata_lost"}


class Write(CommandTest):
    def document_of(self, *arguments, stdin=b"new", code=0):
        result = self.run_untorn("write", "--format", "json", *arguments, stdin=stdin)
        self.assert_exit(result, code)
        return self.document(result)

    def keeps_nothing(self):
        """Where the scratch folder is a tmpfs, no level above process can be achieved."""
        kind = subprocess.run(["stat", "-f", "-c", "%T", self.folder], stdout=subprocess.PIPE,
                              check=True).stdout
        return kind.strip() in (b"tmpfs", b"ramfs")

    def test_stdin_becomes_the_content_and_nothing_is_printed(self):
        for content in (b"", b"x", b"\0" * 5000, os.urandom(3_000_000)):
            result = self.run_untorn("write", "a", stdin=content)
            self.assert_exit(result, 0)
            self.assertEqual(self.read("a"), content)
            self.assertEqual(result.stdout, b"")
        self.assertEqual(self.names(), ["a"])

    def test_the_document_of_a_success_has_exactly_the_fields_that_are_promised(self):
        document = self.document_of("a", "--quiet", "--protocol", "classic")
        self.assertEqual(next(iter(document)), "schema")
        self.assertEqual(set(document), FIELDS)
        self.assertEqual(document["schema"], "untorn.write/1")
        self.assertEqual(document["root"], self.folder)
        self.assertEqual(document["path"], "a")
        self.assertEqual(document["outcome"], "applied")
        self.assertEqual(document["requested"], "durable")
        self.assertEqual(document["protocol"], "classic")
        self.assertEqual(document["syncs"], 2)
        self.assertEqual(document["bytes"], 3)
        self.assertIs(document["existed"], False)
        self.assertEqual(document["metadata_lost"], [])
        self.assertRegex(document["etag"], r"\A[!-~]+\Z")
        again = self.document_of("a", stdin=b"newer")
        self.assertIs(again["existed"], True)
        self.assertNotEqual(again["etag"], document["etag"])

    def test_the_levels_cost_no_sync_one_and_two(self):
        lowered = self.keeps_nothing()
        for syncs, level in enumerate(("process", "ordered", "durable")):
            document = self.document_of("a", "--durability", level, "--protocol", "classic")
            self.assertEqual(document["requested"], level)
            self.assertEqual(document["achieved"], "process" if lowered else level)
            self.assertEqual(document["syncs"], syncs)

    def test_skip_if_same_leaves_an_equal_file_alone(self):
        self.write("a", b"same" * 100_000)
        before = os.stat(self.path("a"))
        document = self.document_of("a", "--skip-if-same", stdin=b"same" * 100_000)
        self.assertEqual(document["outcome"], "unchanged")
        self.assertEqual(document["protocol"], "none")
        after = os.stat(self.path("a"))
        self.assertEqual((before.st_ino, before.st_mtime_ns), (after.st_ino, after.st_mtime_ns))
        document = self.document_of("a", "--skip-if-same", stdin=b"same" * 100_000 + b"!")
        self.assertEqual(document["outcome"], "applied")
        document = self.document_of("a", "--skip-if-same", "--mode", "600",
                                    stdin=b"same" * 100_000 + b"!")
        self.assertEqual(document["outcome"], "applied")
        self.assertEqual(self.names(), ["a"])

    def test_mode_is_octal_and_without_it_the_old_one_or_the_umask_decides(self):
        def mode():
            return stat.S_IMODE(os.stat(self.path("a")).st_mode)

        self.run_untorn("write", "a", preexec_fn=lambda: os.umask(0o027))
        self.assertEqual(mode(), 0o640)
        os.chmod(self.path("a"), 0o604)
        self.run_untorn("write", "a")
        self.assertEqual(mode(), 0o604)
        for text, number in (("600", 0o600), ("0755", 0o755), ("00644", 0o644), ("1777", 0o1777)):
            self.assert_exit(self.run_untorn("write", "a", "--mode", text), 0)
            self.assertEqual(mode(), number)

    def test_conditions_on_existence_exit_1_and_change_nothing(self):
        self.write("a", b"old")
        for arguments, code in ((["a", "--must-not-exist"], "already_exists"),
                                (["b", "--must-exist"], "not_found"),
                                (["none/b", "--must-exist"], "not_found")):
            document = self.document_of(*arguments, code=1)
            self.assertEqual(document["error"]["code"], code)
            self.assertEqual(document["outcome"], "not_applied")
        self.assertEqual(self.names(), ["a"])
        self.assertEqual(self.read("a"), b"old")
        self.document_of("a", "--must-exist")
        self.document_of("b", "--must-not-exist")
        self.assertEqual((self.read("a"), self.read("b")), (b"new", b"new"))

    def test_the_three_ways_to_treat_a_symbolic_link(self):
        os.mkdir(self.path("d"))
        self.write("d/real", b"old")
        os.symlink("d/real", self.path("a"))
        self.assertEqual(self.document_of("a")["outcome"], "applied")
        self.assertEqual(self.read("d/real"), b"new")
        self.assertTrue(os.path.islink(self.path("a")))
        document = self.document_of("a", "--symlink", "refuse", code=2)
        self.assertEqual(document["error"]["code"], "not_regular_file")
        self.document_of("a", "--symlink", "replace", stdin=b"own")
        self.assertFalse(os.path.islink(self.path("a")))
        self.assertEqual((self.read("a"), self.read("d/real")), (b"own", b"new"))

    def test_what_is_no_regular_file_is_refused_without_reading_stdin(self):
        os.mkdir(self.path("folder"))
        os.mkfifo(self.path("fifo"))
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.path("socket"))
        for name in ("folder", "folder/", "fifo", "socket", "/dev/null", ".", "/dev/stdout"):
            with self.subTest(name):
                document = self.document_of(name, code=2)
                self.assertEqual(document["error"]["code"], "not_regular_file")
                self.assertIn(document["error"]["step"], ("inspect", "resolve"))
        listener.close()
        self.assertEqual(self.names(), ["fifo", "folder", "socket"])

    def test_a_refusal_does_not_wait_for_stdin(self):
        process = self.start_untorn("write", "none/a")  # stdin stays open and empty
        self.assertEqual(process.wait(timeout=60), 2)

    def test_the_document_of_a_failure_says_what_where_why_and_what_is_there_now(self):
        result = self.run_untorn("write", "none/a", "--format", "json", stdin=b"new")
        self.assert_exit(result, 2)
        document = self.document(result)
        self.assertEqual(document["outcome"], "not_applied")
        self.assertEqual(document["requested"], "durable")
        error = document["error"]
        self.assertEqual(set(error), {"code", "step", "outcome", "advice", "message", "path"})
        self.assertEqual(error["code"], "not_found")
        self.assertEqual(error["step"], "open_directory")
        self.assertEqual(error["outcome"], "not_applied")
        self.assertEqual(error["advice"], "fix_then_retry")
        self.assertEqual(document["root"], self.path("none"))
        self.assertEqual(error["path"], "a")
        self.assertIn("ENOENT", error["message"])
        self.assertIn(error["message"].encode(), result.stderr)

    def test_names_of_every_kind_are_written_and_reported(self):
        for name in (" ", "a b", "line\nend", "ünïcode 字", "-", "[x]", "a,b", '"\\', "*"):
            with self.subTest(name):
                document = self.document_of("--", name)
                self.assertEqual(document["path"], name)
                self.assertEqual(self.read(name), b"new")
        odd = b"not \xff text"
        result = self.run_untorn("write", odd, "--format", "json", stdin=b"new")
        self.assert_exit(result, 0)
        self.assertEqual(self.document(result)["path"], "not \ufffd text")
        with open(os.path.join(os.fsencode(self.folder), odd), "rb") as file:
            self.assertEqual(file.read(), b"new")

    def test_a_message_about_an_odd_name_stays_on_one_line(self):
        result = self.run_untorn("write", "none\n\x1b[31m/a")
        self.assert_exit(result, 2)
        self.assertEqual(result.stderr.count(b"\n"), 1)
        self.assertNotIn(b"\x1b[31m", result.stderr)

    def test_output_receives_the_result_instead_of_stdout(self):
        self.write("receipt", b"old", mode=0o600)
        result = self.run_untorn("write", "a", "--format=json", "--output", "receipt", stdin=b"new")
        self.assert_exit(result, 0)
        self.assertEqual(result.stdout, b"")
        self.assertIn(b'"schema": "untorn.write/1"', self.read("receipt"))
        self.assertEqual(stat.S_IMODE(os.stat(self.path("receipt")).st_mode), 0o600)
        self.run_untorn("write", "a", "--output", "receipt", stdin=b"newer")
        self.assertIn(b"a: replaced, 5 bytes", self.read("receipt"))

    def test_an_output_that_cannot_be_written_is_refused_before_anything_changes(self):
        self.write("a", b"old")
        result = self.run_untorn("write", "a", "--output", "none/receipt", stdin=b"new")
        self.assert_exit(result, 2)
        self.assertEqual(self.read("a"), b"old")
        self.assertEqual(self.names(), ["a"])

    def test_an_output_that_cannot_be_had_is_reported_on_stdout(self):
        result = self.run_untorn("write", "a", "--format", "json", "--output", "none/receipt")
        self.assert_exit(result, 2)
        document = self.document(result)
        self.assertEqual(document["schema"], "untorn.write/1")
        error = document["error"]
        self.assertEqual(set(error), {"code", "step", "outcome", "advice", "message", "path"})
        self.assertEqual((error["code"], error["step"]), ("not_found", "open_directory"))
        self.assertEqual((error["outcome"], error["path"]), ("not_applied", "receipt"))
        self.assertEqual(self.names(), [])

    def test_an_output_that_leads_to_the_file_itself_is_refused(self):
        os.symlink("target", self.path("link"))
        os.mkdir(self.path("d"))
        for exists in (False, True):
            for path, output in (("target", "link"), ("link", "target"), ("target", "d/../link"),
                                 ("target", self.path("target"))):
                with self.subTest(path=path, output=output, exists=exists):
                    result = self.run_untorn("write", path, "--output", output, stdin=b"new")
                    self.assert_exit(result, 2)
                    self.assertIn(b"--output", result.stderr)
                    self.assertEqual(os.path.exists(self.path("target")), exists)
                    self.assertEqual(self.names(),
                                     sorted(["d", "link"] + ["target"] * exists))
            self.write("target", b"old")
        self.assertEqual(self.read("target"), b"old")
        result = self.run_untorn("write", "link", "--symlink", "replace", "--output", "target",
                                 stdin=b"new")
        self.assert_exit(result, 0)
        self.assertEqual(self.read("link"), b"new")

    def test_a_result_that_cannot_be_printed_leaves_the_caller_unsure(self):
        with open("/dev/full", "wb") as full:
            result = self.run_untorn("write", "a", "--format", "json", stdin=b"new", stdout=full)
        self.assert_exit(result, 3)
        self.assertIn(b"in place", result.stderr)
        self.assertEqual(self.read("a"), b"new")

    def test_hard_links_are_split_with_a_warning(self):
        self.write("a", b"old")
        os.link(self.path("a"), self.path("b"))
        result = self.run_untorn("write", "a", "--format", "json", stdin=b"new")
        self.assertIs(self.document(result)["hard_links_split"], True)
        self.assertIn(b"warning:", result.stderr)
        self.assertEqual((self.read("a"), self.read("b")), (b"new", b"old"))

    def test_quiet_takes_warnings_and_leaves_errors_and_results(self):
        self.write("a", b"old")
        os.link(self.path("a"), self.path("b"))
        result = self.run_untorn("write", "a", "--quiet", "--format", "json", stdin=b"new")
        self.assertEqual(result.stderr, b"")
        self.assertEqual(self.document(result)["outcome"], "applied")
        self.assertIn(b"error:", self.run_untorn("write", "none/a", "--quiet").stderr)

    def test_a_file_may_be_its_own_source(self):
        self.write("a", b"content" * 10_000)
        with open(self.path("a"), "rb") as source:
            self.assert_exit(self.run_untorn("write", "a", stdin=source), 0)
        self.assertEqual(self.read("a"), b"content" * 10_000)


class Streams(CommandTest):
    def with_closed(self, descriptor, *arguments):
        script = f'exec "$0" "$@" {descriptor}'
        return subprocess.run(["sh", "-c", script, COMMAND, "write", *arguments], cwd=self.folder,
                              input=b"new", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=clean_environment(), timeout=60, check=False)

    def test_a_closed_stdin_is_an_error_and_not_an_empty_content(self):
        self.write("a", b"old")
        result = self.with_closed("<&-", "a", "--format", "json")
        self.assert_exit(result, 2)
        self.assertEqual(self.read("a"), b"old")
        self.assertEqual(self.names(), ["a"])
        self.assertEqual(self.document(result)["error"]["step"], "read_input")
        self.assertIn(b"closed", result.stderr)

    def test_a_closed_stdout_matters_only_if_something_must_be_printed(self):
        self.assert_exit(self.with_closed(">&-", "a"), 0)
        self.assertEqual(self.read("a"), b"new")
        self.assert_exit(self.with_closed(">&-", "a", "--format", "json"), 3)
        self.assertEqual(self.read("a"), b"new")

    def test_a_closed_stderr_does_not_end_up_in_the_file(self):
        self.assert_exit(self.with_closed("2>&-", "a"), 0)
        self.assertEqual(self.read("a"), b"new")
        os.link(self.path("a"), self.path("b"))
        self.assert_exit(self.with_closed("2>&- >&- <&-", "a"), 2)
        self.assertEqual(self.read("a"), b"new")

    def test_a_stdin_that_fails_leaves_the_old_content(self):
        self.write("a", b"old")
        folder = os.open(self.folder, os.O_RDONLY)
        result = self.run_untorn("write", "a", stdin=folder)
        os.close(folder)
        self.assert_exit(result, 2)
        self.assertEqual(self.read("a"), b"old")
        self.assertEqual(self.names(), ["a"])

    def test_memory_stays_constant_while_a_large_input_streams(self):
        limit_kib = 64 * 1024 if "ASAN_OPTIONS" not in os.environ else None
        script = f"ulimit -v {limit_kib}; " if limit_kib else ""
        script += 'head -c 300000000 /dev/zero | "$0" write a --durability process'
        result = subprocess.run(["sh", "-c", script, COMMAND], cwd=self.folder, timeout=300,
                                stderr=subprocess.PIPE, env=clean_environment(), check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(os.path.getsize(self.path("a")), 300_000_000)


class Signals(CommandTest):
    def started(self, *flags):
        """A command that has its temporary and part of its input."""
        self.write("a", b"old")
        process = self.start_untorn("write", "a", *flags)
        process.stdin.write(b"part of the new content")
        process.stdin.flush()
        deadline = time.monotonic() + 60
        while len(self.names()) < 2 and time.monotonic() < deadline:
            time.sleep(0.005)
        self.assertEqual(len(self.names()), 2)
        return process

    def test_signals_end_it_after_cleaning_up(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
            with self.subTest(number):
                process = self.started()
                process.send_signal(number)
                self.assertEqual(process.wait(timeout=60), code)
                self.assertEqual(self.names(), ["a"])
                self.assertEqual(self.read("a"), b"old")
                self.assertIn(b"untouched", process.stderr.read())

    def test_a_kill_leaves_nothing_of_the_report(self):
        process = self.started("--output", "report")
        process.kill()
        process.wait(timeout=60)
        self.assertLessEqual(len(self.names()), 2, self.names())

    def test_an_interrupted_command_prints_its_document(self):
        process = self.start_untorn("write", "a", "--format", "json")
        process.stdin.write(b"part")
        process.stdin.flush()
        deadline = time.monotonic() + 60
        while not self.names() and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=60), 130)
        error = json.loads(process.stdout.read())["error"]
        self.assertEqual((error["code"], error["outcome"]), ("interrupted", "not_applied"))
        self.assertEqual(self.names(), [])

    def test_a_temporary_that_was_taken_away_is_no_condition_of_the_caller(self):
        process = self.started("--must-exist")
        for name in self.names():
            if name != "a":
                os.unlink(self.path(name))
        process.stdin.close()
        self.assertEqual(process.wait(timeout=60), 2)
        self.assertEqual(self.read("a"), b"old")
        self.assertEqual(self.names(), ["a"])

    def test_a_limit_on_file_sizes_is_an_error_and_not_a_death(self):
        self.write("a", b"old")
        result = self.run_untorn(
            "write", "a", "--format", "json", stdin=b"x" * 100_000,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)))
        self.assert_exit(result, 2)
        error = self.document(result)["error"]
        self.assertEqual((error["code"], error["step"]), ("no_space", "write"))
        self.assertIn("EFBIG", error["message"])
        self.assertEqual(self.read("a"), b"old")
        self.assertEqual(self.names(), ["a"])

    def test_an_ignored_signal_stays_ignored(self):
        self.write("a", b"old")
        process = self.start_untorn(
            "write", "a", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        process.send_signal(signal.SIGHUP)
        process.stdin.write(b"new")
        process.stdin.close()
        self.assertEqual(process.wait(timeout=60), 0)
        self.assertEqual(self.read("a"), b"new")

    def test_a_kill_leaves_the_old_content_and_a_recognisable_temporary(self):
        process = self.started()
        process.kill()
        process.wait(timeout=60)
        self.assertEqual(self.read("a"), b"old")
        left = [name for name in self.names() if name != "a"]
        self.assertEqual(len(left), 1)
        self.assertRegex(left[0], r"\A\.untorn-tmp-[0-9a-f]{32}\Z")

    def test_many_commands_at_once_leave_one_whole_content(self):
        contents = [bytes([65 + index]) * 100_000 for index in range(16)]
        threads = [threading.Thread(target=self.run_untorn, args=("write", "a"),
                                    kwargs={"stdin": content}) for content in contents]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertIn(self.read("a"), contents)
        self.assertEqual(self.names(), ["a"])


class Mounts(CommandTest):
    """In a mount namespace of its own; the script gets the command as $0."""

    def in_namespace(self, script):
        unshare = shutil.which("unshare")
        need(self, unshare is not None, "namespaces", "unshare(1) is not installed")
        user = [] if os.geteuid() == 0 else ["--map-root-user"]
        probe = subprocess.run([unshare, *user, "--mount", "true"], stderr=subprocess.PIPE,
                               check=False)
        need(self, probe.returncode == 0, "namespaces", probe.stderr.decode())
        return subprocess.run([unshare, *user, "--mount", "sh", "-c", script, COMMAND],
                              cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=clean_environment(), timeout=120, check=False)

    def test_a_full_disk_keeps_the_old_content_and_exits_2(self):
        result = self.in_namespace("""
            mkdir disk && mount -t tmpfs -o size=1m none disk && cd disk || exit 99
            printf old > a
            head -c 3000000 /dev/zero | "$0" write a --format json
            code=$?
            test "$(cat a)" = old && test "$(ls -A)" = a || exit 98
            exit $code""")
        self.assert_exit(result, 2)
        error = self.document(result)["error"]
        self.assertEqual((error["code"], error["step"]), ("no_space", "write"))
        self.assertIn("the old content is untouched", error["message"])

    def test_a_level_that_cannot_be_had_is_a_warning_or_with_strict_an_error(self):
        result = self.in_namespace("""
            mkdir disk && mount -t tmpfs -o size=1m none disk && cd disk || exit 99
            echo new | "$0" write a --format json || exit 98
            echo newer | "$0" write a --strict 2>/dev/null
            test $? = 2 && test "$(cat a)" = new || exit 97""")
        self.assert_exit(result, 0)
        document = self.document(result)
        self.assertEqual((document["requested"], document["achieved"]), ("durable", "process"))
        self.assertEqual(document["why_lower"], "tmpfs keeps nothing across a power cut")
        self.assertIn(b"warning:", result.stderr)

    def test_a_closed_stdin_is_noticed_where_there_is_no_dev(self):
        result = self.in_namespace("""
            printf old > a && mount -t tmpfs none /dev || exit 99
            timeout 30 "$0" write a --format json <&-
            code=$?
            test "$(cat a)" = old && test "$(ls -A)" = a || exit 98
            exit $code""")
        self.assert_exit(result, 2)
        self.assertIn("closed", self.document(result)["error"]["message"])

    def test_a_file_that_is_a_mount_of_its_own_is_refused(self):
        result = self.in_namespace("""
            echo old > outside && : > inside && mount --bind outside inside || exit 99
            echo new | "$0" write inside --format json
            code=$?
            test "$(cat outside)" = old || exit 98
            exit $code""")
        self.assert_exit(result, 2)
        self.assertEqual(self.document(result)["error"]["code"], "mount_point")


if __name__ == "__main__":
    unittest.main()
