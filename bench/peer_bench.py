# SPDX-License-Identifier: Apache-2.0
"""The part `peers` of bench/run: Untorn beside other libraries that save files."""

import contextlib
import json

from loops import IMAGE_MEBIBYTES, MODEL_FLUSH_US, loop_places
from measuring import HOME, machine, note, write_file
from peer_chart import chart
from peer_programs import variants, versions
from peer_proofs import guarantees
from peer_rounds import measure_place, system_calls
from peer_tables import aims_table, calls_table, guarantee_table, place_tables, task_table

FOLDER = HOME / "docs" / "benchmarks"
KINDS = (("ext4", "xfs", "btrfs"), ("ext4", "xfs"))  # on loops, on the model disk


def calls_of(folder, chosen):
    """{key: system calls}, on ext4, where the library takes its cheaper protocol."""
    note("system calls")
    with contextlib.ExitStack() as stack:
        for place in loop_places(folder, stack, ("ext4",)):
            return {variant.key: system_calls(place, variant) for variant in chosen}
    return {}


def measured_places(session, folder, chosen):
    """One after the other, so that no two share the machine."""
    found = []
    for kinds, program in zip(KINDS, (None, session.build / "bench" / "model_disk")):
        for kind in kinds:
            with contextlib.ExitStack() as stack:
                for place in loop_places(folder, stack, (kind,), program):
                    found.append({"label": place.label, "kind": kind,
                                  "tasks": measure_place(session, place, chosen)})
    return found


def measure(session, folder):
    """The document: everything that the page and the chart are made of."""
    chosen = variants(session)
    calls = calls_of(folder, chosen)
    places = measured_places(session, folder, chosen)
    if not places:
        raise SystemExit("peers: nothing was measured; loop devices need root")
    proofs = guarantees(session, chosen)
    return {"schema": "untorn.bench.peers/1", "machine": machine("bench/run peers"),
            "versions": versions(),
            "variants": [{"key": variant.key, "label": variant.label, "readers": variant.readers,
                          "guarantees": proofs[variant.key], "calls": calls[variant.key]}
                         for variant in chosen],
            "places": places}


def page(document):
    """What stands in docs/benchmarks.md."""
    named = ", ".join(f"{name} {version}" for name, version in document["versions"])
    return "\n\n".join([
        document["machine"],
        f"Versions: {named}.",
        f"On fresh file systems of {IMAGE_MEBIBYTES} MiB on loop devices. The *model disk* is"
        f" memory under such a device whose flush takes {MODEL_FLUSH_US / 1000:g} ms and keeps it"
        " busy. Each round tells every program once, in an order drawn anew, to save; programs are"
        " warm, and what is left to be written is written before the next one's turn. Flushes,"
        " commits and calls are counted, exactly; the machine is shared, so a time is given as a"
        " ratio, the median of the rounds' ratios to GLib's DURABLE in the same round (`× GLib`)."
        " Untorn takes the protocol that it picks there by itself; *classic* forces the other."
        " Everything that was counted and timed: [peers.md](benchmarks/peers.md),"
        " [peers.json](benchmarks/peers.json).",
        "What each guarantees, judged by `untorn prove --expect atomic,durable` on three saves over"
        " existing files, the program as it is. *no atomic*: a state with neither the old nor a"
        " new content; *no durable*: after a save had returned, a power cut brings back an older"
        " one.",
        guarantee_table(document),
        "The aims of this layer:", aims_table(document),
        "One file of 4 KiB:", task_table(document, "one-4k"),
        "1,000 files of 4 KiB, the whole as one operation. Where SQLite is faster, it is: it writes"
        " one file, and nothing but SQLite can read it.",
        task_table(document, "many-4k"),
        "System calls of one save of 4 KiB by path, the runtime of the language included, as"
        " strace counts them:", calls_table(document),
        "![Time and flushes by library](benchmarks/peers.svg)"])


def full_page(document):
    """docs/benchmarks/peers.md"""
    parts = ["# Saving files, library by library",
             "Written by `bench/run peers`; what was measured and how stands in"
             " [benchmarks.md](../benchmarks.md). An operation of several threads on the same files"
             " is that of all of them, and its time that of one thread's part. Commits are"
             " transactions of jbd2 (ext4), writes of the log (xfs), whole transactions (btrfs)."
             " KiB written include what is written after the save returned. The 99th percentile"
             " stands where there are 20 operations or more.", document["machine"]]
    for place in document["places"]:
        parts += place_tables(document, place)
    return "\n\n".join(parts) + "\n"


def measure_peers(session, folder):
    """The section of the page; unless it is only for a look, the files beside it, too."""
    document = measure(session, folder)
    if not session.quick:
        FOLDER.mkdir(exist_ok=True)
        write_file(session, FOLDER / "peers.json", json.dumps(document, indent=1) + "\n")
        write_file(session, FOLDER / "peers.md", full_page(document))
        drawn = chart(document)
        if drawn is not None:
            write_file(session, FOLDER / "peers.svg", drawn)
    return page(document)
