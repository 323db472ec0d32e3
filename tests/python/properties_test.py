# SPDX-License-Identifier: Apache-2.0
"""Properties, by hypothesis: values come back, text is that of json, states survive anything."""

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import untorn
from harness import need
from untorn.pipeline import LineFixer, PatchManager, PipelineState, StateManager, TaskStatus

# Its tables are kept elsewhere than in the tree.
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY",
                      os.path.join(tempfile.gettempdir(), f"untorn-hypothesis-{os.geteuid()}"))
try:
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st
except ImportError:  # another interpreter of this machine may have it: see main()
    st = None

DEBIAN = "/usr/bin/python3"


class Missing(unittest.TestCase):
    def test_hypothesis_is_there(self):
        need(self, st is not None, "python", "there is no hypothesis here")


if st is not None:
    QUICK = settings(max_examples=60, deadline=None, database=None,
                     suppress_health_check=list(HealthCheck))
    SYNCED = settings(QUICK, max_examples=15)  # transactions are always durable
    TEXTS = st.text(max_size=20)
    VALUES = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
        max_leaves=12)
    STYLES = st.fixed_dictionaries({}, optional={
        "indent": st.none() | st.integers(0, 5) | st.just("\t"), "ensure_ascii": st.booleans(),
        "sort_keys": st.booleans()})
    NAMES = st.text("abcdefghij", min_size=1, max_size=3)
    LINES = st.lists(st.text(st.characters(blacklist_categories=("Cs",),
                                           blacklist_characters="\r\n\0\ufeff"), max_size=8),
                     max_size=12)

    def written(value, **style):
        """The bytes of json.dump to a UTF-8 file; None if it cannot."""
        try:
            return json.dumps(value, **style).encode("utf-8")
        except UnicodeEncodeError:
            return None

    class Properties(unittest.TestCase):
        def setUp(self):
            logging.disable(logging.CRITICAL)
            self.addCleanup(logging.disable, logging.NOTSET)
            self.folder = tempfile.mkdtemp(prefix="untorn-properties-")
            self.addCleanup(shutil.rmtree, self.folder)

        def path(self, name):
            return os.path.join(self.folder, name)

        @QUICK
        @given(VALUES, STYLES)
        def test_documents_hold_what_json_dump_writes(self, value, style):
            document = untorn.Document(self.path("a.json"), durability="process", **style)
            expected = written(value, **style)
            if expected is None:
                self.assertRaises(UnicodeEncodeError, document.replace, value)
                return
            document.replace(value)
            self.assertEqual(untorn.read_bytes(self.path("a.json")), expected)
            self.assertEqual(json.dumps(document.load()), json.dumps(json.loads(expected)))
            document.update(lambda old: [old], **{"indent": None, **style})
            self.assertEqual(json.dumps(document.load()), json.dumps([json.loads(expected)]))

        @SYNCED
        @given(st.lists(st.tuples(NAMES, st.binary(max_size=40) | st.none()), max_size=8))
        def test_transactions_leave_what_they_were_told(self, steps):
            before = {name: untorn.read_bytes(self.path(name)) for name in os.listdir(self.folder)
                      if name != ".untorn"}
            wanted, touched = dict(before), set()
            with untorn.transaction(self.folder) as change:
                for name, content in steps:
                    if name in touched:
                        continue
                    touched.add(name)
                    if content is None and name in wanted:
                        del change[name]
                        del wanted[name]
                    elif content is not None:
                        change[name] = content
                        wanted[name] = content
            found = {name: untorn.read_bytes(self.path(name)) for name in os.listdir(self.folder)
                     if name != ".untorn"}
            self.assertEqual(found, wanted)

        @QUICK
        @given(st.lists(st.tuples(TEXTS, NAMES, st.integers(-9, 9), st.sampled_from(TaskStatus)),
                        max_size=6), st.dictionaries(NAMES, VALUES, max_size=3))
        def test_states_come_back_equal(self, tasks, metrics):
            state = PipelineState()
            for description, target, priority, status in tasks:
                task = state.add_task(description, target, priority, list(state.tasks)[:2])
                state.update_task_status(task.task_id, status)
            state.performance_metrics = json.loads(json.dumps(metrics))
            copy = PipelineState.from_dict(json.loads(json.dumps(state.to_dict())))
            self.assertEqual(json.dumps(copy.to_dict()), json.dumps(state.to_dict()))
            manager = StateManager(self.folder, durability="process")
            manager.update(lambda old: state)
            loaded = manager.load()
            self.assertEqual((loaded.tasks, loaded.queue), (state.tasks, state.queue))
            chosen = state.get_next_task()
            self.assertEqual(manager.summary()["next_task_id"],
                             chosen.task_id if chosen else None)

        @QUICK
        @given(st.binary(max_size=60))
        def test_whatever_a_file_holds_a_kept_state_is_never_answered_by_a_new_one(self, content):
            # A folder of its own: an earlier example would have left versions to return to.
            manager = StateManager(tempfile.mkdtemp(dir=self.folder), durability="process")
            manager.update(lambda state: state.add_task("kept", "x"))
            with open(manager.state_file, "wb") as file:
                file.write(content)
            try:
                state = manager.load()
            except untorn.Error as error:
                self.assertEqual(untorn.read_bytes(manager.state_file), content, error)
            else:
                if manager.last_recovery is not None:
                    self.assertEqual(len(state.tasks), 1)

        @SYNCED
        @given(LINES, LINES, st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
               st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
        def test_lines_keep_encoding_and_ends(self, old, new, encoding, end, last_end):
            text = "".join(line + end for line in old)
            text = text if last_end or not old else text[:-len(end)]
            with open(self.path("a"), "wb") as file:
                file.write(text.encode(encoding))
            fixer = LineFixer(self.folder, durability="process")
            lines = list(fixer.read("a").lines)
            fixer.insert_lines("a", 1, new)
            self.assertEqual(list(fixer.read("a").lines), list(new) + lines)

        @SYNCED
        @given(LINES, LINES)
        def test_patches_go_there_and_back(self, old, new):
            before, after = "\n".join(old), "\n".join(new)
            if before == after:
                return
            untorn.write_text(self.path("a"), before, durability="process", newline="")
            patches = PatchManager(self.folder, durability="process")
            number = patches.create("p", {"a": after}).number
            patches.apply(number)
            self.assertEqual(untorn.read_bytes(self.path("a")), after.encode())
            patches.revert(number)
            self.assertEqual(untorn.read_bytes(self.path("a")), before.encode())


def main():
    if st is None and sys.executable != DEBIAN and os.path.exists(DEBIAN):
        has_it = subprocess.run([DEBIAN, "-c", "import hypothesis"], stderr=subprocess.DEVNULL,
                                check=False).returncode == 0
        if has_it:
            os.execv(DEBIAN, [DEBIAN, "-B", *sys.argv])
    unittest.main()


if __name__ == "__main__":
    main()
