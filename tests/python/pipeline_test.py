# SPDX-License-Identifier: Apache-2.0
"""The other classes of untorn.pipeline, each over one project directory."""

import json
import os
import signal
import subprocess
import sys
import threading
import unittest

import untorn
from harness import FolderTest
from untorn.pipeline import (CodeFiles, LineEdit, LineFixer, PatchEdit, PatchManager, PatternStore,
                             PhaseFiles, RoleRegistry, StateManager, ToolRegistry)

ALL = (StateManager, PatternStore, ToolRegistry, RoleRegistry, PatchManager, LineFixer, CodeFiles,
       PhaseFiles)


class Common(FolderTest):
    def test_each_is_over_a_project_directory_that_exists(self):
        for kind in ALL:
            with self.subTest(kind=kind.__name__):
                self.assertEqual(kind(self.folder).project_dir, self.folder)
                self.assertIn(kind.__name__, repr(kind(self.folder)))
                with self.assertRaises(FileNotFoundError) as caught:
                    kind(self.path("no"))
                self.assertIsInstance(caught.exception, untorn.Error)
                self.assertRaises(TypeError, kind, 7)
                self.assertRaises(ValueError, kind, self.folder, durability="most")

    def test_one_untorn_folder_serves_the_whole_project(self):
        StateManager(self.folder).update(lambda state: state.add_task("a", "b"))
        PatternStore(self.folder).record_execution("1", phase="a", tool="b", success=True)
        ToolRegistry(self.folder).register_tool(TOOL, "code\n")
        found = [folder for folder, names, _ in os.walk(self.folder) if ".untorn" in names]
        self.assertEqual(found, [self.folder])

    def test_paths_never_lead_out_of_the_project(self):
        code, lines, phases = (kind(self.folder) for kind in (CodeFiles, LineFixer, PhaseFiles))
        patches = PatchManager(self.folder)
        os.symlink("/etc", self.path("link"))
        for path in ("../x", "/etc/passwd", "link/passwd", ".untorn/x", ".git/config", "a/../../x"):
            for call in (lambda p: code.write(p, "x"), lambda p: code.read(p),
                         lambda p: lines.fix(p), lambda p: phases.write_document(p, "x"),
                         lambda p: patches.create("x", {p: "x"})):
                with self.assertRaises(OSError, msg=path) as caught:
                    call(path)
                self.assertIsInstance(caught.exception, untorn.Error)


TOOL = {"name": "word_count", "description": "Counts the words of a text.",
        "implementation": "word_count.py",
        "parameters": {"type": "object", "properties": {"text": {"type": "string"}},
                       "required": ["text"]}}


class Tools(FolderTest):
    def setUp(self):
        super().setUp()
        self.tools = ToolRegistry(self.folder)

    def test_specification_and_code_appear_together(self):
        self.tools.register_tool(TOOL, "def run():\n    pass\n")
        tool = self.tools.get("word_count")
        self.assertEqual((tool.spec, tool.code, tool.parameters, tool.tags),
                         (TOOL, b"def run():\n    pass\n", TOOL["parameters"], ()))
        self.assertEqual(self.read(".pipeline/tools/word_count.json").decode(),
                         json.dumps(TOOL, indent=2))
        with self.assertRaises(FileExistsError):
            self.tools.register(TOOL, "")
        self.tools.update({**TOOL, "tags": ["text"]})
        self.assertEqual([t.tags for t in self.tools.list()], [("text",)])
        self.assertEqual([t.name for t in self.tools.search("WORDS", tag="text")], ["word_count"])
        self.assertEqual(self.tools.search("words", tag="other"), [])

    def test_every_mistake_is_named(self):
        wrong = {"name": "a b", "implementation": "../x.py", "parameters": {"type": "array"}}
        problems = self.tools.validate(wrong)
        self.assertGreaterEqual(len(problems), 4)
        with self.assertRaises(untorn.Error) as caught:
            self.tools.register_tool(wrong, "")
        self.assertIn(caught.exception.code, ("conflict", "invalid_argument"))
        self.tools.register_tool(TOOL, "")
        self.assertEqual(self.tools.check_arguments("word_count", {"text": "x"}), [])
        self.assertEqual([p.pointer for p in self.tools.check_arguments("word_count", {"text": 7})],
                         ["/text"])

    def test_deleted_tools_come_back(self):
        self.tools.register_tool(TOOL, "one\n")
        self.tools.update(TOOL, "two\n")
        self.tools.delete("word_count")
        self.assertEqual(self.tools.list(), [])
        first = min(version.number for version in self.tools.versions("word_count"))
        self.tools.restore("word_count", first)
        self.assertEqual(self.tools.get("word_count").code, b"one\n")

    def test_uses_are_counted_once(self):
        self.tools.register_tool(TOOL, "")
        self.assertTrue(self.tools.record_use("word_count", True, 4.0, "run 1"))
        self.assertFalse(self.tools.record_use("word_count", True, 4.0, "run 1"))
        self.assertTrue(self.tools.record_use("word_count", False, 2, "run 2"))
        use, = self.tools.statistics()
        self.assertEqual((use.uses, use.successes, use.success_rate, use.mean_ms), (2, 1, 0.5, 3.0))

    def test_damage_is_brought_back(self):
        self.tools.register_tool(TOOL, "code\n")
        self.write(".pipeline/tools/word_count.json", b"")
        self.assertFalse(self.tools.verify()["was_healthy"])
        self.assertEqual(self.tools.get("word_count").spec, TOOL)
        self.assertTrue(self.tools.verify()["was_healthy"])


