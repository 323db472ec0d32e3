# SPDX-License-Identifier: Apache-2.0
"""Document: values through json, generations, updates of several processes and threads."""

import json
import os
import signal
import subprocess
import sys
import threading
import unittest
import warnings

import untorn
from harness import FolderTest


class Documents(FolderTest):
    def setUp(self):
        super().setUp()
        self.document = untorn.Document(self.path("state.json"), indent=2)

    def test_the_file_is_what_json_dump_writes(self):
        value = {"b": [1, 2.5, None, float("inf"), 10 ** 30], "a": "\u00e9\udc00", "": {}}
        for keywords in ({}, {"indent": 2}, {"sort_keys": True, "separators": (",", ":")}):
            document = untorn.Document(self.path("file"), **keywords)
            document.replace(value)
            self.assertEqual(self.read("file").decode(), json.dumps(value, **keywords))
            self.assertEqual(document.load(), value)
        document.replace({"\u00e9": "\u20ac"}, ensure_ascii=False, indent="\t")
        self.assertEqual(self.read("file").decode(),
                         json.dumps({"\u00e9": "\u20ac"}, ensure_ascii=False, indent="\t",
                                    sort_keys=True, separators=(",", ":")))

    def test_a_new_document_gives_the_default(self):
        self.assertIsNone(self.document.load())
        self.assertEqual(self.document.load(default={}), {})
        self.assertEqual(self.names(), [])

    def test_damage_is_answered_by_the_newest_generation(self):
        self.document.replace({"runs": 1})
        self.document.replace({"runs": 2})
        self.write("state.json", b'{"runs": 2')
        self.assertEqual(self.document.load(), {"runs": 2})
        recovery = self.document.last_recovery
        self.assertEqual((recovery.set_aside, recovery.generation.number, recovery.written),
                         ("state.json.damaged-1", 2, True))
        self.assertIn("state.json.damaged-1", str(recovery))
        self.assertEqual(self.read("state.json.damaged-1"), b'{"runs": 2')
        self.document.load()
        self.assertIsNone(self.document.last_recovery)

    def test_damage_without_a_generation_is_an_error_and_stays(self):
        self.write("state.json", b"")
        with self.assertRaises(untorn.Error) as caught:
            self.document.load()
        self.assertEqual((caught.exception.code, self.read("state.json")), ("corrupt", b""))
        self.assertEqual(caught.exception.filename, self.path("state.json"))

    def test_an_unknown_form_is_an_error_and_stays(self):
        self.write("state.json", b"// mine\n{}")
        with self.assertRaises(untorn.Error) as caught:
            self.document.load()
        self.assertEqual((caught.exception.code, self.names()), ("unsupported", ["state.json"]))

    def test_update_changes_and_returns(self):
        self.assertEqual(self.document.update(lambda value: {"runs": 1, "was": value}),
                         {"runs": 1, "was": None})
        self.assertEqual(self.document.update(lambda value: {**value, "runs": 2})["runs"], 2)
        self.assertEqual(self.document.load(), {"runs": 2, "was": None})

    def test_update_that_returns_none_or_raises_writes_nothing(self):
        self.document.replace([1])
        before = os.stat(self.path("state.json")).st_ino
        self.assertEqual(self.document.update(lambda value: None), [1])
        for kind in (LookupError, KeyboardInterrupt, SystemExit):
            def fail(value, kind=kind):
                raise kind("mine")
            with self.assertRaisesRegex(kind, "mine"):
                self.document.update(fail)
        with self.assertRaises(TypeError):
            self.document.update(lambda value: object())
        self.assertEqual(os.stat(self.path("state.json")).st_ino, before)
        self.assertEqual(len(self.document.history()), 1)

    def test_the_same_document_cannot_be_used_inside_of_update(self):
        with self.assertRaisesRegex(RuntimeError, "from within"):
            self.document.update(lambda value: self.document.load())
        self.document.replace(1)

    def test_no_update_of_two_processes_is_lost(self):
        program = (f"import sys; sys.path[:0] = {sys.path!r}\n"
                   "import untorn\n"
                   f"document = untorn.Document({self.path('state.json')!r}, "
                   "durability='process')\n"
                   "for _ in range(50):\n"
                   "    document.update(lambda value: (value or 0) + 1)\n")
        children = [subprocess.Popen([sys.executable, "-B", "-c", program]) for _ in range(4)]
        self.assertEqual([child.wait() for child in children], [0] * 4)
        self.assertEqual(self.document.load(), 200)

    def test_no_update_of_two_threads_on_one_object_is_lost(self):
        document = untorn.Document(self.path("file"), durability="process")
        threads = [threading.Thread(target=lambda: [
            document.update(lambda value: (value or 0) + 1) for _ in range(40)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(document.load(), 160)

    def test_replace_can_be_bound_to_what_was_loaded(self):
        self.document.replace(1)
        self.document.load()
        other = untorn.Document(self.path("state.json"))
        other.replace(2)
        with self.assertRaises(untorn.Error) as caught:
            self.document.replace(3, unless_newer_than=self.document.generation)
        self.assertEqual((caught.exception.code, other.load()), ("conflict", 2))

    def test_history_and_restore(self):
        for number in range(1, 5):
            self.document.replace(number)
        history = self.document.history()
        self.assertEqual([item.number for item in history], [4, 3, 2, 1])
        self.assertTrue(all(item.intact and item.origin == "replaced" for item in history))
        self.assertEqual(self.document.read_generation(2), 2)
        self.assertEqual(self.document.restore(2).generation, 5)
        self.assertEqual(self.document.load(), 2)
        with self.assertRaises(untorn.Error):
            self.document.read_generation(77)

    def test_an_edit_of_a_person_is_kept(self):
        self.document.replace(1)
        self.write("state.json", b"[7]\n")
        self.assertEqual((self.document.load(), self.document.edited), ([7], True))
        self.document.replace(2)
        self.assertEqual(self.document.read_generation(self.document.history()[1].number), [7])

    def test_recover_is_for_a_person(self):
        self.document.replace(1)
        self.assertIsNone(self.document.recover())
        self.write("state.json", b"// mine")
        self.assertEqual(self.document.recover().set_aside, "state.json.damaged-1")
        self.assertEqual(self.document.load(), 1)

    def test_read_only_changes_nothing(self):
        self.document.replace(1)
        self.write("state.json", b"")
        names = self.names()
        watcher = untorn.Document(self.path("state.json"), read_only=True)
        self.assertEqual((watcher.load(), watcher.last_recovery.written), (1, False))
        with self.assertRaises(PermissionError):
            watcher.replace(2)
        self.assertEqual((self.names(), self.read("state.json")), (names, b""))

    def test_a_lock_that_is_held_is_waited_for_and_then_busy(self):
        inside, go = threading.Event(), threading.Event()

        def hold(value):
            inside.set()
            go.wait(30)
            return 1
        holder = threading.Thread(target=self.document.update, args=(hold,))
        holder.start()
        inside.wait(30)
        impatient = untorn.Document(self.path("state.json"), lock_wait=0)
        with self.assertRaises(untorn.Error) as caught:
            impatient.update(lambda value: 2)
        self.assertEqual((caught.exception.code, caught.exception.advice), ("busy", "retry"))
        patient = threading.Thread(target=untorn.Document(self.path("state.json")).update,
                                   args=(lambda value: value + 1,))
        patient.start()
        go.set()
        holder.join()
        patient.join()
        self.assertEqual(self.document.load(), 2)

    def test_ctrl_c_ends_the_wait_for_a_lock(self):
        inside, go = threading.Event(), threading.Event()

        def hold(value):
            inside.set()
            go.wait(60)
            return 1
        holder = threading.Thread(target=self.document.update, args=(hold,))
        holder.start()
        inside.wait(30)
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        waiting = untorn.Document(self.path("state.json"), lock_wait=3600)
        with self.assertRaises(KeyboardInterrupt):
            waiting.update(lambda value: 2)
        go.set()
        holder.join()
        self.assertEqual(self.document.load(), 1)

    def test_a_forked_child_has_an_object_of_its_own(self):
        self.document.replace(1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            try:
                self.document.update(lambda value: value + 1)
                os._exit(0)
            finally:
                os._exit(1)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertEqual(self.document.load(), 2)


if __name__ == "__main__":
    unittest.main()
