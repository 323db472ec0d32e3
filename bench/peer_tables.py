# SPDX-License-Identifier: Apache-2.0
"""What `bench/run peers` measured, as tables: the page's, and the full ones beside it."""

from measuring import table
from peer_proofs import GROUPS, MODELS, group_of
from peer_rounds import TASKS

ORDER = {group: number for number, group in enumerate(GROUPS)}


def group_for(document, variant, place):
    """The group of a variant on a place, as the model of its file system has it."""
    return group_of(variant["guarantees"], place["kind"])


def sorted_variants(document, place):
    """By guarantee, ours last in each group."""
    def rank(variant):
        group = group_for(document, variant, place)
        return ORDER.get(group, len(GROUPS)), variant["key"].startswith("untorn/")
    return sorted(document["variants"], key=rank)


def count(value):
    """2, 2.1, 0.53"""
    if value >= 10 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def duration(microseconds):
    return f"{microseconds / 1000:,.0f}" if microseconds >= 1e5 else f"{microseconds / 1000:.3g}"


def ratio(value):
    return f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def promise(broken):
    if broken is None:
        return "undecided"
    return "holds" if not broken else "no " + ", no ".join(broken)


def guarantee_table(document):
    """By the prover, one column a model."""
    rows = [[variant["label"], promise(variant["guarantees"]["kill"]),
             *(promise(variant["guarantees"][model]) for model in MODELS), variant["readers"]]
            for variant in sorted_variants(document, {"kind": "ext4"})]
    return table(["way to save", "kills", *(f"power, {model}" for model in MODELS),
                  "true for readers that do not use it"], rows)


def task_table(document, task):
    """One task: flushes and the ratio to the base on every place."""
    header = ["on ext4", "way to save"]
    for place in document["places"]:
        header += [f"{place['label']}: flushes", "× GLib"]
    rows = []
    for variant in sorted_variants(document, {"kind": "ext4"}):
        row = [group_for(document, variant, {"kind": "ext4"}), variant["label"]]
        for place in document["places"]:
            found = place["tasks"][task].get(variant["key"])
            row += [count(found["flushes"]), ratio(found["ratio"])] if found else ["", ""]
        if any(row[2:]):
            rows.append(row)
    return table(header, rows)


def place_tables(document, place):
    """Everything that was measured on a place."""
    parts = [f"## {place['label']}"]
    for task in TASKS:
        rows = []
        for variant in sorted_variants(document, place):
            found = place["tasks"][task.name].get(variant["key"])
            if found:
                tail = duration(found["p99_us"]) if found["operations"] >= 20 else ""
                rows.append([group_for(document, variant, place), variant["label"],
                             count(found["flushes"]), count(found["commits"]),
                             count(found["kibibytes"]), duration(found["median_us"]), tail,
                             ratio(found["ratio"])])
        title = task.title[0].upper() + task.title[1:]
        parts += [f"### {title}",
                  table(["by the prover", "way to save", "flushes", "commits", "KiB written",
                         "median ms", "99th percentile ms", "× GLib"], rows)]
    return parts


def calls_table(document):
    rows = [[variant["label"], count(variant["calls"][0]), count(variant["calls"][1])]
            for variant in sorted_variants(document, {"kind": "ext4"})]
    return table(["way to save", "over an existing file", "a new file"], rows)


def found_in(document, label, task, key):
    """A summary, or None where that place or variant was not measured."""
    for place in document["places"]:
        if place["label"] == label:
            return place["tasks"][task].get(key)
    return None


def aims(document):
    """[(what, aim, measured, met)] of what could be measured."""
    rows = []

    def at_most(what, limit, value, form=count):
        rows.append((what, f"at most {limit:g}", form(value), value <= limit))

    def figure(label, task, key, field):
        found = found_in(document, label, task, key)
        return None if found is None else found[field]

    for kind in ("ext4", "xfs"):
        place = f"{kind}, loop"
        value = figure(place, "one-4k", "untorn/durable", "flushes")
        if value is not None:
            at_most(f"{place}: flushes of a `durable` replace", 2, value)
            at_most(f"{place}: commits of a `durable` replace", 1,
                    figure(place, "one-4k", "untorn/durable", "commits"))
            at_most(f"{place}: flushes of an `ordered` replace", 0,
                    figure(place, "one-4k", "untorn/ordered", "flushes"))
    for kind, limit in (("ext4, loop", 0.75), ("xfs, loop", 0.75), ("ext4, model disk", 0.6),
                        ("xfs, model disk", 0.6)):
        value = figure(kind, "one-4k", "untorn/durable", "ratio")
        if value is not None:
            at_most(f"{kind}: time of a `durable` replace, times GLib DURABLE", limit, value, ratio)
    for kind, limit in (("ext4, loop", 3), ("xfs, loop", 3), ("btrfs, loop", 5)):
        value = figure(kind, "many-4k", "untorn/batch-durable", "flushes")
        if value is not None:
            at_most(f"{kind}: flushes of 1,000 durable files (`Batch`)", limit, value)
    for kind, limit in (("ext4, loop", 12), ("ext4, model disk", 80)):
        value = figure(kind, "many-4k", "untorn/batch-durable", "ratio")
        if value is not None:
            rows.append((f"{kind}: 1,000 durable files, times as fast as GLib DURABLE",
                         f"at least {limit}", f"{1 / value:.1f}", 1 / value >= limit))
    for kind in ("ext4", "xfs", "btrfs"):
        value = figure(f"{kind}, loop", "one-4k", "untorn/process", "plain_ratio")
        if value is not None:
            at_most(f"{kind}, loop: time of a `process` replace, times O_TRUNC and write", 1, value,
                    ratio)
    calls = {variant["key"]: variant["calls"] for variant in document["variants"]}
    at_most("system calls of a `durable` replace of an existing file, by path", 16,
            calls["untorn/durable"][0])
    at_most("system calls of a new durable file in an open directory", 11,
            calls["untorn/durable-at"][1])
    return rows


def aims_table(document):
    return table(["aim", "", "measured", ""],
                 [[what, aim, value, "met" if met else "**not met**"]
                  for what, aim, value, met in aims(document)])
