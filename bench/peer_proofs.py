# SPDX-License-Identifier: Apache-2.0
"""What each variant guarantees, judged by `untorn prove` on the program as it is."""

import json
import pathlib
import shutil
import subprocess
import tempfile

from measuring import note

MODELS = ("ext4", "xfs", "btrfs", "portable")
DURABLE, ATOMIC, KILLS, NOTHING = "durable", "atomic, not durable", "kills only", "not atomic"
GROUPS = (DURABLE, ATOMIC, KILLS, NOTHING)


def broken_promises(session, variant, model):
    """Which of 'atomic' and 'durable' do not hold of three saves over existing files, or None where
    the prover could not tell. An undecided verdict is none. Who is made for many files saves two
    each time, all others one."""
    root = pathlib.Path(tempfile.mkdtemp(prefix="untorn-peer-", dir="/dev/shm"))
    files = "2" if variant.many else "1"
    try:
        prepare = [*variant.command, str(root), "4096", files, "1", "1"]
        subprocess.run(prepare, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        expect = "atomic" if model == "kill" else "atomic,durable"
        result = subprocess.run(
            [str(session.untorn), "prove", "--format", "json", "--quiet", "--root", str(root),
             "--expect", expect, "--ack", "^saved$", "--model", model, "--budget", "60s", "--",
             *variant.command, str(root), "4096", files, "1", "3"],
            check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
    finally:
        shutil.rmtree(root)
    document = json.loads(result.stdout)
    if document["verdict"] not in ("proved", "violated"):
        note(f"{variant.label}, model {model}: {document['verdict']}")
        return None
    return sorted({violation["check"] for violation in document["violations"]})


def guarantees(session, variants):
    """{key: {model: broken promises}}"""
    note("guarantees")
    return {variant.key: {model: broken_promises(session, variant, model)
                          for model in ("kill", *MODELS)} for variant in variants}


def group_of(proofs, model):
    """Which of GROUPS it is in by that model, or '?'."""
    broken, killed = proofs[model], proofs["kill"]
    if broken is None or killed is None:
        return "?"
    if killed:
        return NOTHING
    if not broken:
        return DURABLE
    return KILLS if "atomic" in broken else ATOMIC
