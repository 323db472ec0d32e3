# SPDX-License-Identifier: Apache-2.0
"""untorn fix: what it changes, what it leaves, and that the changed programs do the same."""

import glob
import os
import shutil
import subprocess
import sys
import unittest

from command import COMMAND, clean_environment
from fix_project import APPEND, LOAD, SAVE, FixTest, tree_of

FIELDS = {"schema", "tool_version", "root", "preview", "changed", "remaining", "helper",
          "helper_written", "library", "problems"}
OWN_IMPORT = b"from .atomic_file import atomic_write_text\n"
# Writes in every form that is fixed, with every argument, and what it meets.
PROGRAM = b'''import io
import json
import pickle
import sys
from pathlib import Path

OUT = Path(sys.argv[1])


def attempt(write):
    try:
        return write()
    except Exception as error:
        print(type(error).__name__, error.errno if isinstance(error, OSError) else error)


def texts():
    (OUT / "plain.txt").write_text("one\\ntwo\\n")
    (OUT / "encoded.txt").write_text("gr\\u00fc\\u00dfe\\n", encoding="latin-1")
    (OUT / "positional.txt").write_text("\\u20ac", "utf-16")
    (OUT / "errors.txt").write_text("\\u20ac!", encoding="ascii", errors="replace")
    (OUT / "keyword.txt").write_text(data="x\\n", encoding="utf-8")
    (OUT / "data.bin").write_bytes(b"\\0\\r\\n\\xff")
    (OUT / "view.bin").write_bytes(memoryview(b"abcd")[1:3])


def opened():
    with open(OUT / "a.json", "w") as file:
        json.dump({"b": [1, 2], "a": None}, file, indent=2)
    with open(str(OUT / "b.txt"), mode="w", encoding="utf-8", newline="\\r\\n") as file:
        file.write("one\\ntwo\\n")
    with io.open(OUT / "c.pickle", "wb") as file:
        pickle.dump([1, 2], file, protocol=2)
    with (OUT / "d.txt").open("w", encoding="utf-8") as file:
        print("printed", "twice", sep="\\n", file=file)
    with (OUT / "e.txt").open(mode="w", newline="") as file:
        file.write("a\\r\\nb\\n")
    with open(file=OUT / "f.txt", mode="wt") as file: file.write("f")


def failing():
    with open(OUT / "missing" / "a.txt", "w") as file:
        file.write("x")


def wrong_type():
    (OUT / "plain.txt").write_text(b"bytes")


def a_folder():
    (OUT / "folder.d").write_text("x")


(OUT / "folder.d").mkdir(exist_ok=True)
texts()
opened()
attempt(failing)
attempt(wrong_type)
attempt(a_folder)
'''


def interpreters():
    """The oldest and the newest Python of this machine that the new module supports."""
    places = [os.path.expanduser("~/.pyenv/versions/3.*/bin/python3"), "/usr/bin/python3.*"]
    found = {}
    for path in (path for place in places for path in glob.glob(place)):
        asked = subprocess.run([path, "-c", "import sys; print(sys.version_info[1])"], check=False,
                               capture_output=True)
        if asked.returncode == 0 and int(asked.stdout) >= 8:
            found[int(asked.stdout)] = path
    found.setdefault(sys.version_info[1], sys.executable)
    return [found[minor] for minor in sorted({min(found), max(found)})]


