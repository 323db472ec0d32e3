# SPDX-License-Identifier: Apache-2.0
"""The fixed example does what it did before, and what was fixed stays fixed."""

import json
import os
import shutil
import subprocess
import sys
import unittest

from golden import PROGRAM, GoldenTest
from command import need

STEPS = "24"
STATE = ".pipeline/state.json"
HEARTBEAT = ".pipeline/heartbeat.json"


def read_tree(root):
    """{name: (mode, bytes)} of every file below the root; the bytecode of modules aside."""
    tree = {}
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                tree[os.path.relpath(path, root)] = os.stat(path).st_mode, file.read()
    return tree


def forget(tree, name, member):
    """The one member of a document that a run does not share with another."""
    mode, content = tree[name]
    document = json.loads(content)
    del document[member]
    tree[name] = mode, json.dumps(document).encode()


class FixTest(GoldenTest):
    def run_program(self, *arguments):
        result = subprocess.run([sys.executable, *arguments], cwd=self.folder, timeout=60,
                                stdin=subprocess.DEVNULL, capture_output=True, check=False)
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        return result.stdout

    def work(self, project, seed):
        """What the program prints, and the project that it leaves, without time and process."""
        output = self.run_program(PROGRAM, project, "--steps", STEPS, "--seed", seed)
        tree = read_tree(self.path(project))
        forget(tree, STATE, "updated")
        forget(tree, HEARTBEAT, "pid")
        return output, tree

    def fix(self, *arguments):
        result = self.run_untorn("fix", "--format", "json", *arguments, PROGRAM)
        self.assert_exit(result, 1)  # what needs a decision remains
        return self.document(result)

    def test_every_site_that_is_safe_to_fix_is_gone_and_no_other(self):
        before = self.scan()
        safe = {finding["fingerprint"] for finding in before["findings"]
                if finding["fix"] == "safe"}
        self.assertGreater(len(safe), len(before["findings"]) / 6)
        self.assertTrue(all(finding["fix"] == "safe" for finding in before["findings"]
                            if finding["function"] == "StateManager.save"))
        fixed = self.fix()
        self.assertEqual(sum(changed["edits"] for changed in fixed["changed"]), len(safe))
        after = {finding["fingerprint"] for finding in self.scan()["findings"]}
        others = {finding["fingerprint"] for finding in before["findings"]} - safe
        self.assertEqual(after, others)
        self.assertEqual({finding["fingerprint"] for finding in fixed["remaining"]}, others)

    def test_the_fixed_program_leaves_the_same_project(self):
        for seed in ("1", "7"):
            before = self.work(f"before-{seed}", seed)
            self.fix("--allow-dirty")
            after = self.work(f"after-{seed}", seed)
            self.assertEqual(after[0], before[0])
            self.assertEqual(sorted(after[1]), sorted(before[1]))
            for name, content in before[1].items():
                self.assertEqual(after[1][name], content, name)
            shutil.rmtree(self.program)
            self.setUp()

    def test_a_second_fix_changes_nothing(self):
        self.fix()
        once = read_tree(self.program)
        again = self.fix()
        self.assertEqual(again["changed"], [])
        self.assertEqual(read_tree(self.program), once)

    def test_git_applies_the_diff_and_gets_what_the_fix_makes(self):
        need(self, shutil.which("git"), "git", "git is not installed")
        result = self.run_untorn("fix", "--diff", PROGRAM)
        self.assert_exit(result, 1)
        self.write("fix.diff", result.stdout)
        untouched = read_tree(self.program)
        self.fix()
        fixed = read_tree(self.program)
        self.assertNotEqual(fixed, untouched)
        shutil.rmtree(self.program)
        os.mkdir(self.program)
        for name, (mode, content) in untouched.items():
            os.makedirs(os.path.dirname(os.path.join(self.program, name)), exist_ok=True)
            self.write(os.path.join(PROGRAM, name), content, mode & 0o777)
        # The names in a diff are relative to the root of the scan: the copy itself.
        folder = self.program if b"+++ b/state/" in result.stdout else self.folder
        for option in ("--check", "--apply"):
            applied = subprocess.run(["git", "apply", option, self.path("fix.diff")], cwd=folder,
                                     capture_output=True, check=False)
            self.assertEqual(applied.returncode, 0, applied.stderr)
        self.assertEqual({name: content for name, (_, content) in read_tree(self.program).items()},
                         {name: content for name, (_, content) in fixed.items()})

    def prove_save(self, *options):
        self.run_program(PROGRAM, "project", "--steps", "3", "--quiet")
        result = self.run_untorn("prove", "--format", "json", "--root", self.folder, *options, "--",
                                 sys.executable, "-m", f"{PROGRAM}.save", "project")
        proof = self.document(result)
        refused = [entry for entry in proof.get("undecided", ())
                   if entry["reason"] in ("escaped-root", "unmodelled-call")]
        need(self, "error" not in proof and not refused, "prove",
             f"untorn prove does not work here: {proof.get('error', refused)}")
        return proof

    def test_the_save_of_the_state_is_violated_before(self):
        proof = self.prove_save()
        self.assertEqual(proof["verdict"], "violated")
        self.assertEqual({violation["path"] for violation in proof["violations"]},
                         {f"project/{STATE}"})

    def test_the_save_of_the_state_is_proved_after(self):
        self.fix()
        proof = self.prove_save("--expect", "atomic,parse,durable", "--require-exhaustive")
        self.assertEqual(proof["verdict"], "proved", proof["violations"] + proof["undecided"])
        self.assertIn(f"project/{STATE}", {path["path"] for path in proof["paths"]})


if __name__ == "__main__":
    unittest.main()
