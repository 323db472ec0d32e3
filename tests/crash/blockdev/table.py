# SPDX-License-Identifier: Apache-2.0
"""The tables of docs/internals/lab.md from the results that a run of the lab has left in a folder.

    UNTORN_LAB=1 UNTORN_LAB_RESULTS=FOLDER ctest --label-regex '^lab$'
    python3 tests/crash/blockdev/table.py FOLDER
"""

import json
import sys
from pathlib import Path

ORDER = ["ext4", "ext4-noauto_da_alloc", "ext4-writeback", "ext4-journal", "ext4-fast_commit",
         "ext4-inline_data", "ext4-bigalloc", "ext4-no-journal", "xfs", "btrfs", "overlay-ext4",
         "overlay-xfs"]


def read(folder):
    """The reports of the folder by name, those of user-mode Linux as `uml-NAME`."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8"))
            for path in sorted(folder.glob("*.json"))}


def cell(row):
    """`bad/states`, and what was acknowledged and is not there, and what did not mount. Bold is a
    broken promise, italics a control: this file system cannot keep the promise."""
    judged = row["states"] - row["unmountable"]
    text = f"{row['bad']}/{judged}"
    if row["lost"]:
        text += f", {row['lost']} lost"
    if row["unmountable"]:
        repaired = row["bad_repaired"] + row["lost_repaired"]
        text += f", {row['unmountable']} no mount"
        text += f" ({repaired} not good after repair)" if repaired else ""
    if row["control"]:
        return f"*{text}*"
    return f"**{text}**" if row["broken"] else text


def promise(row):
    words = [word for word, held in (("whole", row["promises_whole"]),
                                     ("durable", row["promises_durable"])) if held]
    return ", ".join(words) or "nothing"


def grid(reports, names):
    rows = {name: {row["workload"]: row for row in reports[name]["rows"]} for name in names}
    lines = ["| workload | promise | " + " | ".join(names) + " |",
             "| --- | --- |" + " --- |" * len(names)]
    workloads = {row["workload"]: row for name in names for row in reports[name]["rows"]}
    for workload, row in workloads.items():
        cells = [cell(rows[name][workload]) if workload in rows[name] else "" for name in names]
        lines.append(f"| `{workload}` | {promise(row)} | " + " | ".join(cells) + " |")
    return lines


def totals(reports):
    lines = ["| file system | states | in order | bad | no mount | seconds | outside a model |",
             "| --- | --- | --- | --- | --- | --- | --- |"]
    for name, report in reports.items():
        total = {key: sum(row[key] for row in report["rows"])
                 for key in ("states", "in_order", "bad", "unmountable")}
        models = ", ".join(f"{model['model']} {model['outside']}/{model['asked']}"
                           for model in report["models"])
        seconds = round(report["seconds_recording"] + report["seconds_replaying"])
        lines.append(f"| {name} | {total['states']:,} | {total['in_order']:,} | {total['bad']:,} | "
                     f"{total['unmountable']:,} | {seconds:,} | {models} |")
    return lines


def main():
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit("usage: table.py FOLDER")
    reports = read(Path(sys.argv[1]))
    if not reports:
        sys.exit(f"table.py: no results in {sys.argv[1]}")
    known = [name for name in ORDER if name in reports]
    others = [name for name in reports if name not in ORDER]
    lines = totals({name: reports[name] for name in known + others})
    width = 5
    parts = [known[at:at + width] for at in range(0, len(known), width)]
    for names in (*parts, others):
        if names:
            lines += [""] + grid(reports, names)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
