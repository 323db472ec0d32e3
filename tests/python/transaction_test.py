# SPDX-License-Identifier: Apache-2.0
"""Transactions, tree locks, line logs, and the arguments of all classes."""

import os
import signal
import subprocess
import sys
import unittest
import warnings
from pathlib import Path

import untorn
from harness import FolderTest

KILLED = """
import os, signal, sys
sys.path[:0] = {path!r}
import untorn
{program}
"""


def run_and_kill(program, **values):
    """Runs a program that kills itself; the test fails if it ends otherwise."""
    text = KILLED.format(path=sys.path, program=program.format(**values))
    result = subprocess.run([sys.executable, "-B", "-c", text], stderr=subprocess.PIPE, check=False)
    if result.returncode != -signal.SIGKILL:
        raise AssertionError(f"exit {result.returncode}: {result.stderr.decode()}")


class Arguments(FolderTest):
    def test_wrong_types_are_typeerrors_and_wrong_values_valueerrors(self):
        path, log = self.path("file"), self.path("log")
        for call in (lambda: untorn.Document(3), lambda: untorn.Document(None),
                     lambda: untorn.Document(path, generations="many"),
                     lambda: untorn.Document(path, lock_wait="long"),
                     lambda: untorn.Document(path, mode="rw"), lambda: untorn.transaction(7),
                     lambda: untorn.LineLog(log).append(7), lambda: untorn.LineLog(log, keep=1.5),
                     lambda: untorn.Document(path).update(7),
                     lambda: untorn.doctor(self.folder, documents="*.json"),
                     lambda: untorn.Registry(self.folder).add("a", 7),
                     lambda: untorn.Registry(self.folder).add(7, {})):
            self.assertRaises(TypeError, call)
        for call in (lambda: untorn.Document(path, durability="most"),
                     lambda: untorn.Document(path, generations=0),
                     lambda: untorn.Document(path, generations=10 ** 30),
                     lambda: untorn.Document(path, lock_wait=-1),
                     lambda: untorn.Document(path, lock_wait=float("nan")),
                     lambda: untorn.Document(path, mode=0o70000),
                     lambda: untorn.Document("a\0b"), lambda: untorn.LineLog(log, sync="often"),
                     lambda: untorn.LineLog(log, keep=0)):
            self.assertRaises(ValueError, call)

    def test_paths_of_all_kinds_and_bytes(self):
        name = os.fsdecode(b"\xff\xe9 name")
        for path in (Path(self.folder, name), os.path.join(os.fsencode(self.folder), b"\xff2"),
                     self.path("plain")):
            untorn.Document(path).replace(7)
        self.assertIn(os.fsencode(name), os.listdir(os.fsencode(self.folder)))
        with untorn.transaction(Path(self.folder)) as change:
            change[Path(name + "3")] = "x"
            change[b"\xfe"] = b"y"
        self.assertEqual(self.read(name + "3"), b"x")


