# SPDX-License-Identifier: Apache-2.0
"""untorn doctor: what it finds, what it repairs, and that nobody else's work is harmed."""

import json
import os
import pty
import shutil
import signal
import stat
import subprocess
import time
import unittest

from command import COMMAND, CommandTest, clean_environment, need

FIELDS = {"schema", "root", "problems", "filesystem", "skipped", "folders", "files", "documents",
          "acknowledged"}
PROBLEM_FIELDS = {"kind", "severity", "path", "detail", "repair", "repaired"}
TEMPORARY_FIELDS = PROBLEM_FIELDS | {"owner", "size_bytes", "age_s"}
LEFT = ".untorn-tmp-0123456789abcdef0123456789abcdef"


class Doctor(CommandTest):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("state"))

    def document_of(self, *arguments, code=0):
        result = self.run_untorn("doctor", "--format", "json", *arguments)
        self.assert_exit(result, code)
        return self.document(result)

    def problems_of(self, *arguments, code=0):
        return self.document_of(*arguments, code=code)["problems"]

    def temporaries(self, folder="state"):
        return [name for name in os.listdir(self.path(folder)) if name.startswith(".untorn-tmp-")]

    def start_writer(self, name="state/file"):
        """A real writer that has content and waits for more."""
        folder = os.path.dirname(name)
        before = set(self.temporaries(folder))
        process = self.start_untorn("write", name)
        process.stdin.write(b"half")
        process.stdin.flush()
        deadline = time.monotonic() + 30
        while not any(os.path.getsize(self.path(os.path.join(folder, each))) == 4
                      for each in set(self.temporaries(folder)) - before):
            self.assertLess(time.monotonic(), deadline, "the writer made no temporary")
            time.sleep(0.01)
        return process

    def kill_writer(self, name="state/file"):
        process = self.start_writer(name)
        process.kill()
        process.wait()

    def test_nothing_wrong_is_exit_0(self):
        self.write("state/a.json", b"{}")
        result = self.run_untorn("doctor")
        self.assert_exit(result, 0)
        self.assertIn(b"healthy", result.stdout)
        self.assertEqual(result.stderr, b"")

    def test_the_document_has_the_fields_that_are_promised(self):
        self.kill_writer()
        document = self.document_of("state", code=1)
        self.assertEqual(next(iter(document)), "schema")
        self.assertEqual(set(document), FIELDS)
        self.assertEqual(document["schema"], "untorn.doctor/1")
        self.assertEqual(document["root"], self.path("state"))
        self.assertEqual((document["folders"], document["files"]), (1, 1))
        problem, = document["problems"]
        self.assertEqual(set(problem), TEMPORARY_FIELDS)
        self.assertEqual(problem["kind"], "stale-temporary")
        self.assertEqual(problem["severity"], "warning")
        self.assertEqual(problem["path"], self.temporaries()[0])
        self.assertEqual(problem["owner"], "dead")
        self.assertEqual(problem["size_bytes"], 4)
        self.assertIs(problem["repaired"], False)
        self.assertIs(document["filesystem"]["probed"], False)

    def test_a_living_writer_is_a_note_and_is_not_harmed(self):
        self.write("state/file", b"old")
        writer = self.start_writer()
        for arguments in ([], ["--repair"]):
            problem, = self.problems_of("state", *arguments)
            self.assertEqual((problem["severity"], problem["owner"]), ("info", "alive"))
            self.assertIs(problem["repaired"], False)
        writer.stdin.write(b" whole")
        writer.stdin.close()
        self.assertEqual(writer.wait(), 0)
        self.assertEqual(self.read("state/file"), b"half whole")
        self.assertEqual(self.problems_of("state"), [])

    def test_a_stopped_writer_still_is_alive(self):
        writer = self.start_writer()
        writer.send_signal(signal.SIGSTOP)
        problem, = self.problems_of("state", "--repair")
        self.assertEqual(problem["owner"], "alive")
        writer.send_signal(signal.SIGCONT)
        writer.stdin.close()
        self.assertEqual(writer.wait(), 0)

    def test_a_killed_writer_is_found_and_repaired_once(self):
        self.write("state/file", b"old")
        self.kill_writer()
        result = self.run_untorn("doctor", "state")
        self.assert_exit(result, 1)
        self.assertIn(self.temporaries()[0].encode(), result.stdout)
        self.assertIn(b"next: the same command with --repair", result.stdout)
        self.assertEqual(len(self.temporaries()), 1)
        problem, = self.problems_of("state", "--repair")
        self.assertIs(problem["repaired"], True)
        self.assertEqual(self.temporaries(), [])
        self.assertEqual(self.problems_of("state", "--repair"), [])
        self.assertEqual(os.listdir(self.path("state")), ["file"])
        self.assertEqual(self.read("state/file"), b"old")

    def test_the_dead_go_and_the_living_stay(self):
        self.kill_writer("state/a")
        self.kill_writer("state/b")
        writer = self.start_writer("state/c")
        problems = self.problems_of("state", "--repair")
        self.assertEqual(sorted(each["owner"] for each in problems), ["alive", "dead", "dead"])
        self.assertEqual(len(self.temporaries()), 1)
        writer.stdin.close()
        self.assertEqual(writer.wait(), 0)

    def test_a_file_of_another_shape_is_not_touched(self):
        names = [".untorn-tmp-", LEFT + "0", LEFT[:-1], LEFT.upper(), "x" + LEFT, LEFT + "~"]
        for name in names:
            self.write("state/" + name, b"user")
        os.symlink("nothing", self.path("state/" + LEFT))
        os.mkfifo(self.path("state/" + LEFT.replace("0", "a")))
        self.assertEqual(self.problems_of("state", "--repair"), [])
        self.assertEqual(len(os.listdir(self.path("state"))), len(names) + 2)

    def test_one_that_a_power_cut_may_have_taken_from_a_name_is_kept(self):
        self.write("state/" + LEFT, b"only copy")
        command = [COMMAND, "doctor", "--repair", "--format", "json", self.path("state")]
        result = self.in_own_time(command)
        need(self, result, "namespaces", "no time namespace can be had")
        document = json.loads(result.stdout)
        problem, = document["problems"]
        self.assertIs(problem["repaired"], True)
        kept, = os.listdir(self.path("state"))
        self.assertTrue(kept.startswith(".untorn-set-aside-"), kept)
        self.assertEqual(self.read("state/" + kept), b"only copy")
        note, = self.problems_of("state")
        self.assertEqual((note["kind"], note["severity"]), ("set-aside", "info"))

    def in_own_time(self, command):
        """Runs it as if the system had started after everything here was written."""
        if shutil.which("unshare") is None:
            return None
        time.sleep(2.2)  # the system will seem to have started less than two seconds ago
        uptime_s = int(time.clock_gettime(time.CLOCK_BOOTTIME))
        arguments = ["unshare", "--user", "--map-root-user", "--time", "--fork",
                     f"--boottime=-{uptime_s - 1}", *command]
        result = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                check=False, env=clean_environment())
        return result if result.returncode == 0 else None

    def test_names_of_every_kind_are_reported(self):
        names = ["a b", "line\nend", "ünïcode 字", "\x1b[31m", "-"]
        for name in names:
            os.mkdir(self.path("state/" + name))
            self.write("state/" + name + "/" + LEFT, b"x")
        paths = [each["path"] for each in self.problems_of("state", code=1)]
        self.assertEqual(sorted(paths), sorted(name + "/" + LEFT for name in names))
        result = self.run_untorn("doctor", "state")
        self.assertEqual(result.stdout.count(b"\n"), len(names) + 2)
        self.assertNotIn(b"\x1b", result.stdout)
        with open(os.path.join(os.fsencode(self.path("state")), LEFT.encode().replace(b"0", b"e")),
                  "wb"):
            pass
        os.mkdir(os.path.join(os.fsencode(self.folder), b"not \xff text"))
        result = self.run_untorn("doctor", b"not \xff text", "--format", "json")
        self.assert_exit(result, 0)
        self.assertTrue(self.document(result)["root"].endswith("not \ufffd text"))

    def test_several_folders_have_one_root(self):
        os.makedirs(self.path("other/deep"))
        self.write("state/" + LEFT, b"x")
        self.write("other/deep/" + LEFT, b"x")
        document = self.document_of("state", "other", "other/deep", "./state/", code=1)
        self.assertEqual(document["root"], self.folder)
        self.assertEqual([each["path"] for each in document["problems"]],
                         ["other/deep/" + LEFT, "state/" + LEFT])
        self.assertEqual(document["folders"], 3)

    def test_a_folder_that_is_not_there_is_exit_2_and_the_others_are_looked_at(self):
        self.write("state/" + LEFT, b"x")
        self.write("file", b"x")
        for name, code in (("none", "not_found"), ("file", None), ("", None)):
            with self.subTest(name):
                result = self.run_untorn("doctor", "--format", "json", name, "state")
                self.assert_exit(result, 2)
                document = self.document(result)
                self.assertEqual(set(document["error"]),
                                 {"code", "step", "outcome", "advice", "message", "path"})
                if code:
                    self.assertEqual(document["error"]["code"], code)
                self.assertIn(document["error"]["message"].encode(), result.stderr)
                self.assertEqual(len(document["problems"]), 1)

    def test_named_documents_are_judged_and_without_generations_only_reported(self):
        broken = {"cut.json": b'{"tasks": [{"id": 1', "empty.json": b"", "nul.json": b"\0" * 4096,
                  "garbage.json": b"\x80\x81\x82", "sub dir/ünï.json": b"{"}
        good = {"good.json": b'{"a": [NaN, 1e400, "\\ud800"]}', "comment.json": b"// x\n{}",
                "other.txt": b"{", "lines.jsonl": b"{}\n{}\n"}
        os.mkdir(self.path("state/sub dir"))
        for name, content in {**broken, **good}.items():
            self.write("state/" + name, content)
        self.assertEqual(self.problems_of("state"), [])
        for repair in ([], ["--repair"]):
            document = self.document_of("state", "--documents", "*.json", *repair, code=1)
            self.assertEqual({each["path"] for each in document["problems"]}, set(broken))
            for problem in document["problems"]:
                self.assertEqual(set(problem), PROBLEM_FIELDS)
                self.assertEqual(problem["kind"], "corrupt-document")
                self.assertEqual(problem["severity"], "error")
                self.assertIs(problem["repaired"], False)
            self.assertEqual(document["documents"], 7)
        for name, content in {**broken, **good}.items():
            self.assertEqual(self.read("state/" + name), content)

    def test_globs_name_files_by_name_by_path_and_absolutely(self):
        os.mkdir(self.path("state/in"))
        self.write("state/in/a.json", b"")
        for glob in ("a.json", "*.json", "in/*.json", self.path("state/in/a.json")):
            self.assertEqual(len(self.problems_of("state", "--documents", glob, code=1)), 1, glob)
        for glob in ("state/in/a.json", "b*", "in"):
            self.assertEqual(self.problems_of("state", "--documents", glob), [], glob)
        self.assertEqual(
            len(self.problems_of("state", "--documents", "b", "--documents", "a*", code=1)), 1)

    def test_a_file_nested_too_deep_or_binary_does_not_end_the_work(self):
        self.write("state/deep.json", b"[" * 200_000 + b"]" * 200_000)
        self.write("state/random.json", os.urandom(100_000))
        os.symlink("deep.json", self.path("state/link.json"))
        os.symlink("/dev/zero", self.path("state/zero.json"))
        os.mkfifo(self.path("state/pipe.json"))
        os.mkdir(self.path("state/folder.json"))
        paths = {each["path"] for each in
                 self.problems_of("state", "--documents", "*.json", code=1)}
        self.assertEqual(paths, {"random.json"})

    def test_a_probe_measures_and_leaves_nothing(self):
        result = self.run_untorn("doctor", "--probe", "state", "--format", "json")
        self.assertIn(result.returncode, (0, 1))  # 1 where nothing survives a power cut
        document = self.document(result)
        system = document["filesystem"]
        self.assertIs(system["probed"], True)
        self.assertGreaterEqual(system["tries"], 3)
        for name in ("file_sync_us", "folder_sync_us", "rename_us"):
            self.assertGreater(system[name], 0)
        self.assertEqual([each["requested"] for each in system["levels"]],
                         ["process", "ordered", "durable"])
        if system["protocol"] == "classic":
            self.assertEqual([each["syncs"] for each in system["levels"]], [0, 1, 2])
            self.assertEqual([each["commits"] for each in system["levels"]], [0, 1, 2])
        else:
            self.assertIsNone(system["why_classic"])
            self.assertEqual([each["commits"] for each in system["levels"]], [0, 0, 1])
        warned = [each for each in document["problems"]
                  if each["kind"] == "unreliable-sync" and each["severity"] == "warning"]
        self.assertEqual(len(warned), result.returncode)
        self.assertEqual(system["achievable"] != "durable", bool(warned))
        self.assertEqual(os.listdir(self.path("state")), [])
        result = self.run_untorn("doctor", "--probe", "state")
        self.assertIn(b"durable", result.stdout)

    def test_a_probe_tells_the_protocol_and_why(self):
        for assumed, protocol, syncs in (("ext4", "one_commit", 0), ("portable", "classic", 1)):
            environment = {"UNTORN_ASSUME_FS": assumed}
            result = self.run_untorn("doctor", "--probe", "state", "--format", "json",
                                     environment=environment)
            system = self.document(result)["filesystem"]
            self.assertEqual(system["protocol"], protocol)
            self.assertIsNone(system["why_classic"])
            self.assertEqual(system["levels"][1]["syncs"], syncs)
            result = self.run_untorn("doctor", "--probe", "state", environment=environment)
            self.assertIn(f"protocol: {protocol}\n".encode(), result.stdout)

    def test_a_file_system_that_keeps_nothing_is_a_warning_of_the_probe_alone(self):
        need(self, os.path.isdir("/dev/shm") and os.access("/dev/shm", os.W_OK), "tmpfs",
             "there is no /dev/shm")
        folder = "/dev/shm/" + os.path.basename(self.folder)
        os.mkdir(folder)
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        document = self.document_of(folder)
        self.assertIs(document["filesystem"]["volatile"], True)
        self.assertEqual(document["filesystem"]["achievable"], "process")
        problem, = self.problems_of("--probe", folder, code=1)
        self.assertEqual((problem["kind"], problem["severity"], problem["path"]),
                         ("unreliable-sync", "warning", "."))

    def test_two_doctors_and_a_writer_at_once(self):
        for index in range(300):
            self.write(f"state/.untorn-tmp-{index:032x}", b"x")
        writer = self.start_writer("state/file")
        doctors = [self.start_untorn("doctor", "--repair", "--format", "json", "state")
                   for _ in range(2)]
        for doctor in doctors:
            output, errors = doctor.communicate(timeout=60)
            self.assertEqual(doctor.returncode, 0, errors)
            for problem in json.loads(output)["problems"]:
                self.assertEqual(problem["repaired"], problem["owner"] == "dead", problem)
        self.assertEqual(len(self.temporaries()), 1)
        writer.stdin.close()
        self.assertEqual(writer.wait(), 0)
        self.assertEqual(self.read("state/file"), b"half")

    def test_a_folder_of_many_files(self):
        for index in range(5_000):
            self.write(f"state/{index}", b"")
        document = self.document_of("state")
        self.assertEqual(document["files"], 5_000)

    def test_ctrl_c_is_130_and_what_was_found_is_told(self):
        # Each named document takes long enough for the signal to come in between.
        self.write("state/a.json", b"[" + b"1," * 2_000_000 + b"1]")
        for index in range(400):
            os.symlink("a.json", self.path(f"state/{index:03}.json"))
        process = self.start_untorn("doctor", "--documents", "*.json", "--format", "json", "state",
                                    preexec_fn=lambda: signal.signal(signal.SIGINT,
                                                                     signal.default_int_handler))
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assertEqual(json.loads(output)["error"]["code"], "interrupted")

    def test_ctrl_c_in_a_probe_leaves_nothing(self):
        for delay in (0.02, 0.1, 0.3):
            process = self.start_untorn("doctor", "--probe", "state")
            time.sleep(delay)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
            # 0 or 1: it was done before; -15: it had not begun to hold the signal back
            self.assertIn(process.returncode, (143, 0, 1, -15))
            self.assertEqual(os.listdir(self.path("state")), [])

    def test_quiet_output_and_color(self):
        self.write("state/" + LEFT, b"x")
        result = self.run_untorn("doctor", "state", "--quiet", "--color", "always")
        self.assert_exit(result, 1)
        self.assertIn(b"\x1b[1;33mwarning:", result.stdout)
        result = self.run_untorn("doctor", "state", "--output", "report.json", "--format", "json")
        self.assert_exit(result, 1)
        self.assertEqual(result.stdout, b"")
        self.assertEqual(json.loads(self.read("report.json"))["schema"], "untorn.doctor/1")

    def test_wrong_usage_is_exit_2_with_a_document(self):
        for arguments in (["--repai"], ["--documents"], ["--format", "sarif"]):
            result = self.run_untorn("doctor", *arguments)
            self.assert_exit(result, 2)
        result = self.run_untorn("doctor", "--format", "json", "--bogus")
        self.assertEqual(self.document(result)["schema"], "untorn.doctor/1")
        result = self.run_untorn("doctor", "--help")
        self.assert_exit(result, 0)
        self.assertIn(b"untorn doctor --repair", result.stdout)

    def test_progress_is_shown_on_a_terminal_and_wiped(self):
        self.write("state/a.json", b"[" + b"1," * 1_000_000 + b"1]")
        for index in range(5):
            os.symlink("a.json", self.path(f"state/{index:03}.json"))
        arguments = [COMMAND, "doctor", "--documents", "*.json", "state"]
        leader, follower = pty.openpty()
        process = subprocess.Popen(arguments, cwd=self.folder, stdout=subprocess.DEVNULL,
                                   stderr=follower, env=clean_environment())
        os.close(follower)
        seen = b""
        try:
            while piece := os.read(leader, 4096):
                seen += piece
        except OSError:  # how a terminal says that its last user has gone
            pass
        os.close(leader)
        self.assertEqual(process.wait(), 0)
        if seen:  # nothing is shown of work that takes no time
            self.assertIn(b"looked at", seen)
            self.assertTrue(seen.endswith(b"\r\x1b[K"), seen[-80:])

    def test_the_mode_of_a_temporary_does_not_matter_to_its_owner(self):
        self.write("state/" + LEFT, b"x", mode=0o444)
        self.assertEqual(stat.S_IMODE(os.stat(self.path("state/" + LEFT)).st_mode), 0o444)
        problem, = self.problems_of("state", "--repair")
        self.assertIs(problem["repaired"], True)


if __name__ == "__main__":
    unittest.main()
