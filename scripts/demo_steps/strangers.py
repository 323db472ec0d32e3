# SPDX-License-Identifier: Apache-2.0
"""Step 6: programs that nobody here wrote, as they are installed."""

import re

from demo_steps import stage
from demo_steps.stage import claim, say, step

JUDGED = ("violated", "passed", "proved")


def scratch_root(folder, name):
    root = folder / name
    root.mkdir()
    return root


def last_name(text):
    """Paths in the text by their last name, and that not longer than a person reads."""
    return re.sub(r"(\S{14})\S{10,}", r"\1…", re.sub(r"\S*/(\S+)", r"\1", text))


def show(proof, folder=""):
    """The verdict with its reason."""
    claim(proof["verdict"] in JUDGED, f"{proof['verdict']}: {proof['undecided']}")
    if proof["verdict"] != "violated":
        say(f"      verdict: {proof['verdict']}   ({stage.states(proof)},"
            f" {proof['syncs']} syncs: nothing that it wrote is torn)")
        return
    violation = stage.power_loss(proof, folder)
    say(f"      verdict: violated   ({stage.states(proof)} checked: a power cut can leave"
        f" {last_name(violation['path'])} {violation['observed']})")
    say(stage.cut(f"        missing: {last_name(violation['missing'])}"))


def sed(folder):
    root = scratch_root(folder, "sed")
    (root / "notes.txt").write_text("version 1\n", encoding="utf-8")
    show(stage.prove("sed", root, ["sed", "-i", "s/1/2/", "notes.txt"]))


def git(folder):
    """As installed: the configuration of who looks at the demonstration takes no part."""
    root = scratch_root(folder, "git")
    (folder / "gitconfig").write_text("[user]\n\tname = a\n\temail = a@example.org\n"
                                      "[gc]\n\tauto = 0\n", encoding="utf-8")
    as_installed = {"GIT_CONFIG_GLOBAL": str(folder / "gitconfig")}
    (root / "a.txt").write_text("one\n", encoding="utf-8")
    for command in (["init", "--quiet", "."], ["add", "a.txt"]):
        done = stage.run(["git", *command], root, as_installed)
        claim(done.returncode == 0, f"git {command[0]}: {done.stderr.decode(errors='replace')}")
    proof = stage.prove("git", root, ["git", "commit", "--quiet", "-m", "first"],
                        "--budget", "20s", environment=as_installed)
    show(proof, ".git/objects/")
    if proof["verdict"] == "violated":
        paths = {v["path"] for v in proof["violations"] if v["engine"] == "power"}
        say(f"        and {len(paths) - 1} more files: git leaves them to the file system unless"
            " core.fsync says otherwise")


def sqlite(folder):
    """The contrast: a program that does it right."""
    root = scratch_root(folder, "sqlite")
    made = stage.run(["sqlite3", "main.db", "CREATE TABLE t (n INTEGER);"], root)
    claim(made.returncode == 0, f"sqlite3: {made.stderr.decode(errors='replace')}")
    show(stage.prove("sqlite", root, ["sqlite3", "main.db", "INSERT INTO t VALUES (1), (2);"]))


def strangers(folder):
    step(6, "Programs that nobody here wrote, as they are installed.")
    sed(folder)
    git(folder)
    sqlite(folder)
