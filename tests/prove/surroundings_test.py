# SPDX-License-Identifier: Apache-2.0
"""`untorn prove` where the surroundings are odd: what lies in the root, limits, descriptors, disks.

Whatever happens: a verdict or a clear message, exit 2 for what cannot be done, no crash, the real
tree unchanged, and no process left.
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid

import harness

SAVE = "echo 1 | \"$UNTORN\" write --quiet a"
TRUNCATE = "echo '{}' > state.json"


class Surroundings(harness.ProveCase):
    """Each test is one odd place to be in."""

    def setUp(self):
        super().setUp()
        self.mark = uuid.uuid4().hex
        (self.root / "state.json").write_text("[]\n")

    def tearDown(self):
        left = harness.marked_processes(self.mark)
        for number in left:
            os.kill(number, signal.SIGKILL)
        self.assertEqual(left, [], "processes were left behind")

    def proves(self, command=None, arguments=(), **options):
        """The classic protocol is proved here as anywhere."""
        command = command or [harness.python(), "-c", harness.CLASSIC]
        options["extra"] = {"UNTORN_TEST_MARK": self.mark, **options.get("extra", {})}
        proof = self.run_unchanged(command, arguments, **options)
        self.assertEqual(proof.document["verdict"], "proved", proof.describe())
        return proof

    def shell(self, script, *arguments, **options):
        """A shell that sets the surroundings up and then runs "$UNTORN" itself."""
        options.setdefault("stdin", subprocess.DEVNULL)
        result = subprocess.run(["sh", "-c", script, "sh", *arguments], cwd=self.root,
                                env=harness.environment({"UNTORN_TEST_MARK": self.mark}),
                                capture_output=True, timeout=120, check=False, **options)
        self.assertGreaterEqual(result.returncode, 0, result)
        self.assertLess(result.returncode, 128, result)
        return result

    def answer(self, result):
        """The document that came, or the message that must stand in its place."""
        if result.stdout.strip():
            return json.loads(result.stdout)
        self.assertEqual(result.returncode, 2, result)
        self.assertTrue(result.stderr.strip(), result)
        return {"verdict": None, "error": {"message": result.stderr.decode()}}

    # -- what lies in the root

    def test_loop_of_links(self):
        (self.root / "first").symlink_to("second")
        (self.root / "second").symlink_to("first")
        (self.root / "up").symlink_to("..")
        (self.root / "folder").mkdir()
        (self.root / "folder" / "self").symlink_to(".")
        self.proves()

    def test_fifo_and_socket(self):
        os.mkfifo(self.root / "fifo")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(self.root / "socket"))
            server.listen()
            self.proves()

    def test_command_makes_a_fifo(self):
        command = ["sh", "-c", "mkfifo pipe && (cat pipe >/dev/null &) && echo 1 > pipe && " + SAVE]
        proof = self.run_unchanged(command, extra={"UNTORN_TEST_MARK": self.mark})
        self.assertIn(proof.document["verdict"], ("proved", "undecided"), proof.describe())

    def test_sparse_file_of_ten_gigabytes(self):
        with open(self.root / "sparse", "wb") as file:
            file.truncate(10 << 30)
        command = ["env", "--", harness.BINARY, "prove", "--format", "json", "--root", ".", "--",
                   harness.python(), "-c", harness.CLASSIC]
        result = subprocess.run(command, cwd=self.root, env=harness.environment(), check=False,
                                stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
        self.assertEqual(json.loads(result.stdout)["verdict"], "proved", result)

    def test_write_into_a_sparse_file_of_ten_gigabytes(self):
        with open(self.root / "sparse", "wb") as file:
            file.truncate(10 << 30)
        script = "import os; f = os.open('sparse', os.O_WRONLY); os.pwrite(f, b'x', 5 << 30)"
        line = [harness.BINARY, "prove", "--format", "json", "--root", ".", "--",
                harness.python(), "-c", script]
        result = subprocess.run(line, cwd=self.root, env=harness.environment(), check=False,
                                stdin=subprocess.DEVNULL, capture_output=True, timeout=300)
        self.assertEqual(result.returncode, 2, result)
        self.assertIn(json.loads(result.stdout)["undecided"][0]["reason"],
                      ("budget", "in-place-unjudged"), result)

    def test_unreadable_file(self):
        secret = self.root / "secret"
        secret.write_text("secret\n")
        secret.chmod(0)
        self.proves()

    def test_command_changes_directory(self):
        (self.root / "folder").mkdir()
        (self.root / "folder" / "state.json").write_text("[]\n")
        proof = self.run_unchanged(["sh", "-c", "cd folder && " + TRUNCATE])
        self.assertEqual({v["path"] for v in proof.document["violations"]}, {"folder/state.json"})
        proof = self.run_unchanged(["sh", "-c", "cd / && cd \"$OLDPWD/folder\" && " + TRUNCATE])
        self.assertEqual({v["path"] for v in proof.document["violations"]}, {"folder/state.json"})

    def test_set_user_id_program(self):
        program = self.root / "copy"
        shutil.copy(shutil.which("cp"), program)
        (self.root / "b").write_text("two\n")
        program.chmod(0o4755)
        proof = self.run_unchanged(["./copy", "b", "state.json"])
        self.assertIn(proof.document["verdict"], ("violated", "undecided"), proof.describe())

    # -- the environment

    def test_no_home_and_an_empty_environment(self):
        result = subprocess.run(
            ["env", "-i", "PATH=/usr/bin:/bin", harness.BINARY, "prove", "--format", "json", "--",
             harness.python(), "-c", harness.CLASSIC],
            cwd=self.root, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
        self.assertEqual(json.loads(result.stdout)["verdict"], "proved", result)

    def test_home_that_does_not_exist(self):
        self.proves(extra={"HOME": "/no/such/home", "TMPDIR": "/no/such/tmp"})

    def test_inside_another_proof(self):
        line = f'"$UNTORN" prove --format json -- sh -c \'{SAVE}\''
        proof = self.run_unchanged(["sh", "-c", f"{line}; echo \"inner: $?\"; {SAVE}"],
                                   extra={"UNTORN_TEST_MARK": self.mark})
        self.assertIn(proof.document["verdict"], ("proved", "undecided"), proof.describe())

    # -- descriptors and limits

    def test_closed_descriptors(self):
        for closed in ("<&-", "<&- 2>&-", "2>&-"):
            with self.subTest(closed=closed):
                result = self.shell(f'exec "$UNTORN" prove --format json -- "$1" -c "$2" {closed}',
                                    harness.python(), harness.CLASSIC)
                self.assertEqual(json.loads(result.stdout)["verdict"], "proved", result)

    def test_closed_output(self):
        result = self.shell('"$UNTORN" prove --format json -- "$1" -c "$2" >&-',
                            harness.python(), harness.CLASSIC)
        self.assertEqual(result.returncode, 2, result)

    def test_output_that_nobody_reads(self):
        result = self.shell('"$UNTORN" prove -- sh -c "echo 1 > state.json" | true')
        self.assertNotIn(b"error", result.stderr, result)

    def test_few_descriptors(self):
        for limit in (20, 10, 6, 4):
            with self.subTest(limit=limit):
                result = self.shell(f'ulimit -n {limit}; exec "$UNTORN" prove --format json -- '
                                    'sh -c "echo 1 > state.json"')
                document = self.answer(result)
                self.assertIn(document.get("verdict"), ("violated", "undecided", None), result)
                self.assertIn(result.returncode, (1, 2), result)

    def test_files_may_not_grow(self):
        result = self.shell('ulimit -f 0; exec "$UNTORN" prove --format json -- '
                            'sh -c "echo 1 > state.json"')
        self.assertEqual(result.returncode, 2, result)
        self.answer(result)
        result = self.shell('ulimit -f 1; exec "$UNTORN" prove --format json -- '
                            'sh -c "echo 1 > state.json"')
        self.assertIn(result.returncode, (1, 2), result)

    def test_little_memory(self):
        result = self.shell('ulimit -v 60000; exec "$UNTORN" prove --format json -- '
                            'sh -c "echo 1 > state.json"')
        self.assertIn(result.returncode, (1, 2), result)
        self.answer(result)

    def test_no_more_processes(self):
        if os.getuid() == 0:
            if shutil.which("setpriv") is None:
                harness.skip("setpriv", "root has no such limit, and setpriv is not installed")
            self.scratch.chmod(0o755)
            self.root.chmod(0o777)
            lower = "setpriv --reuid=65530 --regid=65530 --clear-groups "
        else:
            lower = ""
        result = self.shell(f'ulimit -u 2; exec {lower}"$UNTORN" prove --format json -- '
                            'sh -c "echo 1 > state.json"')
        if result.returncode in (126, 127):
            harness.skip("nobody", "the build cannot be reached by an ordinary user")
        self.assertIn(result.returncode, (1, 2), result)
        self.answer(result)

    def test_full_temporary_folder(self):
        script = """
            mkdir "$1/small"
            mount -t tmpfs -o size=64k tmpfs "$1/small"
            cat /dev/zero > "$1/small/filler" 2>/dev/null || true
            cd "$2"
            TMPDIR="$1/small" exec "$UNTORN" prove --format json --root "$2" -- "$3" -c "$4"
        """
        result = self.private_mounts(script, str(self.scratch), str(self.root), harness.python(),
                                     harness.CLASSIC)
        self.assertIn(self.answer(result).get("verdict"), ("proved", "undecided", None), result)
        self.assertIn(result.returncode, (0, 2), result)

    # -- flags that name what is not there

    def test_trace_that_is_none(self):
        for content in (b"", b"garbage\n", os.urandom(5000), b"\0" * 5000, b"{\"schema\": 1}"):
            with self.subTest(content=content[:10]):
                (self.scratch / "trace").write_bytes(content)
                result = self.shell('exec "$UNTORN" prove --format json --from-trace "$1"',
                                    str(self.scratch / "trace"))
                self.assertEqual(result.returncode, 2, result)
                self.assertIn("trace", self.answer(result)["error"]["message"])

    def test_trace_that_is_missing_or_no_file(self):
        for name in ("missing", "root"):
            result = self.shell('exec "$UNTORN" prove --format json --from-trace "$1"',
                                str(self.scratch / name))
            self.assertEqual(result.returncode, 2, result)
            self.assertIn(name, result.stdout.decode() + result.stderr.decode())

    def test_report_into_a_folder_that_is_missing(self):
        target = self.scratch / "missing" / "report.html"
        result = self.shell('exec "$UNTORN" prove --format json --report "$1" -- '
                            'sh -c "echo 1 > state.json"', str(target))
        self.assertEqual(result.returncode, 2, result)
        self.assertIn("missing", result.stdout.decode() + result.stderr.decode())
        self.assertFalse(target.parent.exists())

    def test_trace_into_a_folder_that_is_missing(self):
        target = self.scratch / "missing" / "run.trace"
        result = self.shell('exec "$UNTORN" prove --format json --save-trace "$1" -- '
                            'sh -c "echo 1 > state.json"', str(target))
        self.assertEqual(result.returncode, 2, result)
        self.assertIn("missing", result.stdout.decode() + result.stderr.decode())

    # -- commands for the check

    def interrupt_while_checking(self, check, delay_s):
        """Ctrl-C while a command of --check is at work."""
        process = subprocess.Popen(
            [harness.BINARY, "prove", "--quiet", "--expect", "none", "--check", check, "--", "sh",
             "-c", "for i in 1 2 3 4 5 6 7 8 9; do echo $i > f$i; done"],
            cwd=self.root, env=harness.environment({"UNTORN_TEST_MARK": self.mark}),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True)
        time.sleep(delay_s)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        end = time.monotonic() + 20
        while harness.marked_processes(self.mark) and time.monotonic() < end:
            time.sleep(0.02)
        return process.returncode

    def test_ctrl_c_while_checking(self):
        before = harness.digest(self.root)
        mounts = pathlib.Path("/proc/self/mounts").read_text(encoding="utf-8")
        for delay_s in (0.3, 0.6, 1.0):
            with self.subTest(delay_s=delay_s):
                # What it reads is there, so it judges; the process that it leaves must go, too.
                status = self.interrupt_while_checking(
                    "cat f* 2>/dev/null; sleep 600 & sleep 0.1; true", delay_s)
                self.assertEqual(status, 130)
                self.assertEqual(harness.marked_processes(self.mark), [])
        self.assertEqual(before, harness.digest(self.root))
        self.assertEqual(mounts, pathlib.Path("/proc/self/mounts").read_text(encoding="utf-8"))

    def test_ctrl_c_while_a_check_hangs(self):
        status = self.interrupt_while_checking("cat f*; test -e f9 || exit 0; sleep 600", 0.5)
        self.assertEqual(status, 130)
        self.assertEqual(harness.marked_processes(self.mark), [])


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(harness.main())