class Transactions(FolderTest):
    def test_all_operations_take_effect_together(self):
        self.write("old", b"old")
        self.write("gone", b"gone")
        with untorn.transaction(self.folder) as change:
            change["a.json"] = '{"\u00e9": 1}'
            change.mkdir("sub/below")
            change["sub/below/b"] = bytearray(b"\xff\x00")
            change.rename("old", "new")
            del change["gone"]
            change.put("c", memoryview(b"c"), mode=0o600)
            self.assertEqual((self.names()[-2:], change.read("gone"), change["a.json"]),
                             (["gone", "old"], None, '{"\u00e9": 1}'.encode()))
            self.assertIn("sub/below/b", change)
            self.assertIsNone(change.receipt)
        self.assertEqual(self.names(), [".untorn", "a.json", "c", "new", "sub"])
        self.assertEqual((self.read("sub/below/b"), self.read("new")), (b"\xff\x00", b"old"))
        self.assertEqual(os.stat(self.path("c")).st_mode & 0o777, 0o600)
        self.assertEqual((change.receipt.operations, change.receipt.achieved), (7, "durable"))

    def test_an_exception_changes_nothing(self):
        self.write("a", b"old")
        for kind in (LookupError, KeyboardInterrupt, GeneratorExit):
            with self.assertRaises(kind):
                with untorn.transaction(self.folder) as change:
                    change["a"] = "new"
                    raise kind
            self.assertEqual((self.read("a"), change.receipt), (b"old", None))
        self.assertEqual([name for name in self.names() if name != ".untorn"], ["a"])

    def test_a_refused_operation_leaves_the_rest(self):
        with untorn.transaction(self.folder) as change:
            change["a"] = "1"
            for path in ("../x", "/etc/x", ".untorn/x", "", "a/../../x"):
                with self.assertRaises(untorn.Error) as caught:
                    change[path] = "1"
                self.assertEqual(caught.exception.code, "invalid_argument", path)
            with self.assertRaises(FileNotFoundError):
                del change["no"]
            with self.assertRaises(KeyError):
                change["no"]
            with self.assertRaises(TypeError):
                change["b"] = 7
        self.assertEqual(self.names(), [".untorn", "a"])

    def test_exclusive_puts(self):
        self.write("a", b"old")
        with untorn.transaction(self.folder) as change:
            with self.assertRaises(FileExistsError):
                change.put("a", "new", exclusive=True)
            change.put("b", "new", exclusive=True)
        self.assertEqual((self.read("a"), self.read("b")), (b"old", b"new"))

    def test_a_finished_transaction_is_spent(self):
        change = untorn.transaction(self.folder)
        change["a"] = "1"
        change.commit()
        for call in (change.commit, lambda: change.put("b", "1"), change.__enter__):
            with self.assertRaisesRegex(ValueError, "finished"):
                call()
        change.discard()
        with untorn.transaction(self.folder) as other:
            other["c"] = "1"
            other.discard()
        self.assertEqual((self.names(), other.receipt), ([".untorn", "a"], None))

    def test_two_at_once_wait_or_are_busy(self):
        with untorn.transaction(self.folder) as change:
            with self.assertRaises(untorn.Error) as caught:
                untorn.transaction(self.folder, lock_wait=0)
            self.assertEqual(caught.exception.code, "busy")
            change["a"] = "1"
        with untorn.tree_lock(self.folder), untorn.tree_lock(self.folder) as lock:
            self.assertFalse(lock.recovery)
            with self.assertRaises(untorn.Error):
                untorn.transaction(self.folder, lock_wait=0)
        untorn.transaction(self.folder, lock_wait=0).discard()
        lock.release()
        with self.assertRaises(ValueError):
            lock.__enter__()

    def test_a_kill_before_the_end_changes_nothing(self):
        self.write("a", b"old")
        run_and_kill("""
change = untorn.transaction({folder!r})
change["a"] = "new"
change["b"] = "new"
os.kill(os.getpid(), signal.SIGKILL)
""", folder=self.folder)
        untorn.recover(self.folder)
        self.assertFalse(untorn.recover(self.folder))
        self.assertEqual((self.read("a"), self.names()), (b"old", [".untorn", "a"]))

    def test_kills_at_any_instant_leave_all_or_none(self):
        self.write("a", b"0")
        self.write("b", b"0")
        for number in range(1, 16):
            run_and_kill("""
import threading
threading.Timer({after}, os.kill, (os.getpid(), signal.SIGKILL)).start()
for number in range(10 ** 9):
    with untorn.transaction({folder!r}) as change:
        change["a"] = change["b"] = str(number)
""", folder=self.folder, after=0.002 * number)
            untorn.recover(self.folder)
            self.assertEqual(self.read("a"), self.read("b"))
            self.assertEqual([name for name in self.names() if name != ".untorn"], ["a", "b"])

    def test_a_forked_child_cannot_commit_what_its_parent_began(self):
        change = untorn.transaction(self.folder)
        change["a"] = "1"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            try:
                change.commit()
            except RuntimeError:
                os._exit(0)
            finally:
                os._exit(1)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        change.commit()
        self.assertEqual(self.read("a"), b"1")

    def test_garbage_is_discarded_and_gives_the_lock_back(self):
        change = untorn.transaction(self.folder)
        change["a"] = "1"
        with self.assertWarnsRegex(ResourceWarning, "never finished"):
            del change
        untorn.transaction(self.folder, lock_wait=0).discard()
        self.assertEqual(self.names(), [".untorn"])


