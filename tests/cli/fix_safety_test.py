# SPDX-License-Identifier: Apache-2.0
"""untorn fix: the new module, git, and what goes wrong in the middle."""

import os
import signal
import subprocess
import sys
import time
import unittest

from command import COMMAND, need
from fix_project import SAVE, FixTest, tree_of

NEW_VERSION = b"# Written by untorn fix "


class Modules(FixTest):
    def test_a_foreign_file_is_never_overwritten(self):
        self.put("a.py", SAVE)
        self.put("atomic_file.py", b"mine = 1\n")
        before = tree_of(self.project)
        document = self.fix_json(code=2)
        self.assertEqual(document["error"]["code"], "already_exists")
        self.assertIn("--vendor", document["error"]["message"])
        self.assertEqual(tree_of(self.project), before)
        self.assertEqual(self.fix_json("--vendor", "project/safe_files.py")["helper"],
                         "safe_files.py")
        self.assertIn(b"from safe_files import atomic_write_text\n", self.get("a.py"))

    def test_an_older_module_of_ours_is_replaced_and_an_edited_one_kept(self):
        self.put("a.py", SAVE)
        self.fix()
        current = self.get("atomic_file.py")
        self.assertIn(NEW_VERSION, current)
        self.assertLess(current.count(b"\n"), 200)
        self.put("a.py", SAVE)
        self.put("atomic_file.py", current + b"# mine\n")
        document = self.fix_json()
        self.assertIs(document["helper_written"], False)
        self.assertEqual(self.get("atomic_file.py"), current + b"# mine\n")

    def test_a_vendor_place_may_be_a_folder_and_must_be_a_module(self):
        self.put("pkg/__init__.py")
        self.put("pkg/a.py", SAVE)
        self.put("pkg/util/__init__.py")
        self.fix("--vendor", "project/pkg/my-file.py", code=2)
        self.fix("--vendor", "project/pkg/none/x.py", code=2)
        self.assertEqual(self.get("pkg/a.py"), SAVE)
        document = self.fix_json("--vendor", "project/pkg/util")
        self.assertEqual(document["helper"], "pkg/util/atomic_file.py")
        self.assertIn(b"from .util.atomic_file import atomic_write_text\n", self.get("pkg/a.py"))

    def test_where_no_import_is_sure_nothing_is_edited(self):
        self.put("pkg/__init__.py")
        source = SAVE + b"\n\nif __name__ == '__main__':\n    save(1)\n"
        self.put("pkg/tool.py", source)
        document = self.fix_json(code=1)
        self.assertEqual(document["changed"], [])
        self.assertIn("import", document["remaining"][0]["fix_reason"])
        self.assertEqual(document["remaining"][0]["fix"], "unsafe")
        self.assertEqual(tree_of(self.project)["pkg/tool.py"][1], source)
        self.fix("--unsafe")
        self.assertIn(b"from .atomic_file import", self.get("pkg/tool.py"))

    def test_a_dependency_or_a_library_is_imported_instead(self):
        expected = b"untorn.write_text(STATE, json.dumps(state), encoding=None, " \
                   b"durability=\"durable\", allow_in_place=True)"
        self.put("a.py", SAVE)
        document = self.fix_json("--library", "untorn")
        self.assertEqual((document["library"], document["helper"]), ("untorn", None))
        self.assertIn(expected, self.get("a.py"))
        self.put("a.py", SAVE)
        self.put("requirements.txt", b"requests\nuntorn>=0.1\n")
        self.assertEqual(self.fix_json()["library"], "untorn")
        self.assertIn(b"\nimport untorn\n", self.get("a.py"))
        self.assertNotIn("atomic_file.py", os.listdir(self.project))
        self.put("a.py", SAVE)
        self.fix("--library", "company.files")
        self.assertIn(b"from company.files import atomic_write_text\n", self.get("a.py"))

    def test_the_fixed_package_form_runs(self):
        package = os.path.join(os.path.dirname(COMMAND), "..", "..", "python")
        need(self, os.path.exists(os.path.join(package, "untorn", "_untorn.abi3.so")), "package",
             "the Python package is not built")
        self.put("a.py", SAVE + b"\n\nsave([1])\n")
        self.fix("--library", "untorn")
        subprocess.run([sys.executable, "a.py"], cwd=self.project, check=True,
                       env={**os.environ, "PYTHONPATH": package})
        self.assertEqual(self.get("state.json"), b"[1]")


