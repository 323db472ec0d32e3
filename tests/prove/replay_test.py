# SPDX-License-Identifier: Apache-2.0
"""Records of runs: kept for replay tokens, saved, judged again, refused when damaged."""

import importlib
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys

import harness

SAVE = """
import os
with open("state.json.tmp", "w") as file:
    file.write('{"generation": 2}')
os.replace("state.json.tmp", "state.json")
"""
KEPT_MAX = 32


def without_times(document):
    """What two judgements of one run must agree on."""
    if isinstance(document, dict):
        return {key: without_times(value) for key, value in document.items()
                if key not in ("elapsed_s", "trace_s", "proved_fix_states")}
    if isinstance(document, list):
        return [without_times(value) for value in document]
    return document


class Replay(harness.ProveCase):
    """Each test has a root with a saver, and a cache of its own."""

    def setUp(self):
        super().setUp()
        (self.root / "state.json").write_text('{"generation": 1}', encoding="utf-8")
        (self.root / "other").write_text("stays", encoding="utf-8")
        self.cache = self.scratch / "cache"
        self.traces = self.cache / "untorn" / "traces"
        self.environment = {"XDG_CACHE_HOME": str(self.cache)}

    def prove_save(self, *arguments, code=SAVE):
        command = [harness.python(), "-c", code]
        return self.run_unchanged(command, arguments, extra=self.environment)

    def untorn(self, *arguments, **options):
        line = [harness.BINARY, *map(str, arguments)]
        return subprocess.run(line, cwd=options.get("cwd", self.scratch),
                              env=harness.environment(options.get("extra", self.environment)),
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
                              check=False)

    def replay(self, *arguments, code=0, extra=None):
        result = self.untorn("replay", "--format", "json", *arguments,
                             extra=extra or self.environment)
        self.assertEqual(result.returncode, code, result.stderr.decode())
        return json.loads(result.stdout)

    def files_in(self, folder):
        return {path.relative_to(folder).as_posix(): path.read_bytes()
                for path in folder.rglob("*") if path.is_file()}

    def test_a_token_alone_makes_the_state_of_each_violation(self):
        proof = self.prove_save()
        self.assertEqual(proof.document["verdict"], "violated", proof.describe())
        for number, violation in enumerate(proof.document["violations"]):
            folder = self.scratch / f"state{number}"
            document = self.replay(violation["replay"], folder)
            self.assertEqual(document["schema"], "untorn.replay/1")
            self.assertEqual(document["engine"], violation["engine"])
            self.assertEqual(document["begun"], violation["begun"])
            files = self.files_in(folder)
            self.assertEqual(len(files["state.json"]), violation["bytes"]["size"])
            listed = {file["path"]: file["bytes"] for file in document["files"]}
            self.assertEqual(listed, {name: len(content) for name, content in files.items()})
            lost = [note["operation"] for note in document["lost"]]
            self.assertEqual(lost[0], violation["lost"]["operation"])

    def test_a_saved_record_does_on_another_machine(self):
        trace = self.scratch / "run.trace"
        proof = self.prove_save("--save-trace", str(trace))
        token = proof.document["violations"][0]["replay"]
        elsewhere = {"XDG_CACHE_HOME": str(self.scratch / "elsewhere")}
        refused = self.replay(token, self.scratch / "state", code=2, extra=elsewhere)
        self.assertEqual(refused["error"]["code"], "not_found")
        self.assertFalse((self.scratch / "state").exists())
        self.replay("--trace", trace, token, self.scratch / "state", extra=elsewhere)
        self.assertEqual(self.files_in(self.scratch / "state")["state.json"], b"")

    def test_a_record_is_judged_again_without_running_the_command(self):
        trace = self.scratch / "run.trace"
        proof = self.prove_save("--save-trace", str(trace))
        for path in self.root.iterdir():
            path.unlink()
        again = self.untorn("prove", "--format", "json", "--from-trace", trace)
        self.assertEqual(again.returncode, 1, again.stderr.decode())
        document = without_times(json.loads(again.stdout))
        self.assertEqual(document, without_times(proof.document))
        self.assertEqual(list(self.root.iterdir()), [])

    def test_another_model_and_other_checks_may_be_asked_of_a_record(self):
        trace = self.scratch / "run.trace"
        self.prove_save("--save-trace", str(trace), code=harness.CLASSIC)
        for arguments, verdict in ((["--model", "ext4"], "proved"),
                                   (["--model", "posix"], "violated"),
                                   (["--expect", "durable"], "proved")):
            result = self.untorn("prove", "--format", "json", *arguments, "--from-trace", trace)
            self.assertEqual(json.loads(result.stdout)["verdict"], verdict, result.stdout)

    def test_a_check_runs_on_the_states_of_a_record(self):
        trace = self.scratch / "run.trace"
        self.prove_save("--save-trace", str(trace))
        check = f"{harness.python()} -c \"import json; json.load(open('state.json'))\""
        result = self.untorn("prove", "--format", "json", "--root", self.root, "--expect", "none",
                             "--check", check, "--from-trace", trace, cwd=self.root)
        document = json.loads(result.stdout)
        self.assertEqual(document["verdict"], "violated", result.stdout + result.stderr)
        self.assertEqual({v["check"] for v in document["violations"]}, {"check"})

    def test_a_record_holds_the_command_so_none_is_given(self):
        trace = self.scratch / "run.trace"
        self.prove_save("--save-trace", str(trace))
        result = self.untorn("prove", "--from-trace", trace, "--", "true")
        self.assertEqual(result.returncode, 2)
        self.assertIn(b"the record holds the command", result.stderr)

    def test_damaged_and_missing_records_are_refused(self):
        trace = self.scratch / "run.trace"
        token = self.prove_save("--save-trace", str(trace)).document["violations"][0]["replay"]
        content = trace.read_bytes()
        newer = content[:8] + b"\x09\x09" + content[10:]
        flipped = content[:50] + bytes([content[50] ^ 1]) + content[51:]
        for damaged, word in ((content[:-1], b"damaged"), (b"", b"no trace file"),
                              (b"hello", b"no trace file"), (flipped, b"damaged"),
                              (newer, b"newer Untorn")):
            trace.write_bytes(damaged)
            for line in (["prove", "--from-trace", trace],
                         ["replay", "--trace", trace, token, self.scratch / "state"]):
                result = self.untorn(*line)
                self.assertEqual(result.returncode, 2)
                self.assertIn(word, result.stderr)
                self.assertEqual(result.stdout, b"")
                self.assertFalse((self.scratch / "state").exists())
        trace.unlink()
        self.assertEqual(self.untorn("prove", "--from-trace", trace).returncode, 2)
        self.assertEqual(self.untorn("prove", "--from-trace", self.scratch).returncode, 2)

    def test_a_folder_that_holds_something_is_refused(self):
        token = self.prove_save().document["violations"][0]["replay"]
        before = self.files_in(self.root)
        document = self.replay(token, self.root, code=2)
        self.assertEqual(document["error"]["code"], "already_exists")
        self.assertEqual(self.files_in(self.root), before)
        empty = self.scratch / "empty"
        empty.mkdir()
        self.replay(token, empty)
        self.assertIn("state.json", self.files_in(empty))

    def test_what_is_no_token_is_refused(self):
        token = self.prove_save().document["violations"][0]["replay"]
        folder = self.scratch / "state"
        for text in ("x", "../../etc/passwd-portable-f0-a", token[:-1] + "!", "\x1b[31m"):
            result = self.untorn("replay", text, folder)
            self.assertEqual(result.returncode, 2, text)
            self.assertIn(b"is no replay token", result.stderr)
            self.assertNotIn(b"\x1b[31m", result.stderr)
        result = self.untorn("replay", token.replace("-f", "-f9"), folder)
        self.assertEqual(result.returncode, 2)
        self.assertFalse(folder.exists())

    def test_records_are_private_and_the_newest_stay(self):
        self.traces.mkdir(parents=True)
        for number in range(40):
            path = self.traces / f"{number:016x}.trace"
            path.write_bytes(b"x")
            os.utime(path, (number, number))
        (self.traces / "not-ours").write_bytes(b"x")
        token = self.prove_save().document["violations"][0]["replay"]
        kept = sorted(path.name for path in self.traces.glob("*.trace"))
        self.assertEqual(len(kept), KEPT_MAX)
        own = self.traces / (token.split("-")[0] + ".trace")
        self.assertTrue(own.exists())
        self.assertEqual(stat.S_IMODE(own.stat().st_mode), 0o600)
        self.assertNotIn(f"{0:016x}.trace", kept)
        self.assertIn(f"{39:016x}.trace", kept)
        self.assertTrue((self.traces / "not-ours").exists())

    def test_a_cache_that_cannot_be_written_changes_no_verdict(self):
        result = self.untorn("prove", "--root", self.root, "--", harness.python(), "-c", SAVE,
                             extra={"XDG_CACHE_HOME": "/dev/null"}, cwd=self.root)
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"not kept for untorn replay", result.stderr)

    def test_nothing_is_kept_of_a_run_that_is_not_violated(self):
        self.assertEqual(self.prove_save(code=harness.CLASSIC).document["verdict"], "proved")
        self.assertFalse(self.traces.exists())

    def test_a_record_that_cannot_be_saved_is_a_failure(self):
        result = self.untorn("prove", "--root", self.root, "--save-trace",
                             self.scratch / "missing" / "run.trace", "--", "true")
        self.assertEqual(result.returncode, 2)
        self.assertIn(b"run.trace", result.stderr)

    def test_the_text_says_what_was_made(self):
        token = self.prove_save().document["violations"][0]["replay"]
        result = self.untorn("replay", token, "state")
        self.assertEqual(result.returncode, 0, result.stderr)
        text = result.stdout.decode()
        self.assertIn("state: the state after a power cut (model portable)", text)
        self.assertIn("  lost: write state.json.tmp, 17 bytes", text)
        self.assertIn("  state.json  0 bytes, as the crash left it", text)
        self.assertEqual(pathlib.Path(self.scratch, "state", "other").exists(), False)


    def test_the_guide_prints_what_it_shows(self):
        # The guide is run as tests/docs runs the others, but only where `prove` can run.
        self.prove_save()
        os.environ["UNTORN_COMMAND"] = shutil.which(harness.BINARY) or harness.BINARY
        os.environ.pop("XDG_CACHE_HOME", None)
        sys.path.insert(0, str(harness.HERE.parent / "docs"))
        console = importlib.import_module("console_test")
        guide = harness.HERE.parents[1] / "docs" / "guide" / "replay.md"
        steps = console.steps_of(guide.read_text(encoding="utf-8"))
        self.assertGreater(len(steps), 5)
        results = console.run_all(steps)
        for step, (printed, code) in zip(steps, results):
            self.assertRegex(printed, rf"\A{console.pattern_of(step.expected)}\Z",
                             f"line {step.line}: {step.command} (exit code {code})")
        self.assertEqual(len(results), len(steps), "the shell ended early")


if __name__ == "__main__":
    sys.exit(harness.main())
