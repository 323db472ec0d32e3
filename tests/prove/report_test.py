# SPDX-License-Identifier: Apache-2.0
"""The reports of real runs: the page in a real browser, SARIF field by field, the text."""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.parse

import harness

# No network of its own, no first steps: the browser looks at one file.
BROWSER = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
           "--disable-background-networking", "--disable-component-update", "--disable-sync")
HOSTILE = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'"

PROGRAM = '''
import os
import sys


def save(path, text):
    with open(path + ".tmp", "w") as file:
        file.write(text)
    os.replace(path + ".tmp", path)


save(sys.argv[1], "new " + (sys.argv[2] * 2000)[:2000])
print("saved")
'''
RENAME_LINE = PROGRAM[:PROGRAM.index("os.replace")].count("\n") + 1


class Reports(harness.ProveCase):
    """One program that renames without a sync, told in all ways."""

    def setUp(self):
        super().setUp()
        (self.root / "save.py").write_text(PROGRAM, encoding="ascii")
        (self.root / "state.txt").write_text("old " * 400, encoding="ascii")

    def prove(self, *arguments, name="state.txt", text="x"):
        return subprocess.run(
            [harness.BINARY, "prove", "--quiet", "--root", self.root, *arguments, "--",
             harness.python(), "save.py", name, text], cwd=self.root, check=False,
            env=harness.environment(), stdin=subprocess.DEVNULL, capture_output=True, timeout=120)

    def page(self, **options):
        path = self.scratch / "proof.html"
        result = self.prove("--report", path, **options)
        self.assertEqual(result.returncode, 1, result.stderr)
        return path

    def shown(self, path):
        """The document as a browser has built it."""
        browser = shutil.which("chromium")
        if not browser:
            harness.skip("browser", "there is no chromium")
        result = subprocess.run(
            [browser, *BROWSER, f"--user-data-dir={self.scratch}/profile", "--dump-dom",
             path.as_uri()], check=False, capture_output=True, stdin=subprocess.DEVNULL,
            timeout=120)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout.decode()

    def test_page_in_a_browser(self):
        page = self.shown(self.page())
        self.assertIn('<h1 class="bad">Not crash-safe</h1>', page)
        self.assertIn("os.replace(path + \".tmp\", path)", page)
        self.assertRegex(page, r'<tr class="lost"><td class="mark">lost</td>')
        self.assertRegex(page, r'<tr class="kept"><td class="mark">kept</td>')
        self.assertIn("the power goes", page)
        self.assertIn("in the crash state", page)

    def test_page_runs_nothing_that_a_run_brings(self):
        name = HOSTILE.replace("/", "")
        (self.root / name).write_text(HOSTILE, encoding="ascii")
        page = self.shown(self.page(name=name, text=HOSTILE))
        self.assertIn("<title>Not crash-safe – untorn prove</title>", page)
        self.assertNotIn("<img", page)
        self.assertNotIn("<script", page)

    def test_page_is_refused_before_the_run(self):
        for path in (self.scratch, self.scratch / "missing" / "proof.html"):
            result = self.prove("--report", path)
            self.assertEqual(result.returncode, 2)
            self.assertIn(str(path), result.stderr.decode())
            self.assertNotIn(b"verdict", result.stdout)

    def test_page_replaces_an_older_one(self):
        path = self.scratch / "proof.html"
        path.write_text("older")
        self.page()
        self.assertTrue(path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>"))

    def test_page_of_a_proof(self):
        path = self.scratch / "proof.html"
        result = subprocess.run(
            [harness.BINARY, "prove", "--quiet", "--root", self.root, "--report", path, "--",
             harness.python(), "-c", harness.CLASSIC], cwd=self.root, check=False,
            env=harness.environment(), stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn('<h1 class="good">Proved</h1>', path.read_text(encoding="utf-8"))

    def sarif(self, **options):
        result = self.prove("--format", "sarif", **options)
        self.assertEqual(result.returncode, 1, result.stderr)
        return json.loads(result.stdout)

    def test_sarif_holds_what_the_standard_requires(self):
        document = self.sarif()
        self.assertEqual(document["version"], "2.1.0")
        (run,) = document["runs"]
        rules = run["tool"]["driver"]["rules"]
        self.assertEqual(len({rule["id"] for rule in rules}), len(rules))
        self.assertTrue(run["results"])
        for result in run["results"]:
            self.assertEqual(rules[result["ruleIndex"]]["id"], result["ruleId"])
            self.assertIn(result["level"], ("none", "note", "warning", "error"))
            self.assertTrue(result["message"]["text"])
            self.assertTrue(result["locations"])
            self.assertTrue(all(result["partialFingerprints"].values()))
            for location in self.locations(result):
                self.check_location(location, run)

    def locations(self, result):
        steps = [step["location"] for flow in result.get("codeFlows", ())
                 for thread in flow["threadFlows"] for step in thread["locations"]]
        return [*result["locations"], *result.get("relatedLocations", ()), *steps]

    def check_location(self, location, run):
        place = location["physicalLocation"]
        artifact = place["artifactLocation"]
        parts = urllib.parse.urlsplit(artifact["uri"])
        self.assertRegex(artifact["uri"], r"^[A-Za-z0-9%/._~:-]+$")
        if "uriBaseId" in artifact:
            self.assertIn(artifact["uriBaseId"], run["originalUriBaseIds"])
            self.assertFalse(parts.scheme)
        else:
            self.assertEqual(parts.scheme, "file")
        if "region" in place:
            self.assertGreaterEqual(place["region"]["startLine"], 1)

    def test_sarif_flows_from_the_lost_call_to_the_kept_one(self):
        (run,) = self.sarif()["runs"]
        result = next(each for each in run["results"] if each["ruleId"] == "atomic")
        region = result["locations"][0]["physicalLocation"]["region"]
        self.assertIn(region["startLine"], (RENAME_LINE - 2, RENAME_LINE - 1))
        (flow,) = result["codeFlows"]
        steps = flow["threadFlows"][0]["locations"]
        words = [step["location"]["message"]["text"] for step in steps
                 if step["importance"] == "essential"]
        self.assertTrue(words[0].startswith("lost: write("), words)
        self.assertTrue(any(word.startswith("kept: rename(") for word in words), words)
        lines = [step["location"]["physicalLocation"]["region"]["startLine"] for step in steps]
        self.assertIn(RENAME_LINE, lines)

    def test_sarif_fingerprint_survives_lines_above(self):
        def fingerprints():
            return sorted(result["partialFingerprints"]["untorn/v1"]
                          for result in self.sarif()["runs"][0]["results"])
        before = fingerprints()
        (self.root / "save.py").write_text("# above\n\n" + PROGRAM, encoding="ascii")
        self.assertEqual(before, fingerprints())

    def test_text_draws_the_timeline_in_order(self):
        text = self.prove().stdout.decode()
        marks = re.findall(r"^    (lost|kept|-{12})", text, re.MULTILINE)
        self.assertIn("lost", marks)
        self.assertIn("kept", marks)
        self.assertLess(marks.index("lost"), marks.index("kept"))
        self.assertIn("window:", text)
        self.assertNotIn("\x1b", text)

    def test_json_numbers_lead_into_the_timeline(self):
        proof = harness.prove(self.root, [harness.python(), "save.py", "state.txt", "x"])
        numbers = {entry["number"]: entry for entry in proof.document["timeline"]}
        violation = next(each for each in proof.document["violations"]
                         if (each["engine"], each["check"]) == ("power", "atomic"))
        lost = [numbers[number]["operation"] for number in violation["lost_operations"]]
        kept = [numbers[number]["operation"] for number in violation["kept_operations"]]
        self.assertIn("write", lost)
        self.assertIn("rename", kept)
        self.assertEqual(violation["bytes"]["old_head"][:7], "old old")
        self.assertEqual(violation["bytes"]["new_head"][:7], "new xxx")


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(harness.main())
