# SPDX-License-Identifier: Apache-2.0
"""`untorn prove` on programs that hang, flood, vanish and misbehave.

Whatever happens: a clear document or message, the right exit code, and the real tree unchanged.
"""

import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import uuid

import harness


class Hostile(harness.ProveCase):
    """Each test is a way to misbehave."""

    def raw(self, *arguments, **options):
        """Runs the command as a user would, for usage errors."""
        return subprocess.run([harness.BINARY, "prove", *arguments], cwd=self.root, check=False,
                              env=harness.environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=120, **options)

    # -- commands that are wrong

    def test_command_does_not_exist(self):
        result = self.raw("--format", "json", "--root", str(self.root), "--", "no-such-program-x")
        self.assertEqual(result.returncode, 2, result)
        document = json.loads(result.stdout)
        self.assertEqual(document["error"]["code"], "not_found", document)
        self.assertIn("no-such-program-x", document["error"]["message"] + document["error"]["path"])

    def test_command_is_not_executable(self):
        script = self.root / "notes.txt"
        script.write_text("not a program\n")
        result = self.raw("--format", "json", "--root", str(self.root), "--", "./notes.txt")
        self.assertEqual(result.returncode, 2, result)
        self.assertIn("notes.txt", result.stdout.decode())

    def test_usage_errors(self):
        (self.root / "kept.txt").write_text("kept\n")
        root = ["--root", str(self.root)]
        for arguments in ([], root, [*root, "--"], [*root, "--expect", "nonsense", "--", "true"],
                          [*root, "--engine", "nonsense", "--", "true"],
                          [*root, "--model", "nonsense", "--", "true"],
                          [*root, "--budget", "soon", "--", "true"],
                          [*root, "--ack", "(", "--", "true"],
                          ["--root", str(self.root / "missing"), "--", "true"],
                          ["--root", str(self.root / "kept.txt"), "--", "true"]):
            with self.subTest(arguments=arguments):
                result = self.raw(*arguments)
                self.assertEqual(result.returncode, 2, result)
                self.assertTrue(result.stderr.strip() or result.stdout.strip())
        self.assertEqual((self.root / "kept.txt").read_text(), "kept\n")

    def test_command_killed_by_a_signal(self):
        proof = self.run_unchanged(["sh", "-c", "echo 1 > a; kill -SEGV $$"],
                                   ["--expect", "durable-if-synced"])
        self.assertEqual(proof.document["verdict"], "undecided")
        self.assertIn("command-failed", self.reasons(proof))

    # -- commands that do not end

    def test_server_is_stopped(self):
        mark = uuid.uuid4().hex
        script = harness.CLASSIC + "\nimport time\ntime.sleep(600)\n"
        proof = self.run_unchanged([harness.python(), "-c", script], ["--stop-after", "2s"],
                                   extra={"UNTORN_TEST_MARK": mark})
        self.assertEqual(proof.document["verdict"], "proved", proof.describe())
        self.assertEqual(proof.document["acknowledgements"], 0, proof.describe())
        self.assertEqual(harness.marked_processes(mark), [])

    def test_server_that_ignores_sigterm_is_stopped(self):
        mark = uuid.uuid4().hex
        script = "trap '' TERM; echo 1 > a; while :; do sleep 1; done"
        proof = self.run_unchanged(["sh", "-c", script], ["--stop-after", "500ms"],
                                   extra={"UNTORN_TEST_MARK": mark})
        self.assertEqual(proof.document["verdict"], "violated", proof.describe())
        self.assertEqual(harness.marked_processes(mark), [])

    def test_descendant_that_outlives_the_command(self):
        mark = uuid.uuid4().hex
        script = "echo 1 | \"$UNTORN\" write --quiet a; setsid sleep 600 >/dev/null 2>&1 &"
        proof = self.run_unchanged(["sh", "-c", script], extra={"UNTORN_TEST_MARK": mark})
        self.assertEqual(proof.document["verdict"], "proved", proof.describe())
        self.assertEqual(harness.marked_processes(mark), [])

    # -- commands that do too much

    def test_ten_gigabytes(self):
        command = ["dd", "if=/dev/zero", "of=big", "bs=1M", "count=10240", "status=none"]
        proof = self.run_unchanged(command)
        self.assertEqual(proof.document["verdict"], "undecided", proof.describe())
        self.assertIn("budget", self.reasons(proof), proof.describe())
        kibibytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        self.assertLess(kibibytes, 3 << 20, "the prover's memory is not bounded")

    def test_sparse_tebibyte(self):
        proof = self.run_unchanged(["truncate", "-s", "1T", "sparse.bin"])
        self.assertEqual(proof.document["verdict"], "undecided", proof.describe())
        self.assertIn("budget", self.reasons(proof), proof.describe())
        kibibytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        self.assertLess(kibibytes, 3 << 20, "the prover's memory is not bounded")

    def test_thousand_children(self):
        proof = self.run_unchanged([str(harness.PROGRAMS / "children")])
        self.assertEqual(proof.document["verdict"], "proved", proof.describe())

    def test_flood_of_output(self):
        script = "yes | head -c 50000000; echo 1 | \"$UNTORN\" write --quiet a"
        proof = self.run_unchanged(["sh", "-c", script])
        self.assertEqual(proof.document["verdict"], "proved", proof.document)

    def use_shared_memory(self):
        """Moves the root to a tmpfs where there is one: many files are made fast there."""
        place = pathlib.Path("/dev/shm")
        if not os.access(place, os.W_OK):
            harness.skip("shm", "/dev/shm is not writable")
        self.remove_scratch()
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="untorn-test-", dir=place)).resolve()
        self.root = self.scratch / "root"
        self.root.mkdir()

    def test_root_in_shared_memory(self):
        self.use_shared_memory()
        (self.root / "state.json").write_text("[]\n")
        proof = self.run_unchanged([harness.python(), "-c", harness.CLASSIC])
        self.assertEqual(proof.document["verdict"], "proved", proof.describe())
        self.assertNotIn("copy", " ".join(proof.document["notes"]), proof.describe())

    def test_many_files(self):
        self.use_shared_memory()
        count = int(os.environ.get("UNTORN_MANY_FILES", "100000"))
        for number in range(count):
            folder = self.root / f"{number // 1000:04}"
            if number % 1000 == 0:
                folder.mkdir()
            os.close(os.open(folder / f"{number}", os.O_WRONLY | os.O_CREAT, 0o644))
        command = ["sh", "-c", "echo 1 | \"$UNTORN\" write --quiet 0000/7"]
        proof = harness.prove(self.root, command)
        self.check_document(proof)
        self.assertEqual(proof.document["verdict"], "proved", proof.describe())
        self.assertEqual((self.root / "0000/7").stat().st_size, 0)

    # -- commands that reach further than they should

    def test_root_is_deleted(self):
        (self.root / "folder").mkdir()
        (self.root / "folder" / "file").write_text("content\n")
        (self.root / "other").write_text("content\n")
        proof = self.run_unchanged(["sh", "-c", "rm -rf \"$PWD\"/* && ! test -e other"])
        self.assertEqual(proof.document["verdict"], "proved", proof.describe())
        proof = self.run_unchanged(["rm", "-rf", str(self.root)])
        self.assertIn(proof.document["verdict"], ("proved", "undecided"), proof.describe())

    def test_writes_outside_the_root(self):
        outside = self.scratch / "outside"
        outside.mkdir()
        script = f"echo 1 > {outside}/x; echo 2 > /etc/untorn-test-{uuid.uuid4().hex}; true"
        self.run_unchanged(["sh", "-c", script + "; echo 1 | \"$UNTORN\" write --quiet a"])
        self.assertEqual(list(outside.iterdir()), [])
        self.assertEqual(list(pathlib.Path("/etc").glob("untorn-test-*")), [])

    def test_private_tmp(self):
        name = f"/tmp/untorn-test-{uuid.uuid4().hex}"
        script = f"echo 1 > {name} && cat {name} && echo 1 | \"$UNTORN\" write --quiet a"
        proof = self.run_unchanged(["sh", "-c", script])
        self.assertEqual(proof.document["verdict"], "proved", proof.describe())
        self.assertFalse(os.path.exists(name))

    def test_also_is_private_and_judged(self):
        other = self.scratch / "other"
        other.mkdir()
        (other / "state.txt").write_text("old\n")
        proof = self.run_unchanged(["sh", "-c", f"echo new > {other}/state.txt"],
                                   ["--also", str(other)])
        self.assertEqual((other / "state.txt").read_text(), "old\n")
        self.assertEqual(proof.document["verdict"], "violated", proof.describe())
        self.assertTrue(proof.document["violations"][0]["path"].endswith("other/state.txt"))

    # -- odd names and places

    def test_pipeline_in_a_shell(self):
        (self.root / "a").write_text("2\n1\n")
        proof = self.run_unchanged(["sh", "-c", "cat a | sort > c"])
        self.assertEqual(proof.document["verdict"], "violated", proof.describe())
        self.assertEqual({v["path"] for v in proof.document["violations"]}, {"c"})

    def test_root_with_an_odd_name(self):
        odd = self.scratch / "my\nröot – 数 dir"
        self.root.rename(odd)
        self.root = odd
        proof = self.run_unchanged([harness.python(), "-c", harness.CLASSIC])
        self.assertEqual(proof.document["verdict"], "proved", proof.describe())
        self.assertEqual(proof.document.get("root", str(odd)), str(odd))

    def test_root_behind_a_symbolic_link(self):
        link = self.scratch / "link"
        link.symlink_to(self.root)
        real, self.root = self.root, link
        proof = harness.prove(link, [harness.python(), "-c", harness.CLASSIC])
        self.check_document(proof)
        self.assertEqual(proof.document["verdict"], "proved", proof.describe())
        self.assertEqual(list(real.iterdir()), [])

    def test_name_that_is_not_utf8(self):
        name = os.fsdecode(b"bad-\xff\xfe-name")
        (self.root / name).write_text("old\n")
        script = "import sys, os; open(os.fsdecode(b'bad-\\xff\\xfe-name'), 'w').write('new')"
        proof = self.run_unchanged([harness.python(), "-c", script])
        self.assertEqual(proof.document["verdict"], "violated", proof.describe())

    def test_read_only_directory(self):
        self.root.chmod(0o555)
        self.scratch.chmod(0o755)
        command = [harness.BINARY, "prove", "--format", "json", "--root", str(self.root), "--",
                   "sh", "-c", "echo 1 > a"]
        if os.getuid() == 0:
            if shutil.which("setpriv") is None:
                harness.skip("setpriv", "setpriv is not installed")
            lower = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
            if subprocess.run([*lower, "test", "-x", harness.BINARY], check=False).returncode != 0:
                harness.skip("nobody", "the build cannot be reached by an ordinary user")
            command = lower + command
        result = subprocess.run(command, cwd=self.root, env=harness.environment(), check=False,
                                stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
        self.assertEqual(result.returncode, 2, result)
        document = json.loads(result.stdout)
        self.assertEqual(document["verdict"], "undecided", result)
        self.assertEqual(document["undecided"][0]["reason"], "command-failed", document)
        self.assertEqual(list(self.root.iterdir()), [])

    def test_full_disk_as_root(self):
        script = """
            mount -t tmpfs -o size=256k tmpfs "$1"
            cd "$1"
            echo '{}' > state.json
            cat /dev/zero > filler 2>/dev/null || true
            printf '{"a": 1}' | "$UNTORN" write --quiet state.json && exit 90
            exec "$UNTORN" prove --format json --root "$1" -- "$2" -c "$3"
        """
        result = self.private_mounts(script, str(self.root), harness.python(), harness.CLASSIC)
        self.assertIn(result.returncode, (0, 2), result)
        document = json.loads(result.stdout)
        self.assertIn(document["verdict"], ("proved", "undecided"), result)

    # -- verdict and documents

    def test_sampled_is_passed_and_not_proved(self):
        script = "i=0; while [ $i -lt 48 ]; do echo $i > f$i; i=$((i + 1)); done"
        (self.root / "kept.txt").write_text("kept\n")
        check = "cat f* 2>/dev/null; cat kept.txt"
        arguments = ["--expect", "none", "--check", check, "--budget", "4s"]
        proof = self.run_unchanged(["sh", "-c", script], arguments)
        self.assertEqual(proof.document["verdict"], "passed", proof.describe())
        self.assertFalse(all(e["exhaustive"] for e in proof.document["engines"]))
        line = [harness.BINARY, "prove", "--format", "json", "--root", str(self.root), *arguments,
                "--require-exhaustive", "--", "sh", "-c", script]
        strict = subprocess.run(line, cwd=self.root, env=harness.environment(), check=False,
                                stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
        self.assertEqual(strict.returncode, 2, strict)

    def test_same_run_gives_the_same_document(self):
        (self.root / "settings.json").write_text("{}\n")
        command = ["sh", "-c", "echo '[1]' > settings.json"]
        first, second = (self.run_unchanged(command).document for _ in range(2))
        for document in (first, second):
            document.pop("elapsed_s")
            document.pop("trace_s")
            for engine in document["engines"]:
                engine.pop("elapsed_s")
        self.assertEqual(first, second)

    def test_text_ends_with_the_verdict(self):
        (self.root / "settings.json").write_text("{}\n")
        result = self.raw("--root", str(self.root), "--", "sh", "-c", "echo 1 > settings.json")
        self.assertEqual(result.returncode, 1, result)
        lines = result.stdout.decode().rstrip("\n").splitlines()
        self.assertEqual(lines[-1], "verdict: violated")
        self.assertIn("settings.json", lines[0])

    def test_output_goes_to_a_file(self):
        target = self.scratch / "report.json"
        target.write_text("an older report\n")
        result = self.raw("--format", "json", "--output", str(target), "--root", str(self.root),
                          "--", harness.python(), "-c", harness.CLASSIC)
        self.assertEqual(result.returncode, 0, result)
        self.assertEqual(result.stdout, b"")
        self.assertEqual(json.loads(target.read_text())["verdict"], "proved")

if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(harness.main())