class Roles(FolderTest):
    def test_roles_are_registered_searched_and_chosen(self):
        roles = RoleRegistry(self.folder)
        roles.register_role({"name": "reviewer", "description": "looks for mistakes",
                             "capabilities": ["review", "python"]}, "Be kind \u00e9.\n")
        roles.register({"name": "writer", "description": "writes prose"}, "Write.\n")
        role = roles.get("reviewer")
        self.assertEqual((role.prompt, role.capabilities), ("Be kind \u00e9.\n",
                                                            ("review", "python")))
        self.assertEqual([r.name for r in roles.search("prose")], ["writer"])
        self.assertEqual([r.name for r in roles.search(capability="python")], ["reviewer"])
        team = roles.select_team("review the python parser", 2)
        self.assertEqual([member.name for member in team.members], ["reviewer"])
        self.assertTrue(team.members[0].reasons)
        self.assertEqual(team, roles.select_team("review the python parser", 2))
        roles.update({**role.spec, "description": "reads"}, prompt="New.\n")
        roles.delete("writer")
        self.assertEqual([(r.name, r.description) for r in roles.list()], [("reviewer", "reads")])
        self.assertRaises(ValueError, roles.select_team, "x", -1)


class Patterns(FolderTest):
    def test_executions_are_counted_once_and_learnt_from(self):
        store = PatternStore(self.folder)
        for number in range(10):
            recorded = store.record_execution(str(number), phase="coding", tool="create_file",
                                              success=number > 0, duration_s=0.5, task="the parser",
                                              error="" if number else "line 7 failed")
            self.assertEqual((recorded.already, recorded.executions), (False, number + 1))
        self.assertTrue(store.record_execution("3", phase="coding", tool="create_file",
                                               success=True).already)
        pattern, = store.tool_patterns("coding")
        self.assertEqual((pattern.uses, pattern.successes, pattern.duration_s), (10, 9, 0.5))
        self.assertAlmostEqual(pattern.confidence, PatternStore.confidence(9, 10))
        self.assertEqual([f.count for f in store.failure_patterns()], [1])
        self.assertEqual([s.tasks for s in store.success_patterns()], [("the parser",)])
        advice = store.recommendations(phase="coding", task="write the parser")
        self.assertEqual((advice[0].kind, advice[0].subject), ("use_tool", "create_file"))
        self.assertEqual(store.statistics()["executions"], 10)
        store.record_execution("next", phase="qa", tool="check", success=True)
        after, = store.phase_patterns()
        self.assertEqual((after.source, after.target, after.count), ("coding", "qa", 1))

    def test_no_count_of_processes_is_lost(self):
        program = (f"import sys; sys.path[:0] = {sys.path!r}\n"
                   "from untorn.pipeline import PatternStore\n"
                   f"store = PatternStore({self.folder!r}, durability='process')\n"
                   "for number in range(20):\n"
                   "    store.record_execution(f'{sys.argv[1]} {number}', phase='a', tool='b',"
                   " success=True)\n")
        children = [subprocess.Popen([sys.executable, "-B", "-c", program, name])
                    for name in "abc"]
        self.assertEqual([child.wait() for child in children], [0] * 3)
        self.assertEqual(PatternStore(self.folder).statistics()["executions"], 60)

    def test_the_formulas_are_those_that_are_documented(self):
        self.assertAlmostEqual(PatternStore.confidence(1, 1), 0.2065, 4)
        self.assertAlmostEqual(PatternStore.confidence(10, 10), 0.7225, 4)
        self.assertAlmostEqual(PatternStore.similarity("the parser of it", "a parser it"), 0.5)
        self.assertEqual(PatternStore.signature("line 12:  'x'"),
                         PatternStore.signature("line 7: 'yyy'"))

    def test_wrong_arguments(self):
        store = PatternStore(self.folder)
        good = {"phase": "a", "tool": "b", "success": True}
        for wrong in ({"success": 1}, {"phase": 7}, {"duration_s": "1"}, {"task": None}):
            self.assertRaises(TypeError, store.record_execution, "1", **{**good, **wrong})
        for wrong in ({"phase": ""}, {"duration_s": -1.0}, {"tool": "x" * 300}):
            with self.assertRaises(untorn.Error):
                store.record_execution("1", **{**good, **wrong})
        self.assertEqual(store.statistics()["executions"], 0)


