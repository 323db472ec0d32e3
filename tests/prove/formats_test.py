# SPDX-License-Identifier: Apache-2.0
"""What `parse` knows: files as other programs write them, whole or spoiled; git repositories."""

import os
import shutil
import subprocess
import sys

import harness

# Makes `content` of each format with the standard library, or by hand where that has none.
MAKERS = """
import gzip, io, json, os, struct, sys, zipfile, zlib

def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

def png(shade):
    head = struct.pack(">IIBBBBB", 40, 40, 8, 0, 0, 0, 0)
    rows = b"".join(b"\\0" + bytes((shade * i * j) % 256 for j in range(40)) for i in range(40))
    return (b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) +
            chunk(b"IEND", b""))

def archive(seed):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.txt", f"{seed} " * 2000)
        with packed.open("wide.bin", "w", force_zip64=True) as member:
            member.write(bytes(range(256)) * 4)
    return out.getvalue()

def make(name, seed):
    lines = [f"key{i} = {seed * i}" for i in range(400)]
    return {
        "a.json": lambda: json.dumps({"k": [seed] * 900}).encode(),
        "a.toml": lambda: "\\n".join(lines).encode(),
        "a.yaml": lambda: "\\n".join(line.replace(" =", ":") for line in lines).encode(),
        "a.gz": lambda: gzip.compress(os.urandom(1500)) + gzip.compress(b"second"),
        "a.zip": lambda: archive(seed),
        "a.png": lambda: png(seed),
    }[name]()
"""

# Writes the file under its name, half of it first: what a crash leaves then does not parse.
IN_PLACE = MAKERS + """
content = make(sys.argv[1], 2)
descriptor = os.open(sys.argv[1], os.O_WRONLY)
os.ftruncate(descriptor, 0)
os.write(descriptor, content[:len(content) // 2])
os.write(descriptor, content[len(content) // 2:])
"""

# The classic protocol.
REPLACED = MAKERS + """
with open(sys.argv[1] + ".tmp", "wb") as file:
    file.write(make(sys.argv[1], 2))
    file.flush()
    os.fsync(file.fileno())
os.replace(sys.argv[1] + ".tmp", sys.argv[1])
directory = os.open(".", os.O_RDONLY)
os.fsync(directory)
"""

NAMES = ("a.json", "a.toml", "a.yaml", "a.gz", "a.zip", "a.png")


class Formats(harness.ProveCase):
    """Files that the standard library of Python writes."""

    def prepare(self, name):
        maker = MAKERS + "sys.stdout.buffer.write(make(sys.argv[1], 1))"
        content = subprocess.run([harness.python(), "-c", maker, name], check=True,
                                 capture_output=True).stdout
        (self.root / name).write_bytes(content)

    def judged(self, proof, name):
        (path,) = [each for each in proof.document["paths"] if each["path"] == name]
        return path["judged_by"]

    def test_replaced_files_are_parsed_and_proved(self):
        for name in NAMES:
            with self.subTest(name):
                self.prepare(name)
                proof = self.run_unchanged([harness.python(), "-c", REPLACED, name])
                self.assertEqual(proof.document["verdict"], "proved", proof.describe())
                self.assertIn("parse", self.judged(proof, name))

    def test_files_written_in_place_do_not_parse_after_a_crash(self):
        # A cut TOML or YAML text may well be one: those are left to `atomic`.
        for name in ("a.json", "a.gz", "a.zip", "a.png"):
            with self.subTest(name):
                self.prepare(name)
                proof = self.run_unchanged([harness.python(), "-c", IN_PLACE, name],
                                           ("--expect", "parse"))
                self.assertEqual(proof.document["verdict"], "violated", proof.describe())
                violation = proof.document["violations"][0]
                self.assertEqual((violation["check"], violation["observed"], violation["path"]),
                                 ("parse", "unparseable", name))
                self.assertTrue(violation["output"], proof.describe())

    def test_what_is_no_such_file_before_the_run_is_not_parsed(self):
        (self.root / "a.zip").write_bytes(b"not an archive")
        proof = self.run_unchanged([harness.python(), "-c", REPLACED, "a.zip"])
        self.assertNotIn("parse", self.judged(proof, "a.zip"), proof.describe())