class Documents(FixTest):
    def test_the_document_has_the_fields_that_are_promised(self):
        self.put("pkg/__init__.py")
        self.put("pkg/state.py", SAVE + LOAD + APPEND)
        document = self.fix_json(code=1)
        self.assertEqual(next(iter(document)), "schema")
        self.assertEqual(set(document), FIELDS)
        self.assertEqual(document["schema"], "untorn.fix/1")
        self.assertEqual(document["root"], self.project)
        self.assertEqual([(each["path"], each["edits"], each["durable"])
                          for each in document["changed"]], [("pkg/state.py", 1, 1)])
        self.assertEqual(document["helper"], "pkg/atomic_file.py")
        self.assertIs(document["helper_written"], True)
        self.assertEqual([(each["code"], each["path"]) for each in document["remaining"]],
                         [("UT002", "pkg/state.py")])
        # Its lines are those of the changed file.
        lines = self.get("pkg/state.py").splitlines()
        self.assertIn(b'"a"', lines[document["remaining"][0]["line"] - 1])

    def test_exit_codes_say_whether_something_remains(self):
        self.put("a.py", SAVE)
        self.assertEqual(self.fix_json(code=0)["remaining"], [])
        document = self.fix_json(code=0)
        self.assertEqual((document["changed"], document["helper"]), ([], None))
        self.put("b.py", APPEND)
        self.fix(code=1)

    def test_the_text_names_files_levels_and_reasons(self):
        self.put("a.py", SAVE + LOAD + APPEND)
        text = self.fix(code=1).stdout.decode()
        for part in ("a.py", "1 durable", "atomic_file.py", "1 finding remains", "appended"):
            self.assertIn(part, text)

    def test_a_folder_without_findings_is_done(self):
        self.put("a.py", b"x = 1\n")
        self.assertEqual(self.fix().stdout, b"nothing to fix\n")

    def test_failures_are_documents_too(self):
        for arguments in (("missing",), ("--select", "UT999", "project"),
                          ("--library", "a b", "project"),
                          ("--vendor", "a.py", "--library", "x", "project")):
            result = self.run_untorn("fix", "--format", "json", *arguments)
            self.assert_exit(result, 2)
            document = self.document(result)
            self.assertEqual(document["schema"], "untorn.fix/1")
            self.assertEqual(set(document["error"]),
                             {"code", "step", "outcome", "advice", "message", "path"})

    def test_levels_follow_what_the_file_is(self):
        self.put("a.py", b"from pathlib import Path\n\n\ndef f(x):\n"
                         b"    Path('settings.toml').write_text(x)\n"
                         b"    Path('report.md').write_text(x)\n")
        document = self.fix_json()
        self.assertEqual((document["changed"][0]["durable"], document["changed"][0]["ordered"]),
                         (1, 1))
        text = self.get("a.py")
        self.assertIn(b"atomic_write_text(Path('settings.toml'), x, durability=\"durable\")", text)
        self.assertIn(b"atomic_write_text(Path('report.md'), x, durability=\"ordered\")", text)


