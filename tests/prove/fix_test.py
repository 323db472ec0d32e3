# SPDX-License-Identifier: Apache-2.0
"""Proved fixes: the corpus gets the right ones, and programs changed as told are proved."""

import pathlib
import re
import shutil
import sys

import corpus_test
import expectation
import harness

REPLACE = r"write a temporary, fsync, rename \(.*\) instead of changing {path}"
# Programs of the corpus, and what each fix of them must say.
FIXES = {
    "acknowledge_before_close.py": [r"os\.fsync\(os\.open\("],
    "append_without_sync.py": [r"insert f\.flush\(\); os\.fsync\(f\.fileno\(\)\) after .*line \d+"],
    "append_without_sync_zeros.c": [r"insert fsync\(fd\) after .*line \d+"],
    "backup_then_truncate.sh": [REPLACE.format(path="settings.json")],
    "counter.sh": [REPLACE.format(path="counter")],
    "directory_sync_alone.py": [r"os\.fsync\(f\.fileno\(\)\) before settings\.json\.tmp is closed"],
    "missing_directory_sync_create.c": [r"insert fsync\(fd\) with fd = open\(\"\.\""],
    "missing_directory_sync_replace.py": [r"insert os\.fsync\(os\.open\(\"\.\""],
    "missing_parent_sync.py": [r"insert os\.fsync\(os\.open\(\"\.\""],
    "move_without_sync.sh": [r"insert sync settings\.json\.tmp after", r"insert sync \. after"],
    "rename_before_sync.c": [r"insert fsync\(fd\) after .*line \d+"],
    "rename_without_sync.c": [r"insert fsync\(fd\) after"],
    "replace_without_sync.py": [r"os\.fsync\(f\.fileno\(\)\)"],
    "sync_before_flush.py": [r"f\.flush\(\); os\.fsync\(f\.fileno\(\)\)"],
    "sync_wrong_directory.py": [r"os\.fsync\(os\.open\(\"state\""],
    "sync_wrong_file.c": [r"insert fsync\(fd\) after .*line \d+"],
    "truncate_open.py": [REPLACE.format(path="settings.json"), r"untorn\.write_text"],
    "truncate_redirect.sh": [REPLACE.format(path="settings.json"), r"untorn write"],
}
# No sync and no replacement cures these.
WITHOUT_FIX = ("litter_of_temporary.py", "two_files.py")

OLD = '{"generation": 1}'
# A program, and the same one changed as its fix says.
BY_HAND = {
    "replace in Python": ("python", """
import os
with open("state.json.tmp", "w") as f:
    f.write('{"generation": 2}')
os.replace("state.json.tmp", "state.json")
""", """
import os
with open("state.json.tmp", "w") as f:
    f.write('{"generation": 2}')
    f.flush(); os.fsync(f.fileno())
os.replace("state.json.tmp", "state.json")
os.fsync(os.open(".", os.O_RDONLY))
""", [r"f\.flush\(\); os\.fsync\(f\.fileno\(\)\) before state\.json\.tmp is closed",
      r"os\.fsync\(os\.open\(\"\.\", os\.O_RDONLY\)\) after"]),
    "write in Python": ("python", """
with open("state.json", "w") as f:
    f.write('{"generation": 2}')
""", """
import os
with open("state.json.tmp", "w") as f:
    f.write('{"generation": 2}')
    f.flush(); os.fsync(f.fileno())
os.replace("state.json.tmp", "state.json")
os.fsync(os.open(".", os.O_RDONLY))
""", [REPLACE.format(path=r"state\.json")]),
    "replace in a shell": ("sh", """
printf '{"generation": 2}' > state.json.tmp
mv state.json.tmp state.json
""", """
printf '{"generation": 2}' > state.json.tmp
sync state.json.tmp
mv state.json.tmp state.json
sync .
""", [r"insert sync state\.json\.tmp after", r"insert sync \. after"]),
}


class Fixes(harness.ProveCase):
    """Whether what the report proposes is what cures."""

    def prove_program(self, name):
        path = corpus_test.FOLDER / name
        wanted = expectation.Expectation(path)
        program = harness.PROGRAMS / path.stem if path.suffix == ".c" else path
        places = {"{program}": str(program), "{python}": harness.python(), "{root}": str(self.root)}
        corpus_test.Corpus.prepare(self, wanted, places, {})
        command = corpus_test.fill(wanted.one("command") or corpus_test.default_command(path),
                                   places)
        arguments = [w for a in wanted.all("arguments") for w in corpus_test.fill(a, places)]
        proof = self.run_unchanged(command, arguments)
        self.assertTrue(proof.document["violations"], proof.describe())
        for path in list(self.root.rglob("*")):
            if path.is_file() or path.is_symlink():
                path.unlink()
        return proof

    def test_fixes_of_the_corpus_name_what_is_missing(self):
        for name, patterns in FIXES.items():
            with self.subTest(program=name):
                proof = self.prove_program(name)
                for violation in proof.document["violations"]:
                    fix = violation["proved_fix"]
                    self.assertIsNotNone(fix, f"{name}\n{proof.describe()}")
                    self.assertRegex(fix, r": 0 bad of \d+ states\Z")
                    if violation["path"] == proof.document["violations"][0]["path"]:
                        for pattern in patterns:
                            self.assertRegex(fix, pattern)
                    self.assertTrue(violation["proved_fix_steps"])

    def test_no_fix_is_invented_where_none_was_proved(self):
        for name in WITHOUT_FIX:
            with self.subTest(program=name):
                for violation in self.prove_program(name).document["violations"]:
                    self.assertIsNone(violation["proved_fix"])

    def test_programs_changed_as_told_are_proved(self):
        for name, (language, bad, good, patterns) in BY_HAND.items():
            with self.subTest(program=name):
                if language == "sh" and shutil.which("sync") is None:
                    harness.skip("prove", "sync of the core utilities is not installed")
                interpreter = [harness.python()] if language == "python" else ["sh"]
                program = pathlib.Path(self.root, "program." + language[:2])
                (self.root / "state.json").write_text(OLD, encoding="utf-8")
                program.write_text(bad, encoding="utf-8")
                proof = self.run_unchanged([*interpreter, program.name])
                self.assertEqual(proof.document["verdict"], "violated", proof.describe())
                for violation in proof.document["violations"]:
                    for pattern in patterns:
                        self.assertTrue(re.search(pattern, violation["proved_fix"] or ""),
                                        f"{pattern}\n{proof.describe()}")
                program.write_text(good, encoding="utf-8")
                proof = self.run_unchanged([*interpreter, program.name])
                self.assertEqual(proof.document["verdict"], "proved", proof.describe())


if __name__ == "__main__":
    sys.exit(harness.main())
