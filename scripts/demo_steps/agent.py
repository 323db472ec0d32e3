# SPDX-License-Identifier: Apache-2.0
"""Steps 1 to 5: the agent pipeline of examples/ is killed, scanned, proved, fixed and proved."""

import itertools
import json
import shutil

from demo_steps import stage
from demo_steps.kills import kill_at_random
from demo_steps.stage import PYTHON, REPORTS, claim, say, step

KILLS = 200
PROGRAM = "agent_pipeline"
STATE = "project/.pipeline/state.json"
SAVE = [PYTHON, "-m", f"{PROGRAM}.save", "project"]
MANAGER = "state/manager.py"
# The prover looks at one save; the state of a few steps is like that of many, and quicker to read.
STEPS_BEFORE_SAVE = 4


class Agent:
    """The copy that the steps work on: `root` holds the program and one project of it."""

    def __init__(self, folder):
        self.folder = folder
        self.root = folder / "agent"
        self.program = self.root / PROGRAM
        self.findings_before = 0
        shutil.copytree(stage.EXAMPLE, self.program, ignore=shutil.ignore_patterns("__pycache__"))
        work = stage.run([PYTHON, PROGRAM, "project", "--quiet", "--steps",
                          str(STEPS_BEFORE_SAVE)], self.root)
        claim(work.returncode == 0, f"the pipeline does not run: {work.stderr.decode()}")

    def first_kills(self):
        step(1, f"An agent pipeline in Python saves its state as most programs do."
                f" {KILLS} random kills:")
        tally = kill_at_random(self.program, self.folder / "kills-before", KILLS)
        claim(tally.kills == KILLS, f"{tally.kills} of {KILLS} kills")
        claim(tally.steps >= KILLS, f"the pipeline did only {tally.steps} steps")
        claim(tally.gone == 0, "a kill lost a state that was whole: this is no kill but a fault")
        if tally.torn == 0:
            say(f"      {KILLS} kills, no torn state: each has to fall between two calls."
                " That is why nobody")
            say("      notices. The window of a power cut is seconds long, and no kill shows it.")
        else:
            (REPORTS / "torn-state.json").write_bytes(tally.torn_bytes)
            say(f"      {tally.torn} of {KILLS} kills tore state.json (the first left"
                f" {len(tally.torn_bytes)} bytes): {tally.restarted} runs then began at step 1,")
            say("      as if nothing had been there. How many is luck: another disk, other"
                " numbers.")
        say_not_started(tally, "")

    def scan(self):
        step(2, "What is unsafe in it? (in brackets: how the audit by hand ranked the file, where"
                " it differs)")
        say(f"      $ untorn scan {PROGRAM}")
        report, code = self._scan("scan-before")
        claim(code == 1, f"exit {code} with findings")
        markdown = stage.untorn("scan", self.root, "--no-cache", "--format", "markdown", PROGRAM)
        (REPORTS / "scan-before.md").write_bytes(markdown.stdout)
        claim(markdown.returncode == 1 and markdown.stdout, "no markdown report")
        audit = json.loads(stage.AUDIT.read_text(encoding="utf-8"))
        files = {file["path"]: file for file in report["summary"]["by_file"]}
        cells = []
        for audited in audit["files"]:
            sites = count_sites(report, audited["path"])
            claim(sites == audited["count"],
                  f"{audited['path']}: {sites} sites, the audit has {audited['count']}")
            ranked = audited["seed_severity"] or "not named"
            severity = files[audited["path"]]["severity"]
            note = "" if ranked == severity else f" ({ranked})"
            cells.append(f"{sites:2} {audited['path']}: {severity}{note}")
        self.findings_before = report["summary"]["write_sites"]
        claim(self.findings_before == audit["write_sites"] == sum(
            count_sites(report, path) for path in files), f"{self.findings_before} sites in all")
        half = (len(cells) + 1) // 2
        for left, right in itertools.zip_longest(cells[:half], cells[half:], fillvalue=""):
            say(f"      {left:42}{right}".rstrip())
        say(f"      {self.findings_before} write sites, and {report['summary']['recovery_flaws']}"
            " loaders that answer \"new\" for a damaged file")

    def prove_save(self):
        step(3, "The worst of them, the StateManager's save: one run, every crash state there is.")
        state = self.root / STATE
        before = state.read_bytes()
        proof = stage.prove("save-before", self.root, SAVE)
        claim(proof["verdict"] == "violated", f"verdict {proof['verdict']}")
        violation = stage.power_loss(proof)
        claim(violation["path"] == STATE, violation["path"])
        for operation in (violation["kept"], violation["lost"]):
            claim(operation["source"] and operation["source"]["path"] == f"{PROGRAM}/{MANAGER}",
                  f"the call is not ascribed to {MANAGER}: {operation}")
        say(f"      verdict: violated   ({stage.states(proof)} checked, {violation['states']} of"
            " them leave a bad state)")
        say(f"        kept:    {stage.place(violation['kept'])}")
        say(f"        lost:    {stage.place(violation['lost'])}")
        left = violation["bytes"]
        claim(left["present"] and left["size"] < len(before), f"the state is not torn: {left}")
        say(f"        before the save: {len(before)} bytes  {before[:44]!r}…")
        head = f"  {left['head'][:44]!r}" if left["size"] else ""
        say(f"        after the power cut: {left['size']} bytes{head}")
        claim(state.read_bytes() == before, "the real state was changed by the proof")

    def fix(self):
        step(4, "Fix what can be fixed without a decision of yours.")
        diff = stage.untorn("fix", self.root, "--diff", PROGRAM)
        (REPORTS / "fix.diff").write_bytes(diff.stdout)
        (REPORTS / "fix.txt").write_bytes(diff.stderr)  # what remains, with the reasons
        claim(diff.returncode == 1, f"untorn fix --diff: exit {diff.returncode}:"
                                    f" {diff.stderr.decode(errors='replace')}")
        say(f"      $ untorn fix {PROGRAM}")
        fixed, code = stage.document("fix", "fix", self.root, PROGRAM)
        claim(code == 1, f"exit {code} while findings remain")
        edits = sum(changed["edits"] for changed in fixed["changed"])
        claim(edits > 0 and fixed["helper"], "nothing was fixed")
        say(f"      {edits} sites in {len(fixed['changed'])} files, each at the level that its"
            f" content needs. In {MANAGER}:")
        for line in changed_lines(diff.stdout.decode("utf-8"), MANAGER)[:5]:
            say(f"        {line}")
        report, _ = self._scan("scan-after")
        after = report["summary"]["write_sites"]
        claim(after == self.findings_before - edits, f"{after} sites after {edits} edits")
        claim(not any(finding["fix"] == "safe" for finding in report["findings"]),
              "a second run would fix more")
        claim(count_sites(report, MANAGER) == 0, f"{MANAGER} still has sites")
        say(f"      scanned again: {self.findings_before} sites before, {after} now, each with"
            " its reason in build/demo/fix.txt")

    def prove_fixed(self):
        step(5, "The same save, fixed: proved, then killed.")
        proof = stage.prove("save-after", self.root, SAVE, "--expect", "atomic,parse,durable")
        scope = proof["scope"]
        claim(proof["verdict"] == "proved", f"verdict {proof['verdict']}")
        claim(scope["states_checked"] == scope["states_total"] > 0, f"sampled: {scope}")
        claim(STATE in {path["path"] for path in proof["paths"]}, "the state was not judged")
        say(f"      verdict: proved   ({stage.states(proof)}: after any kill or power cut the old"
            " state or the new, whole)")
        tally = kill_at_random(self.program, self.folder / "kills-after", KILLS)
        claim(tally.kills == KILLS, f"{tally.kills} of {KILLS} kills")
        claim(tally.steps >= KILLS, f"the pipeline did only {tally.steps} steps")
        claim(tally.torn == 0, f"{tally.torn} torn states")
        claim(tally.gone == 0, f"{tally.gone} lost states")
        claim(tally.restarted == 0, f"{tally.restarted} runs did not go on where the state was")
        say(f"      {KILLS} random kills: no state torn, none lost, each time the next run went on"
            " at the next step")
        say_not_started(tally, ", for another file, not fixed, was torn")

    def _scan(self, name):
        # Without the cache: the demonstration leaves nothing in the home of who looks at it.
        return stage.document(name, "scan", self.root, "--no-cache", PROGRAM)


def say_not_started(tally, why):
    """The state is not all that a program needs to start; such a project was made anew."""
    if tally.not_started:
        say(stage.cut(f"      did not start at all{why}: {tally.not_started}"
                      f" ({stage.printable(tally.reason)})"))


def count_sites(report, path):
    """The write sites of one file; flaws of recovery are counted apart."""
    return sum(finding["path"] == path and finding["code"] != "UT014"
               for finding in report["findings"])


def changed_lines(diff, path):
    """What a unified diff takes from and gives to one file, without its blank lines."""
    chosen, lines = False, []
    for line in diff.splitlines():
        if line.startswith(("--- ", "+++ ", "diff ")):
            chosen = line.rstrip("\t").endswith(path)
        elif chosen and line[:1] in ("-", "+") and line[1:].strip():
            lines.append(line)
    return lines
