# SPDX-License-Identifier: Apache-2.0
"""What a measurement says, as Markdown."""

import judged


def share(part, whole):
    return f"{100 * part / whole:.0f} %" if whole else "–"


def table(header, rows):
    lines = [f"| {' | '.join(header)} |", f"|{' --- |' * len(header)}"]
    lines += [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines)


def precision_table(results):
    """One row a package, and the sum."""
    def row(name, release, files, counts):
        return (name, release, files, counts.findings, counts.right, counts.wrong,
                counts.unjudged, share(counts.right, counts.right + counts.wrong),
                share(counts.exact_severity, counts.right),
                share(counts.exact_severity + counts.near_severity, counts.right),
                share(counts.exact_role, counts.right))

    def add_up(name, some):
        return row(f"**{name}**", "", sum(each.files for each in some),
                   sum((each.counts for each in some), judged.Counts()))

    rows = [row(f"{each.package.name}{' ‡' if each.package.blind else ''}", each.release,
                each.files, each.counts) for each in results]
    rows.append(add_up("together", results))
    blind = [each for each in results if each.package.blind]
    if blind:
        rows.append(add_up("those with ‡", blind))
    return table(("package", "release", "files", "findings", "right", "wrong", "unjudged",
                  "precision", "severity exact", "within one step", "role exact"), rows)


def rule_table(results):
    """One row a rule."""
    rows = []
    everything = [each for result in results for each in result.judged]
    for code in sorted({each.finding["code"] for each in everything}):
        counts = judged.count([each for each in everything if each.finding["code"] == code])
        rows.append((code, counts.findings, counts.right, counts.wrong,
                     share(counts.right, counts.right + counts.wrong)))
    return table(("rule", "findings", "right", "wrong", "precision"), rows)


def recall_table(results):
    """One row for each package of which every place was read, and the sum."""
    rows = []
    sums = [0, 0]
    for each in results:
        if each.package.complete:
            sites = sum(site.code is not None for site in each.package.sites)
            rows.append((each.package.name, sites, sites - len(each.missed), len(each.missed),
                         share(sites - len(each.missed), sites)))
            sums = [sums[0] + sites, sums[1] + len(each.missed)]
    rows.append(("**together**", sums[0], sums[0] - sums[1], sums[1],
                 share(sums[0] - sums[1], sums[0])))
    return table(("package", "unsafe places", "found", "missed", "recall"), rows)


def place(package, path, line):
    """As a reader finds it, from the folder that holds the packages."""
    return f"`{package.folder}/{path}:{line}`" if package.folder else f"`{path}:{line}`"


def missed_table(results):
    """What holds and was not found, in the other packages too, of which this is not all."""
    return table(("known place that is not reported", "rule", "what it is"),
                 [(place(each.package, site.path, site.line), site.code, site.why)
                  for each in results for site in each.missed])


def finding_row(package, each):
    finding, site = each.finding, each.site
    severity = finding["severity"]
    if site is None:
        why = ""
    elif each.verdict == "right":
        why = site.why
        if site.severity != severity:
            severity = f"{severity}, read as {site.severity}"
    else:
        why = site.why if site.code is None else f"{site.code} holds: {site.why}"
    verdict = each.verdict if each.verdict == "right" else f"**{each.verdict}**"
    return (place(package, finding["path"], finding["line"]), finding["code"], severity,
            finding["role"], verdict, why)


def findings_table(result):
    """Every finding of a package with its verdict and the reason."""
    return table(("place", "rule", "severity", "role", "verdict", "what it is"),
                 [finding_row(result.package, each) for each in
                  sorted(result.judged, key=lambda one: (one.finding["path"],
                                                         one.finding["line"]))])


def whole(results):
    """All of it, for the page."""
    parts = [precision_table(results), "By rule:", rule_table(results), "## What is missed",
             recall_table(results), missed_table(results), "## Every finding"]
    for each in results:
        parts += [f"### {each.package.name} {each.release}", findings_table(each)]
    return "\n\n".join(parts)