class Repositories(harness.ProveCase):
    """git is the judge of its own folders."""

    SETTINGS = (("user.name", "A"), ("user.email", "a@example.org"), ("commit.gpgsign", "false"),
                ("gc.auto", "0"), ("maintenance.auto", "false"))

    def setUp(self):
        super().setUp()
        self.git = shutil.which("git")
        if not self.git:
            harness.skip("git", "there is no git")

    def command(self, *arguments, settings=()):
        line = [self.git]
        for name, value in (*self.SETTINGS, *settings):
            line += ["-c", f"{name}={value}"]
        return [*line, *arguments]

    def prepare(self):
        for arguments in (("init", "-q"), ("commit", "-q", "--allow-empty", "-m", "one")):
            subprocess.run(self.command(*arguments), cwd=self.root, check=True,
                           env=harness.environment(), stdin=subprocess.DEVNULL)
        (self.root / "file.txt").write_text("content\n" * 100, encoding="ascii")
        subprocess.run(self.command("add", "file.txt"), cwd=self.root, check=True,
                       env=harness.environment())

    def test_a_commit_without_syncs_can_leave_a_broken_repository(self):
        self.prepare()
        proof = self.run_unchanged(
            self.command("commit", "-q", "-m", "two", settings=(("core.fsync", "none"),)),
            ("--expect", "parse", "--engine", "power", "--budget", "6s"))
        self.assertEqual(proof.document["verdict"], "violated", proof.describe())
        (violation,) = [each for each in proof.document["violations"] if each["path"] == ".git"]
        self.assertEqual((violation["check"], violation["observed"]), ("parse", "unparseable"))
        self.assertTrue(violation["output"], proof.describe())
        self.assertIn("ext4 31 s", violation["window"], proof.describe())

    def test_no_kill_breaks_a_repository(self):
        self.prepare()
        proof = self.run_unchanged(self.command("commit", "-q", "-m", "two"),
                                   ("--expect", "parse", "--engine", "kill"))
        self.assertEqual(proof.document["verdict"], "proved", proof.describe())

    def test_a_message_that_git_can_do_without_is_left_to_git(self):
        self.prepare()
        proof = self.run_unchanged(self.command("commit", "-q", "-m", "two"),
                                   ("--engine", "kill"))
        damaged = [each["path"] for each in proof.document["violations"]]
        self.assertNotIn(".git/COMMIT_EDITMSG", damaged, proof.describe())

    def test_a_repository_that_is_broken_before_the_run_is_not_judged(self):
        self.prepare()
        (self.root / ".git" / "refs" / "heads" / "broken").write_text("nonsense\n")
        proof = self.run_unchanged(self.command("commit", "-q", "-m", "two"),
                                   ("--expect", "parse", "--engine", "kill"))
        notes = " ".join(proof.document["notes"])
        self.assertIn("the repository .git is not judged", notes, proof.describe())

    def test_a_bare_repository_under_any_name(self):
        subprocess.run(self.command("init", "-q", "--bare", "store"), cwd=self.root, check=True,
                       env=harness.environment())
        script = ('printf content | "$0" --git-dir=store hash-object -w --stdin >/dev/null')
        proof = self.run_unchanged(["sh", "-c", script, self.git],
                                   ("--expect", "parse", "--engine", "power"))
        paths = {each["path"] for each in proof.document["violations"]}
        self.assertIn(proof.document["verdict"], ("proved", "violated"), proof.describe())
        self.assertLessEqual(paths, {"store"}, proof.describe())


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(harness.main())
