# SPDX-License-Identifier: Apache-2.0
"""untorn scan, from outside: the document's fields, exit codes, and whatever lies in a folder."""

import json
import os
import re
import signal
import subprocess
import time
import unittest

from command import COMMAND, CommandTest, clean_environment, need

WRITER = b"""import json
from pathlib import Path


class Store:
    def __init__(self, folder):
        self.path = Path(folder) / "state.json"

    def load(self):
        return json.loads(self.path.read_text())

    def save(self, state):
        self.path.write_text(json.dumps(state))
"""
FINDING = {"rule": str, "code": str, "also": list, "severity": str, "role": str, "path": str,
           "line": int, "column": int, "end_line": int, "end_column": int, "language": str,
           "api": str, "function": str, "why": str, "message": str, "fix": str,
           "fingerprint": str, "suppressed": bool}
ROLES = {"state", "config", "registry", "credential", "code", "patch", "backup", "document", "log",
         "report", "cache", "temporary", "unknown"}
SEVERITIES = ("low", "medium", "high", "critical")
SUMMARY = ("write_sites", "recovery_flaws", "critical", "high", "medium", "low", "suppressed")


class ScanTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.environment = {"XDG_CACHE_HOME": self.folder + "-cache"}
        self.addCleanup(subprocess.run, ["rm", "-rf", self.folder + "-cache"], check=True)

    def write(self, name, content, mode=None):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        super().write(name, content, mode)

    def scan(self, *arguments, code=None):
        result = self.run_untorn("scan", "--format", "json", *arguments,
                                 environment=self.environment)
        document = self.document(result)
        self.check_document(document)
        if code is not None:
            self.assert_exit(result, code)
        return document

    def check_document(self, document):
        self.assertEqual(next(iter(document)), "schema")
        self.assertEqual(document["schema"], "untorn.scan/1")
        if "error" in document:
            self.assertEqual(set(document["error"]), {"code", "step", "outcome", "advice",
                                                      "message", "path"})
            return
        self.assertTrue(os.path.isabs(document["root"]))
        self.assertRegex(document["tool_version"], r"\A\d+\.\d+\.\d+\Z")
        for name in ("files_scanned", "files_skipped", "bytes_scanned"):
            self.assertIsInstance(document[name], int)
        self.assertGreaterEqual(document["elapsed_s"], 0)
        self.assertEqual(document["files_skipped"], len(document["skipped"]))
        for finding in document["findings"]:
            self.check_finding(finding)
        for skipped in document["skipped"]:
            self.assertEqual(set(skipped), {"path", "kind", "reason"})
            self.assertIn(skipped["kind"], ("syntax-error", "binary", "unreadable", "too-large",
                                            "unsupported"))
        self.check_summary(document)

    def check_finding(self, finding):
        for name, kind in FINDING.items():
            self.assertIs(type(finding[name]), kind, name)
        self.assertRegex(finding["code"], r"\AUT0\d\d\Z")
        self.assertIn(finding["severity"], SEVERITIES)
        self.assertIn(finding["role"], ROLES)
        self.assertIn(finding["fix"], ("safe", "unsafe", "display", "none"))
        self.assertRegex(finding["fingerprint"], r"\A[0-9a-f]{32}\Z")
        self.assertLessEqual((finding["line"], finding["column"]),
                             (finding["end_line"], finding["end_column"]))
        self.assertGreaterEqual(min(finding["line"], finding["column"]), 1)
        self.assertFalse(os.path.isabs(finding["path"]))
        self.assertTrue(finding["message"])

    def check_summary(self, document):
        summary = document["summary"]
        counted = [each for each in document["findings"] if not each["suppressed"]]
        writes = [each for each in counted if each["code"] != "UT014"]
        for name in SUMMARY:
            self.assertIsInstance(summary[name], int)
        self.assertEqual(summary["write_sites"], len(writes))
        self.assertEqual(summary["recovery_flaws"], len(counted) - len(writes))
        self.assertEqual(summary["suppressed"], len(document["findings"]) - len(counted))
        for severity in SEVERITIES:
            self.assertEqual(summary[severity],
                             sum(each["severity"] == severity for each in writes))
        by_file = {each["path"]: each["findings"] for each in summary["by_file"]}
        self.assertEqual({path: count for path, count in by_file.items() if count},
                         {path: sum(each["path"] == path for each in writes)
                          for path in {each["path"] for each in writes}})


