# SPDX-License-Identifier: Apache-2.0
"""untorn pipeline: what is shown, what is changed, and the life of a project on disk.

The last part is about time: files of an earlier version, of a later one, copies, other disks.
"""

import json
import os
import shutil
import subprocess
import unittest

from command import CommandTest, need

MAKER = os.environ["UNTORN_MAKER"]
READING = ("status", "tasks", "patterns", "tools", "roles", "patches", "history")
OLDER_PROJECT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "older_project")


def tree_of(folder):
    """Every path below it, with what its file holds and when it was last changed."""
    found = {}
    for where, _, files in os.walk(folder):
        found[os.path.relpath(where, folder)] = os.stat(where).st_mtime_ns
        for name in files:
            path = os.path.join(where, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = (file.read(), os.stat(path).st_mtime_ns)
    return found


def contents_of(folder):
    return {path: seen[0] for path, seen in tree_of(folder).items() if isinstance(seen, tuple)}


class PipelineTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.project = self.path("project")
        os.mkdir(self.project)

    def make(self, what="make"):
        subprocess.run([MAKER, what, self.project], check=True)

    def file(self, name):
        return os.path.join(self.project, name)

    def edit(self, name, change):
        with open(self.file(name), encoding="utf-8") as file:
            text = file.read()
        with open(self.file(name), "w", encoding="utf-8") as file:
            file.write(change(text))

    def pipeline(self, *arguments, code=0):
        """The JSON document; the exit code is the same for people."""
        result = self.run_untorn("pipeline", *arguments, "--format", "json")
        self.assert_exit(result, code)
        document = self.document(result)
        self.assertEqual(document["schema"], "untorn.pipeline/1")
        return document


class Looking(PipelineTest):
    def test_shows_what_the_classes_keep(self):
        self.make()
        status = self.pipeline("status", "project")
        self.assertEqual(status["root"], self.project)
        self.assertEqual(status["verb"], "status")
        self.assertEqual(status["summary"]["by_status"], {"NEW": 3})
        self.assertEqual(status["generations"], 3)
        self.assertEqual(status["phases"][0]["name"], "coding")
        self.assertEqual(status["executions"], 3)
        tasks = self.pipeline("tasks", "project")
        self.assertEqual([task["target_file"] for task in tasks["tasks"]],
                         ["one.py", "two.py", "three.py"])
        self.assertEqual(tasks["next_task_id"], tasks["tasks"][0]["task_id"])
        patterns = self.pipeline("patterns", "project")
        self.assertEqual(patterns["statistics"]["executions"], 3)
        self.assertEqual(patterns["failure_patterns"][0]["helped"], [{"tool": "check", "count": 1}])
        tools = self.pipeline("tools", "project")["tools"]
        self.assertEqual(tools[0]["name"], "greet")
        self.assertEqual(tools[0]["statistics"]["uses"], 1)
        self.assertEqual(self.pipeline("roles", "project")["roles"][0]["name"], "writer")
        patches = self.pipeline("patches", "project")["patches"]
        self.assertEqual([patch["status"] for patch in patches], ["created"])
        history = self.pipeline("history", "project")["generations"]
        self.assertEqual([one["number"] for one in history], [3, 2, 1])
        self.assertEqual([one["back"] for one in history], [0, 1, 2])

    def test_looking_changes_nothing(self):
        self.make()
        before = tree_of(self.project)
        for verb in READING:
            self.assert_exit(self.run_untorn("pipeline", verb, "project"), 0)
            self.pipeline(verb, "project")
        self.assert_exit(self.run_untorn("pipeline", "export", "project"), 0)
        self.assertEqual(tree_of(self.project), before)

    def test_looking_at_a_project_without_rights_to_write(self):
        self.make()
        for where, _, files in os.walk(self.project, topdown=False):
            for name in files:
                os.chmod(os.path.join(where, name), 0o444)
            os.chmod(where, 0o555)
        self.addCleanup(subprocess.run, ["chmod", "-R", "u+w", self.project], check=False)
        for verb in READING:
            self.assert_exit(self.run_untorn("pipeline", verb, "project"), 0)

    def test_what_others_wrote_cannot_steer_the_terminal(self):
        self.make()
        for verb in READING:
            shown = self.run_untorn("pipeline", verb, "project").stdout
            self.assertNotIn(b"\x1b", shown, verb)

    def test_a_new_project_is_empty(self):
        os.mkdir(self.file(".pipeline"))
        for verb in READING:
            self.pipeline(verb, "project")
        self.assertEqual(os.listdir(self.project), [".pipeline"])
        self.assertEqual(os.listdir(self.file(".pipeline")), [])

    def test_damage_is_told_and_left_alone(self):
        self.make()
        with open(self.file(".pipeline/state.json"), "r+b") as file:
            file.truncate(100)
        before = tree_of(self.project)
        result = self.run_untorn("pipeline", "status", "project", "--format", "json")
        self.assert_exit(result, 0)
        self.assertIn(b"warning:", result.stderr)
        status = self.document(result)
        self.assertIn("it was left as it is", status["recovery"])
        self.assertEqual(status["summary"]["tasks"], 3)
        self.assertEqual(tree_of(self.project), before)

    def test_damage_of_registries_and_patches_is_told(self):
        self.make()
        self.edit(".pipeline/tools/greet.json", lambda text: "")
        os.remove(self.file(".pipeline/roles/writer.md"))
        patch = next(name for name in os.listdir(self.file(".pipeline/patches"))
                     if name.endswith(".json") and name != "counter.json")
        self.edit(".pipeline/patches/" + patch, lambda text: text[:20])
        before = tree_of(self.project)
        for verb, words in (("tools", [b"/greet: "]), ("roles", [b"/writer: "]),
                            ("status", [b"/greet: ", b"/writer: ", b"patch 1"])):
            result = self.run_untorn("pipeline", verb, "project")
            self.assert_exit(result, 0)
            for word in words:
                told = [line for line in result.stderr.splitlines() if word in line]
                self.assertEqual(len(told), 1, (verb, result.stderr))
        self.assertEqual(tree_of(self.project), before)

    def test_the_root_is_absolute_when_there_is_no_project(self):
        self.assertEqual(self.pipeline("tasks", "missing", code=2)["root"], self.path("missing"))

    def test_what_is_no_project_is_refused(self):
        os.mkdir(self.path("empty"))
        self.write("file", b"x")
        for name in ("none", "empty", "file", "", "a\n../b"):
            for verb in ("status", "rollback", "export"):
                result = self.run_untorn("pipeline", verb, name)
                self.assert_exit(result, 2)
                self.assertIn(b"error:", result.stderr)
        self.assertEqual(os.listdir(self.path("empty")), [])
        error = self.pipeline("status", "none", code=2)["error"]
        self.assertEqual(error["code"], "not_found")

    def test_wrong_usage_is_refused(self):
        self.make()
        before = tree_of(self.project)
        for arguments in (["stats", "project"], ["status"], ["status", "project", "--leave"],
                          ["status", "project", "--back", "1"],
                          ["rollback", "project", "--back", "0"],
                          ["rollback", "project", "--back", "-1"],
                          ["rollback", "project", "--back", "1x"],
                          ["rollback", "project", "--back", "99999999999999999999999"]):
            self.assert_exit(self.run_untorn("pipeline", *arguments), 2)
        self.assertIn(b'did you mean "status"?',
                      self.run_untorn("pipeline", "stats", "project").stderr)
        self.assertEqual(tree_of(self.project), before)


class Changing(PipelineTest):
    def test_rolls_the_state_back_and_forth(self):
        self.make()
        back = self.pipeline("rollback", "project")
        self.assertEqual(back["summary"]["tasks"], 2)
        self.assertEqual(len(self.pipeline("tasks", "project")["tasks"]), 2)
        self.pipeline("rollback", "project", "--back", "3")
        self.assertEqual(len(self.pipeline("tasks", "project")["tasks"]), 1)
        self.assertIn(b"is back", self.run_untorn("pipeline", "rollback", "--back", "2",
                                                  "project").stdout)
        self.assertEqual(len(self.pipeline("tasks", "project")["tasks"]), 3)

    def test_a_state_that_is_not_kept_is_a_condition(self):
        self.make()
        before = tree_of(self.project)
        error = self.pipeline("rollback", "project", "--back", "3", code=1)["error"]
        self.assertEqual(error["code"], "not_found")
        self.assertEqual(error["path"], ".pipeline/state.json")
        self.assertEqual(tree_of(self.project), before)

    def test_leaving_removes_what_is_ours_and_nothing_else(self):
        self.make()
        self.write("project/mine.txt", b"mine")
        before = {path: content for path, content in contents_of(self.project).items()
                  if not path.startswith(".untorn/")}
        preview = self.pipeline("export", "project")
        left = self.pipeline("export", "project", "--leave")
        self.assertFalse(preview["left"])
        self.assertTrue(left["left"])
        self.assertEqual(preview["files"], left["files"])
        self.assertEqual(contents_of(self.project), before)
        self.assertFalse(os.path.exists(self.file(".untorn")))
        self.assertEqual(len(self.pipeline("tasks", "project")["tasks"]), 3)
        self.assertEqual(self.pipeline("tools", "project")["tools"][0]["name"], "greet")
        self.assertEqual(self.pipeline("export", "project", "--leave")["files"], 0)
        self.make("state")  # and back again
        self.assertEqual(len(self.pipeline("tasks", "project")["tasks"]), 6)

    def test_leaving_recovers_first(self):
        self.make()
        with open(self.file(".pipeline/state.json"), "rb") as file:
            state = file.read()
        with open(self.file(".pipeline/state.json"), "wb") as file:
            file.write(state[:200])
        with open(self.file(".pipeline/run.log"), "ab") as file:
            file.write(b"half a li")
        left = self.pipeline("export", "project", "--leave")
        self.assertEqual(len(left["recovered"]), 2, left["recovered"])
        with open(self.file(".pipeline/state.json"), "rb") as file:
            self.assertEqual(file.read(), state)
        with open(self.file(".pipeline/run.log"), "rb") as file:
            self.assertEqual(file.read(), b"begun\n")
        with open(self.file(".pipeline/state.json.damaged-1"), "rb") as file:
            self.assertEqual(file.read(), state[:200])

    def test_leaving_without_a_way_to_recover_is_refused(self):
        self.make()
        shutil.rmtree(self.file(".untorn/documents/.pipeline/patterns.json"))
        os.makedirs(self.file(".untorn/documents/.pipeline/patterns.json"))
        self.write("project/.untorn/documents/.pipeline/patterns.json/lock", b"")
        self.write("project/.pipeline/patterns.json", b"")
        before = contents_of(self.file(".untorn/documents"))
        error = self.pipeline("export", "project", "--leave", code=2)["error"]
        self.assertEqual(error["code"], "corrupt")
        self.assertEqual(error["path"], ".pipeline/patterns.json")
        self.assertEqual(contents_of(self.file(".untorn/documents")), before)

    def test_leaving_with_a_damaged_patch_is_refused(self):
        self.make()
        patch = next(name for name in os.listdir(self.file(".pipeline/patches"))
                     if name.endswith(".json") and name != "counter.json")
        self.edit(".pipeline/patches/" + patch, lambda text: text[:20])
        self.assertIn("patch 1", self.pipeline("export", "--leave", "project",
                                               code=1)["error"]["message"])
        self.assertTrue(os.path.isdir(self.file(".untorn")))

    def test_who_has_left_can_go_on(self):
        self.make()
        self.pipeline("export", "--leave", "project")
        self.make("change")
        with open(self.file(".pipeline/tools/greet.py"), "rb") as file:
            self.assertEqual(file.read(), b"print('hello hello')\n")

    def test_rolling_back_over_a_newer_state_is_refused(self):
        self.make()
        self.edit(".pipeline/state.json", lambda text: text.replace('"version": 2',
                                                                    '"version": 99'))
        before = contents_of(self.project)[".pipeline/state.json"]
        self.pipeline("rollback", "project", code=2)
        self.pipeline("export", "--leave", "project", code=2)
        self.assertEqual(contents_of(self.project)[".pipeline/state.json"], before)
        self.assertTrue(os.path.isdir(self.file(".untorn/documents")))

    def test_leaving_keeps_what_is_not_known(self):
        self.make()
        self.write("project/.untorn/transaction.foreign-1", b"of another tree")
        before = contents_of(self.project)
        self.assertEqual(self.pipeline("export", "project")["unknown"], ["transaction.foreign-1"])
        error = self.pipeline("export", "project", "--leave", code=1)["error"]
        self.assertIn("transaction.foreign-1", error["message"])
        self.assertEqual(contents_of(self.project), before)

    def test_leaving_waits_for_nobody(self):
        self.make()
        with subprocess.Popen([MAKER, "hold", self.project], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as holder:
            self.assertEqual(holder.stdout.readline(), b"held\n")
            error = self.pipeline("export", "project", "--leave", code=2)["error"]
            self.assertEqual(error["code"], "busy")
            self.assertEqual(len(self.pipeline("tasks", "project")["tasks"]), 3)
            holder.stdin.close()
            self.assertEqual(holder.wait(), 0)
        self.assertEqual(self.pipeline("history", "project")["generations"][0]["intact"], True)
        self.pipeline("export", "project", "--leave")


class LifeOnDisk(PipelineTest):
    def test_an_older_reader_refuses_newer_data_and_leaves_it_alone(self):
        self.make()
        self.edit(".pipeline/state.json", lambda text: text.replace('"version": 2', '"version": 3'))
        self.edit(".pipeline/patterns.json",
                  lambda text: text.replace('"oldest_reader": 1', '"oldest_reader": 2'))
        before = contents_of(self.project)
        for verb, code in (("status", 2), ("tasks", 2), ("patterns", 2)):
            error = self.pipeline(verb, "project", code=code)["error"]
            self.assertEqual(error["code"], "unsupported", error)
        self.assertEqual(contents_of(self.project), before)

    def test_newer_generations_are_neither_used_nor_removed(self):
        self.make()
        folder = ".untorn/documents/.pipeline/state.json"
        newest = f"{folder}/generation-000000000003"
        self.edit(newest,
                  lambda text: text.replace("untorn-generation 1 1", "untorn-generation 2 2"))
        self.edit(".pipeline/state.json", lambda text: "")
        status = self.pipeline("status", "project")
        self.assertEqual(status["summary"]["tasks"], 2, "the newest one that can be read")
        for _ in range(2):
            self.make("state")
        numbers = [one["number"] for one in self.pipeline("history", "project")["generations"]]
        self.assertEqual(len(numbers), 6, "five that are used, and that one")
        self.assertTrue(os.path.exists(self.file(newest)))

    def test_a_restored_copy_says_whose_its_generations_are(self):
        self.make()
        shutil.copytree(self.project, self.path("copy"))
        history = self.pipeline("history", "copy")["generations"]
        self.assertEqual([one["from_copy"] for one in history], [True, True, True])
        self.write("copy/.pipeline/state.json", b"")
        self.assertEqual(self.pipeline("status", "copy")["summary"]["tasks"], 3)
        self.pipeline("rollback", "copy")
        history = self.pipeline("history", "copy")["generations"]
        self.assertFalse(history[0]["from_copy"])
        self.assertEqual(self.pipeline("history", "project")["generations"][0]["number"], 3)
        self.pipeline("export", "copy", "--leave")
        self.assertEqual(len(self.pipeline("tasks", "project")["tasks"]), 3)

    def test_a_tree_moved_to_another_disk_goes_on(self):
        need(self, os.geteuid() == 0, "root", "another disk is mounted by root alone")
        disk = self.path("disk")
        os.mkdir(disk)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "none", disk], check=False,
                                 stderr=subprocess.PIPE)
        need(self, mounted.returncode == 0, "root", f"no mount: {mounted.stderr!r}")
        self.addCleanup(subprocess.run, ["umount", disk], check=False)
        self.make()
        shutil.move(self.project, os.path.join(disk, "project"))
        self.project = os.path.join(disk, "project")
        self.assertEqual(len(self.pipeline("history", "disk/project")["generations"]), 3)
        self.make("state")
        self.assertEqual(len(self.pipeline("tasks", "disk/project")["tasks"]), 6)
        self.edit(".pipeline/state.json", lambda text: text[:50])
        self.assertEqual(self.pipeline("status", "disk/project")["summary"]["tasks"], 6)
        self.pipeline("export", "disk/project", "--leave")

    def older(self):
        """A project as the first version left it: generations in .pipeline/.untorn."""
        shutil.rmtree(self.project)
        shutil.copytree(OLDER_PROJECT, self.project)
        os.rename(self.file("pipeline"), self.file(".pipeline"))
        os.rename(self.file(".pipeline/untorn"), self.file(".pipeline/.untorn"))
        self.write("project/.pipeline/.untorn/.gitignore", b"*\n")

    def test_a_project_of_an_earlier_version_is_read_as_it_is(self):
        self.older()
        before = contents_of(self.project)
        self.assertEqual(len(self.pipeline("tasks", "project")["tasks"]), 3)
        history = self.pipeline("history", "project")["generations"]
        self.assertEqual([one["number"] for one in history], [3, 2, 1])
        self.assertTrue(all(one["intact"] for one in history))
        self.assertEqual(contents_of(self.project), before)

    def test_a_project_of_an_earlier_version_recovers_and_goes_on(self):
        self.older()
        self.edit(".pipeline/state.json", lambda text: text[:70])
        self.assertEqual(self.pipeline("status", "project")["summary"]["tasks"], 3)
        self.make()
        tasks = self.pipeline("tasks", "project")["tasks"]
        self.assertEqual([task["description"] for task in tasks[:3]], ["one", "two", "three"])
        self.assertEqual(len(tasks), 6)
        with open(self.file(".pipeline/state.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["version"], 2)


if __name__ == "__main__":
    unittest.main()
