# SPDX-License-Identifier: Apache-2.0
"""What `bench/run peers` makes of what it measured, and the lock files of the libraries."""

import json
import re
import sys
import unittest
import xml.etree.ElementTree
from pathlib import Path

BENCH = Path(__file__).resolve().parents[2] / "bench"
sys.path.insert(0, str(BENCH))

# pylint: disable=wrong-import-position  # they lie in bench/
from loops import Counts
from peer_chart import chart
from peer_proofs import ATOMIC, DURABLE, KILLS, NOTHING, group_of
from peer_rounds import TASKS, Samples
from peer_tables import aims, guarantee_table, place_tables, task_table


def proofs(kill, power):
    return {"kill": kill, "ext4": power, "xfs": power, "btrfs": power, "portable": power}


def summary(flushes, ratio):
    return {"median_us": 100.0, "p99_us": 200.0, "operations": 40, "ratio": ratio,
            "plain_ratio": ratio, "flushes": flushes, "commits": flushes / 2, "kibibytes": 8.0}


def document(durable, many):
    """Of three variants on four places; `durable` and `many` are ours."""
    variants = [("plain/truncate", proofs(["atomic"], ["atomic", "durable"]), summary(0, 0.1)),
                ("glib/durable", proofs([], []), summary(4, 1.0)),
                ("untorn/durable", proofs([], []), durable),
                ("untorn/durable-at", proofs([], []), durable),
                ("untorn/ordered", proofs([], ["durable"]), summary(0, 0.1)),
                ("untorn/process", proofs([], ["atomic", "durable"]), summary(0, 0.1)),
                ("untorn/batch-durable", proofs([], []), many)]
    tasks = {task.name: {key: found for key, _, found in variants} for task in TASKS}
    return {"variants": [{"key": key, "label": f"`{key}`", "readers": "yes", "guarantees": held,
                          "calls": (16, 11)} for key, held, _ in variants],
            "places": [{"label": label, "kind": label.split(",")[0], "tasks": tasks}
                       for label in ("ext4, loop", "xfs, loop", "btrfs, loop", "ext4, model disk",
                                     "xfs, model disk")]}


class PeersTest(unittest.TestCase):
    def test_a_group_follows_from_what_the_prover_found(self):
        self.assertEqual(group_of(proofs([], []), "ext4"), DURABLE)
        self.assertEqual(group_of(proofs([], ["durable"]), "ext4"), ATOMIC)
        self.assertEqual(group_of(proofs([], ["atomic", "durable"]), "ext4"), KILLS)
        self.assertEqual(group_of(proofs(["atomic"], ["atomic", "durable"]), "ext4"), NOTHING)
        self.assertEqual(group_of(proofs([], None), "ext4"), "?")
        self.assertEqual(group_of(proofs(None, []), "ext4"), "?")

    def test_flushes_count_until_the_return_and_bytes_until_all_is_written(self):
        mine, base = Samples(), Samples()
        before, after = Counts(10, 100.0, 5), Counts(14, 120.0, 7)
        mine.add([2000, 4000], 2, before, after, Counts(20, 140.0, 9))
        base.add([1000, 1000], 2, before, after, after)
        made = mine.summary({"glib/durable": base, "plain/truncate": mine})
        self.assertEqual((made["flushes"], made["commits"], made["kibibytes"]), (2, 1, 20))
        self.assertEqual((made["median_us"], made["p99_us"]), (3, 4))
        self.assertEqual((made["ratio"], made["plain_ratio"]), (3, 1))

    def test_a_ratio_compares_within_a_round(self):
        mine, base = Samples(), Samples()
        nothing = Counts(0, 0, 0)
        for load in (1, 10, 100):
            mine.add([500 * load], 1, nothing, nothing, nothing)
            base.add([1000 * load], 1, nothing, nothing, nothing)
        self.assertEqual(mine.times_of(base), 0.5)

    def test_aims_are_met_at_their_limit_and_not_beyond(self):
        met = aims(document(summary(2, 0.6), summary(3, 1 / 80)))
        self.assertEqual([row for row in met if not row[3]], [])
        missed = aims(document(summary(2.1, 0.8), summary(5.1, 1 / 11)))
        self.assertEqual({row[0] for row in missed if row[3]},
                         {"ext4, loop: flushes of an `ordered` replace",
                          "xfs, loop: flushes of an `ordered` replace",
                          *(f"{kind}, loop: time of a `process` replace, times O_TRUNC and write"
                            for kind in ("ext4", "xfs", "btrfs")),
                          "system calls of a `durable` replace of an existing file, by path",
                          "system calls of a new durable file in an open directory"})

    def test_the_tables_have_a_row_for_each_way_to_save_grouped_by_guarantee(self):
        measured = document(summary(2, 0.6), summary(3, 1 / 80))
        for made in (guarantee_table(measured), task_table(measured, "one-4k")):
            lines = made.splitlines()
            self.assertEqual(len(lines), 2 + len(measured["variants"]))
            self.assertEqual(len({line.count("|") for line in lines}), 1)
        groups = [line.split("|")[1].strip() for line in
                  task_table(measured, "one-4k").splitlines()[2:]]
        self.assertEqual(groups, sorted(groups, key=[DURABLE, ATOMIC, KILLS, NOTHING].index))
        titles = [part for part in place_tables(measured, measured["places"][0])
                  if part.startswith("###")]
        self.assertEqual(len(titles), len(TASKS))

    def test_the_chart_is_well_formed_and_shows_what_holds_in_a_power_cut(self):
        drawn = xml.etree.ElementTree.fromstring(chart(document(summary(2, 0.6), summary(3, 0.01))))
        texts = [element.text for element in drawn.iter() if element.tag.endswith("text")]
        self.assertIn("untorn/batch-durable", texts)
        self.assertIn("0.60 (2 flushes)", texts)
        self.assertNotIn("untorn/process", texts)

    def test_every_library_that_is_fetched_is_pinned_by_a_hash(self):
        peers = BENCH / "peers"
        packages = json.loads((peers / "node" / "package-lock.json").read_text())["packages"]
        for name, package in packages.items():
            self.assertTrue(name == "" or package["integrity"].startswith("sha512-"), name)
            self.assertNotIn("resolved", package)
        for name in ("requirements.txt", "requirements-build.txt"):
            for line in (peers / "python" / name).read_text().splitlines():
                self.assertRegex(line, r"^\S+==\S+ --hash=sha256:[0-9a-f]{64}$")
        crates = (peers / "rust" / "Cargo.lock").read_text().split("[[package]]")[1:]
        unpinned = [crate for crate in crates if "checksum = " not in crate]
        self.assertEqual([re.search('name = "(.*)"', crate)[1] for crate in unpinned],
                         ["rust-peer"])
        self.assertRegex((peers / "go" / "go.sum").read_text(), r"renameio/v2 v\S+ h1:\S+=")


if __name__ == "__main__":
    unittest.main()