class Document(ScanTest):
    def test_a_finding_has_every_field_of_the_contract(self):
        self.write("state/manager.py", WRITER)
        document = self.scan(code=1)
        self.assertEqual(document["root"], self.folder)
        self.assertEqual(document["files_scanned"], 1)
        self.assertEqual(document["bytes_scanned"], len(WRITER))
        [finding] = document["findings"]
        expected = {"rule": "truncate-write", "code": "UT001", "severity": "critical",
                    "role": "state", "path": "state/manager.py", "line": 13, "column": 9,
                    "end_line": 13, "end_column": 48, "language": "python",
                    "api": "pathlib.Path.write_text", "function": "Store.save",
                    "suppressed": False}
        self.assertEqual({name: finding[name] for name in expected}, expected)
        self.assertIn("load()", finding["why"])

    def test_columns_are_code_points_and_ends_exclusive(self):
        self.write("a.py", "x = 'äöü🦊'; open('s.json', 'w').write(x)\n".encode())
        [finding] = self.scan(code=1)["findings"]
        self.assertEqual((finding["column"], finding["end_column"]), (13, 32))

    def test_the_root_is_the_deepest_folder_that_holds_what_was_named(self):
        self.write("a/b/c.py", WRITER)
        self.write("a/d/e.py", WRITER)
        self.assertEqual(self.scan("a/b/c.py", "a/d")["root"], self.path("a"))
        self.assertEqual(self.scan("a/b/c.py")["root"], self.path("a/b"))
        self.assertEqual(self.scan("a")["root"], self.path("a"))
        document = self.scan("a/b", "a/b/c.py", "a/b/")
        self.assertEqual([each["path"] for each in document["findings"]], ["c.py"])

    def test_options_may_stand_between_paths(self):
        self.write("a.py", WRITER)
        self.write("b.py", WRITER)
        result = self.run_untorn("scan", "a.py", "--format", "json", "b.py", "--no-cache")
        self.assertEqual(len(self.document(result)["findings"]), 2)

    def test_markdown_has_the_parts_of_an_audit_and_the_computed_count(self):
        self.write("state/manager.py", WRITER)
        self.write("notes.py", b"open('a.log', 'a').write('x')  # untorn: allow UT002 -- fine\n")
        self.write("bad.py", b"def f(:\n")
        result = self.run_untorn("scan", "--format", "markdown", environment=self.environment)
        self.assert_exit(result, 1)
        text = result.stdout.decode()
        for part in ("## Executive Summary", "Found **1 non-atomic file write operation**",
                     "**state/manager.py**", "## Files at Risk", "### Critical", "(1 write)",
                     "## Impact Analysis", "**Scenario**", "**Result**", "**Probability**",
                     "**Impact**", "## Recommended Fixes", "### Priority 1", "## Monitoring",
                     "## Skipped", "bad.py", "## Suppressed", "notes.py"):
            self.assertIn(part, text)

    def test_text_names_place_severity_rule_and_why(self):
        self.write("state/manager.py", WRITER)
        result = self.run_untorn("scan", environment=self.environment)
        self.assert_exit(result, 1)
        self.assertRegex(result.stdout.decode(),
                         r"state/manager\.py:13:9 critical UT001 truncate-write .*\[.*load\(\)")
        self.assertIn(b"Found 1 unsafe write in 1 file: 1 critical", result.stdout)
        self.assertNotIn(b"\x1b[", result.stdout)
        colored = self.run_untorn("scan", "--color", "always", environment=self.environment)
        self.assertEqual(re.sub(rb"\x1b\[[0-9;]*m", b"", colored.stdout).splitlines()[0],
                         result.stdout.splitlines()[0])

    def test_output_goes_to_a_file_and_statistics_replace_the_list(self):
        self.write("a.py", WRITER)
        result = self.run_untorn("scan", "--statistics", "--output", "report.txt",
                                 environment=self.environment)
        self.assert_exit(result, 1)
        self.assertEqual(result.stdout, b"")
        self.assertRegex(self.read("report.txt"), rb"\A +1  UT001 truncate-write\n")
        document = self.scan("--statistics")
        self.assertEqual(document["statistics"],
                         [{"code": "UT001", "rule": "truncate-write", "findings": 1}])

    def test_rules_are_listed_and_explained(self):
        listed = self.run_untorn("scan", "--list-rules")
        self.assert_exit(listed, 0)
        rules = json.loads(self.run_untorn("scan", "--list-rules", "--format", "json").stdout)
        self.assertEqual(rules["schema"], "untorn.scan/1")
        codes = {rule["code"]: rule["rule"] for rule in rules["rules"]}
        for code, name in (("UT001", "truncate-write"), ("UT002", "append-torn"),
                           ("UT003", "rename-without-fsync"), ("UT004", "directory-not-synced"),
                           ("UT005", "temp-collision"), ("UT010", "in-place-update"),
                           ("UT012", "copy-onto-target"), ("UT014", "lossy-recovery")):
            self.assertEqual(codes[code], name)
            self.assertIn(code.encode() + b" " + name.encode(), listed.stdout)
            by_code = self.run_untorn("scan", "--explain", code)
            self.assert_exit(by_code, 0)
            self.assertEqual(self.run_untorn("scan", "--explain", name).stdout, by_code.stdout)
            self.assertGreater(len(by_code.stdout), 300)
        wrong = self.run_untorn("scan", "--explain", "truncate-writ")
        self.assert_exit(wrong, 2)
        self.assertIn(b'did you mean "truncate-write"?', wrong.stderr)


