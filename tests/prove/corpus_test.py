# SPDX-License-Identifier: Apache-2.0
"""Small programs with a known verdict, each run under the real `untorn prove`.

Every program of the folder `programs` says at its top what the prover must find: verdict, checks,
paths, what is observed, and the source lines of what is lost and what is kept. A finding too many
fails like a finding too few.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import expectation
import harness

FOLDER = harness.HERE / "programs"
LANGUAGES = {".c": "C", ".cpp": "C++", ".py": "Python", ".sh": "shell", ".go": "Go",
             ".mjs": "Node"}
COMPILED = (".c", ".cpp", ".go")
TOOLS = {".mjs": [["node"]]}


class Corpus(harness.ProveCase):
    """One test per program; see add_tests."""

    def run_program(self, path):
        """Prepares the root, proves the program, and compares."""
        wanted = expectation.Expectation(path)
        for tool, *_ in [*wanted.all("needs"), *TOOLS.get(path.suffix, ())]:
            if shutil.which(tool) is None:
                harness.skip(tool, f"{tool} is not installed")
        program = harness.PROGRAMS / path.stem if path.suffix in COMPILED else path
        if path.suffix == ".go" and not program.exists():
            harness.skip("go", "Go was missing when this tree was built")
        self.assertTrue(program.exists(), f"{program} was not built")
        places = {"{program}": str(program), "{python}": harness.python(), "{root}": str(self.root)}
        extra = {"PYTHONPATH": harness.python_package()} if wanted.one("library") else {}
        self.prepare(wanted, places, extra)
        command = fill(wanted.one("command") or default_command(path), places)
        arguments = [w for a in wanted.all("arguments") for w in fill(a, places)]
        self.compare(wanted, self.run_unchanged(command, arguments, extra=extra))
        for verdict, *_ in wanted.all("shallow"):
            shallow = [word for word in arguments if word != "--deep"]
            proof = self.run_unchanged(command, shallow, extra=extra)
            self.assertEqual(proof.document["verdict"], verdict, proof.describe())
        for model, verdict, *checks in wanted.all("model"):
            with self.subTest(model=model):
                proof = self.run_unchanged(command, [*arguments, "--model", model], extra=extra)
                why = proof.describe()
                self.assertEqual(proof.document["verdict"], verdict, why)
                seen = {v["check"] for v in proof.document["violations"]}
                self.assertEqual(seen, set(checks), why)

    def prepare(self, wanted, places, extra):
        """Files and commands that come before the run."""
        for name, kind, value in wanted.all("file"):
            target = self.root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(expectation.content(kind, value))
        for line in wanted.all("before"):
            subprocess.run(fill(line, places), cwd=self.root, env=harness.environment(extra),
                           check=True, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, timeout=60)

    def compare(self, wanted, proof):
        """Everything that the program's comments promise."""
        document = proof.document
        why = proof.describe()
        self.assertEqual(document["verdict"], wanted.one("verdict")[0], why)
        self.compare_paths(wanted, document, why)
        self.compare_violations(wanted, document, why)
        for engine in document["engines"]:
            if [engine["engine"]] in wanted.all("clean"):
                self.assertTrue(engine["exhaustive"], why)
                self.assertEqual(engine["violations"], 0, why)
            if wanted.one("exhaustive"):
                self.assertTrue(engine["exhaustive"], why)
        names = [engine["engine"] for engine in document["engines"]]
        if wanted.one("engines"):
            self.assertEqual(sorted(names), sorted(wanted.one("engines")), why)
        for name, *_ in wanted.all("clean"):
            self.assertIn(name, names, why)
        self.compare_reasons(wanted, document, why)

    def compare_paths(self, wanted, document, why):
        """Class, number of versions and checks of the paths that the program names."""
        paths = {entry["path"]: entry for entry in document["paths"]}
        for path, name in wanted.all("class"):
            self.assertIn(path, paths, why)
            self.assertEqual(paths[path]["class"], name, why)
        for path, count in wanted.all("versions"):
            self.assertEqual(paths[path]["versions"], int(count), why)
        for path, *checks in wanted.all("judged"):
            self.assertLessEqual(set(checks), set(paths[path]["judged_by"]), why)

    def compare_violations(self, wanted, document, why):
        """Each expected violation is there once, and no other."""
        found = list(document["violations"])
        for violation in wanted.violations():
            same = [v for v in found if v["engine"] == violation["engine"]
                    and v["check"] == violation["check"]
                    and violation["path"] in ("*", v["path"])]
            self.assertEqual(len(same), 1, f"wanted {violation}\n{why}")
            found.remove(same[0])
            self.compare_violation(wanted, violation, same[0], why)
        if not wanted.one("others"):
            self.assertEqual(found, [], f"violations that no comment expects\n{why}")

    def compare_violation(self, wanted, violation, actual, why):
        """What is seen, and the lines of what is lost and kept."""
        context = f"{violation}\n{why}"
        if "observed" in violation:
            self.assertIn(actual["observed"], violation["observed"].split(","), context)
        self.assertGreaterEqual(actual["states"], 1, context)
        self.assertTrue(actual["replay"], context)
        for key in ("lost", "kept"):
            if key in violation:
                self.assertIn(line_of(actual[key]), wanted.numbers(violation[key]),
                              f"{key}: {context}")
            self.compare_source(wanted, actual[key], context)
        if "missing" in violation:
            self.assertRegex(actual["missing"], violation["missing"], context)

    def compare_source(self, wanted, step, context):
        """A named source is the program's own file, spelt as it should be."""
        source = step and step["source"]
        if not source or wanted.one("source") == ["any"]:
            return
        self.assertGreaterEqual(source["line"], 1, context)
        if wanted.one("source"):
            self.assertEqual(source["path"], wanted.one("source")[0], context)
        elif wanted.path.suffix != ".sh":
            self.assertEqual(pathlib.Path(source["path"]).name, wanted.path.name, context)
            self.assertIn(source["line"], range(1, wanted.length + 1), context)
        if wanted.one("function"):
            self.assertEqual(source["function"], wanted.one("function")[0], context)

    def compare_reasons(self, wanted, document, why):
        """Reasons of an undecided verdict, notes and limits."""
        for reason, *word in wanted.all("undecided"):
            details = [u["detail"] for u in document["undecided"] if u["reason"] == reason]
            self.assertTrue(details, why)
            for text in word:
                self.assertTrue(any(text in detail for detail in details), why)
        for key, plural in (("note", "notes"), ("limit", "limits")):
            for pattern, *_ in wanted.all(key):
                self.assertTrue(any(re.search(pattern, text) for text in document[plural]), why)


def fill(command, places):
    """Puts the real paths in place of {program}, {python} and {root}."""
    filled = []
    for word in command:
        for place, value in places.items():
            word = word.replace(place, value)
        filled.append(word)
    return filled


def default_command(path):
    """How a program of this kind is started."""
    if path.suffix == ".py":
        return ["{python}", "{program}"]
    if path.suffix == ".sh":
        return ["sh", "{program}"]
    if path.suffix == ".mjs":
        return ["node", "{program}"]
    return ["{program}"]


def line_of(step):
    """The source line of a lost or kept operation; None where it has none."""
    return step["source"]["line"] if step and step["source"] else None


def add_tests():
    """Gives the class one test for each program of the folder."""
    for path in sorted(FOLDER.iterdir()):
        if path.suffix in LANGUAGES:
            name = f"test_{path.stem}"
            if hasattr(Corpus, name):
                raise ValueError(f"two programs are named {path.stem}")
            setattr(Corpus, name, lambda self, program=path: self.run_program(program))


add_tests()

if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(harness.main())