class Programs(FixTest):
    def run_program(self, python, out, *arguments):
        os.mkdir(out)
        result = subprocess.run([python, *arguments, out], cwd=self.project, timeout=60,
                                stdin=subprocess.DEVNULL, capture_output=True, check=False,
                                env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"})
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        return result.stdout, tree_of(out)

    def test_fixed_programs_write_the_same_bytes_and_raise_the_same_errors(self):
        self.put("program.py", PROGRAM)
        original = self.get("program.py")
        document = self.fix_json("--unsafe")
        self.assertEqual(document["changed"], [{"path": "program.py", "edits": 16, "durable":
                         document["changed"][0]["durable"], "ordered":
                         document["changed"][0]["ordered"], "unsafe":
                         document["changed"][0]["unsafe"]}])
        self.assertNotIn(b".write_text(", self.get("program.py"))
        self.put("original.py", original)
        for number, python in enumerate(interpreters()):
            before = self.run_program(python, self.path(f"before{number}"), "original.py")
            after = self.run_program(python, self.path(f"after{number}"), "program.py")
            self.assertEqual(after, before)
            self.assertGreater(len(after[1]), 10)

    def test_what_fails_in_the_middle_leaves_the_old_content(self):
        self.put("a.py", b"import json\n\n\ndef save(x):\n"
                         b"    with open('state.json', 'w') as file:\n"
                         b"        json.dump(x, file)\n\n\nsave([1])\n"
                         b"try:\n    save([1, object()])\n"
                         b"except TypeError:\n    print(open('state.json').read())\n")
        self.fix()
        result = subprocess.run([sys.executable, "a.py"], cwd=self.project, capture_output=True,
                                check=True)
        self.assertEqual(result.stdout, b"[1]\n")

    def test_scripts_modules_and_packages_find_the_new_module(self):
        write = b"from pathlib import Path\nPath('%s.json').write_text('1')\n"
        self.put("scripts/run.py", b"#!/usr/bin/env python3\n" + write % b"run")
        self.put("pkg/__init__.py")
        self.put("pkg/__main__.py", b"from .deep import leaf\n")
        self.put("pkg/deep/__init__.py")
        self.put("pkg/deep/leaf.py", write % b"leaf")
        self.fix_json("--vendor", "project/pkg/atomic_file.py", code=1)
        self.assertIn(b"from ..atomic_file import", self.get("pkg/deep/leaf.py"))
        self.assertNotIn(b"atomic_file", self.get("scripts/run.py"))
        self.run_untorn("fix", "project/scripts")
        self.assertIn(b"\nfrom atomic_file import", self.get("scripts/run.py"))
        for arguments in (("scripts/run.py",), ("-m", "pkg")):
            result = subprocess.run([sys.executable, *arguments], cwd=self.project, check=False,
                                    capture_output=True)
            self.assertEqual(result.returncode, 0, result.stderr.decode())
        self.assertEqual((self.get("run.json"), self.get("leaf.json")), (b"1", b"1"))


class Texts(FixTest):
    def fixed(self, content, *arguments, code=0):
        self.put("pkg/__init__.py")
        self.put("pkg/a.py", content)
        self.fix(*arguments, code=code)
        return self.get("pkg/a.py")

    def test_line_ends_marks_and_tabs_stay(self):
        source = (b"\xef\xbb\xbf# -*- coding: utf-8 -*-\r\n'''doc'''\r\n"
                  b"from pathlib import Path\r\n"
                  b"\r\ndef save(x):\r\n\tPath('s.json').write_text(x)  # \xc3\xbc")
        self.assertEqual(self.fixed(source), source.replace(
            b"Path\r\n\r\n", b"Path\r\n" + OWN_IMPORT.replace(b"\n", b"\r\n") + b"\r\n").replace(
            b"Path('s.json').write_text(x)",
            b"atomic_write_text(Path('s.json'), x, durability=\"durable\")"))

    def test_a_file_in_another_encoding_stays_in_it(self):
        source = (b"# coding: latin-1\nfrom pathlib import Path\nNAME = 'gr\xfc\xdfe'\n\n\n"
                  b"def save():\n    Path('s.json').write_text(NAME)\n")
        fixed = self.fixed(source)
        self.assertIn(b"NAME = 'gr\xfc\xdfe'\n", fixed)
        self.assertIn(b"atomic_write_text(Path('s.json'), NAME, ", fixed)
        compile(fixed, "a.py", "exec")

    def test_a_comment_inside_of_a_call_stays(self):
        source = (b"import json\nfrom pathlib import Path\n\n\ndef save(x):\n"
                  b"    Path('s.json').write_text(\n        json.dumps(x),  # all of it\n"
                  b"        encoding='utf-8',\n    )\n")
        self.assertIn(b"atomic_write_text(Path('s.json'),\n        json.dumps(x),  # all of it\n"
                      b"        encoding='utf-8', durability=\"durable\",\n    )\n",
                      self.fixed(source))

    def test_a_name_in_use_gets_another(self):
        fixed = self.fixed(SAVE + b"\n\ndef atomic_write_text():\n    pass\n")
        self.assertIn(b"from .atomic_file import atomic_write_text as untorn_write_text\n", fixed)
        self.assertIn(b"    untorn_write_text(STATE, json.dumps(state), ", fixed)

    def test_a_second_run_changes_nothing(self):
        self.fixed(SAVE + LOAD + APPEND, code=1)
        self.put("pkg/b.py", SAVE)
        self.fix(code=1)
        once = tree_of(self.project)
        document = self.fix_json("--unsafe", code=1)
        self.assertEqual(document["changed"], [])
        self.assertEqual(tree_of(self.project), once)

    def test_a_second_run_adds_no_second_module(self):
        for names in (("a.py", "b/x.py"), ("p/__init__.py", "p/x.py", "q/__init__.py", "q/y.py")):
            with self.subTest(names):
                shutil.rmtree(self.project)
                for name in names:
                    self.put(name, b"" if name.endswith("__init__.py") else SAVE)
                document = self.fix_json(code=1)
                self.assertEqual(len(document["changed"]), 1)
                once = tree_of(self.project)
                self.assertEqual(self.fix_json(code=1)["changed"], [])
                self.assertEqual(tree_of(self.project), once)
                # What remains is fixed by its own name.
                rest = os.path.dirname(document["remaining"][0]["path"])
                self.assert_exit(self.run_untorn("fix", "project/" + rest), 0)

    def test_a_later_run_extends_the_import(self):
        fixed = self.fixed(SAVE)
        more = b"\n\ndef raw(x):\n    Path('raw.bin').write_bytes(x)\n"
        self.assertIn(b"from .atomic_file import atomic_write_text, atomic_write_bytes\n",
                      self.fixed(fixed + more))

    def test_suppressed_sites_stay(self):
        source = SAVE.replace(b"dumps(state))", b"dumps(state))  # untorn: allow UT001 -- a test")
        self.assertEqual(self.fixed(source), source)

    def test_unsafe_edits_are_made_only_when_asked_for(self):
        source = (b"from pathlib import Path\n\n\ndef save(lines, path: Path):\n"
                  b"    with open('list.json', 'w') as file:\n        for line in lines:\n"
                  b"            file.write(line)\n    path.write_text('x')\n")
        self.assertEqual(self.fixed(source, code=1), source)
        fixed = self.fixed(source, "--unsafe")
        self.assertIn(b"with atomic_open('list.json', 'w', durability=", fixed)
        self.assertIn(b"atomic_write_text(path, 'x', durability=", fixed)

    def test_rules_and_severities_choose(self):
        source = b"from pathlib import Path\nPath('state.json').write_text('1')\n" \
                 b"Path('cache.txt').write_text('1')\n"
        self.assertEqual(self.fixed(source, "--select", "UT002"), source)
        self.assertEqual(self.fixed(source, "--ignore", "truncate-write"), source)
        fixed = self.fixed(source, "--min-severity", "high")
        self.assertIn(b"atomic_write_text(Path('state.json'), ", fixed)
        self.assertIn(b"Path('cache.txt').write_text('1')", fixed)

    def test_a_file_that_does_not_parse_is_named_and_left(self):
        self.put("broken.py", b"def f(:\n    open('x.json', 'w').write('')\n")
        before = self.get("broken.py")
        self.put("a.py", SAVE)
        result = self.fix()
        self.assertIn(b"broken.py", result.stderr)
        self.assertEqual(self.get("broken.py"), before)
        self.assertIn(b"atomic_write_text", self.get("a.py"))

    def test_a_program_for_python_2_is_left(self):
        self.put("old.py", SAVE + b"\nprint 'x'\n")
        document = self.fix_json("--unsafe", code=1)
        self.assertEqual((document["changed"], document["helper"]), ([], None))
        self.assertIn("Python 2", document["remaining"][0]["fix_reason"])

    def test_names_with_blanks_and_letters_of_all_kinds(self):
        self.put("my földer/ünï cöde.py", SAVE)
        document = self.fix_json()
        self.assertEqual(document["changed"][0]["path"], "my földer/ünï cöde.py")
        self.assertEqual(document["helper"], "my földer/atomic_file.py")


class Diffs(FixTest):
    def test_git_takes_the_diff_and_gets_what_the_fix_makes(self):
        self.put("pkg/__init__.py")
        self.put("pkg/a.py", SAVE + LOAD)
        self.put("pkg/sub dir/ü.py", SAVE.replace(b"\n", b"\r\n"))
        self.put("pkg/no_end.py", SAVE.rstrip(b"\n"))
        self.make_repository()
        before = tree_of(self.project)
        preview = self.fix("--diff", "--unsafe", code=1)
        self.assertEqual(tree_of(self.project), before)
        self.write("fix.patch", preview.stdout)
        # The folder that was current, and with its own path the project itself.
        self.assertEqual(self.git("apply", "--check", self.path("fix.patch"), folder=self.folder)
                         .returncode, 0)
        inside = subprocess.run([COMMAND, "fix", "--diff", "--unsafe", "."], cwd=self.project,
                                env=clean_environment(), capture_output=True, check=False)
        self.write("inside.patch", inside.stdout)
        applied = self.git("apply", "--whitespace=nowarn", self.path("inside.patch"))
        self.assertEqual(applied.returncode, 0, applied.stdout)
        by_git = tree_of(self.project)
        self.git("checkout", "-q", ".")
        self.git("clean", "-qfd")
        self.assertEqual(tree_of(self.project), before)
        self.fix("--unsafe")
        self.assertEqual(tree_of(self.project), by_git)

    def test_nothing_to_change_is_no_diff(self):
        self.put("a.py", b"x = 1\n")
        result = self.fix("--diff")
        self.assertEqual(result.stdout, b"")
        self.put("a.py", APPEND)
        result = self.fix("--diff", code=1)
        self.assertEqual(result.stdout, b"")

    def test_a_diff_in_a_document_and_in_a_file(self):
        self.put("a.py", SAVE)
        text = self.fix("--diff", "--quiet", code=1).stdout
        document = self.fix_json("--diff", code=1)
        self.assertEqual(set(document), FIELDS | {"diff"})
        self.assertEqual(document["diff"].encode(), text)
        self.assertIs(document["preview"], True)
        self.assertEqual(self.fix("--diff", "--output", "out.diff", code=1).stdout, b"")
        self.assertEqual(self.read("out.diff"), text)


if __name__ == "__main__":
    unittest.main()