class ExitCodes(ScanTest):
    def test_without_findings_it_is_0(self):
        self.assertEqual(self.scan(code=0)["findings"], [])
        self.write("a.py", b"print('x')\n")
        self.assertEqual(self.scan(code=0)["files_scanned"], 1)

    def test_fail_on_decides_and_the_least_severity_shown_does_not(self):
        self.write("a.py", b"open('a.log', 'a').write('x\\n')\n")
        [finding] = self.scan(code=1)["findings"]
        self.assertLess(SEVERITIES.index(finding["severity"]), 3)
        document = self.scan("--min-severity", "critical", code=1)
        self.assertEqual(document["findings"], [])
        self.assertEqual(document["summary"]["write_sites"], 0)
        self.assertEqual(document["summary"]["hidden"], 1)
        self.assertEqual(len(self.scan("--fail-on", "critical", code=0)["findings"]), 1)
        self.scan("--fail-on", finding["severity"], code=1)
        self.scan("--fail-on", "never", code=0)
        self.scan("--exit-zero", code=0)

    def test_select_and_ignore_remove_findings_from_the_exit_code_too(self):
        self.write("a.py", WRITER)
        self.assertEqual(self.scan("--ignore", "UT001", code=0)["findings"], [])
        self.assertEqual(self.scan("--select", "append-torn,UT014", code=0)["findings"], [])
        self.assertEqual(len(self.scan("--select", "UT001", code=1)["findings"]), 1)

    def test_a_rule_that_is_not_wanted_leaves_its_site_to_the_next(self):
        self.write("a.py", b"import os\n\n\ndef save(path, text):\n"
                           b"    with open(path + '.tmp', 'w') as f:\n        f.write(text)\n"
                           b"    os.replace(path + '.tmp', path)\n\n\nsave('state.json', 'x')\n")
        [finding] = self.scan(code=1)["findings"]
        self.assertEqual(finding["code"], "UT003")
        self.assertIn("temp-collision", finding["also"])
        [other] = self.scan("--select", "UT005", code=1)["findings"]
        self.assertEqual((other["code"], other["also"]), ("UT005", []))
        self.assertNotEqual(other["message"], finding["message"])

    def test_what_cannot_be_parsed_is_no_reason_to_fail(self):
        self.write("bad.py", b"def f(:\n")
        document = self.scan(code=0)
        self.assertEqual([each["kind"] for each in document["skipped"]], ["syntax-error"])
        self.assertRegex(document["skipped"][0]["reason"], r"\Aline 1")

    def test_usage_and_configuration_errors_are_2_and_a_document(self):
        self.write("a.py", WRITER)
        for arguments in (["none"], ["a.py", "none.py"], ["--select", "UT999"],
                          ["--ignore", "truncate"], ["--min-severity", "severe"],
                          ["--fail-on", "all"], ["--threads", "0"], ["--threads", "x"],
                          ["--config", "none.toml"], ["--exclude", ""], ["--format", "yaml"],
                          ["--explain", "UT999"], ["--zap"], [""]):
            with self.subTest(arguments):
                result = self.run_untorn("scan", *arguments, environment=self.environment)
                self.assert_exit(result, 2)
                self.assertIn(b"error:", result.stderr)
                self.assertEqual(result.stdout, b"")
                if "--format" not in arguments:
                    self.assertIn("error", self.scan(*arguments, code=2))

    def test_an_unknown_key_is_an_error_with_file_line_and_the_nearest(self):
        self.write("a.py", WRITER)
        self.write("pyproject.toml", b"[tool.untorn]\nignore = []\nexlude = ['a.py']\n")
        result = self.run_untorn("scan", environment=self.environment)
        self.assert_exit(result, 2)
        for part in (b"pyproject.toml", b"line 3", b'"exlude"', b'did you mean "exclude"?'):
            self.assertIn(part, result.stderr)
        self.write("pyproject.toml", b"[tool.untorn]\nexclude = ['a.py']\n")
        self.assertEqual(self.scan(code=0)["files_scanned"], 0)
        self.assertEqual(self.scan("a.py", code=1)["files_scanned"], 1)

    def test_suppressions_silence_and_idle_ones_are_reported(self):
        self.write("a.py", WRITER.replace(
            b"(json.dumps(state))", b"(json.dumps(state))  # untorn: allow truncate-write -- why"))
        document = self.scan(code=0)
        self.assertTrue(document["findings"][0]["suppressed"])
        self.write("a.py", WRITER + b"# untorn: allow UT010\n# untorn: allow UT01\n")
        result = self.run_untorn("scan", environment=self.environment)
        self.assert_exit(result, 1)
        self.assertIn(b"a.py:14: untorn: allow UT010: silences nothing here", result.stderr)
        self.assertIn(b"a.py:15: untorn: allow UT01: there is no such rule", result.stderr)
        self.assertEqual([each["line"] for each in self.scan()["unused_suppressions"]], [14, 15])