class WorkTrees(FixTest):
    def setUp(self):
        super().setUp()
        self.put("a.py", SAVE)
        self.put("other.txt", b"1\n")
        self.make_repository()

    def test_a_clean_tree_is_changed(self):
        self.put("untracked.txt", b"x")
        self.fix()

    def test_a_dirty_tree_is_refused_and_nothing_is_changed(self):
        self.put("other.txt", b"2\n")
        before = tree_of(self.project)
        document = self.fix_json(code=2)
        self.assertIn("other.txt", document["error"]["message"])
        self.assertIn("--allow-dirty", document["error"]["message"])
        self.assertEqual(tree_of(self.project), before)
        self.fix("--diff", code=1)
        self.git("add", "-A")
        self.fix(code=2)
        self.fix("--allow-dirty")
        self.assertIn(b"atomic_write_text", self.get("a.py"))

    def test_files_that_git_does_not_know_are_changed(self):
        self.put("other.txt", b"2\n")
        self.put(".gitignore", b"made/\n")
        self.put("made/b.py", SAVE)
        result = self.run_untorn("fix", "project/made")
        self.assert_exit(result, 0)

    def test_a_tree_below_the_root_counts(self):
        self.put("other.txt", b"2\n")
        self.assert_exit(self.run_untorn("fix", "."), 2)

    def test_a_tree_of_which_git_says_nothing_is_refused(self):
        with open(os.path.join(self.project, ".git", "config"), "w", encoding="utf-8") as file:
            file.write("[broken\n")
        result = self.fix(code=2)
        self.assertIn(b"git does not say", result.stderr)
        self.fix("--allow-dirty")

    def test_git_writes_nothing(self):
        index = os.path.join(self.project, ".git", "index")
        before = os.stat(index)
        os.utime(os.path.join(self.project, "other.txt"))
        self.fix()
        after = os.stat(index)
        self.assertEqual((after.st_ino, after.st_mtime_ns), (before.st_ino, before.st_mtime_ns))


class Failures(FixTest):
    def make_many(self, count):
        for number in range(count):
            self.put(f"m{number:04}.py", SAVE)

    def test_a_folder_that_may_not_be_written_leaves_all_as_it_was(self):
        self.put("one/a.py", SAVE)
        self.put("two/b.py", SAVE)
        self.put("two/atomic_file.py")
        os.remove(os.path.join(self.project, "two/atomic_file.py"))
        as_root = os.geteuid() == 0
        options = {"user": 65534, "group": 65534, "extra_groups": []} if as_root else {}
        for folder, _, names in os.walk(self.folder):
            for path in (folder, *(os.path.join(folder, name) for name in names)):
                if as_root:
                    os.chown(path, 65534, 65534)
        os.chmod(os.path.join(self.project, "two"), 0o555)
        before = tree_of(self.project)
        document = self.fix_json("--unsafe", "--vendor", "project/atomic_file.py", code=2,
                                 **options)
        os.chmod(os.path.join(self.project, "two"), 0o755)
        self.assertEqual(document["error"]["code"], "permission_denied")
        self.assertIn("two", document["error"]["path"])
        self.assertEqual(tree_of(self.project), before)

    def test_an_interruption_at_any_time_leaves_all_or_nothing(self):
        self.make_many(300)
        before = tree_of(self.project)
        seen = set()
        for delay_ms in (0, 5, 10, 20, 40, 80, 160, 320, 640):
            process = self.start_untorn("fix", "project", start_new_session=True)
            time.sleep(delay_ms / 1000)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
            after = tree_of(self.project)
            seen.add(process.returncode)
            if process.returncode in (130, -signal.SIGINT):
                self.assertEqual(after, before, delay_ms)
            else:
                self.assertEqual(process.returncode, 0)
                self.assertEqual(len(after), 301)
                self.assertTrue(all(b"atomic_write_text" in content
                                    for _, content in after.values()))
                break
        self.assertTrue(seen)

    def test_modes_of_files_stay(self):
        self.put("a.py", SAVE)
        os.chmod(os.path.join(self.project, "a.py"), 0o750)
        self.fix()
        self.assertEqual(tree_of(self.project)["a.py"][0], 0o750)

    def test_hostile_sources_end_without_harm(self):
        self.put("deep.py", b"x = " + b"(" * 20000 + b")" * 20000 + b"\n")
        self.put("binary.py", b"\0\1\2" * 1000)
        self.put("empty.py", b"")
        self.put("long.py", b"x = '" + b"a" * 1_000_000 + b"'\n" + SAVE)
        self.put("a.py", SAVE)
        self.fix()
        self.assertIn(b"atomic_write_text", self.get("long.py"))


if __name__ == "__main__":
    unittest.main()