class Patches(FolderTest):
    def setUp(self):
        super().setUp()
        self.patches = PatchManager(self.folder)
        self.write("a.py", b"one\ntwo\nthree\n")

    def test_a_patch_is_made_tried_applied_and_reverted(self):
        made = self.patches.create("Fix it", {"a.py": "one\n2\nthree\n", "new.py": "x\n"})
        self.assertEqual((made.number, made.name, made.status), (1, "0001_fix_it", "created"))
        self.assertTrue(self.patches.dry_run(1))
        self.assertEqual(self.read("a.py"), b"one\ntwo\nthree\n")
        self.assertFalse(self.patches.apply(1).already)
        self.assertEqual((self.read("a.py"), self.read("new.py")), (b"one\n2\nthree\n", b"x\n"))
        self.assertTrue(self.patches.apply(1).already)
        self.assertTrue(self.patches.verify(1).is_applied)
        self.assertEqual(self.patches.revert(1).info.status, "reverted")
        self.assertEqual((self.read("a.py"), os.path.exists(self.path("new.py"))),
                         (b"one\ntwo\nthree\n", False))
        self.assertIn(b"+2\n", self.patches.text(1))
        self.assertEqual([patch.number for patch in self.patches.list()], [1])

    def test_a_patch_that_does_not_fit_changes_nothing(self):
        self.patches.create("Fix it", {"a.py": "one\n2\nthree\n"})
        self.write("a.py", b"one\nTWO\nthree\n")
        check = self.patches.dry_run(1)
        self.assertFalse(check)
        self.assertIn("a.py", str(check.problems[0]))
        with self.assertRaises(untorn.Error) as caught:
            self.patches.apply(1)
        self.assertEqual((caught.exception.code, self.read("a.py")),
                         ("conflict", b"one\nTWO\nthree\n"))

    def test_edits_by_replacement_and_removal_and_diffs_of_others(self):
        self.write("b.py", b"gone\n")
        self.patches.create("Edits", [PatchEdit("a.py", replacements=[("two", "2"),
                                                                      (b"three", b"3")]),
                                      PatchEdit("b.py", remove=True)])
        self.patches.apply(1)
        self.assertEqual((self.read("a.py"), self.names().count("b.py")), (b"one\n2\n3\n", 0))
        diff = "--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n-one\n+1\n 2\n 3\n"
        self.assertEqual(self.patches.add("From elsewhere", diff).number, 2)
        self.patches.apply(2)
        self.assertEqual(self.read("a.py"), b"1\n2\n3\n")
        with self.assertRaises(untorn.Error):
            self.patches.create("Not once", [PatchEdit("a.py", replacements=[("\n", "")])])
        with self.assertRaises(FileNotFoundError):
            self.patches.info(77)

    def test_threads_and_processes_never_share_a_number(self):
        numbers = []

        def work(name):
            patches = PatchManager(self.folder)
            numbers.extend(patches.create(f"{name} {n}", {f"{name}{n}": "x\n"}).number
                           for n in range(4))
        threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(numbers), list(range(1, 13)))


