# SPDX-License-Identifier: Apache-2.0
"""untorn apply and git apply on generated diffs: the same trees, and the same refusals.

Trees, diffs and what is done to them come from a fixed seed. The diffs are git's own; all trees of
the test are put into one repository at once, so that making them costs three processes.
"""

import os
import random
import shutil
import stat
import subprocess
import tempfile
import unittest

from command import COMMAND, clean_environment, is_required

CASES = 420
DAMAGED_CASES = 160
SEED = 20240613
NAMES = ["a.py", "b c.txt", "src/x.c", "src/deep/y.c", "src/deep/z", "ü/é.md", "q\"uote",
         "t\tab.py", "back\\slash", "lib/one.h", "lib/two.h", "new\nline", "-dash", "run.sh"]
# Few words, so that a hunk nearly fits at many places.
WORDS = ["{", "}", "", "return 0;", "    pass", "end", "x = 1", "-- dash", "+++ plus", "@@ at"]


def have_git():
    try:
        done = subprocess.run(["git", "--version"], stdout=subprocess.PIPE, check=False)
        return done.returncode == 0
    except FileNotFoundError:
        return False


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.serial = 0

    def line(self):
        if self.random.random() < 0.5:
            return self.random.choice(WORDS)
        self.serial += 1
        return f"line {self.serial % 97}"

    def content(self):
        lines = [self.line() for _ in range(self.random.choice([0, 1, 2, 3, 7, 12, 30, 60]))]
        end = self.random.choice(["\n", "\n", "\n", "\r\n"])
        text = "".join(line + end for line in lines)
        if text and self.random.random() < 0.25:
            text = text[:-len(end)]
        return text.encode()

    def tree(self):
        names = self.random.sample(NAMES, self.random.randint(1, 6))
        return {name: (self.content(), self.random.random() < 0.2) for name in names}

    def edited(self, content):
        lines = content.splitlines(True)
        for _ in range(self.random.choice([1, 1, 2, 3])):
            at = self.random.randint(0, len(lines))
            kind = self.random.choice(["insert", "remove", "change", "end"])
            fresh = self.line().encode() + b"\n"
            if kind == "insert":
                if at == len(lines) and lines and not lines[-1].endswith(b"\n"):
                    lines[-1] += b"\n"
                lines.insert(at, fresh)
            elif kind == "remove" and lines:
                at = min(at, len(lines) - 1)
                del lines[at:at + self.random.randint(1, 3)]
            elif kind == "change" and lines:
                lines[min(at, len(lines) - 1)] = fresh
            elif kind == "end" and lines:
                last = lines[-1]
                lines[-1] = last.rstrip(b"\n") if last.endswith(b"\n") else last + b"\n"
        return b"".join(lines)

    def changed(self, tree):
        result = dict(tree)
        for name in list(tree):
            content, executable = result[name]
            kind = self.random.random()
            if kind < 0.45:
                result[name] = (self.edited(content), executable)
            elif kind < 0.6:
                del result[name]
            elif kind < 0.75:
                free = [other for other in NAMES if other not in result]
                del result[name]
                result[self.random.choice(free)] = (
                    self.edited(content) if self.random.random() < 0.5 else content, executable)
            elif kind < 0.85:
                result[name] = (content, not executable)
        for name in self.random.sample(NAMES, self.random.choice([0, 0, 1, 2])):
            result.setdefault(name, (self.content(), self.random.random() < 0.3))
        return result

    def disturbed(self, tree):
        """What happened to the tree before the patch came."""
        result = dict(tree)
        for name in list(tree):
            content, executable = tree[name]
            lines = content.splitlines(True)
            kind = self.random.random()
            if kind < 0.35:  # the hunks have moved
                lines[:0] = [self.line().encode() + b"\n" for _ in range(self.random.randint(1, 5))]
            elif kind < 0.5 and len(lines) > 2:
                del lines[self.random.randrange(len(lines) // 2)]
            elif kind < 0.6 and lines:
                lines[self.random.randrange(len(lines))] = b"disturbed\n"
            elif kind < 0.65:
                del result[name]
                continue
            result[name] = (b"".join(lines), executable)
        if self.random.random() < 0.15:
            result.setdefault(self.random.choice(NAMES), (b"in the way\n", False))
        return result


def make(folder, tree):
    for name, (content, executable) in tree.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, 0o755 if executable else 0o644)


def seen(folder):
    """Every name with what it holds; folders too, so that empty ones count."""
    result = {}
    for root, folders, files in os.walk(folder):
        for name in folders:
            result[os.path.relpath(os.path.join(root, name), folder)] = "folder"
        for name in files:
            path = os.path.join(root, name)
            with open(path, "rb") as file:
                content = file.read()
            is_program = bool(os.stat(path).st_mode & stat.S_IXUSR)
            result[os.path.relpath(path, folder)] = (content, is_program)
    return result


def fast_import(trees):
    """A stream that makes commit refs/heads/c<n> of each tree."""
    parts = []
    for number, tree in enumerate(trees):
        parts.append(f"commit refs/heads/c{number}\ncommitter t <t@t> 0 +0000\ndata 0\n".encode())
        parts.append(b"deleteall\n")
        for name, (content, executable) in tree.items():
            quoted = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            mode = "100755" if executable else "100644"
            parts.append(f'M {mode} inline "{quoted}"\ndata {len(content)}\n'.encode())
            parts.append(content + b"\n")
        parts.append(b"\n")
    return b"".join(parts)


class Agreement(unittest.TestCase):
    def setUp(self):
        if not have_git():
            if is_required("git"):
                self.fail("required, but: there is no git")
            self.skipTest("there is no git")
        # In memory where that is possible: a thousand transactions need no disk here.
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="untorn-agree-", dir=memory))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.environment = {**clean_environment(), "GIT_CEILING_DIRECTORIES": self.folder,
                            "GIT_CONFIG_NOSYSTEM": "1", "HOME": self.folder}

    def git(self, *arguments, stdin=b"", folder=None):
        return subprocess.run(["git", *arguments], cwd=folder or self.folder, input=stdin,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              env=self.environment)

    def diffs(self, pairs, *options):
        """git's diff of each pair of trees."""
        repository = tempfile.mkdtemp(dir=self.folder)
        self.assertEqual(self.git("init", "-q", "--bare", repository).returncode, 0)
        trees = [tree for pair in pairs for tree in pair]
        done = self.git("fast-import", "--quiet", stdin=fast_import(trees), folder=repository)
        self.assertEqual(done.returncode, 0, done.stderr)
        hashes = self.git("rev-parse", *[f"c{number}^{{tree}}" for number in range(len(trees))],
                          folder=repository).stdout.decode().split()
        lines = [" ".join(hashes[at:at + 2]) for at in range(0, len(hashes), 2)]
        output = self.git("diff-tree", "-p", "-r", *options, "--stdin",
                          stdin="\n".join(lines).encode() + b"\n", folder=repository).stdout
        result = []
        for number, line in enumerate(lines):
            mark = line.encode() + b"\n"
            if lines.count(line) > 1 or not output.startswith(mark):
                result.append(b"")  # equal trees, or the same pair twice: not used
                continue
            end = len(output)
            for later in lines[number + 1:]:
                found = output.find(later.encode() + b"\n")
                if found >= 0:
                    end = found
                    break
            result.append(output[len(mark):end])
            output = output[end:]
        return result

    def both(self, tree, patch, *options):
        """(exit code, tree) of git and of untorn."""
        results = []
        for program in (["git", "apply", "--whitespace=nowarn"], [COMMAND, "apply"]):
            folder = tempfile.mkdtemp(dir=self.folder)
            make(folder, tree)
            done = subprocess.run([*program, *options], cwd=folder, input=patch, check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  env=self.environment, timeout=60)
            results.append((done.returncode, seen(folder), done.stderr.decode(errors="replace")))
            shutil.rmtree(folder)
        return results

    def pairs(self, generator, count):
        pairs = []
        while len(pairs) < count:
            tree = generator.tree()
            changed = generator.changed(tree)
            if changed != tree and (tree, changed) not in pairs:
                pairs.append((tree, changed))
        return pairs

    def test_trees_and_refusals_are_those_of_git(self):
        generator = Generator(SEED)
        pairs = self.pairs(generator, CASES)
        patches = []
        for at, options in ((0, ["-M"]), (1, ["-M", "-C", "-C"]), (2, ["--no-renames", "-U1"]),
                            (3, ["-M", "-U2"])):
            patches.append(self.diffs(pairs[at::4], *options))
        compared = refused = 0
        for number, (old, new) in enumerate(pairs):
            patch = patches[number % 4][number // 4]
            if not patch:
                continue
            options = []
            tree = old if number % 3 else generator.disturbed(old)
            if number % 5 == 4 and b"\ncopy from " not in patch:  # backwards
                options.append("--reverse")
                tree = new if number % 2 else generator.disturbed(new)
            if number % 11 == 10:
                options.append("--check")
            git, untorn = self.both(tree, patch, *options)
            told = f"case {number} {options}\n{patch.decode(errors='replace')}\n{git}\n{untorn}"
            self.assertEqual(git[0] != 0, untorn[0] != 0, told)
            self.assertIn(untorn[0], (0, 1), told)
            self.assertEqual(git[1], untorn[1], told)
            compared += 1
            refused += untorn[0] != 0
        self.assertGreaterEqual(compared, 390)
        self.assertGreater(refused, 50, "too few refusals: the test proves little")
        self.assertLess(refused, compared // 2)

    def test_plain_diffs_too(self):
        generator = Generator(SEED + 1)
        compared = 0
        pairs = self.pairs(generator, 60)
        for number, (patch, (old, _)) in enumerate(zip(self.diffs(pairs, "--no-renames"), pairs)):
            plain = []
            for line in patch.split(b"\n"):
                if line.startswith((b"diff --git", b"index ", b"new file", b"deleted", b"old mode",
                                    b"new mode")):
                    continue
                plain.append(line)
            patch = b"\n".join(plain)
            if b"@@ -" not in patch:
                continue
            tree = old if number % 2 else generator.disturbed(old)
            git, untorn = self.both(tree, patch)
            told = f"case {number}\n{patch.decode(errors='replace')}\n{git}\n{untorn}"
            self.assertEqual(git[0] != 0, untorn[0] != 0, told)
            self.assertEqual(git[1], untorn[1], told)
            compared += 1
        self.assertGreater(compared, 40)

    def test_of_damaged_diffs_none_is_taken_that_git_refuses_and_none_means_something_else(self):
        generator = Generator(SEED + 2)
        pairs = self.pairs(generator, DAMAGED_CASES)
        accepted = refused = 0
        for number, (patch, (old, _)) in enumerate(zip(self.diffs(pairs, "-M"), pairs)):
            lines = patch.splitlines(True)
            if len(lines) < 5:
                continue
            at = generator.random.randrange(len(lines))
            kind = number % 5
            if kind == 0:
                del lines[at]
            elif kind == 1:
                lines.insert(at, lines[generator.random.randrange(len(lines))])
            elif kind == 2:
                lines[at] = lines[at][1:] or b"\n"
            elif kind == 3:
                del lines[at:]
            else:
                lines[at] = lines[at].replace(b"1", b"2").replace(b"-", b"+", 1)
            patch = b"".join(lines)
            git, untorn = self.both(old, patch)
            told = f"case {number}\n{patch.decode(errors='replace')}\n{git}\n{untorn}"
            self.assertIn(untorn[0], (0, 1, 2), told)
            if git[0] < 0:
                continue  # git ended by one of its own assertions
            if untorn[0] == 0:
                self.assertEqual(git[0], 0, told)
                self.assertEqual(git[1], untorn[1], told)
                accepted += 1
            else:
                refused += 1
        self.assertGreater(accepted, 10)
        self.assertGreater(refused, 50)


if __name__ == "__main__":
    unittest.main()
