# SPDX-License-Identifier: Apache-2.0
"""The scan of the example says what a person found by reading it, and nothing else."""

import collections
import os
import unittest

from golden import EXAMPLE, FLAW, HOME, PROGRAM, GoldenTest

GUIDE = os.path.join(HOME, "docs", "guide", "find-fix-prove.md")


def place(entry):
    return entry["path"], entry["line"]


class ScanTest(GoldenTest):
    def test_the_table_describes_the_example_as_it_is(self):
        entries = [{"path": file["path"], **site}
                   for file in self.table["files"] for site in file["sites"]]
        for name in ("recovery_flaws_at", "temporaries", "silent"):
            entries += self.table[name]
        for entry in entries:
            with open(os.path.join(EXAMPLE, entry["path"]), encoding="utf-8") as file:
                lines = file.read().splitlines()
            self.assertEqual(lines[entry["line"] - 1].strip(), entry["text"], place(entry))
        for file in self.table["files"]:
            self.assertEqual(file["count"], len(file["sites"]), file["path"])
        self.assertEqual(self.table["write_sites"], len(self.expected_sites()))
        self.assertEqual(self.table["recovery_flaws"], len(self.table["recovery_flaws_at"]))

    def test_each_file_has_the_count_of_the_audit(self):
        report = self.scan()
        counts = collections.Counter(site["path"] for site in self.sites(report))
        self.assertEqual(counts, {file["path"]: file["count"] for file in self.table["files"]})
        self.assertEqual(report["summary"]["write_sites"], self.table["write_sites"])
        self.assertEqual(report["summary"]["recovery_flaws"], self.table["recovery_flaws"])
        self.assertEqual(report["skipped"], [])

    def test_each_site_is_found_at_its_line_by_its_rule(self):
        found = [(*place(site), site["code"], site["api"]) for site in self.sites(self.scan())]
        expected = [(*where, site["code"], site["api"])
                    for where, site in self.expected_sites().items()]
        self.assertEqual(sorted(found), sorted(expected))

    def test_each_site_has_its_role_or_another_with_a_reason(self):
        expected = self.expected_sites()
        wrong = []
        for site in self.sites(self.scan()):
            known = expected.get(place(site), {"role": None})
            right = [known["role"], *known.get("role_alternatives", [])]
            # A reason that has become void has to go, so that the table says what is so.
            allowed = [known["scan_role"]] if known.get("role_reason") else right
            if site["role"] not in allowed:
                wrong.append((*place(site), site["role"], "instead of", allowed, site["why"]))
        self.assertEqual(wrong, [])

    def test_few_roles_need_a_reason(self):
        reasons = [site for site in self.expected_sites().values() if "scan_role" in site]
        for site in reasons:
            self.assertNotIn(site["scan_role"], [site["role"], *site.get("role_alternatives", [])])
            self.assertGreater(len(site["role_reason"].split()), 3)
        self.assertLessEqual(20 * len(reasons), self.table["write_sites"])

    def test_loaders_that_answer_new_for_a_damaged_file_are_counted_apart(self):
        report = self.scan()
        # Either the clause that swallows the damage or the call that reads is a right place.
        flaws = {(flaw["path"], flaw["function"]): flaw["line"]
                 for flaw in report["findings"] if flaw["code"] == FLAW}
        expected = {(flaw["path"], flaw["function"]): flaw
                    for flaw in self.table["recovery_flaws_at"]}
        self.assertEqual(set(flaws), set(expected))
        for where, flaw in expected.items():
            self.assertIn(flaws[where], (flaw["line"], flaw["read_line"]), where)

    def test_what_harms_no_lasting_file_is_silent(self):
        starts = {place(finding): finding["message"] for finding in self.scan()["findings"]}
        silent = self.table["silent"] + self.table["temporaries"]
        self.assertGreater(len(silent), 12)
        loud = [(*place(entry), entry["text"], starts[place(entry)])
                for entry in silent if place(entry) in starts]
        self.assertEqual(loud, [])

    def test_the_severity_of_a_file_differs_from_the_audits_only_with_a_reason(self):
        by_file = {file["path"]: file["severity"] for file in self.scan()["summary"]["by_file"]}
        for file in self.table["files"]:
            path = file["path"]
            self.assertEqual(by_file.get(path), file["severity"], path)
            differs = file["seed_severity"] not in (None, file["severity"])
            self.assertEqual(differs, "severity_reason" in file,
                             f"{path}: {file['severity']} here, {file['seed_severity']} there")
            if differs:
                self.assertGreater(len(file["severity_reason"].split()), 3, path)

    def test_the_guide_shows_this_table(self):
        with open(GUIDE, encoding="utf-8") as file:
            guide = file.read().splitlines()
        for file in self.table["files"]:
            audit = file["seed_severity"] or "not named"
            row = f"| `{file['path']}` | {file['count']} | {file['severity']} | {audit} |"
            self.assertTrue(any(line.startswith(row) for line in guide), row)
            if "severity_reason" in file:
                self.assertIn(f"{row} {file['severity_reason']} |", guide)

    def test_the_findings_are_the_same_from_wherever_the_scan_starts(self):
        def findings(report, folder):
            prefix = os.path.relpath(report["root"], folder)
            return sorted((os.path.normpath(os.path.join(prefix, f["path"])), f["line"], f["code"],
                           f["role"], f["severity"]) for f in report["findings"])

        from_above = self.document(self.run_untorn("scan", "--no-cache", "--format", "json", "."))
        from_outside = self.scan()
        self.assertEqual(findings(from_above, self.folder), findings(from_outside, self.folder))

    def test_the_sources_know_nothing_of_the_example(self):
        modules = [os.path.relpath(os.path.join(folder, name), EXAMPLE).replace(os.sep, "/")
                   for folder, _, names in os.walk(EXAMPLE) for name in names
                   if name.endswith(".py") and "__pycache__" not in folder]
        telling = {PROGRAM} | {name for name in modules if "/" in name and "__init__" not in name}
        telling |= {file["path"] for file in self.table["files"] if "_" in file["path"]}
        self.assertIn("state/manager.py", telling)
        self.assertIn("pattern_recognition.py", telling)
        found = []
        for folder, _, names in os.walk(os.path.join(HOME, "src")):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    content = file.read()
                found += [(name, word) for word in telling if word.encode() in content]
        self.assertEqual(found, [])


if __name__ == "__main__":
    unittest.main()