class Code(FolderTest):
    def setUp(self):
        super().setUp()
        self.code = CodeFiles(self.folder)

    def test_files_are_created_modified_appended_and_restored(self):
        self.code.create("shop/main.py", "import sys\n")
        with self.assertRaises(FileExistsError):
            self.code.create("shop/main.py", "")
        receipt = self.code.modify("shop/main.py", "sys", "os")
        self.assertEqual((receipt.files[0].action, receipt.files[0].line), ("modify", 1))
        self.code.append("shop/main.py", "print(1)\n")
        self.assertEqual(self.code.read("shop/main.py"), b"import os\nprint(1)\n")
        self.code.restore("shop/main.py")
        self.assertEqual(self.code.read("shop/main.py"), b"import os\n")
        self.code.remove("shop/main.py")
        with self.assertRaises(FileNotFoundError):
            self.code.read("shop/main.py")
        self.code.restore("shop/main.py", back=3)
        self.assertEqual(self.code.read("shop/main.py"), b"import os\n")
        self.assertEqual(len(self.code.versions("shop/main.py")), 6)
        self.assertEqual(self.code.activity(1)[0]["action"], "restore")

    def test_modify_acts_where_the_text_occurs_once(self):
        self.code.write("a.py", b"x = 1\nx = 1\n\xff\n")
        for old, shown in (("x = 1", "2"), ("y", "")):
            with self.assertRaises(untorn.Error) as caught:
                self.code.modify("a.py", old, "z")
            self.assertEqual(caught.exception.code, "conflict")
            self.assertIn(shown, str(caught.exception))
        self.code.modify("a.py", b"\xff", b"\xfe")
        self.assertEqual(self.read("a.py"), b"x = 1\nx = 1\n\xfe\n")

    def test_several_files_change_together_and_once(self):
        self.code.write("a.py", "a\n")
        with self.code.change("task-1") as change:
            self.assertFalse(change.already)
            change.create("b.py", "b\n")
            change.modify("a.py", "a", "A")
            change.append("a.py", "more\n")
            self.assertEqual((change.read("a.py"), change.read("c.py")), (b"A\nmore\n", None))
        self.assertEqual((change.receipt.operation, len(change.receipt.files)), ("task-1", 2))
        with self.code.change("task-1") as change:
            self.assertTrue(change.already)
        self.assertTrue(change.receipt.already)
        with self.assertRaises(LookupError):
            with self.code.change("task-2") as change:
                change.remove("a.py")
                raise LookupError
        self.assertEqual(self.read("a.py"), b"A\nmore\n")
        self.assertRaises(ValueError, change.commit)
        self.assertFalse(self.code.change("task-2").already)


class Lines(FolderTest):
    def setUp(self):
        super().setUp()
        self.lines = LineFixer(self.folder)

    def test_lines_are_edited_and_all_else_is_kept(self):
        self.write("a", "\u00e9ins\r\nzwei\r\ndrei".encode("latin-1"))
        self.assertEqual(self.lines.read("a").encoding, "latin-1")
        self.lines.replace_line("a", 2, "z\u00fc", expected="zwei")
        self.lines.insert_lines("a", 1, ["null"])
        self.lines.remove_lines("a", 2, 2, expected=["\u00e9ins"])
        self.lines.replace_lines("a", 2, 2, ["b", "c"])
        self.assertEqual(self.read("a"), b"null\r\nb\r\nc\r\ndrei")
        with self.assertRaisesRegex(untorn.Error, "null") as caught:
            self.lines.replace_line("a", 1, "x", expected="other")
        self.assertEqual(caught.exception.code, "conflict")

    def test_several_edits_at_once(self):
        self.write("a", b"1\n2\n3\n")
        receipt = self.lines.edit("a", [LineEdit(3, 3, ["III"]), LineEdit(1, 1, [], ["1"])])
        self.assertEqual((self.read("a"), receipt.changed), (b"2\nIII\n", True))
        with self.assertRaises(untorn.Error):
            self.lines.edit("a", [LineEdit(1, 2, []), LineEdit(2, 2, ["x"])])
        self.assertRaises(ValueError, self.lines.replace_line, "a", 0, "x")
        self.assertRaises(TypeError, self.lines.replace_lines, "a", 1, 1, "text")

    def test_the_automatic_fixes(self):
        self.write("a", b"a  \n\tb\r\nc\n\n\n")
        receipt = self.lines.fix("a")
        self.assertEqual(self.read("a"), b"a\n    b\nc\n")
        self.assertEqual(len(LineFixer.all_fixes()), 5)
        self.assertLessEqual(set(receipt.fixes), set(LineFixer.all_fixes()))
        self.assertFalse(self.lines.fix("a").changed)
        self.assertRaises(ValueError, self.lines.fix, "a", ["everything"])


