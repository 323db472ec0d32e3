# SPDX-License-Identifier: Apache-2.0
"""The chart of docs/benchmarks.md, from the document of `bench/run peers`: how long a file and a
thousand files take on the model disk, and with how many flushes. Readable on light and dark."""

import html
import math

from peer_proofs import GROUPS
from peer_tables import count, found_in, group_for, ratio, sorted_variants

PLACE = "ext4, model disk"
PANELS = (("one-4k", "One file of 4 KiB", False), ("many-4k", "1,000 files of 4 KiB", True))
SHOWN = GROUPS[:2]  # durable, and atomic without being durable
WIDTH, LABEL, BAR, ROW = 960, 400, 360, 22
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f; }
  .title { font-size: 16px; font-weight: 600; }
  .group { font-weight: 600; fill: #57606a; }
  .bar { fill: #8c959f; }
  .ours { fill: #1a7f37; }
  .axis { stroke: #8c959f; stroke-width: 1; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .group { fill: #9ea7b3; }
    .ours { fill: #3fb950; }
  }
"""


def text(x, y, content, kind=""):
    attribute = f' class="{kind}"' if kind else ""
    return f'<text x="{x}" y="{y}"{attribute}>{html.escape(content)}</text>'


def rows_of(document, task):
    """[(group, label, ours, summary)] for the chart, the fastest of a group first."""
    rows = []
    for variant in sorted_variants(document, {"kind": "ext4"}):
        found = found_in(document, PLACE, task, variant["key"])
        group = group_for(document, variant, {"kind": "ext4"})
        if found and group in SHOWN:
            ours = variant["key"].startswith("untorn/")
            rows.append((group, variant["label"].replace("`", ""), ours, found))
    return sorted(rows, key=lambda row: (SHOWN.index(row[0]), row[3]["ratio"]))


def length(value, rows, logarithmic):
    """Of a bar, in pixels."""
    values = [row[3]["ratio"] for row in rows]
    if not logarithmic:
        return BAR * value / max(values)
    low = 10 ** math.floor(math.log10(min(values)))
    return BAR * math.log(value / low) / math.log(max(values) / low)


def panel(document, task, title, logarithmic, top):
    """(lines, where it ends)"""
    rows = rows_of(document, task)
    scale = "; logarithmic" if logarithmic else ""
    head = f"{title}: time relative to GLib DURABLE ({PLACE}{scale})"
    lines = [text(8, top + 18, head, "title")]
    y, group = top + 30, None
    for name, label, ours, found in rows:
        if name != group:
            group = name
            lines.append(text(8, y + 17, name, "group"))
            y += ROW
        size = max(1.0, length(found["ratio"], rows, logarithmic))
        kind = "ours" if ours else "bar"
        flushes = count(found["flushes"])
        unit = "flush" if flushes == "1" else "flushes"
        lines += [text(20, y + 15, label),
                  f'<rect class="{kind}" x="{LABEL}" y="{y + 4}" width="{size:.1f}"'
                  f' height="{ROW - 8}"/>',
                  text(f"{LABEL + size + 6:.1f}", y + 15,
                       f"{ratio(found['ratio'])} ({flushes} {unit})")]
        y += ROW
    lines.append(f'<line class="axis" x1="{LABEL}" y1="{top + 30}" x2="{LABEL}" y2="{y}"/>')
    return lines, y + 16


def chart(document):
    """The SVG, or None where the model disk was not measured."""
    lines, y = [], 0
    for task, title, logarithmic in PANELS:
        if not rows_of(document, task):
            return None
        drawn, y = panel(document, task, title, logarithmic, y)
        lines += drawn
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}"'
            f' height="{y}" role="img">')
    described = "<title>Time and flushes of saving files on ext4, by library</title>"
    return "\n".join([head, described, f"<style>{STYLE}</style>", *lines, "</svg>"]) + "\n"
