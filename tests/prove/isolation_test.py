# SPDX-License-Identifier: Apache-2.0
"""`untorn prove` without namespaces, and interrupted at any time.

Whatever happens: no process, mount or temporary is left behind, and the real tree is unchanged.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import uuid

import harness


def wait_until(condition, limit_s=20):
    """Polls; what is waited for has no other signal. False if it did not come true."""
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


class Isolation(harness.ProveCase):
    """Copies of the root, and what an interrupted run leaves."""

    def test_copy_that_does_not_fit(self):
        (self.root / "big").write_bytes(bytes(2 << 20))
        script = """
            mkdir "$1/small"
            mount -t tmpfs -o size=256k tmpfs "$1/small"
            cd "$2"
            status=0
            TMPDIR="$1/small" "$UNTORN" prove --isolation copy --format json --root "$2" -- true ||
                status=$?
            echo "left: $(ls -A "$1/small")" >&2
            exit $status
        """
        result = self.private_mounts(script, str(self.scratch), str(self.root))
        self.assertEqual(result.returncode, 2, result)
        self.assertEqual(json.loads(result.stdout)["error"]["code"], "no_space", result)
        self.assertEqual(result.stderr.decode().splitlines()[-1], "left: ")

    # -- without namespaces

    def copy_run(self, command, **options):
        """Proves in a copy of the root whose parent is ours to look at."""
        temporary = self.scratch / "tmp"
        temporary.mkdir(exist_ok=True)
        extra = {"TMPDIR": str(temporary), **options.pop("extra", {})}
        proof = self.run_unchanged(command, ["--isolation", "copy"], extra=extra, **options)
        self.assertEqual(list(temporary.iterdir()), [], "the copy was not removed")
        return proof

    def test_copy_proves(self):
        (self.root / "state.json").write_text("[]\n")
        proof = self.copy_run([harness.python(), "-c", harness.CLASSIC])
        self.assertEqual(proof.document["verdict"], "proved", proof.describe())

    def test_copy_violates(self):
        (self.root / "state.json").write_text("[]\n")
        proof = self.copy_run(["sh", "-c", "echo {} > \"$UNTORN_ROOT/state.json\""])
        self.assertEqual(proof.document["verdict"], "violated", proof.describe())

    def test_copy_escapes(self):
        real = self.root / "state.json"
        real.write_text("[]\n")
        outside = self.scratch / "outside"
        outside.mkdir()
        proof = self.copy_run(["sh", "-c", f"echo {{}} > {outside}/x; echo 1 > a"])
        self.assertEqual(proof.document["verdict"], "undecided", proof.describe())
        self.assertIn("escaped-root", {u["reason"] for u in proof.document["undecided"]})
        self.assertEqual(list(outside.iterdir()), [], "the write outside was carried out")

    def test_falls_back_to_a_copy(self):
        if shutil.which("setpriv") is None:
            harness.skip("setpriv", "setpriv is not installed")
        temporary = self.scratch / "tmp"
        temporary.mkdir()
        script = """
            echo 0 > /proc/sys/user/max_user_namespaces
            cd "$1"
            TMPDIR="$2" exec setpriv --inh-caps=-all --bounding-set=-all \
                "$UNTORN" prove --format json --root "$1" -- "$3" -c "$4"
        """
        result = self.private_mounts(script, str(self.root), str(temporary), harness.python(),
                                     harness.CLASSIC)
        self.assertEqual(result.returncode, 0, result)
        document = json.loads(result.stdout)
        self.assertEqual(document["verdict"], "proved", result)
        said = " ".join(document["notes"] + document["limits"])
        self.assertIn("copy", said)
        self.assertEqual(list(temporary.iterdir()), [])
        self.assertEqual(list(self.root.iterdir()), [])

    # -- interrupted

    def interrupt(self, number, delay_s, arguments=()):
        """Starts a proof that would take long, sends a signal, and looks for what is left."""
        mark = uuid.uuid4().hex
        temporary = self.scratch / "tmp"
        temporary.mkdir(exist_ok=True)
        mounts = pathlib.Path("/proc/self/mounts").read_text(encoding="utf-8")
        before = harness.digest(self.root)
        extra = {"UNTORN_TEST_MARK": mark, "TMPDIR": str(temporary)}
        process = subprocess.Popen(
            [harness.BINARY, "prove", "--quiet", "--root", str(self.root), *arguments, "--",
             str(harness.PROGRAMS / "saver_loop")],
            cwd=self.root, env=harness.environment(extra), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        try:
            time.sleep(delay_s)
            process.send_signal(number)
            process.communicate(timeout=60)
            gone = wait_until(lambda: not harness.marked_processes(mark))
            self.assertTrue(gone, f"left running: {harness.marked_processes(mark)}")
        finally:
            for left in harness.marked_processes(mark):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(left, signal.SIGKILL)
        self.assertEqual(mounts, pathlib.Path("/proc/self/mounts").read_text(encoding="utf-8"))
        self.assertEqual(before, harness.digest(self.root), "the real root has changed")
        return process.returncode, list(temporary.iterdir())

    def test_ctrl_c_leaves_nothing(self):
        for delay_s in (0.0, 0.01, 0.03, 0.1, 0.3, 1.0):
            with self.subTest(delay_s=delay_s):
                status, left = self.interrupt(signal.SIGINT, delay_s)
                # Before main() has begun the signal's default action ends the process.
                self.assertIn(status, (130, -signal.SIGINT) if delay_s < 0.1 else (130,))
                self.assertEqual(left, [])

    def test_ctrl_c_leaves_no_copy(self):
        for delay_s in (0.1, 0.5):
            with self.subTest(delay_s=delay_s):
                status, left = self.interrupt(signal.SIGINT, delay_s, ["--isolation", "copy"])
                self.assertEqual(status, 130)
                self.assertEqual(left, [])

    def test_sigterm_leaves_nothing(self):
        for delay_s in (0.1, 0.5):
            with self.subTest(delay_s=delay_s):
                _, left = self.interrupt(signal.SIGTERM, delay_s)
                self.assertEqual(left, [])

    def test_sigkill_leaves_nothing(self):
        for delay_s in (0.01, 0.05, 0.2, 0.5, 1.0):
            with self.subTest(delay_s=delay_s):
                status, left = self.interrupt(signal.SIGKILL, delay_s)
                self.assertEqual(status, -signal.SIGKILL)
                self.assertEqual(left, [])


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(harness.main())