class WhateverLiesThere(ScanTest):
    def test_names_of_any_bytes_are_scanned_and_shown_on_one_line(self):
        names = ["with space.py", "ünï🦊.py", "new\nline.py", "tab\t`tick`*.py", "-x.py", "a'b\".py"]
        for name in names:
            self.write(name, WRITER)
        self.write(os.fsdecode(b"latin\xe9.py"), WRITER)
        document = self.scan(code=1)
        found = sorted(each["path"] for each in document["findings"])
        self.assertEqual(found, sorted([*names, "latin\ufffd.py"]))
        text = self.run_untorn("scan", environment=self.environment)
        self.assertEqual(text.stdout.count(b"UT001"), len(names) + 1)
        self.assertIn(b"new\\nline.py:13:9", text.stdout)
        markdown = self.run_untorn("scan", "--format", "markdown", environment=self.environment)
        self.assertIn(b"``tab\\t", markdown.stdout.replace(b"`` ", b"``"))
        self.assertEqual(len(self.scan("--", "-x.py", code=1)["findings"]), 1)

    def test_a_binary_and_a_deeply_nested_file_are_answered(self):
        self.write("x.py", bytes(range(256)) * 64)
        self.write("deep.py", b"x = " + b"(" * 20_000 + b")" * 20_000 + b"\nopen('s.json', 'w')\n")
        self.write("open_only.py", b"open(" * 50_000)
        self.write("long_line.py", b"x = '" + b"a" * 3_000_000 + b"'; open('s.json', 'w').write(x)")
        document = self.scan("--threads", "2")
        kinds = {each["path"]: each["kind"] for each in document["skipped"]}
        self.assertEqual(kinds.get("x.py"), "binary")
        self.assertEqual(kinds.get("open_only.py"), "syntax-error")
        self.assertIn("long_line.py", {each["path"] for each in document["findings"]})

    def test_ten_thousand_files_and_a_deep_tree(self):
        for folder in range(100):
            os.makedirs(self.path(f"d{folder}"))
            for each in range(100):
                with open(self.path(f"d{folder}/m{each}.py"), "wb") as file:
                    file.write(b"x = 1\n")
        self.write("d7/m7.py", WRITER)
        self.write("/".join(["deep"] * 300) + "/a.py", WRITER)
        document = self.scan(code=1)
        self.assertEqual(document["files_scanned"], 10_001)
        self.assertEqual(len(document["findings"]), 2)
        warm = self.scan(code=1)
        self.assertEqual(warm["files_parsed"], 0)
        self.assertEqual(warm["findings"], document["findings"])

    def test_a_file_without_permission_is_skipped_and_a_folder_is_told(self):
        need(self, os.geteuid() != 0 or os.path.exists("/usr/bin/setpriv"), "root",
             "permissions bind nobody here")
        self.write("secret.py", WRITER, mode=0)
        self.write("open.py", WRITER)
        self.write("closed/a.py", WRITER)
        os.chmod(self.path("closed"), 0)
        os.chmod(self.folder, 0o755)
        command = [COMMAND, "scan", "--format", "json", "--no-cache"]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]
        result = subprocess.run(command, cwd=self.folder, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, env=clean_environment(), timeout=60,
                                check=False)
        os.chmod(self.path("closed"), 0o755)
        self.assert_exit(result, 1)
        document = self.document(result)
        self.check_document(document)
        self.assertEqual({each["path"]: each["kind"] for each in document["skipped"]},
                         {"secret.py": "unreadable", "closed": "unreadable"})
        self.assertEqual([each["path"] for each in document["findings"]], ["open.py"])

    def test_nothing_in_the_folder_is_changed_and_an_unwritable_cache_is_fine(self):
        self.write("a.py", WRITER, mode=0o444)
        before = {name: os.stat(self.path(name)) for name in self.names()}
        self.environment["XDG_CACHE_HOME"] = self.path("a.py")
        self.scan(code=1)
        self.environment = {"XDG_CACHE_HOME": "", "HOME": "/nonexistent"}
        self.scan(code=1)
        after = {name: os.stat(self.path(name)) for name in self.names()}
        self.assertEqual({name: each.st_mtime_ns for name, each in before.items()},
                         {name: each.st_mtime_ns for name, each in after.items()})

    def test_the_cache_changes_nothing_but_the_number_of_parsed_files(self):
        self.write("a.py", WRITER)
        self.write("b.py", WRITER + b"    # more\n")
        cold = self.scan(code=1)
        warm = self.scan(code=1)
        without = self.scan("--no-cache", code=1)
        self.assertEqual([cold["files_parsed"], warm["files_parsed"], without["files_parsed"]],
                         [2, 0, 2])
        for document in (cold, warm, without):
            for name in ("elapsed_s", "files_parsed", "files_cached"):
                del document[name]
        self.assertEqual(cold, warm)
        self.assertEqual(cold, without)

    def test_ctrl_c_ends_a_long_scan_with_130(self):
        source = WRITER * 400
        for each in range(400):
            self.write(f"m{each}.py", source.replace(b"Store", b"Store%d" % each))
        process = self.start_untorn("scan", "--no-cache", "--threads", "2")
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, err)
        self.assertEqual(out, b"")
        self.assertIn(b"interrupted", err)


if __name__ == "__main__":
    unittest.main()
