# SPDX-License-Identifier: Apache-2.0
"""untorn.pipeline.StateManager and the state as a value."""

import copy
import json
import logging
import os
import random
import stat
import subprocess
import sys
import threading
import unittest

import untorn
from harness import FolderTest
from untorn.pipeline import PipelineState, StateManager, Task, TaskStatus


class Recorder(logging.Handler):
    """What a logger was told: [(level, line)]."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append((record.levelname, record.getMessage()))


class ManagerTest(FolderTest):
    def setUp(self):
        super().setUp()
        self.recorder = Recorder()
        self.logger = logging.Logger("test", logging.DEBUG)
        self.logger.addHandler(self.recorder)
        self.manager = StateManager(self.folder, self.logger)

    def state_bytes(self):
        return self.read(".pipeline/state.json")


class Managers(ManagerTest):
    def test_a_saved_state_is_loaded_equal(self):
        state = self.manager.load()
        first = state.add_task("write the parser", "parser.py", 2)
        state.add_task("test \u00e9 \udc80 it", "parser_test.py", dependencies=[first.task_id])
        state.update_file("parser.py", "abc", 7)
        state.record_run("coding", True, first.task_id)
        state.add_fix({"type": "import", "success": True})
        self.manager.save(state)
        loaded = StateManager(self.folder).load()
        self.assertEqual((loaded, loaded.tasks), (state, state.tasks))
        self.assertEqual(loaded.to_dict(), state.to_dict())

    def test_the_file_is_what_json_dump_writes(self):
        state = self.manager.load()
        state.add_task("t", "\u00e9", 10 ** 12)
        state.performance_metrics = {"a": [1.5, 1e300, None, float("inf")], "b": "\u20ac"}
        self.manager.save(state)
        self.assertEqual(self.state_bytes().decode(), json.dumps(state.to_dict(), indent=2))
        self.assertEqual(self.manager.state_file, self.path(".pipeline/state.json"))

    def test_saving_sets_updated(self):
        state = self.manager.load()
        before = state.updated
        self.manager.save(state)
        self.assertGreater(state.updated, before)
        self.assertEqual(self.manager.load().updated, state.updated)

    def test_a_new_project_has_a_new_state(self):
        state = self.manager.load()
        self.assertEqual((state.version, state.tasks, state.queue, state.files, state.phases),
                         (2, {}, [], {}, {}))
        self.assertRegex(state.pipeline_run_id, r"\Arun_\d{8}_\d{6}\Z")
        self.assertIsNone(self.manager.last_recovery)
        self.assertFalse(os.path.exists(self.path(".pipeline/state.json")))

    def test_damage_is_never_answered_by_a_new_state(self):
        state = self.manager.load()
        task = state.add_task("a", "b")
        self.manager.save(state)
        for damage in (b"", b'{"version": 2', bytes(500)):
            self.write(".pipeline/state.json", damage)
            self.assertEqual(list(self.manager.load().tasks), [task.task_id])
            recovery = self.manager.last_recovery
            self.assertEqual(self.read(".pipeline/" + recovery.set_aside), damage)
            self.assertEqual((recovery.generation.number, recovery.generations_lost), (1, 0))
        self.assertEqual(self.recorder.lines[-1][0], "WARNING")
        self.assertIn("state.json.damaged-3", self.recorder.lines[-1][1])
        self.manager.load()
        self.assertIsNone(self.manager.last_recovery)

    def test_damage_of_everything_is_an_error_and_stays(self):
        self.write(".pipeline/state.json", b"{")
        for call in (self.manager.load, lambda: self.manager.update(lambda state: None)):
            with self.assertRaises(untorn.Error) as caught:
                call()
            self.assertEqual((caught.exception.code, self.state_bytes()), ("corrupt", b"{"))

    def test_a_newer_version_is_refused_and_stays(self):
        content = b'{"version": 3, "tasks": {}}'
        self.write(".pipeline/state.json", content)
        for call in (self.manager.load, lambda: self.manager.save(PipelineState()),
                     lambda: self.manager.update(lambda state: None)):
            with self.assertRaises(untorn.Error) as caught:
                call()
            self.assertEqual((caught.exception.code, self.state_bytes()), ("unsupported", content))

    def test_a_wrong_member_is_named_and_the_file_stays(self):
        state = self.manager.load()
        task = state.add_task("a", "b")
        self.manager.save(state)
        before = self.state_bytes()

        def spoil(state):
            state.tasks[task.task_id].priority = "high"
        with self.assertRaisesRegex(untorn.Error, rf"tasks\.{task.task_id}\.priority"):
            self.manager.update(spoil)
        self.assertEqual(self.state_bytes(), before)
        self.write(".pipeline/state.json", before.replace(b'"priority": 5', b'"priority": []'))
        with self.assertRaisesRegex(untorn.Error, rf"tasks\.{task.task_id}\.priority"):
            self.manager.load()

    def test_unknown_members_stay_where_they_are(self):
        source = {"own": [1], "version": 2, "tasks": {"1": {"mine": 7, "task_id": "1",
                                                            "status": "new"}}, "last": None}
        self.write(".pipeline/state.json", json.dumps(source).encode())
        state = self.manager.load()
        self.assertEqual((state.extra, state.tasks["1"].extra),
                         ({"own": [1], "last": None}, {"mine": 7}))
        state.update_task_status("1", "completed")
        self.manager.save(state)
        saved = json.loads(self.state_bytes())
        self.assertEqual(list(saved)[:4], ["own", "version", "tasks", "last"])
        self.assertEqual((saved["tasks"]["1"]["mine"], saved["tasks"]["1"]["status"]),
                         (7, "COMPLETED"))

    def test_save_after_another_managers_save_is_a_conflict(self):
        state = self.manager.load()
        self.manager.save(state)
        other = StateManager(self.folder)
        other.update(lambda state: state.add_task("other", "b"))
        state.add_task("mine", "a")
        with self.assertRaises(untorn.Error) as caught:
            self.manager.save(state)
        self.assertEqual((caught.exception.code, caught.exception.advice),
                         ("conflict", "reread_then_retry"))
        self.assertEqual([task.description for task in other.load().tasks.values()], ["other"])
        self.assertIn(("ERROR", "Failed to save state: " + str(caught.exception)),
                      self.recorder.lines)

    def test_save_after_its_own_update_is_a_conflict_too(self):
        state = self.manager.load()
        self.manager.save(state)
        self.manager.update(lambda state: state.add_task("other", "b"))
        with self.assertRaises(untorn.Error) as caught:
            self.manager.save(state)
        self.assertEqual(caught.exception.code, "conflict")

    def test_a_state_can_be_saved_again_and_again(self):
        state = self.manager.load()
        for number in range(4):
            state.add_task(str(number), "x")
            self.manager.save(state)
        self.assertEqual(len(self.manager.load().tasks), 4)

    def test_no_update_of_processes_is_lost(self):
        program = (f"import sys; sys.path[:0] = {sys.path!r}\n"
                   "from untorn.pipeline import StateManager\n"
                   f"manager = StateManager({self.folder!r}, durability='process')\n"
                   "for number in range(25):\n"
                   "    manager.update(lambda state: state.add_task(str(number), sys.argv[1]))\n")
        children = [subprocess.Popen([sys.executable, "-B", "-c", program, name])
                    for name in "abcd"]
        self.assertEqual([child.wait() for child in children], [0] * 4)
        tasks = self.manager.load().tasks.values()
        self.assertEqual(len({(task.target_file, task.description) for task in tasks}), 100)

    def test_an_exception_in_update_saves_nothing(self):
        self.manager.save(self.manager.load())
        before = self.state_bytes()
        for kind in (LookupError, KeyboardInterrupt):
            def fail(state, kind=kind):
                state.add_task("a", "b")
                raise kind
            self.assertRaises(kind, self.manager.update, fail)
        self.assertRaises(TypeError, self.manager.update, 7)

        def unwritable(state):
            state.performance_metrics = {"a": object()}
        self.assertRaises(TypeError, self.manager.update, unwritable)
        self.assertEqual(self.state_bytes(), before)

    def test_update_takes_a_state_that_is_returned(self):
        def anew(state):
            other = PipelineState()
            other.add_task("a", "b")
            return other
        self.assertEqual(len(self.manager.update(anew).tasks), 1)

    def test_history_rollback_and_backups(self):
        state = self.manager.load()
        for number in range(3):
            state.project_maturity = str(number)
            self.manager.save(state)
        backup = self.manager.backup_state()
        self.assertRegex(backup, r"/\.pipeline/backups/state_\d{8}_\d{6}\.json\Z")
        self.assertEqual([item.number for item in self.manager.history()], [3, 2, 1])
        self.assertEqual(self.manager.rollback(2).project_maturity, "0")
        self.assertEqual(self.manager.load().project_maturity, "0")
        self.assertEqual(self.manager.rollback(1).project_maturity, "2")
        with open(backup, encoding="utf-8") as file:
            self.assertEqual(json.load(file)["project_maturity"], "2")
        with self.assertRaises(FileNotFoundError):
            self.manager.rollback(99)
        self.assertRaises(ValueError, self.manager.rollback, -1)

    def test_phases_keep_states_of_their_own(self):
        self.assertIsNone(self.manager.load_phase_state("plan"))
        self.manager.save_phase_state("plan", {"step": 1, "\u00e9": [None]})
        self.assertEqual(self.manager.load_phase_state("plan"), {"step": 1, "\u00e9": [None]})
        self.assertEqual(self.manager.load_phase_state("other", default=7), 7)
        self.assertEqual(self.manager.phases_with_state(), ["plan"])
        for name in ("../x", "", ".x", "a/b"):
            with self.assertRaises(untorn.Error):
                self.manager.save_phase_state(name, 1)

    def test_what_is_learnt_is_saved_at_once(self):
        self.manager.add_performance_metric("speed", 1.5, {"unit": "s"})
        self.manager.learn_pattern("style", "short")
        self.manager.add_fix({"type": "import", "success": False})
        self.manager.add_correlation({"a": 1})
        self.manager.add_troubleshooting_result({"b": 2})
        self.assertEqual(self.manager.increment_no_update_count("coding"), 1)
        self.assertEqual(self.manager.increment_no_update_count("coding"), 2)
        self.assertEqual(self.manager.get_no_update_count("coding"), 2)
        self.manager.reset_no_update_count("coding")
        state = StateManager(self.folder).load()
        self.assertEqual(state.performance_metrics["speed"][0]["value"], 1.5)
        self.assertEqual(state.learned_patterns["style"][0]["pattern"], "short")
        self.assertEqual((state.no_update_counts, len(state.correlations)), ({"coding": 0}, 1))
        self.assertEqual(self.manager.get_fix_effectiveness(), state.get_fix_effectiveness())
        with self.assertRaises(untorn.Error):
            self.manager.add_fix([1])

    def test_the_logger_hears_of_saves(self):
        self.manager.save(self.manager.load())
        self.assertEqual(self.recorder.lines,
                         [("DEBUG", f"Saved state to {self.path('.pipeline/state.json')}")])

    def test_a_logger_that_raises_does_no_harm(self):
        class Broken(logging.Handler):
            def handle(self, record):
                raise LookupError("mine")
        self.logger.addHandler(Broken())
        unraisable = []
        before, sys.unraisablehook = sys.unraisablehook, unraisable.append
        try:
            self.manager.save(self.manager.load())
        finally:
            sys.unraisablehook = before
        self.assertEqual([type(item.exc_value) for item in unraisable], [LookupError])
        self.assertTrue(self.state_bytes())

    def test_waiting_for_a_lock_is_not_told_as_a_failure(self):
        inside, go = threading.Event(), threading.Event()

        def hold(state):
            inside.set()
            go.wait(30)
        holder = threading.Thread(target=StateManager(self.folder).update, args=(hold,))
        holder.start()
        inside.wait(30)
        threading.Timer(0.5, go.set).start()
        self.manager.update(lambda state: self.logger.info("mine"))
        holder.join()
        self.assertEqual([line[0] for line in self.recorder.lines], ["INFO", "DEBUG"])

    def test_wrong_arguments(self):
        self.assertRaises(TypeError, StateManager, 7)
        self.assertRaises(TypeError, StateManager, self.folder, "logger")
        self.assertRaises(TypeError, self.manager.save, {"version": 2})
        self.assertRaises(ValueError, StateManager, self.folder, durability="most")
        self.assertRaises(FileNotFoundError, StateManager, self.path("no"))

    def test_read_only_changes_nothing(self):
        self.manager.save(self.manager.load())
        names = set(os.listdir(self.path(".pipeline")))
        watcher = StateManager(self.folder, read_only=True)
        self.assertEqual(watcher.load(), self.manager.load())
        self.assertRaises(PermissionError, watcher.save, watcher.load())
        self.assertEqual(set(os.listdir(self.path(".pipeline"))), names)

    def test_the_mode_of_a_new_file_can_be_chosen(self):
        StateManager(self.folder, mode=0o600).save(PipelineState())
        status = os.stat(self.path(".pipeline/state.json"))
        self.assertEqual(stat.S_IMODE(status.st_mode), 0o600)


class States(unittest.TestCase):
    def test_tasks_are_worked_on_by_priority_and_dependency(self):
        state = PipelineState()
        low = state.add_task("low", "a.py", 7)
        high = state.add_task("high", "b.py", 1, [low.task_id])
        by_file = state.add_task("by file", "c.py", 2, ["a.py"])
        self.assertEqual([entry.task_id for entry in state.queue],
                         [high.task_id, by_file.task_id, low.task_id])
        self.assertIs(state.get_next_task(), low)
        self.assertTrue(state.update_task_status(low.task_id, TaskStatus.COMPLETED))
        self.assertIsNotNone(low.completed)
        self.assertIs(state.get_next_task(), high)
        state.update_task_status(high.task_id, "SKIPPED")
        self.assertIs(state.get_next_task(), by_file)
        state.update_task_status(by_file.task_id, "failed")
        self.assertIsNone(state.get_next_task())

    def test_what_failed_is_more_urgent(self):
        state = PipelineState()
        tasks = {status: state.add_task(status.value, "x", 9) for status in
                 (TaskStatus.NEW, TaskStatus.IN_PROGRESS, TaskStatus.DEBUG_PENDING,
                  TaskStatus.QA_FAILED)}
        for status, task in tasks.items():
            state.update_task_status(task.task_id, status)
        self.assertEqual([entry.priority for entry in state.queue], [2, 3, 4, 9])

    def test_unknown_tasks_and_statuses(self):
        state = PipelineState()
        self.assertFalse(state.update_task_status("no", "COMPLETED"))
        self.assertFalse(state.add_task_error("no", "a", "b"))
        with self.assertRaisesRegex(ValueError, "one of NEW, IN_PROGRESS"):
            state.update_task_status("no", "DONE")
        for arguments in ((7, "a"), ("a", 7), ("a", "b", "high"), ("a", "b", 5, "id")):
            self.assertRaises(ValueError, state.add_task, *arguments)
        self.assertEqual(state.tasks, {})

    def test_errors_count_attempts(self):
        state = PipelineState()
        task = state.add_task("a", "b")
        state.add_task_error(task.task_id, "SyntaxError", "line 7", "debugging")
        self.assertEqual((task.attempts, task.errors[0].message, task.errors[0].phase),
                         (1, "line 7", "debugging"))

    def test_equality_is_by_value(self):
        state = PipelineState()
        state.add_task("a", "b")
        other = PipelineState.from_dict(copy.deepcopy(state.to_dict()))
        self.assertEqual(other, state)
        self.assertEqual(PipelineState.from_dict({**state.to_dict(), "own": 1}).extra, {"own": 1})
        self.assertNotEqual(PipelineState.from_dict({**state.to_dict(), "own": 1}), state)
        next(iter(other.tasks.values())).priority = 6
        self.assertNotEqual(other, state)
        self.assertNotEqual(state, state.to_dict())
        self.assertEqual(Task(task_id="1"), Task.from_dict({"task_id": "1"}))
        self.assertRaises(TypeError, hash, state)

    def test_wrong_members_are_named(self):
        for data, name in (({"tasks": []}, "tasks: an object"), ({"version": "2"}, "version"),
                           ({"tasks": {"1": {"errors": [{"attempt": True}]}}},
                            r"tasks\.1\.errors\.0\.attempt: an integer"),
                           ({"queue": [7]}, r"queue\.0"), ([], "the state: an object"),
                           ({"tasks": {"1": {"status": "DONE"}}}, r"tasks\.1\.status: one of"),
                           ({"version": 3}, "version is 3")):
            with self.assertRaisesRegex(ValueError, name):
                PipelineState.from_dict(data)

    def test_old_files_do_not_grow_by_being_read(self):
        source = {"version": 2, "tasks": {}, "updated": "x"}
        self.assertEqual(PipelineState.from_dict(source).to_dict(), source)

    def test_a_queue_of_ids_alone_stays_one(self):
        state = PipelineState.from_dict({"queue": ["1"], "tasks": {"1": {"task_id": "1"}}})
        state.add_task("a", "b")
        self.assertTrue(all(isinstance(item, str) for item in state.to_dict()["queue"]))

    def test_runs_are_counted_and_judged(self):
        state = PipelineState()
        for success in [False] * 5 + [True] * 5:
            phase = state.record_run("coding", success)
        self.assertEqual((phase.runs, phase.success_rate(), phase.recent_success_rate(),
                          phase.consecutive_failures()), (10, 0.5, 1.0, 0))
        self.assertTrue(phase.is_improving() and not phase.is_degrading())
        for number in range(300):
            phase = state.record_run("qa", number % 2 == 0)
        self.assertTrue(phase.is_oscillating())
        self.assertEqual((phase.runs, len(phase.run_history), len(state.phase_history)),
                         (300, 100, 310))

    def test_files_are_reviewed_again_when_they_change(self):
        state = PipelineState()
        state.update_file("a", "1", 1)
        state.mark_file_reviewed("a", True, ["note"])
        self.assertEqual(state.files_needing_qa(), [])
        state.update_file("a", "2", 1)
        self.assertEqual(state.files_needing_qa(), ["a"])
        self.assertFalse(state.mark_file_reviewed("b", True))

    def test_lists_that_would_grow_keep_their_last_entries(self):
        state = PipelineState()
        for number in range(1100):
            state.add_fix({"number": number})
            state.add_performance_metric("m", number)
        self.assertEqual((len(state.fix_history), state.fix_history[0]["number"],
                          len(state.performance_metrics["m"])), (1000, 100, 100))


class Agreement(ManagerTest):
    """C++ and Python say the same of one state: C++ judges what Python has saved."""

    def test_the_next_task_and_the_counts_are_the_same(self):
        dice = random.Random(7)
        self.manager = StateManager(self.folder, durability="process")
        state = self.manager.load()
        for _ in range(120):
            names = list(state.tasks) + [task.target_file for task in state.tasks.values()]
            wanted = dice.sample(names, min(len(names), dice.randrange(3)))
            if not names or dice.random() < 0.4:
                state.add_task("t", f"f{dice.randrange(8)}", dice.randrange(1, 8), wanted)
            else:
                state.update_task_status(dice.choice(list(state.tasks)),
                                         dice.choice(list(TaskStatus)))
            state.record_run(dice.choice("ab"), dice.random() < 0.5)
            state.add_fix({"type": dice.choice("xyz"), "success": dice.choice([True, False, 7])})
            state.update_file(f"f{dice.randrange(5)}", str(dice.randrange(3)), 1)
            self.manager.save(state)
            summary = self.manager.summary()
            chosen = state.get_next_task()
            self.assertEqual(summary["next_task_id"], chosen.task_id if chosen else None)
            self.assertEqual(summary["files_needing_qa"], len(state.files_needing_qa()))
            self.assertEqual(self.manager.get_fix_effectiveness(), state.get_fix_effectiveness())

    def test_a_round_through_cpp_changes_nothing(self):
        state = self.manager.load()
        state.add_task("a", "b")
        self.manager.save(state)
        before = json.loads(self.state_bytes())
        self.manager.increment_no_update_count("coding")  # load, change and save in C++
        after = json.loads(self.state_bytes())
        self.assertEqual({**after, "updated": 0, "no_update_counts": 0},
                         {**before, "updated": 0, "no_update_counts": 0})


if __name__ == "__main__":
    unittest.main()