class Phases(FolderTest):
    def test_logs_documents_and_improvements(self):
        phases = PhaseFiles(self.folder)
        phases.debug("plan", "one\ntwo")
        phases.sync_debug()
        self.assertEqual(self.read(".pipeline/debug/plan.log"), b"one\ntwo\n")
        self.assertEqual(len(phases.write_documents({"docs/A.md": "a", "B.md": b"b"}).files), 2)
        self.assertEqual(phases.read_document("docs/A.md"), b"a")
        phases.write_document("prompts/planner.md", "old")
        better = phases.improve("prompt", "planner", "new", rationale="shorter", id="better")
        self.assertEqual((better.old_text, better.status, self.read("prompts/planner.md")),
                         ("old", "pending", b"new"))
        self.assertTrue(phases.improve("prompt", "planner", "new", rationale="shorter",
                                       id="better").already)
        self.assertEqual(phases.record_result("better", accepted=False, score=0.4).status,
                         "rejected")
        self.assertEqual(phases.rollback("better").status, "rolled_back")
        self.assertEqual((self.read("prompts/planner.md"), phases.info("better").score),
                         (b"old", 0.4))
        self.assertEqual([item.id for item in phases.list()["improvements"]], ["better"])
        self.assertRaises(ValueError, phases.improve, "tool", "x", "y")

    def test_what_someone_else_wrote_since_is_never_taken_back(self):
        phases = PhaseFiles(self.folder)
        made = phases.improve("prompt", "p", "new")
        self.write("prompts/p.md", b"mine")
        with self.assertRaises(untorn.Error) as caught:
            phases.rollback(made.id)
        self.assertEqual((caught.exception.code, self.read("prompts/p.md")), ("conflict", b"mine"))


class Kills(FolderTest):
    """A round of work on all classes, killed at some instant and begun again: nothing is lost."""

    PROGRAM = """
import os, signal, sys, threading
sys.path[:0] = {path!r}
from untorn.pipeline import CodeFiles, PatternStore, StateManager
if {after}:
    threading.Timer({after}, os.kill, (os.getpid(), signal.SIGKILL)).start()
manager, code, store = StateManager({folder!r}), CodeFiles({folder!r}), PatternStore({folder!r})
while (task := manager.load().get_next_task()) is not None:
    with code.change(task.task_id) as change:
        if not change.already:
            change.append("work.txt", task.description + "\\n")
    store.record_execution(task.task_id, phase="coding", tool="append", success=True)
    manager.update(lambda state: state.update_task_status(task.task_id, "COMPLETED"))
"""

    def test_no_task_is_lost_and_none_done_twice(self):
        self.write("work.txt", b"")
        count = 30
        StateManager(self.folder).update(
            lambda state: [state.add_task(f"task {n}", "work.txt") for n in range(count)] and None)
        kills = 0
        for attempt in range(200):
            text = self.PROGRAM.format(path=sys.path, folder=self.folder,
                                       after=0.08 + attempt * 0.01 if attempt < 15 else 0)
            result = subprocess.run([sys.executable, "-B", "-c", text], stderr=subprocess.PIPE,
                                    check=False)
            if result.returncode == 0:
                break
            self.assertEqual(result.returncode, -signal.SIGKILL, result.stderr.decode())
            kills += 1
        self.assertGreater(kills, 3)
        self.assertEqual(sorted(self.read("work.txt").splitlines()),
                         sorted(b"task %d" % n for n in range(count)))
        self.assertEqual(PatternStore(self.folder).statistics()["executions"], count)


if __name__ == "__main__":
    unittest.main()