class Logs(FolderTest):
    def test_lines_are_appended_whole(self):
        with untorn.LineLog(self.path("log")) as log:
            receipt = log.append("one \u00e9")
            self.assertEqual((receipt.lines, receipt.bytes, receipt.synced), (1, 7, True))
            self.assertEqual(log.append(["two", b"three\xff"]).lines, 2)
            self.assertIsNone(log.torn)
        self.assertTrue(log.closed)
        self.assertEqual(self.read("log"), "one \u00e9\ntwo\n".encode() + b"three\xff\n")
        with self.assertRaisesRegex(ValueError, "closed"):
            log.append("more")
        log.close()

    def test_lines_with_line_ends_or_nuls_are_refused(self):
        with untorn.LineLog(self.path("log")) as log:
            for line in ("a\nb", "a\r", "a\0b", ["fine", "a\n"]):
                with self.assertRaises(untorn.Error) as caught:
                    log.append(line)
                self.assertEqual(caught.exception.code, "invalid_argument")
        self.assertEqual(self.read("log"), b"")

    def test_a_torn_end_is_moved_away(self):
        self.write("log", b"whole\nto")
        with untorn.LineLog(self.path("log")) as log:
            self.assertEqual((log.torn.moved_to, log.torn.bytes), ("log.torn-1", 2))
            self.assertIn("log.torn-1", str(log.torn))
            log.append("next")
        self.assertEqual((self.read("log"), self.read("log.torn-1")), (b"whole\nnext\n", b"to"))

    def test_levels_of_syncing(self):
        for sync, synced in (("each", True), ("batched", False), ("never", False)):
            with untorn.LineLog(self.path(sync), sync=sync) as log:
                self.assertEqual(log.append("line").synced, synced)
                log.sync()

    def test_rotation_keeps_every_line(self):
        with untorn.LineLog(self.path("log"), rotate_bytes=50, keep=100) as log:
            rotated = sum(log.append(f"line {number:03}").rotated for number in range(40))
        self.assertGreater(rotated, 5)
        lines = b"".join(self.read(name) for name in self.names() if name.startswith("log"))
        self.assertEqual(sorted(lines.split()[1::2]), [b"%03d" % n for n in range(40)])

    def test_lines_of_processes_are_never_mixed(self):
        program = (f"import sys; sys.path[:0] = {sys.path!r}\n"
                   "import untorn\n"
                   f"with untorn.LineLog({self.path('log')!r}, sync='never') as log:\n"
                   "    for _ in range(200):\n"
                   "        log.append(sys.argv[1] * 300)\n")
        children = [subprocess.Popen([sys.executable, "-B", "-c", program, letter])
                    for letter in "abcd"]
        self.assertEqual([child.wait() for child in children], [0] * 4)
        lines = self.read("log").splitlines()
        self.assertEqual(sorted(set(lines)), [letter * 300 for letter in (b"a", b"b", b"c", b"d")])
        self.assertEqual(len(lines), 800)

    def test_a_forked_child_appends_too(self):
        log = untorn.LineLog(self.path("log"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            try:
                log.append("child")
                os._exit(0)
            finally:
                os._exit(1)
        log.append("parent")
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertEqual(sorted(self.read("log").split()), [b"child", b"parent"])


if __name__ == "__main__":
    unittest.main()
